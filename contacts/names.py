"""What a phone's owner is called, as far as the lists know."""

from collections.abc import Iterable

from django.db.models import CharField, ExpressionWrapper, F

from .models import CommunityMember, EventRegistration


def known_names(phones: Iterable[str]) -> dict[str, str]:
    """Phone to name: the member's, else of the last registration that has one. Unknown phones are left out."""
    wanted = set(phones)
    names: dict[str, str] = {}
    # Compared as they are: to normalise each again took most of the time of an export.
    stored = ExpressionWrapper(F("phone"), output_field=CharField())
    for people in (EventRegistration.objects.all(), CommunityMember.objects.all()):
        named = people.alias(stored=stored).filter(stored__in=wanted).exclude(name=None)
        names |= {phone: name for phone, name in named.order_by("pk").values_list("phone", "name") if name}
    return names
