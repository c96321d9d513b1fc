"""Texting from the lists of people: the pages of `contacts`, with what this app adds to them."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from contacts.admin.events import EventAdmin
from contacts.admin.filters import chosen_event
from contacts.admin.members import CommunityMemberAdmin
from contacts.admin.registrations import EventRegistrationAdmin
from contacts.models import CommunityMember, Event, EventRegistration

from ..composing import drafts
from ..models import InboxThread
from .permissions import SEND, require_sender

for model in (CommunityMember, Event, EventRegistration):
    admin.site.unregister(model)


@admin.register(CommunityMember)
class TextedMemberAdmin(CommunityMemberAdmin):
    actions: Any = ("text_selected", *CommunityMemberAdmin.actions)

    def get_page_tools(self, request: HttpRequest, member: CommunityMember) -> list[tuple[str, str]]:
        return [*super().get_page_tools(request, member), *conversation_with(request, member.phone)]

    def has_text_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(SEND)

    @admin.action(description="Text selected members", permissions=["text"])
    def text_selected(self, request: HttpRequest, queryset: QuerySet[CommunityMember]) -> HttpResponse:
        draft = drafts.select_members(queryset, require_sender(request))
        return redirect(f"{reverse('admin:messaging_messagelog_compose')}?draft={draft.token}")


@admin.register(Event)
class TextedEventAdmin(EventAdmin):
    def get_page_tools(self, request: HttpRequest, event: Event) -> list[tuple[str, str]]:
        return [*super().get_page_tools(request, event), *text_registrants(request, event)]

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        columns = list(super().get_list_display(request))
        return [*columns, "text"] if request.user.has_perm(SEND) else columns

    @admin.display(description="")
    def text(self, event: Event) -> SafeString:
        return format_html(
            '<a href="{}" aria-label="Text the registrants of {}">Text the registrants</a>',
            compose_address(event),
            event,
        )


@admin.register(EventRegistration)
class TextedRegistrationAdmin(EventRegistrationAdmin):
    def get_page_tools(self, request: HttpRequest, registration: EventRegistration) -> list[tuple[str, str]]:
        return [*super().get_page_tools(request, registration), *conversation_with(request, registration.phone)]

    def get_list_tools(self, request: HttpRequest) -> list[tuple[str, str]]:
        event = chosen_event(request)
        return [*super().get_list_tools(request), *(text_registrants(request, event) if event else [])]


def conversation_with(request: HttpRequest, phone: str) -> list[tuple[str, str]]:
    """The link to the conversation with that phone, where there is one, for who may see it."""
    if not request.user.has_perm("messaging.view_inboxthread"):
        return []
    keys = InboxThread.objects.filter(phone=phone).values_list("pk", flat=True)
    return [("Conversation", reverse("admin:messaging_inboxthread_change", args=[key])) for key in keys]


def text_registrants(request: HttpRequest, event: Event) -> list[tuple[str, str]]:
    """The link to a new blast to the event's registrants, for who may send one."""
    return [("Text the registrants", compose_address(event))] if request.user.has_perm(SEND) else []


def compose_address(event: Event) -> str:
    return f"{reverse('admin:messaging_messagelog_compose')}?event={event.pk}"
