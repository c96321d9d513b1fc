"""Saving definitions of audiences under a name."""

from django.db import IntegrityError, transaction

from accounts.models import AppUser
from contacts.models import ProfileField

from ..models import Draft, SavedAudience, ScheduledMessage
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


def create(name: str, definition: Definition, user: AppUser | None = None) -> SavedAudience:
    """Save a definition under a new name. Raises BadName."""
    name = clean_name(name)
    try:
        with transaction.atomic():
            return SavedAudience.objects.create(name=name, definition=definition.stored(), created_by=user)
    except IntegrityError:
        raise BadName(f"There is already an audience named “{name}”. Choose another name.") from None


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


def using_field(field: ProfileField) -> list[str]:
    """Audiences, unsent drafts and scheduled blasts that ask for a field, in words (see `profile_fields.users`)."""
    audiences = SavedAudience.objects.order_by("name", "pk")
    found = [f"the audience “{row}”" for row in audiences if definitions.uses_field(row.definition, field.pk)]
    drafts = Draft.objects.unsent().filter(scheduled=None).exclude(definition=None)
    found += [f"the draft “{row}”" for row in drafts if definitions.uses_field(row.definition, field.pk)]
    upcoming = ScheduledMessage.objects.upcoming().exclude(definition=None)
    return found + [
        f"the scheduled blast “{row}”" for row in upcoming if definitions.uses_field(row.definition, field.pk)
    ]


def check(audience: SavedAudience, definition: Definition) -> None:
    """Raises BadDefinition if the audience would be part of itself with this definition."""
    definitions.read(definition.stored(), within=(audience.pk,))
