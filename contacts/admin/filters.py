"""Filters of the lists of people."""

from collections.abc import Iterator
from typing import Any, Final

from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.db.models import QuerySet
from django.http import HttpRequest

from contacts.models import Event, UnsubscribedContact
from smsadmin.lib.ids import read_key

from .changelist import MOST_FOUND, shows_page

_RECENT_EVENTS: Final = 10


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


class EventFilter(admin.SimpleListFilter):
    """By event: offers the most recent ones; the page of any event links to its own."""

    title = "event"
    parameter_name = "event"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
        events = list(Event.objects.order_by("-pk")[:_RECENT_EVENTS])
        chosen = chosen_event(request)
        if chosen and chosen not in events:
            events.insert(0, chosen)
        return [(str(event.pk), str(event)) for event in events]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() is None:
            return queryset
        chosen = chosen_event(request)
        return queryset.filter(event=chosen) if chosen else queryset.none()


def chosen_event(request: HttpRequest) -> Event | None:
    """The event that the list is filtered by."""
    return Event.objects.filter(pk=read_key(request.GET.get("event", ""))).first()


class SourceFilter(admin.SimpleListFilter):
    """How people opted out."""

    title = "source"
    parameter_name = "source"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> Iterator[tuple[str, str]]:
        yield from UnsubscribedContact.Source.choices
        yield "event", "Opted out of an event"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        match self.value():
            case None:
                return queryset
            case "event":
                return queryset.filter(source__startswith="event:")
        return queryset.filter(source=self.value())
