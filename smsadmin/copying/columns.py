"""One column of a table: how its values are read from one database and written to another.

Values are read without the models, whose fields may return less than what is stored: SQLite keeps anything in any
column, and Django reads an invalid time as None.
"""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.db.backends.base.base import BaseDatabaseWrapper

from ..lib.storable import UNSTORABLE, clean, clean_json

# Django's field types and the Python types of their values.
_TYPES: Final[dict[str, tuple[type, ...]]] = {
    **dict.fromkeys(("CharField", "TextField", "SlugField", "EmailField", "URLField", "FileField"), (str,)),
    **dict.fromkeys(("AutoField", "SmallIntegerField", "IntegerField", "BigIntegerField", "BigAutoField"), (int,)),
    **dict.fromkeys(
        ("PositiveSmallIntegerField", "PositiveIntegerField", "PositiveBigIntegerField", "SmallAutoField"), (int,)
    ),
    "BooleanField": (bool,),
    "DateTimeField": (datetime,),
    "DateField": (date,),
    "TimeField": (time,),
    "DecimalField": (Decimal,),
    "FloatField": (float,),
    "UUIDField": (UUID,),
    "BinaryField": (bytes,),
    "JSONField": (str,),
}


class Unfit(Exception):
    """A value that the new database doesn't accept. `reason` is a clause about it that never quotes it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Column:
    """A column of a model's table, on its way from `source` to `target`. `cleaned` counts the values it changed."""

    def __init__(self, field: Any, source: BaseDatabaseWrapper, target: BaseDatabaseWrapper) -> None:
        self.name: str = field.column
        self.cleaned = 0
        while field.remote_field:  # a foreign key holds what it points to
            field = field.target_field
        kind = field.get_internal_type()
        self._types = _TYPES[kind]
        self._is_json = kind == "JSONField"
        # SQLite stores text of any length.
        self._longest = field.max_length if target.vendor == "postgresql" and self._types == (str,) else None
        self._range = target.ops.integer_field_range(kind) if self._types == (int,) else (None, None)
        self._from_source = _reader(field, source)
        self._from_target = _reader(field, target)
        self._adapt = _adapters(target).get(self._types[0])

    def selected(self, connection: BaseDatabaseWrapper) -> str:
        """The column in a SELECT, as stored: SQLite's driver converts whatever has a declared type."""
        quoted = connection.ops.quote_name(self.name)
        return f"+{quoted}" if connection.vendor == "sqlite" else quoted

    def read(self, raw: Any) -> Any:
        """A stored value of the source as Python has it and the target accepts it. Raises Unfit."""
        if raw is None:
            return None
        try:
            value = self._from_source(raw)
        except (ValueError, TypeError, AttributeError, ArithmeticError):
            raise Unfit(f"cannot be read as a {self._types[0].__name__}") from None
        if type(value) not in self._types:
            raise Unfit(f"cannot be read as a {self._types[0].__name__}")
        if type(value) is str:
            return self._fit(value)
        low, high = self._range
        if (low is not None and value < low) or (high is not None and value > high):
            raise Unfit(f"is out of range ({low} to {high})")
        return value

    def reread(self, raw: Any) -> Any:
        """A stored value of the target, in the form that `read` returns."""
        return None if raw is None else self._from_target(raw)

    def write(self, value: Any) -> Any:
        """The value as a parameter for the target's driver."""
        return value if self._adapt is None or value is None else self._adapt(value)

    def compared(self, value: Any) -> Any:
        """Equal for values that mean the same: PostgreSQL stores JSON in its own form."""
        return json.dumps(_plain(json.loads(value)), sort_keys=True) if self._is_json and value is not None else value

    def _fit(self, text: str) -> str:
        if self._is_json:
            return self._fit_json(text)
        if UNSTORABLE.search(text):
            self.cleaned += 1
            text = clean(text)
        if self._longest is not None and len(text) > self._longest:
            raise Unfit(f"has {len(text):,} characters, and only {self._longest:,} fit")
        return text

    def _fit_json(self, text: str) -> str:
        try:
            value = json.loads(text)
            storable = clean_json(value)
        except (ValueError, RecursionError):
            raise Unfit("is not JSON") from None
        # NaN is not equal to itself, so JSON that contains it is rewritten too.
        if storable == value and not UNSTORABLE.search(text):
            return text
        self.cleaned += 1
        return json.dumps(storable)


def _reader(field: Any, connection: BaseDatabaseWrapper) -> Callable[[Any], Any]:
    """Converts stored values of a field to Python: what Django's database backend does, not what fields do."""
    kind = field.get_internal_type()
    if kind == "BinaryField":
        return bytes
    expression = field.get_col(field.model._meta.db_table)
    converters = connection.ops.get_db_converters(expression)
    if not converters and kind != "DateTimeField":
        return _as_it_is

    def read(raw: Any) -> Any:
        for convert in converters:
            raw = convert(raw, expression, connection)
        return raw.astimezone(UTC) if kind == "DateTimeField" else raw

    return read


def _as_it_is(raw: Any) -> Any:
    return raw


def _adapters(target: BaseDatabaseWrapper) -> dict[type, Callable[[Any], Any]]:
    """For the types that SQLite's driver doesn't accept; PostgreSQL's accepts everything."""
    if target.vendor != "sqlite":
        return {}
    return {
        datetime: target.ops.adapt_datetimefield_value,
        date: target.ops.adapt_datefield_value,
        Decimal: target.ops.adapt_decimalfield_value,
        UUID: lambda value: value.hex,
    }


def _plain(value: Any) -> Any:
    """With whole numbers as integers: 1.0 and 1 are the same in JSON."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list) else value
