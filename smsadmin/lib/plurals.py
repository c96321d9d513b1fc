"""Numbers with what they count, for pages and commands."""

from django.utils.translation import ngettext


def counted(number: int, one: str, many: str) -> str:
    """Such as "1 line" or "1,234 lines"."""
    return f"{number:,} {ngettext(one, many, number)}"


def people(number: int) -> str:
    """Such as "1 person" or "1,234 people"."""
    return counted(number, "person", "people")
