"""What depends on a saved audience."""

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet

from ..models import Draft, SavedAudience, ScheduledMessage


def uses_of(audience: SavedAudience) -> list[str]:
    """What stops working without the audience: others that ask for it, upcoming blasts and drafts to it."""
    candidates: list[QuerySet[Any]] = [
        SavedAudience.objects.exclude(pk=audience.pk).order_by("name"),
        ScheduledMessage.objects.upcoming().exclude(definition=None),
        Draft.objects.unsent().exclude(definition=None),
    ]
    return [
        f"The {row._meta.verbose_name} “{row}”"
        for rows in candidates
        for row in rows
        if audience.pk in set(_named(row.definition))
    ]


def _named(definition: Any) -> Iterator[Any]:
    """The ids of the audiences that a definition's JSON asks for."""
    if isinstance(definition, dict):
        if isinstance(asked := definition.get("audience"), int):
            yield asked
        for value in definition.values():
            yield from _named(value)
    elif isinstance(definition, list):
        for value in definition:
            yield from _named(value)
