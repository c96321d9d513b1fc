"""Which migrations the code has, which of them the database has, and which tables they create."""

from collections.abc import Iterator, Set
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Final

from django.core.exceptions import FieldDoesNotExist
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.migrations.state import ProjectState
from django.db.models import Model

Migration = tuple[str, str]

TOO_OLD: Final = (
    "It was last used by a version before 1.0.0, whose migrations this one no longer has. Check out commit "
    "ad93590, run manage.py dbdoctor --apply there, then come back to this version."
)
DATABASE_TOO_OLD: Final = f"The database is too old for this version. {TOO_OLD}"


@cache
def known() -> frozenset[Migration]:
    """The (app, name) of each migration of the code. Read once: only an upgrade, which restarts us, changes it."""
    return frozenset(MigrationLoader(None).graph.nodes)


@cache
def _replaced() -> dict[Migration, frozenset[Migration]]:
    """The migrations of earlier versions that a current one replaces. It may share a name with one of them."""
    on_disk = MigrationLoader(None).disk_migrations
    return {key: frozenset(migration.replaces) for key, migration in on_disk.items() if migration.replaces}


def as_current(recorded: Set[Migration]) -> frozenset[Migration]:
    """The recorded migrations, with each complete set of replaced ones expressed as the current one."""
    found = set(recorded)
    for key, replaced in _replaced().items():
        found -= replaced
        if replaced <= recorded:
            found.add(key)
    return frozenset(found)


def is_too_old(recorded: Set[Migration]) -> bool:
    """Whether a database with these migrations is in the middle of a set that a current one has replaced."""
    return any(
        (key in recorded or replaced & recorded) and not replaced <= recorded for key, replaced in _replaced().items()
    )


def recorded() -> frozenset[Migration]:
    """The (app, name) of each migration recorded in the database, from any version."""
    return frozenset(MigrationRecorder(connection).applied_migrations())


def applied() -> frozenset[Migration]:
    """The (app, name) of each migration that the database has, including those that the code doesn't know."""
    return as_current(recorded())


def pending() -> frozenset[Migration]:
    """What the code has and the database lacks."""
    return known() - applied()


class Contradiction(Exception):
    """Migrations that can't have been applied without others that are missing."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A foreign key: a column of a table, and what it points to."""

    table: str
    column: str
    parent: str
    parent_column: str


@dataclass(frozen=True, slots=True)
class Schema:
    """What a database must have: the columns of each table, and its foreign keys."""

    tables: dict[str, frozenset[str]]
    references: tuple[Reference, ...]


@lru_cache(maxsize=4)
def schema_after(migrations: frozenset[Migration]) -> Schema:
    """What a database has that these migrations of the code, and no others, were applied to. Takes about a second
    the first time.

    Raises Contradiction.
    """
    loader = MigrationLoader(None)
    state = ProjectState(real_apps=loader.unmigrated_apps)
    plan = dict.fromkeys(node for leaf in loader.graph.leaf_nodes() for node in loader.graph.forwards_plan(leaf))
    try:
        for node in plan:
            if node in migrations:
                loader.graph.nodes[node].mutate_state(state, preserve=False)
        models = [
            model
            for model in state.apps.get_models(include_auto_created=True)
            if model._meta.managed and not model._meta.proxy
        ]
    except (LookupError, ValueError, FieldDoesNotExist) as error:
        raise Contradiction from error
    tables = {
        model._meta.db_table: frozenset(str(field.column) for field in model._meta.local_concrete_fields)
        for model in models
    }
    return Schema(tables, tuple(reference for model in models for reference in _references(model)))


def _references(model: type[Model]) -> Iterator[Reference]:
    fields: tuple[Any, ...] = model._meta.local_concrete_fields
    for field in fields:
        if field.remote_field and field.db_constraint:
            parent = field.target_field
            yield Reference(model._meta.db_table, field.column, parent.model._meta.db_table, parent.column)
