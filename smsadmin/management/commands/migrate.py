from typing import Any

from django.core.management import CommandError
from django.core.management.commands.migrate import Command as DjangoCommand
from django.db import connections
from django.db.migrations.recorder import MigrationRecorder

from smsadmin import migration_state


class Command(DjangoCommand):
    """Django's command, which would fail with a traceback on a database from before the migrations were squashed."""

    def handle(self, *args: Any, **options: Any) -> None:
        recorded = MigrationRecorder(connections[options["database"]]).applied_migrations()
        if migration_state.is_too_old(frozenset(recorded)):
            raise CommandError(migration_state.DATABASE_TOO_OLD)
        super().handle(*args, **options)
