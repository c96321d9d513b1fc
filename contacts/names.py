"""What the owner of a phone is called, according to our lists."""

from collections.abc import Iterable

from django.db.models import CharField, ExpressionWrapper, F

from .models import CommunityMember, EventRegistration, GroupMember


def known_names(phones: Iterable[str]) -> dict[str, str]:
    """Maps phones to names: the member's, else that of the latest registration, else that of a group. Omits unknown
    phones."""
    wanted = set(phones)
    names: dict[str, str] = {}
    # Compared as is: normalizing each again took most of the time of an export.
    stored = ExpressionWrapper(F("phone"), output_field=CharField())
    for people in (GroupMember.objects.all(), EventRegistration.objects.all(), CommunityMember.objects.all()):
        named = people.alias(stored=stored).filter(stored__in=wanted).exclude(name=None)
        names |= {phone: name for phone, name in named.order_by("pk").values_list("phone", "name") if name}
    return names
