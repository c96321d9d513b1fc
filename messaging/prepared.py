"""Statements that are run for each text that comes in, translated into SQL once and not each time.

To translate a look-up by one column takes Django ten times as long as SQLite takes to answer it, and on SQLite all
texts wait for each other meanwhile.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import Model, QuerySet


class Prepared:
    """A query with places for values: `Prepared(lambda phone: Model.objects.filter(phone=phone).values_list("pk"))`.

    `build` is called with a marker for each of its parameters, which have to be texts and to be used as they are. The
    values that the query selects come as the database gives them: integers and texts are what they are anywhere.
    """

    def __init__(self, build: Callable[..., QuerySet[Any]]) -> None:
        self._build = build
        self._names = build.__code__.co_varnames[: build.__code__.co_argcount]
        self._statements: dict[str, tuple[str, list[Any]]] = {}

    def rows(self, *values: str) -> list[tuple[Any, ...]]:
        """The rows for these values, one for each parameter."""
        sql, parameters = self._statements.get(connection.vendor) or self._translate()
        given = dict(zip(self._names, values, strict=True))
        with connection.cursor() as cursor:
            cursor.execute(sql, [given[one.name] if isinstance(one, _Place) else one for one in parameters])
            return cursor.fetchall()

    def _translate(self) -> tuple[str, list[Any]]:
        markers = {f"\N{WHITE QUESTION MARK ORNAMENT}{name}": _Place(name) for name in self._names}
        sql, parameters = self._build(*markers).query.sql_with_params()
        statement = sql, [markers.get(one, one) if isinstance(one, str) else one for one in parameters]
        self._statements[connection.vendor] = statement
        return statement


class _Place:
    """Where the value of a parameter goes."""

    def __init__(self, name: str) -> None:
        self.name = name


def insert(row: Model) -> None:
    """What `row.save(force_insert=True)` does, for a model whose key the database makes and that has no signals."""
    sql, fields = _insert_statement(type(row))
    with connection.cursor() as cursor:
        cursor.execute(sql, [field.get_db_prep_save(field.pre_save(row, True), connection) for field in fields])
        row.pk = cursor.fetchone()[0]
    row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS


@cache
def _insert_statement(model: type[Model]) -> tuple[str, list[Any]]:
    """The statement, and the fields whose values it takes in their order."""
    meta: Any = model._meta
    quote = connection.ops.quote_name
    fields = [field for field in meta.local_fields if not field.primary_key]
    columns = ", ".join(quote(field.column) for field in fields)
    places = ", ".join(["%s"] * len(fields))
    key = quote(meta.pk.column)
    return f"INSERT INTO {quote(meta.db_table)} ({columns}) VALUES ({places}) RETURNING {key}", fields  # noqa: S608
