"""What is known of people by their phones, whatever lists they are on."""

from collections.abc import Iterable

from .models import Profile


def ensure(phones: Iterable[str]) -> None:
    """Give each phone in E.164 a profile, if only an empty one: people on no list can then be in an audience."""
    Profile.objects.bulk_create([Profile(phone=phone) for phone in phones], ignore_conflicts=True)
