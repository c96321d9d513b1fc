"""Profile fields in messages: which there are, which a message uses, and people's values of them.

Values are inserted as people read them: dates as "Dec 6, 2026", everything else as it is stored. A blast keeps the
values of each person (`Delivery.merge_values`), so that what a person got can always be told.
"""

from calendar import month_abbr
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Self

from django.db.models import CharField, Exists, F, IntegerField, OuterRef, Q, Subquery, Value, When
from django.db.models.expressions import Case
from django.db.models.functions import Cast, Concat, JSONObject, Substr
from django.utils.text import get_text_list

from contacts.models import ProfileField, ProfileValue
from smsadmin.lib.plurals import people

from ..models import Delivery
from ..text.personalization import TOKEN_BUTTONS, Template, UnknownToken, compile_template

_STORED_DATE: Final = r"^\d{4}-\d\d-\d\d$"


def compile_message(body: str) -> Template:
    """The template of a message that is being written or begins to be sent. Raises UnknownToken."""
    try:
        template = compile_template(body)
    except UnknownToken:
        pass
    else:
        # Most messages have names only, and need no query.
        if not any("{" in words or "}" in words for words in template.literals):
            return template
    return compile_template(body, ProfileField.objects.values_list("key", flat=True))


def buttons() -> list[tuple[str, str]]:
    """What the compose page offers to insert, with its label."""
    fields = ProfileField.objects.values_list("key", "label")
    return [*TOKEN_BUTTONS, *((f"{{{key}}}", label) for key, label in fields)]


@dataclass(frozen=True, slots=True)
class MergeFields:
    """The profile fields that a message uses. Of these, `required` have no fallback.

    Its expressions are for rows with a phone.
    """

    fields: tuple[ProfileField, ...] = ()
    required: tuple[ProfileField, ...] = ()

    @classmethod
    def of(cls, template: Template) -> Self:
        """Raises UnknownToken if one was deleted meanwhile."""
        if not template.keys:
            return cls()
        known = {field.key: field for field in ProfileField.objects.filter(key__in=template.keys)}
        if gone := [key for key in template.keys if key not in known]:
            raise UnknownToken(tuple(f"{{{key}}}" for key in gone), tuple(known))
        return cls(tuple(known[key] for key in template.keys), tuple(known[key] for key in template.required_keys))

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(field.key for field in self.fields)

    def values(self) -> list[Subquery]:
        """For each field, a row's value as it is inserted, or NULL."""
        return [_value(field) for field in self.fields]

    def as_json(self) -> Any:
        """A row's values by key, if there are fields."""
        return JSONObject(**dict(zip(self.keys, self.values(), strict=True)))

    def is_complete(self) -> Q:
        """Whether a row has all values that the message can't do without."""
        found = Q()
        for field in self.required:
            found &= has_value(field)
        return found

    def requiring(self, required: Iterable[ProfileField]) -> Self:
        """The same fields, of which only these are required."""
        return replace(self, required=tuple(required))

    def blocking(self) -> list[When]:
        """The case of `contacts.models.suppression.blocked_by` for rows without such a value."""
        return [When(~self.is_complete(), then=Value(Delivery.SkipReason.NO_VALUE.value))] if self.required else []

    def read(self, values: Sequence[str | None]) -> dict[str, str | None]:
        """Values in the order of the fields, by key."""
        return dict(zip(self.keys, values, strict=True))

    def example(self) -> dict[str, str | None]:
        """Stands in where there is nobody to take values of."""
        return {field.key: f"[{field.label}]" for field in self.fields}

    def lacking(self, count: int) -> str:
        """Such as "12 people have no Grade"."""
        labels = get_text_list([f"no {field.label}" for field in self.required], "or")
        return f"{people(count)} {'has' if count == 1 else 'have'} {labels}"

    def left_out(self, count: int) -> str:
        """What becomes of the `count` people that lack one of `required`, for staff."""
        return f"{self.lacking(count)}, so they won’t get this. To include them, {self._remedy}."

    def choice(self, count: int) -> str:
        """What staff have to decide about the `count` people that lack one of `required`."""
        return f"{self.lacking(count)}. Leave them out, or {self._remedy}."

    @property
    def _remedy(self) -> str:
        examples = [f"{{{field.key}|your {field.label.lower()}}}" for field in self.required]
        return f"write what they get instead: {get_text_list(examples, 'and')}"


NO_FIELDS: Final = MergeFields()


def has_value(field: ProfileField) -> Q:
    """Whether a row's phone has a value of the field."""
    return Q(Exists(_rows(field)))


def _rows(field: ProfileField) -> Any:
    return ProfileValue.objects.filter(field=field, phone=OuterRef("phone"))


def _value(field: ProfileField) -> Subquery:
    rows = _rows(field)
    text: Any = F("value")
    if field.kind == ProfileField.Kind.DATE:
        rows = rows.annotate(month=Substr("value", 6, 2))
        text = Case(
            *(
                When(value__regex=_STORED_DATE, month=f"{number:02}", then=_date(month_abbr[number]))
                for number in range(1, 13)
            ),
            default=F("value"),
            output_field=CharField(),
        )
    return Subquery(rows.annotate(shown=text).values("shown")[:1], output_field=CharField())


def _date(month: str) -> Concat:
    """Such as "Dec 6, 2026"."""
    day = Cast(Cast(Substr("value", 9, 2), IntegerField()), CharField())
    return Concat(Value(f"{month} "), day, Value(", "), Substr("value", 1, 4), output_field=CharField())
