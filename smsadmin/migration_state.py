"""Which migrations the code has, which of them the database has, and which tables they make."""

from collections.abc import Iterator, Set
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.migrations.state import ProjectState
from django.db.models import Model

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


class Contradiction(Exception):
    """Migrations that cannot have been applied without others that are missing."""


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


def schema_after(migrations: Set[Migration]) -> Schema:
    """What a database has that these migrations of the code, and no others, were applied to. Takes about a second.

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
