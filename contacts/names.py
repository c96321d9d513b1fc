"""What the owner of a phone is called, according to our lists."""

from collections.abc import Iterable
from typing import Any

from django.db.models import CharField, ExpressionWrapper, F

from .models import CommunityMember, EventRegistration, GroupMember, Profile


def known_names(phones: Iterable[str]) -> dict[str, str]:
    """Maps phones to names: what staff last confirmed, else the member's, else that of the latest group or the latest
    registration with one. Omits unknown phones."""
    wanted = set(phones)
    names: dict[str, str] = {}
    # Compared as is: normalizing each again took most of the time of an export.
    stored = ExpressionWrapper(F("phone"), output_field=CharField())
    for people in (EventRegistration, GroupMember, CommunityMember, Profile):
        rows: Any = people._default_manager.alias(stored=stored)
        named = rows.filter(stored__in=wanted).exclude(name=None)
        names |= {phone: name for phone, name in named.order_by("pk").values_list("phone", "name") if name}
    return names
