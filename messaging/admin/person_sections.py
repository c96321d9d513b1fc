"""What this app adds to the page of a person: texting them, the conversation, and the blasts that they got."""

from typing import Any, Final

from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode

from contacts import person_ids, phones, textability
from contacts.admin.additions import Link
from contacts.admin.person_additions import Section, action, section
from contacts.known_people import Person
from smsadmin.lib import keyset
from smsadmin.lib.ids import read_key

from ..inbox import replies, timeline
from ..models import Delivery, InboxMessage, InboxThread, MessageLog
from .inbox.texts import CHANGE
from .permissions import SEND

SEE_INBOX: Final = "messaging.view_inboxthread"
SEE_BLASTS: Final = "messaging.view_messagelog"
TEXTS: Final = 6
BLASTS_A_PAGE: Final = 10


@action
def texting(request: HttpRequest, person: Person) -> list[Link]:
    """To the reply in the conversation where there is one, else to a new blast to this person alone."""
    thread = _thread(person) if request.user.has_perms((SEE_INBOX, CHANGE)) else None
    if thread is not None:
        return [] if replies.why_not(thread) else [("Text them", f"{_conversation(thread)}#id_body")]
    if not request.user.has_perm(SEND) or not phones.E164.fullmatch(person.phone):
        return []
    if textability.standings([person.phone])[person.phone].record:
        return []
    query = urlencode({"person": str(person_ids.encode(person.phone))})
    return [("Text them", f"{reverse('admin:messaging_messagelog_compose')}?{query}")]


@section
def conversation(request: HttpRequest, person: Person) -> Section | None:
    """The latest texts, oldest first, for who may see the inbox."""
    if not request.user.has_perm(SEE_INBOX):
        return None
    thread = _thread(person)
    texts: list[Any] = []
    if thread is not None:
        texts = list(InboxMessage.objects.filter(thread=thread).on_their_own().order_by("-pk")[:TEXTS])[::-1]
    media = timeline.media_previews(text.pk for text in texts if not text.shown_body)
    for text in texts:
        text.shown = text.shown_body or media.get(text.pk) or ""
        text.is_ours = text.direction == InboxMessage.Direction.OUTBOUND
    link = ("Open conversation", _conversation(thread)) if thread else None
    context = {"texts": texts}
    return Section("conversation", "Conversation", "messaging/person_conversation.html", context, place=10, link=link)


@section
def blasts(request: HttpRequest, person: Person) -> Section | None:
    """The blasts that they got or were to get, newest first, for who may see blasts."""
    if not request.user.has_perm(SEE_BLASTS):
        return None
    # One lookup in the unique index for each blast, because there is no index on the phone alone.
    rows = Delivery.objects.filter(message_log__in=MessageLog.objects.values("pk"), phone=person.phone)
    keys = list(rows.order_by().values_list("pk", flat=True))
    found = keyset.page(
        Delivery.objects.filter(pk__in=keys).select_related("message_log").defer("message_log__stored_details"),
        BLASTS_A_PAGE,
        read_key(request.GET.get("after", "")),
        read_key(request.GET.get("before", "")),
        newest_first=True,
    )
    context = {"page": found, "count": len(keys)}
    return Section("blasts", "Blasts to them", "messaging/person_blasts.html", context, place=20)


def _thread(person: Person) -> InboxThread | None:
    return InboxThread.objects.filter(phone=person.phone).first()


def _conversation(thread: InboxThread) -> str:
    return reverse("admin:messaging_inboxthread_change", args=[thread.pk])
