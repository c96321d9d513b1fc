"""The ways through the site, by what staff want to do: one definition for the sidebar, the phone's bar and search."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse


@dataclass(frozen=True, slots=True)
class Place:
    """One page with a name of its own. `model` ("app.Model") names the list that it is; `words` find it in search."""

    name: str
    url_name: str
    icon: str
    permission: str = ""
    model: str = ""
    words: str = ""
    counts_unread: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """Places that belong together; with an empty name they stand by themselves."""

    name: str
    icon: str
    places: tuple[Place, ...]


def _list(name: str, model: str, icon: str, words: str = "", **more: Any) -> Place:
    app, _, label = model.lower().partition(".")
    return Place(name, f"{app}_{label}_changelist", icon, f"{app}.view_{label}", model, words, **more)


NEW_BLAST: Final = Place(
    "New blast", "messaging_messagelog_compose", "compose", "messaging.send_blast", words="compose send text message"
)
HOME: Final = Place("Home", "index", "home", words="dashboard")
INBOX: Final = _list("Inbox", "messaging.InboxThread", "inbox", "conversations replies texts", counts_unread=True)

SECTIONS: Final = (
    Section("", "", (HOME, INBOX)),
    Section(
        "Blasts",
        "blasts",
        (
            _list("Sent", "messaging.MessageLog", "blasts", "history reports deliveries"),
            _list("Scheduled", "messaging.ScheduledMessage", "clock", "later upcoming"),
        ),
    ),
    Section(
        "People",
        "people",
        (
            _list("Everyone", "contacts.CommunityMember", "people", "community members contacts"),
            _list("Events", "contacts.Event", "event", "registrations registered"),
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
            _list("Team", "accounts.AppUser", "team", "users staff roles"),
            Place("My password", "password_change", "account", words="account"),
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


def app_list(request: HttpRequest, registered: Mapping[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """The sections as Django's templates take a list of apps, with the places that this user may see as their models.

    `registered` has Django's own entry for each model of the site by its label ("app.Model"). Beside Django's keys a
    place has "icon", "url_name", "is_current" and "counts_unread"; at most one is current.
    """
    sections: list[dict[str, Any]] = []
    for section in SECTIONS:
        models: list[dict[str, Any]] = [
            {
                **registered.get(place.model, {}),
                "name": place.name,
                "url_name": place.url_name,
                "admin_url": reverse(f"admin:{place.url_name}"),
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


def may_see(place: Place, user: Any) -> bool:
    """Whether the page exists here (the queue's list does only where it is in the database) and is for this user."""
    is_there = not place.model or admin.site.is_registered(apps.get_model(place.model))
    return is_there and user.is_authenticated and (not place.permission or user.has_perm(place.permission))


def places(user: Any) -> Iterator[Place]:
    """All that this user may see, "New blast" first."""
    for place in (NEW_BLAST, *(place for section in SECTIONS for place in section.places)):
        if may_see(place, user):
            yield place


def _mark_current(links: list[dict[str, Any]], path: str) -> None:
    """The place whose address the page's begins with, the longest one; the home page is only itself."""
    home, compose = reverse("admin:index"), reverse(f"admin:{NEW_BLAST.url_name}")
    around = [
        link for link in links if path.startswith(link["admin_url"]) and (link["admin_url"] != home or path == home)
    ]
    if around and not path.startswith(compose):
        max(around, key=lambda link: len(link["admin_url"]))["is_current"] = True
