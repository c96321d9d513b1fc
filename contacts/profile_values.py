"""The values of fields in canonical form, so that they can be compared and inserted into messages."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Final

from django.utils import timezone
from django.utils.text import get_text_list

from smsadmin.lib.text_lookup import fold

from .models import ProfileField, ProfileValue

LONGEST: Final = 500
_LARGEST: Final = Decimal(10) ** 18
_SMALLEST_STEP: Final = Decimal("0.000001")
_YES: Final = frozenset({"yes", "y", "true", "t", "1", "x", "on", "si", "oui", "ja", "✓", "✔"})
_NO: Final = frozenset({"no", "n", "false", "f", "0", "off", "non", "nein", "-"})
# The first form that fits. Slashes are month first, as in the United States, unless only the other way is a date.
_DATES: Final = ("%Y-%m-%d", "%m/%d/%Y", "%m/%d/%y", "%d/%m/%Y", "%d.%m.%Y", "%Y/%m/%d", "%b %d, %Y", "%B %d, %Y")


class BadValue(ValueError):
    """The value doesn't suit its field; str() is a sentence for staff."""


@dataclass(frozen=True, slots=True)
class Canonical:
    """The columns of a value: as it is shown, as it is compared, and as a number if it is one."""

    value: str
    folded: str
    number: Decimal | None


def canonical(field: ProfileField, typed: str) -> Canonical | None:
    """What was typed or imported as a value of `field`; None if it is blank. Raises BadValue."""
    text = " ".join(typed.replace("\0", "").split())
    if not text:
        return None
    if len(text) > LONGEST:
        raise BadValue(f"{field.label} can have {LONGEST} characters at most.")
    value = _READERS[ProfileField.Kind(field.kind)](field, text)
    return Canonical(value, comparable(value), read_number(value))


def comparable(text: str) -> str:
    """The form in which values are compared: without regard to case, accents and spacing."""
    return fold(" ".join(text.split()))[:LONGEST]


def read_number(text: str) -> Decimal | None:
    """The number that the text is, such as "1,200.50" or "-3"; None if it isn't one that the database can hold."""
    plain = text.replace(",", "").replace(" ", "").removeprefix("$").replace("−", "-")
    if not plain.isascii() or not any(map(str.isdigit, plain)):
        return None
    try:
        number = Decimal(plain)
    except InvalidOperation:
        return None
    if not number.is_finite() or abs(number) >= _LARGEST:
        return None
    return number.quantize(_SMALLEST_STEP)


def read_date(text: str) -> date | None:
    """The day that the text is, in any of the usual forms."""
    day = text.partition("T")[0].removesuffix(" 00:00:00")
    for form in _DATES:
        try:
            return datetime.strptime(day, form).replace(tzinfo=timezone.get_default_timezone()).date()
        except ValueError:
            continue
    return None


def read_yes_no(text: str) -> bool | None:
    folded = fold(text)
    return True if folded in _YES else False if folded in _NO else None


def _text(field: ProfileField, text: str) -> str:
    return text


def _number(field: ProfileField, text: str) -> str:
    number = read_number(text)
    if number is None:
        raise BadValue(f"“{text}” isn’t a number. {field.label} takes numbers, such as 5 or 12.50.")
    return f"{number.normalize():f}"


def _date(field: ProfileField, text: str) -> str:
    day = read_date(text)
    if day is None:
        raise BadValue(f"“{text}” isn’t a date. {field.label} takes dates, such as 2026-12-31 or 12/31/2026.")
    return day.isoformat()


def _choice(field: ProfileField, text: str) -> str:
    for choice in field.choices:
        if comparable(choice) == comparable(text):
            return str(choice)
    named = get_text_list([f"“{choice}”" for choice in field.choices], "or")
    raise BadValue(f"“{text}” isn’t one of the choices of {field.label}. Use {named}.")


def _yes_no(field: ProfileField, text: str) -> str:
    answer = read_yes_no(text)
    if answer is None:
        raise BadValue(f"“{text}” isn’t yes or no. {field.label} takes Yes or No.")
    return "Yes" if answer else "No"


_READERS: Final = {
    ProfileField.Kind.TEXT: _text,
    ProfileField.Kind.NUMBER: _number,
    ProfileField.Kind.DATE: _date,
    ProfileField.Kind.CHOICE: _choice,
    ProfileField.Kind.YES_NO: _yes_no,
}


def set_value(field: ProfileField, phone: str, typed: str) -> None:
    """Store what was typed as the field's value for a phone in E.164; a blank removes it. Raises BadValue."""
    found = canonical(field, typed)
    if found is None:
        ProfileValue.objects.filter(field=field, phone=phone).delete()
        return
    ProfileValue.objects.update_or_create(
        field=field,
        phone=phone,
        defaults={
            "value": found.value,
            "folded": found.folded,
            "number": found.number,
            "updated_at": timezone.now(),
        },
    )


def values_of(phones: Iterable[str], fields: Iterable[ProfileField] | None = None) -> Mapping[str, dict[str, str]]:
    """Maps each phone to its values by field key. Phones without values are left out."""
    rows = ProfileValue.objects.filter(phone__in=set(phones))
    if fields is not None:
        rows = rows.filter(field__in=list(fields))
    values: dict[str, dict[str, str]] = {}
    for phone, key, value in rows.values_list("phone", "field__key", "value"):
        values.setdefault(phone, {})[key] = value
    return values
