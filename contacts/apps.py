from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ContactsConfig(AppConfig):
    name = "contacts"
    verbose_name = "People"

    def ready(self) -> None:
        from . import containing, search_index  # noqa: F401 - the lookup is there once it is imported

        post_migrate.connect(search_index.reinstall_after_migrate, sender=self)
