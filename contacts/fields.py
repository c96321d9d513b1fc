"""A model field whose values are E.164 phone numbers, whatever form they are given in."""

from typing import Any

from django.db import models

from . import phones


class PhoneField(models.CharField):
    """A CharField that keeps its value in E.164.

    `clean()`, `save()`, `bulk_create()` and `update()` normalise; what is no possible number raises
    `phones.InvalidPhone` (a ValidationError). A look-up with an unreadable number finds nothing.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", phones.MAX_LENGTH)
        super().__init__(*args, **kwargs)

    def to_python(self, value: Any) -> Any:
        return value if value in self.empty_values else phones.normalise(value)

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        value = self.to_python(getattr(model_instance, self.attname))
        setattr(model_instance, self.attname, value)
        return value

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        if isinstance(value, str):
            value = self.to_python(value)
        return super().get_db_prep_save(value, connection)

    def get_prep_value(self, value: Any) -> Any:
        value = models.Field.get_prep_value(self, value)
        if not isinstance(value, str):
            return value
        try:
            return self.to_python(value)
        except phones.InvalidPhone:
            return value

    def formfield(self, **kwargs: Any) -> Any:
        # People type separators and spaces: the form takes more characters than the column holds.
        return super().formfield(**{"max_length": 60, **kwargs})
