"""Links shown beside a conversation."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse

from contacts import phones
from contacts.admin.recording import stop_address
from contacts.models import CommunityMember, EventRegistration, UnsubscribedContact
from contacts.textability import Standing
from messaging.models import InboxThread

_MOST_EVENTS: Final = 3


@dataclass(frozen=True, slots=True)
class Link:
    """`address` is "" if the user may not see the target."""

    label: str
    address: str


def places(request: HttpRequest, thread: InboxThread) -> list[Link]:
    """The community member and the latest registrations, with one link for the rest."""
    sees_members = request.user.has_perm("contacts.view_communitymember")
    sees_registrations = request.user.has_perm("contacts.view_eventregistration")
    links = [
        Link(
            f"In the community{_known_as(thread, name)}",
            reverse("admin:contacts_communitymember_change", args=[pk]) if sees_members else "",
        )
        for pk, name in CommunityMember.objects.filter(phone=thread.phone).values_list("pk", "name")
    ]
    registered = EventRegistration.objects.filter(phone=thread.phone)
    rows = registered.order_by("-pk").values_list("pk", "event__title", "name")
    for pk, title, name in rows[:_MOST_EVENTS]:
        address = reverse("admin:contacts_eventregistration_change", args=[pk]) if sees_registrations else ""
        links.append(Link(f"Registered for “{title}”{_known_as(thread, name)}", address))
    if len(links) >= _MOST_EVENTS and (count := registered.count()) > _MOST_EVENTS:
        found = f"{reverse('admin:contacts_eventregistration_changelist')}?{urlencode({'q': thread.phone})}"
        links.append(Link(f"All {count} registrations", found if sees_registrations else ""))
    return links


def _known_as(thread: InboxThread, name: str | None) -> str:
    """The name on the list, if staff call the person something else."""
    return f" as “{name}”" if name and thread.contact_name and name != thread.contact_name else ""


def adding(request: HttpRequest, thread: InboxThread) -> str:
    """The URL of the prefilled form for adding to the community; "" if the user may not add, or it isn't a person."""
    is_person = phones.E164.fullmatch(thread.phone) and not thread.tag
    if not is_person or not request.user.has_perm("contacts.add_communitymember"):
        return ""
    filled = {"phone": thread.phone, "name": thread.contact_name or ""}
    return f"{reverse('admin:contacts_communitymember_add')}?{urlencode(filled)}"


def entry(request: HttpRequest, found: Standing) -> Link | None:
    """The opt-out or unreachable number, where an admin can allow texts again; None if the user may not see it."""
    if found.record is None:
        return None
    opts = found.record._meta
    if not request.user.has_perm(f"contacts.view_{opts.model_name}"):
        return None
    address = reverse(f"admin:contacts_{opts.model_name}_change", args=[found.record.pk])
    return Link("See details", address)


def stopping(request: HttpRequest, thread: InboxThread) -> str:
    """The page that records that the person asked for no more texts; "" where they have, and for who may not."""
    has_opted_out = UnsubscribedContact.objects.filter(phone=thread.phone).exists()
    return "" if has_opted_out else stop_address(request, thread.phone)


def records(request: HttpRequest, thread: InboxThread) -> list[Link]:
    """The person's consent history, and the change log of the conversation, for those who may read them."""
    links = []
    if request.user.has_perm("contacts.view_consentrecord"):
        address = f"{reverse('admin:contacts_consentrecord_changelist')}?{urlencode({'q': thread.phone})}"
        links.append(Link("Consent history", address))
    if request.user.has_perm("admin.view_logentry"):
        links.append(Link("Change log", reverse("admin:messaging_inboxthread_history", args=[thread.pk])))
    return links
