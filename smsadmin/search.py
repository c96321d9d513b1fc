"""One search for all that staff look for: people by name or number, blasts, events, and the pages of the site.

Each kind is searched only for who may see it, by the search that its own list has.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.contrib.admin.utils import quote
from django.db.models import Model
from django.urls import reverse

from contacts import searching
from contacts.models import CommunityMember, Event, EventRegistration
from contacts.phones import display
from messaging.models import MessageLog
from messaging.text.formatting import beginning
from smsadmin.lib.text_lookup import fold

from . import navigation

# Of each kind, so that one does not crowd out the others.
MOST: Final = 6
SHORTEST: Final = 2


@dataclass(frozen=True, slots=True)
class Found:
    """A line of results; `icon` is one of icons.svg."""

    kind: str
    name: str
    detail: str
    url: str
    icon: str


def find(user: Any, text: str) -> list[Found]:
    """What `user` may see of what `text` finds, pages first; with nothing typed, the pages."""
    text = text.strip()
    found = list(_find_pages(user, text))
    if len(text) >= SHORTEST:
        for permission, search in _SEARCHES:
            if user.has_perm(permission):
                found += search(text)
    return found


def _find_pages(user: Any, text: str) -> Iterator[Found]:
    words = fold(text).split()
    for place in navigation.places(user):
        known = fold(f"{place.name} {place.words}").split()
        if all(any(one.startswith(word) for one in known) for word in words):
            yield Found("Page", place.name, "", reverse(f"admin:{place.url_name}"), place.icon)


def _find_members(text: str) -> Iterator[Found]:
    for member in searching.search(CommunityMember.objects.order_by("-pk"), text, limit=MOST)[:MOST]:
        yield Found("Person", member.name or display(member.phone), display(member.phone), _page_of(member), "team")


def _find_registrations(text: str) -> Iterator[Found]:
    registrations = searching.search(EventRegistration.objects.order_by("-pk"), text, limit=MOST)
    for one in registrations.select_related("event")[:MOST]:
        detail = f"{display(one.phone)}, {one.event.title}"
        yield Found("Registration", one.name or display(one.phone), detail, _page_of(one), "team")


def _find_events(text: str) -> Iterator[Found]:
    for event in Event.objects.filter(title__mentions=text).order_by("-pk")[:MOST]:
        yield Found("Event", event.title, str(event.date or ""), _page_of(event), "event")


def _find_blasts(text: str) -> Iterator[Found]:
    for log in MessageLog.objects.filter(message_body__mentions=text).order_by("-pk")[:MOST]:
        yield Found("Blast", beginning(log.message_body, 60), f"to {log.audience_name}", _page_of(log), "blasts")


def _page_of(row: Model) -> str:
    meta = row._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[quote(row.pk)])


_SEARCHES: Final[tuple[tuple[str, Callable[[str], Iterator[Found]]], ...]] = (
    ("contacts.view_communitymember", _find_members),
    ("contacts.view_eventregistration", _find_registrations),
    ("contacts.view_event", _find_events),
    ("messaging.view_messagelog", _find_blasts),
)
