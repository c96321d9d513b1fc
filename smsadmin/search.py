"""Site-wide search: people by name or number, blasts, events, audiences, and pages.

Users only find what they may see. Each kind is searched like its own list.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.contrib.admin.utils import quote
from django.db.models import Model
from django.urls import reverse

from contacts import searching
from contacts.models import CommunityMember, Event, EventRegistration, Group, GroupMember
from contacts.person_ids import page_of
from contacts.phones import display
from messaging.models import MessageLog, SavedAudience
from smsadmin.lib.text_lookup import fold

from . import navigation

# Per kind, so that one doesn't crowd out the others.
MAX_RESULTS: Final = 6
MIN_LENGTH: Final = 2


@dataclass(frozen=True, slots=True)
class Result:
    """One search result. `icon` is the name of an icon in icons.svg."""

    kind: str
    name: str
    detail: str
    url: str
    icon: str


def find(user: Any, text: str) -> list[Result]:
    """The results for `text` that `user` may see, pages first. For an empty text, all pages."""
    text = text.strip()
    found = list(_find_pages(user, text))
    if len(text) >= MIN_LENGTH:
        for permission, search in _SEARCHES:
            if user.has_perm(permission):
                found += search(text)
    return found


def _find_pages(user: Any, text: str) -> Iterator[Result]:
    words = fold(text).split()
    for place in navigation.places(user):
        known = fold(f"{place.name} {place.words}").split()
        if all(any(one.startswith(word) for one in known) for word in words):
            yield Result("Page", place.name, "", reverse(f"admin:{place.url_name}"), place.icon)


def _find_members(text: str) -> Iterator[Result]:
    for member in searching.search(CommunityMember.objects.order_by("-pk"), text, limit=MAX_RESULTS)[:MAX_RESULTS]:
        yield Result(
            "Person", member.name or display(member.phone), display(member.phone), page_of(member.phone), "team"
        )


def _find_registrations(text: str) -> Iterator[Result]:
    registrations = searching.search(EventRegistration.objects.order_by("-pk"), text, limit=MAX_RESULTS)
    for one in registrations.select_related("event")[:MAX_RESULTS]:
        detail = f"{display(one.phone)}, {one.event.title}"
        yield Result("Registration", one.name or display(one.phone), detail, page_of(one.phone), "team")


def _find_events(text: str) -> Iterator[Result]:
    for event in Event.objects.filter(title__mentions=text).order_by("-pk")[:MAX_RESULTS]:
        yield Result("Event", event.title, str(event.date or ""), _page_of(event), "event")


def _find_group_members(text: str) -> Iterator[Result]:
    members = searching.search(GroupMember.objects.order_by("-pk"), text, limit=MAX_RESULTS)
    for one in members.select_related("group")[:MAX_RESULTS]:
        detail = f"{display(one.phone)}, {one.group.name}"
        yield Result("In a group", one.name or display(one.phone), detail, _page_of(one), "team")


def _find_groups(text: str) -> Iterator[Result]:
    for group in Group.objects.filter(name__mentions=text).order_by("-pk")[:MAX_RESULTS]:
        yield Result("Group", group.name, "", _page_of(group), "group")


def _find_blasts(text: str) -> Iterator[Result]:
    for log in MessageLog.objects.filter(message_body__mentions=text).order_by("-pk")[:MAX_RESULTS]:
        yield Result("Blast", str(log), f"to {log.audience_name}", _page_of(log), "blasts")


def _find_audiences(text: str) -> Iterator[Result]:
    for audience in SavedAudience.objects.filter(name__mentions=text).order_by("name")[:MAX_RESULTS]:
        yield Result("Audience", audience.name, "", _page_of(audience), "audience")


def _page_of(row: Model) -> str:
    meta = row._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[quote(row.pk)])


_SEARCHES: Final[tuple[tuple[str, Callable[[str], Iterator[Result]]], ...]] = (
    ("contacts.view_communitymember", _find_members),
    ("contacts.view_eventregistration", _find_registrations),
    ("contacts.view_groupmember", _find_group_members),
    ("contacts.view_event", _find_events),
    ("contacts.view_group", _find_groups),
    ("messaging.view_savedaudience", _find_audiences),
    ("messaging.view_messagelog", _find_blasts),
)
