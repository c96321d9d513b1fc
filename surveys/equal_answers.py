"""Compares answers in the database, ignoring case and surrounding whitespace."""

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.db.models import CharField, Func
from django.dispatch import receiver

_FUNCTION = "fold_answer"


class Folded(Func):
    """An answer as it is compared. SQLite's own LOWER only handles ASCII."""

    function = "LOWER"
    template = "%(function)s(BTRIM(%(expressions)s, E' \\t\\n\\r'))"
    arity = 1
    output_field = CharField()

    def as_sqlite(self, compiler: Any, connection: BaseDatabaseWrapper, **options: Any) -> Any:
        return super().as_sql(
            compiler, connection, function=_FUNCTION, template="%(function)s(%(expressions)s)", **options
        )


def fold_answer(answer: str | None) -> str:
    return (answer or "").strip().lower()


@receiver(connection_created, dispatch_uid="surveys.equal_answers")
def _add_function(connection: BaseDatabaseWrapper, **_: Any) -> None:
    if connection.vendor == "sqlite":
        connection.connection.create_function(_FUNCTION, 1, fold_answer, deterministic=True)
