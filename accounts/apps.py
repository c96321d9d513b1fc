from django.apps import AppConfig
from django.core.signals import request_started
from django.db.backends.signals import connection_created


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "Accounts"

    def ready(self) -> None:
        from smsadmin.lib import database_file  # models can only be imported now

        from . import events

        events.listen()
        connection_created.connect(database_file.note, dispatch_uid="smsadmin.lib.database_file.note")
        request_started.connect(database_file.follow, dispatch_uid="smsadmin.lib.database_file.follow")
