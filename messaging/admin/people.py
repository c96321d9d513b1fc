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
from django.utils.translation import ngettext

from contacts.admin.additions import Additions, Link, add_to
from contacts.admin.filters import chosen_event, chosen_group
from contacts.models import CommunityMember, ContactImport, Event, EventRegistration, Group, GroupMember

from ..composing import drafts
from ..models import InboxThread
from .permissions import SEND, require_sender
from .plans import section as plan


@add_to(CommunityMember, EventRegistration, GroupMember)
class ConversationLinks(Additions):
    """The link to the conversation with the person, where there is one, for who may see it."""

    def page_links(self, request: HttpRequest, obj: CommunityMember | EventRegistration | GroupMember) -> list[Link]:
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

    def page_sections(self, request: HttpRequest, obj: Event) -> list[SafeString]:
        return [plan.render(request, obj)]

    def columns(self, request: HttpRequest) -> list[Callable[[Any], Any]]:
        return [text] if request.user.has_perm(SEND) else []


@add_to(EventRegistration)
class TextedRegistrations(Additions):
    def list_links(self, request: HttpRequest) -> list[Link]:
        event = chosen_event(request)
        return text_registrants(request, event) if event else []


@add_to(Group)
class TextedGroups(Additions):
    def page_links(self, request: HttpRequest, obj: Group) -> list[Link]:
        return text_group(request, obj)


@add_to(GroupMember)
class TextedGroupMembers(Additions):
    def list_links(self, request: HttpRequest) -> list[Link]:
        group = chosen_group(request)
        return text_group(request, group) if group else []


@add_to(ContactImport)
class TextedImports(Additions):
    def page_posts(self, request: HttpRequest, obj: ContactImport) -> list[Link]:
        """The button that begins a blast to the people of a finished import, where any of them can be texted."""
        if not request.user.has_perm(SEND) or not can_be_texted(obj):
            return []
        count = obj.counts["people"]
        address = reverse("admin:messaging_messagelog_compose_import", args=[obj.pk])
        return [(ngettext("Text this person", f"Text these {count:,} people", count), address)]


def can_be_texted(contact_import: ContactImport) -> bool:
    """Whether the people of an import are known, and blasts reach any of them."""
    counts = contact_import.counts
    if contact_import.status != ContactImport.Status.APPLIED:
        return False
    is_known = (contact_import.event_id or contact_import.group_id) or contact_import.members.exists()
    return bool(is_known) and counts["people"] > counts["opted_out"] + counts["suppressed"]


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


def text_group(request: HttpRequest, group: Group) -> list[Link]:
    """The link to a new blast to the group, for those who may send one."""
    if not request.user.has_perm(SEND):
        return []
    return [("Text this group", f"{reverse('admin:messaging_messagelog_compose')}?group={group.pk}")]
