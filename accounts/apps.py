from django.apps import AppConfig
from django.core.signals import request_started
from django.db.backends.signals import connection_created


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "Accounts"

    def ready(self) -> None:
        from . import database_file, events  # models can be imported only now

        events.listen()
        connection_created.connect(database_file.note, dispatch_uid="accounts.database_file.note")
        request_started.connect(database_file.follow, dispatch_uid="accounts.database_file.follow")
