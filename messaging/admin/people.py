"""What this app adds to the admin pages of `contacts`: links to texting."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from contacts.admin.additions import Additions, Link, add_to
from contacts.admin.filters import chosen_event
from contacts.models import CommunityMember, Event, EventRegistration

from ..composing import drafts
from ..models import InboxThread
from .permissions import SEND, require_sender


@add_to(CommunityMember, EventRegistration)
class ConversationLinks(Additions):
    """The link to the conversation with the person, where there is one, for who may see it."""

    def page_links(self, request: HttpRequest, obj: CommunityMember | EventRegistration) -> list[Link]:
        if not request.user.has_perm("messaging.view_inboxthread"):
            return []
        keys = InboxThread.objects.filter(phone=obj.phone).values_list("pk", flat=True)
        return [("Conversation", reverse("admin:messaging_inboxthread_change", args=[key])) for key in keys]


@admin.action(description="Text selected people")
def text_selected(
    model_admin: admin.ModelAdmin, request: HttpRequest, queryset: QuerySet[CommunityMember]
) -> HttpResponse:
    draft = drafts.select_members(queryset, require_sender(request))
    return redirect(f"{reverse('admin:messaging_messagelog_compose')}?draft={draft.token}")


@add_to(CommunityMember)
class TextedMembers(Additions):
    actions = (text_selected,)

    def may_act(self, request: HttpRequest) -> bool:
        return request.user.has_perm(SEND)


@add_to(Event)
class TextedEvents(Additions):
    def page_links(self, request: HttpRequest, obj: Event) -> list[Link]:
        return text_registrants(request, obj)

    def columns(self, request: HttpRequest) -> list[Callable[[Any], Any]]:
        return [text] if request.user.has_perm(SEND) else []


@add_to(EventRegistration)
class TextedRegistrations(Additions):
    def list_links(self, request: HttpRequest) -> list[Link]:
        event = chosen_event(request)
        return text_registrants(request, event) if event else []


@admin.display(description="Actions")
def text(event: Event) -> SafeString:
    return format_html(
        '<a href="{}" aria-label="Text people registered for {}">Text registered people</a>',
        compose_address(event),
        event,
    )


def text_registrants(request: HttpRequest, event: Event) -> list[Link]:
    """The link to a new blast to people registered for the event, for those who may send one."""
    return [("Text registered people", compose_address(event))] if request.user.has_perm(SEND) else []


def compose_address(event: Event) -> str:
    return f"{reverse('admin:messaging_messagelog_compose')}?event={event.pk}"
