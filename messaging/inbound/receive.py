"""Receives inbound texts, from Twilio's form to the answer.

The text is stored under its MessageSid, so a repeat gets the same answer and has no other effect. The phone's thread
is locked meanwhile: two texts from one phone are processed one after the other, even by different processes (on
SQLite, any two texts are). The handlers in settings.INBOUND_HANDLERS are called in order, and a text that none of
them answers waits in the inbox. It is all one transaction, without outgoing calls: the answer is in our response.
"""

import json
import logging
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Final

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, IntegrityError, connection
from django.db.models import DateTimeField, F, Min, Value
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.module_loading import import_string

from contacts import phones
from contacts.consent import opting_out
from smsadmin.lib import group_commit, prepared_statements
from smsadmin.lib.prepared_statements import Prepared, PreparedUpdate

from ..consent import echoes
from ..consent.classifier import Finding, Verdict, classify
from ..models import DeletedText, Delivery, InboxMessage, InboxThread
from ..text.encoding import MAX_CHARACTERS
from ..text.formatting import beginning
from .handlers import Answer, InboundText

logger = logging.getLogger(__name__)

Handler = Callable[[InboundText], Answer | None]

UNKNOWN_SENDER: Final = "unknown"
# In the order of the model's fields, as `from_db` expects.
_THREAD_FIELDS: Final = ("id", "phone", "contact_name")
_THREADS: Final = Prepared(
    lambda phone: InboxThread.objects.select_for_update().filter(phone=phone).values_list(*_THREAD_FIELDS)
)
_OPT_OUTS: Final = Prepared(opting_out.opt_outs_of)
_DELETED: Final = 0
# The id of the text with a SID, or _DELETED.
_KNOWN: Final = Prepared(
    lambda sid: (
        InboxMessage.objects.filter(message_sid=sid)
        .values_list("id")
        .union(DeletedText.objects.filter(message_sid=sid).values_list(Value(_DELETED)), all=True)
    )
)
# `unread` is added to the count; `flagged_at` is None if the text doesn't need a decision.
_UPDATE_THREAD: Final = PreparedUpdate(
    lambda pk, at, preview, direction, unread, flagged_at: (
        InboxThread.objects.filter(pk=pk),
        {
            "last_message_at": at,
            "last_message_preview": preview,
            "last_direction": direction,
            "unread_count": F("unread_count") + unread,
            "flagged_at": Coalesce("flagged_at", flagged_at),
            "updated_at": at,
        },
    )
)
# For a text that an opt-out word, a keyword or a survey has handled.
_MARK_HANDLED: Final = PreparedUpdate(lambda pk: (InboxMessage.objects.filter(pk=pk), {"needs_reading": False}))
_KINDS: Final = {
    Verdict.REACTION: InboxMessage.Kind.REACTION,
    Verdict.AUTO_REPLY: InboxMessage.Kind.AUTO_REPLY,
    Verdict.INSTRUCTIONS: InboxMessage.Kind.COPY,
    Verdict.QUOTE: InboxMessage.Kind.COPY,
}
_CAUGHT_UP: Final = uuid.UUID("7b0b0c0e-3d0d-4a53-9c57-8f2a5c0c9d41")
_OPT_OUT_TYPES: Final = frozenset({"STOP", "START", "HELP"})


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to the sender ("" for none), and the delivery that Twilio should report on."""

    body: str = ""
    delivery_id: int | None = None


def receive(
    form: Mapping[str, str],
    *,
    is_simulated: bool = False,
    is_read: bool = False,
    sent_at: datetime | None = None,
    is_late: bool = False,
) -> Reply:
    """Processes one text. `form` has the fields of Twilio's request: MessageSid, From, Body and any others.

    Missing or malformed fields are tolerated. With `is_simulated`, for texts from a command or a page, the text has
    all its effects, but the answer isn't sent and gets no delivery. With `is_read`, the text never waits for staff,
    whatever it says, because staff wrote it.

    With `sent_at`, the text is one that we missed: it is stored as of that time and waits for staff, whatever it
    says. Its answer is written for the senders, and with `is_late` there is none.
    """
    message = _read(form)
    message.is_late = is_late
    if sent_at is not None:
        # Our clock may be behind.
        message.created_at = min(sent_at, timezone.now())
    finding = classify(message.body)
    opt_out_type = form.get("OptOutType", "").strip().upper()
    if opt_out_type not in _OPT_OUT_TYPES:
        opt_out_type = ""
    try:
        return group_commit.run(
            lambda: _process(message, opt_out_type, finding, is_simulated, is_read, sent_at is not None)
        )
    except IntegrityError:
        # Another process has stored the same text since we looked for it.
        if (previous := _previous_reply(message.message_sid)) is not None:
            return previous
        raise


def _read(form: Mapping[str, str]) -> InboxMessage:
    """The text as it will be stored, without its thread and time."""
    sid = form.get("MessageSid") or form.get("SmsSid") or form.get("SmsMessageSid") or ""
    body = storable(form.get("Body", ""))
    return InboxMessage(
        phone=sender_of(form.get("From", "")),
        direction=InboxMessage.Direction.INBOUND,
        body=body,
        message_sid=storable(sid)[:64] or None,
        raw_payload=storable(json.dumps({name: form[name] for name in form if name != "Body"}, ensure_ascii=False)),
    )


def _previous_reply(sid: str | None) -> Reply | None:
    """The reply to the text with that SID; None if the text is new."""
    if sid is None or not (known := _KNOWN.rows(sid)):
        return None
    message = InboxMessage.objects.filter(pk=known[0][0]).first()
    if message is None:
        logger.info("Text %s was repeated. Staff have deleted it, so it stays deleted.", sid)
        return Reply()
    logger.info("Text %s was repeated. It gets the same answer.", sid)
    answer = message.answers.order_by("pk").first()
    if answer is None or (not answer.may_go_to_anyone and _has_opted_out(message.phone)):
        # The repeat may arrive after a STOP that was sent later.
        return Reply()
    if answer.token is not None:
        # We found the text in Twilio's list before Twilio got through to us, and a sender sends the answer.
        return Reply()
    return Reply(answer.body, answer.delivery_id)


def _has_opted_out(phone: str) -> bool:
    return bool(_OPT_OUTS.rows(phone))


def _has_opted_out_since(phone: str) -> bool:
    """Whether staff opted the sender out while the text waited for the thread's lock. SQLite has no such lock."""
    return connection.features.has_select_for_update and _has_opted_out(phone)


