"""The site's navigation by task, defined once for the sidebar, the bar on phones, and search."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest
from django.urls import get_script_prefix, reverse


@dataclass(frozen=True, slots=True)
class Place:
    """A page in the navigation. `model` ("app.Model") is set for a model's list; `words` are extra search terms.

    `heading` is what breadcrumbs call the page if its name only makes sense below its section's.
    """

    name: str
    url_name: str
    icon: str
    permission: str = ""
    model: str = ""
    words: str = ""
    counts_unread: bool = False
    heading: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A group of places. Without a name, they are shown ungrouped, and in the bar on phones too."""

    name: str
    icon: str
    places: tuple[Place, ...]


def _list(name: str, model: str, icon: str, words: str = "", **more: Any) -> Place:
    app, _, label = model.lower().partition(".")
    return Place(name, f"{app}_{label}_changelist", icon, f"{app}.view_{label}", model, words, **more)


NEW_BLAST: Final = Place(
    "New blast", "messaging_messagelog_compose", "compose", "messaging.send_blast", words="compose send text message"
)
# In the search alone: its buttons stand where somebody's wish comes in.
RECORD_OPT_OUT: Final = Place(
    "Someone asked to stop",
    "contacts_unsubscribedcontact_record",
    "stop",
    "contacts.add_unsubscribedcontact",
    words="record opt out take off list",
)
HOME: Final = Place("Home", "index", "home", words="dashboard")
INBOX: Final = _list("Inbox", "messaging.InboxThread", "inbox", "conversations replies texts", counts_unread=True)

SECTIONS: Final = (
    Section("", "", (HOME, INBOX)),
    Section(
        "Blasts",
        "blasts",
        (
            _list("Sent", "messaging.MessageLog", "blasts", "history reports deliveries", heading="Blasts"),
            _list("Scheduled", "messaging.ScheduledMessage", "clock", "later upcoming"),
            Place(
                "Drafts",
                "messaging_draft_changelist",
                "draft",
                "messaging.send_blast",
                "messaging.Draft",
                "unsent unfinished",
            ),
        ),
    ),
    Section(
        "People",
        "people",
        (
            _list("Everyone", "contacts.CommunityMember", "people", "community members contacts", heading="People"),
            _list("Events", "contacts.Event", "event", "registrations registered"),
            _list("Groups", "contacts.Group", "group", "teams classes lists members"),
            _list("Audiences", "messaging.SavedAudience", "audience", "lists segments conditions"),
            _list("Opted out", "contacts.UnsubscribedContact", "stop", "unsubscribed stop"),
            _list("Unreachable", "contacts.SuppressedContact", "unreachable", "suppressed dead numbers"),
            _list("Imports", "contacts.ContactImport", "import", "upload file spreadsheet"),
        ),
    ),
    Section(
        "Automations",
        "automations",
        (
            _list("Keyword replies", "messaging.KeywordAutomationRule", "keyword", "automatic answers"),
            _list("Surveys", "surveys.SurveyFlow", "survey", "questions answers"),
        ),
    ),
    Section(
        "Settings",
        "settings",
        (
            _list("Organization", "accounts.Organization", "organization", "name contact time zone settings"),
            _list("Fields", "contacts.ProfileField", "field", "profile custom grade"),
            _list("Team", "accounts.AppUser", "team", "users staff roles"),
            Place("My account", "own_account", "account", words="password test phone"),
        ),
    ),
    Section(
        "System",
        "system",
        (
            _list("Consent history", "contacts.ConsentRecord", "history", "opt-ins opt-outs trail"),
            _list("Failed sign-ins", "accounts.LoginAttempt", "lock", "logins attempts"),
            _list("Security events", "accounts.SecurityEvent", "shield"),
            _list("Scheduled tasks", "django_q.Schedule", "clock"),
            _list("Queued tasks", "django_q.OrmQ", "queue"),
            _list("Finished tasks", "django_q.Success", "check"),
            _list("Failed tasks", "django_q.Failure", "warning"),
        ),
    ),
)


def app_list(request: HttpRequest) -> list[dict[str, Any]]:
    """The sections in the form of Django's list of apps, with the places that this user may see as their models.

    A place has "name" and "admin_url" as in Django's list, and "icon", "is_current" and "counts_unread". At most
    one is current.
    """
    sections: list[dict[str, Any]] = []
    for section in SECTIONS:
        models: list[dict[str, Any]] = [
            {
                "name": place.name,
                "admin_url": _address(place.url_name, get_script_prefix()),
                "icon": place.icon,
                "is_current": False,
                "counts_unread": place.counts_unread,
            }
            for place in section.places
            if may_see(place, request.user)
        ]
        if models:
            sections.append({"name": section.name, "icon": section.icon, "app_label": "", "models": models})
    _mark_current([model for section in sections for model in section["models"]], request.path)
    return sections


@cache
def _address(url_name: str, prefix: str) -> str:
    """The address of a page of the admin; kept, since each page shows twenty. `prefix` is what the site is below."""
    return reverse(f"admin:{url_name}")


def may_see(place: Place, user: Any) -> bool:
    """Whether the page exists (the queue's only does if the queue is in the database) and this user may see it."""
    exists = not place.model or admin.site.is_registered(apps.get_model(place.model))
    return exists and user.is_authenticated and (not place.permission or user.has_perm(place.permission))


def places(user: Any) -> Iterator[Place]:
    """All pages that this user may search for: those where something is done first, then the navigation's."""
    for place in (NEW_BLAST, RECORD_OPT_OUT, *(place for section in SECTIONS for place in section.places)):
        if may_see(place, user):
            yield place


def list_name(label: str) -> str:
    """What breadcrumbs call the list of the model with that label ("app.Model"); "" if it isn't in the navigation."""
    places = (place for section in SECTIONS for place in section.places)
    return next((place.heading or place.name for place in places if place.model == label), "")


def _mark_current(links: list[dict[str, Any]], path: str) -> None:
    """Marks the place with the longest address that `path` starts with. Home only matches itself."""
    home, compose = (_address(place.url_name, get_script_prefix()) for place in (HOME, NEW_BLAST))
    matches = [
        link for link in links if path.startswith(link["admin_url"]) and (link["admin_url"] != home or path == home)
    ]
    if matches and not path.startswith(compose):
        max(matches, key=lambda link: len(link["admin_url"]))["is_current"] = True
