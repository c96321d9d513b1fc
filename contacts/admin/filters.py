"""Filters of the lists of people."""

from collections.abc import Iterator
from typing import Any, Final

from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from contacts.models import Event, Group, UnsubscribedContact
from smsadmin.lib.ids import read_key

from .changelist import MOST_FOUND, shows_page

_RECENT: Final = 10


class StateFilter(admin.SimpleListFilter):
    """Whether people can be texted, and why not."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
        return [
            ("textable", "Can be texted"),
            ("opted_out", "Opted out"),
            ("suppressed", "Unreachable"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        people: Any = queryset
        newest = MOST_FOUND if shows_page(request) and not request.GET.get("q", "").strip() else None
        match self.value():
            case "textable":
                return people.textable()
            case "opted_out":
                return people.opted_out(newest)
            case "suppressed":
                return people.suppressed(newest)
        return queryset


class OwnListFilter(admin.SimpleListFilter):
    """By event or group: offers the most recent ones; the page of any links to its own."""

    parameter_name: str

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
        lists: list[Any] = list(_LISTS[self.parameter_name]._default_manager.order_by("-pk")[:_RECENT])
        chosen = _chosen(request, self.parameter_name)
        if chosen and chosen not in lists:
            lists.insert(0, chosen)
        return [(str(one.pk), str(one)) for one in lists]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() is None:
            return queryset
        chosen = _chosen(request, self.parameter_name)
        return queryset.filter(**{self.parameter_name: chosen}) if chosen else queryset.none()


class EventFilter(OwnListFilter):
    title = "event"
    parameter_name = "event"


class GroupFilter(OwnListFilter):
    title = "group"
    parameter_name = "group"


_LISTS: Final[dict[str, type[Model]]] = {"event": Event, "group": Group}


def chosen_event(request: HttpRequest) -> Event | None:
    """The event that the list is filtered by."""
    return _chosen(request, "event")


def chosen_group(request: HttpRequest) -> Group | None:
    """The group that the list is filtered by."""
    return _chosen(request, "group")


def _chosen(request: HttpRequest, name: str) -> Any:
    key = read_key(request.GET.get(name, ""))
    return _LISTS[name]._default_manager.filter(pk=key).first() if key else None


class SourceFilter(admin.SimpleListFilter):
    """How people opted out."""

    title = "source"
    parameter_name = "source"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> Iterator[tuple[str, str]]:
        yield from UnsubscribedContact.Source.choices
        yield "event", "Opted out of an event"
        yield "group", "Opted out of a group"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        match self.value():
            case None:
                return queryset
            case "event" | "group" as kind:
                return queryset.filter(source__startswith=f"{kind}:")
        return queryset.filter(source=self.value())
