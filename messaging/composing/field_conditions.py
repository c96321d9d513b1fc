"""The condition about what a field of the person's profile says."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from django.db.models import Exists, OuterRef, Q

from contacts import profile_values
from contacts.models import ProfileField, ProfileValue

from .condition_forms import Form, Input
from .conditions import BadCondition, Condition, find, only_keys, read_flag
from .pools import Pool

_COMPARISONS: Final = {
    "is": ("is", "is not"),
    "is_not": ("is not", "is"),
    "less": ("is less than", "isn’t less than"),
    "greater": ("is greater than", "isn’t greater than"),
    "contains": ("contains", "doesn’t contain"),
}
_OF_DATES: Final = {"less": ("is before", "isn’t before"), "greater": ("is after", "isn’t after")}
# What the builder offers, by the field's kind.
_OFFERED: Final[dict[str, tuple[str, ...]]] = {
    ProfileField.Kind.TEXT: ("is", "is_not", "contains"),
    ProfileField.Kind.NUMBER: ("is", "is_not", "less", "greater"),
    ProfileField.Kind.DATE: ("is", "less", "greater"),
    ProfileField.Kind.CHOICE: ("is", "is_not"),
    ProfileField.Kind.YES_NO: ("is", "is_not"),
}
_TYPES: Final = {ProfileField.Kind.NUMBER: "number", ProfileField.Kind.DATE: "date"}
_EMPTY: Final = (("empty", "is empty"), ("filled", "isn’t empty"))


@dataclass(frozen=True, slots=True)
class FieldIs(Condition):
    """What a field of the person's profile says. Numbers and dates are compared as such."""

    key = "field"
    field: ProfileField
    comparison: str
    value: str

    @classmethod
    def read(cls, data: Mapping[str, Any], within: tuple[int, ...]) -> Self:
        only_keys(data, "field", *_COMPARISONS, "is_empty")
        profile_field = cls._find(data["field"])
        given = [one for one in (*_COMPARISONS, "is_empty") if one in data]
        if len(given) != 1:
            raise BadCondition(
                "A field’s condition takes one of “is”, “is_not”, “less”, “greater”, “contains”, “is_empty”."
            )
        comparison = given[0]
        if comparison == "is_empty":
            return cls(profile_field, "is_empty", "yes" if read_flag(data, "is_empty") else "no")
        wanted = data[comparison]
        if isinstance(wanted, bool):
            wanted = "yes" if wanted else "no"
        if not isinstance(wanted, str | int | float) or not str(wanted).strip():
            raise BadCondition(f"“{comparison}” takes a text or a number.")
        return cls(profile_field, comparison, cls._value(profile_field, comparison, str(wanted)))

    @staticmethod
    def _find(wanted: Any) -> ProfileField:
        if isinstance(wanted, str) and (by_key := ProfileField.objects.filter(key=wanted.strip().casefold()).first()):
            return by_key
        found: ProfileField = find(ProfileField, "label", wanted, "Field")
        return found

    @staticmethod
    def _value(profile_field: ProfileField, comparison: str, typed: str) -> str:
        if comparison == "contains":
            return " ".join(typed.split())[: profile_values.LONGEST]
        try:
            found = profile_values.canonical(profile_field, typed)
        except profile_values.BadValue as problem:
            raise BadCondition(str(problem)) from None
        if comparison in ("less", "greater") and profile_field.kind == ProfileField.Kind.YES_NO:
            raise BadCondition(f"{profile_field} is a yes or a no, so nothing is less or greater.")
        return found.value if found else ""

    def q(self, known: Pool | None) -> Q:
        rows = ProfileValue.objects.filter(field=self.field.pk, phone=OuterRef("phone"))
        if self.comparison == "is_empty":
            return Q(~Exists(rows)) if self.value == "yes" else Q(Exists(rows))
        folded = profile_values.comparable(self.value)
        if self.comparison == "contains":
            return Q(Exists(rows.filter(folded__contains=folded)))
        if self.comparison in ("is", "is_not"):
            has_it = Exists(rows.filter(folded=folded))
            return Q(has_it) if self.comparison == "is" else Q(~has_it)
        lookup = "lt" if self.comparison == "less" else "gt"
        number = profile_values.read_number(self.value)
        if number is not None and self.field.kind != ProfileField.Kind.DATE:
            return Q(Exists(rows.filter(**{f"number__{lookup}": number})))
        return Q(Exists(rows.filter(**{f"folded__{lookup}": folded})))

    def stored(self) -> dict[str, Any]:
        value = self.value == "yes" if self.comparison == "is_empty" else self.value
        return {"field": self.field.pk, self.comparison: value}

    def words(self, is_met: bool = True) -> str:
        if self.comparison == "is_empty":
            return f"{self.field} {'is' if (self.value == 'yes') == is_met else 'isn’t'} empty"
        asked, opposite = _words(self.field, self.comparison)
        return f"{self.field} {asked if is_met else opposite} {self.value}"

    @classmethod
    def forms(cls) -> list[Form]:
        return [_form(field) for field in ProfileField.objects.all()]

    def filled(self) -> tuple[str, dict[str, str]] | None:
        key = f"field:{self.field.pk}"
        if self.comparison == "is_empty":
            return key, {"comparison": "empty" if self.value == "yes" else "filled"}
        if self.comparison not in _OFFERED[self.field.kind]:
            return None
        return key, {"comparison": self.comparison, "value": self.value}


def _words(field: ProfileField, comparison: str) -> tuple[str, str]:
    """The comparison and its opposite."""
    of_dates = _OF_DATES.get(comparison) if field.kind == ProfileField.Kind.DATE else None
    return of_dates or _COMPARISONS[comparison]


def _form(field: ProfileField) -> Form:
    def data(values: Mapping[str, str]) -> dict[str, Any]:
        comparison = values["comparison"]
        if comparison in dict(_EMPTY):
            return {"field": field.pk, "is_empty": comparison == "empty"}
        return {"field": field.pk, comparison: values["value"]}

    comparisons = tuple((one, _words(field, one)[0]) for one in _OFFERED[field.kind])
    known = ("Yes", "No") if field.kind == ProfileField.Kind.YES_NO else map(str, field.choices)
    has_known = field.kind in (ProfileField.Kind.YES_NO, ProfileField.Kind.CHOICE)
    value = Input(
        "value",
        "Value",
        choices=tuple((one, one) for one in known) if has_known else (),
        type=_TYPES.get(ProfileField.Kind(field.kind), "text"),
        unless=("comparison", tuple(dict(_EMPTY))),
    )
    inputs = (Input("comparison", "Comparison", choices=(*comparisons, *_EMPTY)), value)
    return Form(f"field:{field.pk}", field.label, "Fields", data, inputs)
