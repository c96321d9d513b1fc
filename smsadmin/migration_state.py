"""Which migrations the code has, and which of them the database has."""

from functools import cache

from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

Migration = tuple[str, str]


@cache
def known() -> frozenset[Migration]:
    """The (app, name) of each migration of the code. Read once: it changes with an upgrade, which is a new start."""
    return frozenset(MigrationLoader(None).graph.nodes)


def applied() -> frozenset[Migration]:
    """The (app, name) of each migration that the database has, those that the code does not know included."""
    return frozenset(MigrationRecorder(connection).applied_migrations())


def pending() -> frozenset[Migration]:
    """What the code has and the database lacks."""
    return known() - applied()
