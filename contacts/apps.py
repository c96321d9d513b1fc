from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ContactsConfig(AppConfig):
    name = "contacts"
    verbose_name = "People and events"

    def ready(self) -> None:
        from smsadmin.lib import text_lookup  # noqa: F401 - importing it registers the lookup

        from . import person_keeper, person_records, search_index

        person_records.keepers.register(person_keeper.ListsKeeper())
        post_migrate.connect(search_index.reinstall_after_migrate, sender=self)