def _process(
    message: InboxMessage,
    opt_out_type: str,
    finding: Finding,
    is_simulated: bool,
    is_read: bool,
    is_caught_up: bool,
) -> Reply:
    """Stores the text in its thread and answers it."""
    if (previous := _previous_reply(message.message_sid)) is not None:
        return previous
    message.thread = thread = _lock_thread(message.phone)
    if not is_caught_up:
        message.created_at = timezone.now()
    is_opted_out = _has_opted_out(thread.phone)
    # Short codes and alphanumeric senders are robots, which are on no list and can't be texted. Any phone number is a
    # person, even if the phone library calls it invalid, because Twilio has delivered a text from it.
    is_person = bool(phones.E164.fullmatch(thread.phone))
    finding = echoes.look_up(finding, message)
    message.is_flagged = finding.verdict is Verdict.FLAGGED and is_person and not is_opted_out and not is_read
    message.flag_reason = finding.why[:200]
    message.kind = _KINDS.get(finding.verdict, InboxMessage.Kind.TEXT)
    prepared_statements.insert(message)
    text = InboundText(message, thread, opt_out_type, finding, is_opted_out, is_caught_up)
    may_answer = is_person and (bool(opt_out_type) or finding.verdict.is_own_words)
    answer = _ask_handlers(text) if may_answer else None
    reply = _store_answer(text, answer, is_simulated) if answer is not None else Reply()
    _update_thread(text, answer, reply, is_read)
    return reply


def _lock_thread(phone: str) -> InboxThread:
    """The phone's thread, created if needed, locked until the transaction ends."""
    while True:
        for row in _THREADS.rows(phone):
            return InboxThread.from_db(DEFAULT_DB_ALIAS, _THREAD_FIELDS, row)
        InboxThread.objects.bulk_create([InboxThread(phone=phone)], ignore_conflicts=True)


@cache
def _handlers(paths: tuple[str, ...]) -> tuple[Handler, ...]:
    return tuple(import_string(path) for path in paths)


