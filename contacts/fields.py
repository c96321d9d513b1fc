"""A model field that stores phone numbers in E.164, whatever form they are given in, and their last four digits."""

from typing import Any

from django.db import models

from . import phones


class PhoneField(models.CharField):
    """A CharField that stores its value in E.164.

    Forms and `full_clean()` normalize the value; one that is missing or cannot be a phone number raises
    `phones.InvalidPhone` (a ValidationError). So do `save()`, `bulk_create()`, `bulk_update()` and `update()`, except
    that they accept any number in E.164, even one the library doesn't know: whoever texts us exists.
    Lookups normalize too, so `filter(phone="(720) 383-2388")` finds the row; an unreadable number finds nothing.
    Expressions such as F() pass through unchanged.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", phones.MAX_LENGTH)
        super().__init__(*args, **kwargs)

    def to_python(self, value: Any) -> Any:
        return value if value is None or value == "" else phones.normalize(value)

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        value = self._to_store(getattr(model_instance, self.attname))
        setattr(model_instance, self.attname, value)
        return value

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        return super().get_db_prep_save(self._to_store(value), connection)

    def get_prep_value(self, value: Any) -> Any:
        value = models.Field.get_prep_value(self, value)
        if value is None or _is_expression(value):
            return value
        try:
            return phones.as_stored(value)
        except phones.InvalidPhone:
            # Compared as is, minus what a database rejects: NUL and lone surrogates.
            return str(value).replace("\0", "").encode("utf-8", "replace").decode()

    def formfield(self, **kwargs: Any) -> Any:
        # People type separators and spaces: the form accepts more characters than the column holds.
        return super().formfield(**{"max_length": 60, **kwargs})

    def _to_store(self, value: Any) -> Any:
        if _is_expression(value) or (value is None and self.null) or (value == "" and self.blank):
            return value
        return phones.as_stored(value)


class LastFour(models.Func):
    """The last four digits of a phone.

    Has no parameters, unlike Django's Right: a database only uses an index on an expression if the query contains
    exactly the same expression.
    """

    function = "RIGHT"
    template = "%(function)s(%(expressions)s, 4)"
    arity = 1
    output_field = models.CharField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(
            compiler, connection, function="SUBSTR", template="%(function)s(%(expressions)s, -4)", **context
        )


def _is_expression(value: Any) -> bool:
    return hasattr(value, "resolve_expression") or hasattr(value, "as_sql")
