"""Saving definitions of audiences under a name."""

from django.db import transaction

from accounts.models import AppUser

from ..models import SavedAudience
from . import definitions
from .definitions import Definition

LONGEST_NAME = 100


class BadName(ValueError):
    """An audience can't have this name; str() is a sentence for staff."""


def clean_name(name: str) -> str:
    """The name as it is saved. Raises BadName."""
    cleaned = " ".join(name.replace("\0", "").split())
    if not cleaned:
        raise BadName("Give the audience a name.")
    if len(cleaned) > LONGEST_NAME:
        raise BadName(f"The name can have {LONGEST_NAME} characters at most.")
    return cleaned


def define(name: str, definition: Definition, user: AppUser | None = None) -> SavedAudience:
    """Save a definition under a name, in place of the one that has it now.

    Raises BadName, and BadDefinition if the audience would be part of itself.
    """
    name = clean_name(name)
    with transaction.atomic():
        audience = SavedAudience.objects.select_for_update().named(name).first()
        if audience is None:
            return SavedAudience.objects.create(name=name, definition=definition.stored(), created_by=user)
        check(audience, definition)
        audience.definition = definition.stored()
        audience.save()
    return audience


def check(audience: SavedAudience, definition: Definition) -> None:
    """Raises BadDefinition if the audience would be part of itself with this definition."""
    definitions.read(definition.stored(), within=(audience.pk,))