def _ask_handlers(text: InboundText) -> Answer | None:
    for handler in _handlers(tuple(settings.INBOUND_HANDLERS)):
        if answer := handler(text):
            return answer
    return None


def _store_answer(text: InboundText, answer: Answer, is_simulated: bool) -> Reply:
    """Stores the answer and its delivery. Opted-out people only get the confirmation and the help text."""
    body = "" if text.message.is_late else answer.body.strip()[:MAX_CHARACTERS]
    may_go_to_anyone = answer.is_about_consent or answer.is_for_anyone
    if not body or (not may_go_to_anyone and (text.is_opted_out or _has_opted_out_since(text.phone))):
        return Reply()
    delivery = None
    if not is_simulated:
        delivery = Delivery(
            phone=text.phone,
            name=text.thread.contact_name,
            status=Delivery.Status.PENDING if text.is_caught_up else Delivery.Status.ACCEPTED,
            accepted_at=None if text.is_caught_up else text.received_at,
        )
        prepared_statements.insert(delivery)
    prepared_statements.insert(
        InboxMessage(
            thread=text.thread,
            phone=text.phone,
            direction=InboxMessage.Direction.OUTBOUND,
            body=body,
            automation_source=answer.source,
            automation_source_id=answer.source_id,
            matched_keyword=answer.keyword,
            answer_to=text.message,
            delivery=delivery,
            # By which the senders find it, and which makes it the only one.
            token=uuid.uuid5(_CAUGHT_UP, text.message.message_sid or "") if text.is_caught_up else None,
        )
    )
    return Reply(body, delivery.pk if delivery else None)


def _update_thread(text: InboundText, answer: Answer | None, reply: Reply, is_read: bool) -> None:
    """Moves the thread to the top of the inbox, unread if a person needs to look at it."""
    now, is_flagged = timezone.now(), text.message.is_flagged
    is_unread = (answer is None or answer.needs_reading or is_flagged or text.is_caught_up) and not is_read
    # Nobody needs to look at a heart on one of our texts.
    is_unread = is_unread and text.message.kind != InboxMessage.Kind.REACTION
    flagged_at = text.received_at if is_flagged else None
    if text.is_caught_up and not reply.body and _has_newer(text):
        InboxThread.objects.filter(pk=text.thread.pk).update(
            unread_count=F("unread_count") + int(is_unread),
            flagged_at=Coalesce("flagged_at", Value(flagged_at, DateTimeField())),
            updated_at=now,
        )
    else:
        _UPDATE_THREAD.run(
            text.thread.pk,
            text.received_at if text.is_caught_up and not reply.body else now,
            preview(reply.body or text.body),
            InboxMessage.Direction.OUTBOUND if reply.body else InboxMessage.Direction.INBOUND,
            int(is_unread),
            flagged_at,
        )
    if not is_unread:
        _MARK_HANDLED.run(text.message.pk)
    if answer is not None and answer.is_about_consent:
        _clear_flags(text)


def _has_newer(text: InboundText) -> bool:
    """Whether the thread shows something newer than this text. Its first text makes the thread."""
    others = text.thread.messages.exclude(pk=text.message.pk)
    return others.filter(created_at__gt=text.received_at).exists()


def _clear_flags(text: InboundText) -> None:
    """The person has decided what was waiting for staff to decide, except for what they wrote since."""
    flagged, thread = text.thread.messages.flagged(), InboxThread.objects.filter(pk=text.thread.pk)
    if text.is_caught_up:
        flagged.filter(created_at__lte=text.received_at).update(is_flagged=False)
        thread.update(flagged_at=flagged.aggregate(first=Min("created_at"))["first"])
    else:
        flagged.update(is_flagged=False)
        thread.update(flagged_at=None)


def preview(body: str) -> str:
    """The beginning of a text for the list of threads."""
    return beginning(body, InboxThread.PREVIEW_LENGTH)


def sender_of(raw: str) -> str:
    """A phone number in E.164, as it is stored. Short codes and the like unchanged, cut to the column's length."""
    number = storable(raw).strip().rpartition(":")[2]
    try:
        return phones.as_stored(number)
    except phones.InvalidPhone:
        return number[: phones.MAX_LENGTH] or UNKNOWN_SENDER


def storable(text: str) -> str:
    """Replaces what databases can't store: NUL and lone surrogates."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()
