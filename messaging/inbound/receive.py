"""What happens when somebody texts us: one story, from Twilio's form to the answer.

The text is stored under its MessageSid, so that a repeat finds the answer that was given and does nothing more. The
thread of its phone is locked meanwhile: two texts of one phone are taken one after the other, whichever process has
them (on SQLite any two texts are). The handlers of settings.INBOUND_HANDLERS are asked in their order; what nobody
claims waits in the inbox. Everything is one transaction, and nothing calls out: the answer travels in our response.
"""

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, IntegrityError, connection
from django.db.models import F, Value
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.module_loading import import_string

from contacts import phones
from contacts.consent import opting_out
from smsadmin.lib import group_commit, prepared_statements
from smsadmin.lib.prepared_statements import Prepared, PreparedUpdate

from ..consent import echoes
from ..consent.classifier import Finding, Verdict, classify
from ..consent.words import OPT_IN_WORDS, YES
from ..models import DeletedText, Delivery, InboxMessage, InboxThread
from ..text.encoding import MAX_CHARACTERS
from ..text.formatting import beginning
from .handlers import Answer, InboundText

logger = logging.getLogger(__name__)

Handler = Callable[[InboundText], Answer | None]

UNKNOWN_SENDER: Final = "unknown"
# In the order of the model's fields, as `from_db` takes them.
_THREAD_FIELDS: Final = ("id", "phone", "contact_name")
_THREADS: Final = Prepared(
    lambda phone: InboxThread.objects.select_for_update().filter(phone=phone).values_list(*_THREAD_FIELDS)
)
_OPT_OUTS: Final = Prepared(opting_out.opt_outs_of)
_DELETED: Final = 0
# The text with a SID by its id, or _DELETED.
_KNOWN: Final = Prepared(
    lambda sid: (
        InboxMessage.objects.filter(message_sid=sid)
        .values_list("id")
        .union(DeletedText.objects.filter(message_sid=sid).values_list(Value(_DELETED)), all=True)
    )
)
# `unread` is how many more; `flagged_at` is None where the text does not wait for a decision.
_BROUGHT_UP: Final = PreparedUpdate(
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
# What an opt-out word, a keyword or a survey has dealt with.
_DEALT_WITH: Final = PreparedUpdate(lambda pk: (InboxMessage.objects.filter(pk=pk), {"needs_reading": False}))
_KINDS: Final = {
    Verdict.REACTION: InboxMessage.Kind.REACTION,
    Verdict.AUTO_REPLY: InboxMessage.Kind.AUTO_REPLY,
    Verdict.INSTRUCTIONS: InboxMessage.Kind.COPY,
    Verdict.QUOTE: InboxMessage.Kind.COPY,
}
_OPT_OUT_TYPES: Final = frozenset({"STOP", "START", "HELP"})


@dataclass(frozen=True, slots=True)
class Reply:
    """What the sender is answered ("": nothing), and the delivery whose fate Twilio is to report."""

    body: str = ""
    delivery_id: int | None = None


def receive(form: Mapping[str, str], *, is_played: bool = False, is_read: bool = False) -> Reply:
    """Take in one text. `form` has the fields of Twilio's request: MessageSid, From, Body and whatever else it sends.

    Anything that is missing or strange is kept as far as it goes. A text that is `is_played`, at the prompt or on a
    page, has all its effects, but its answer is delivered to nobody and has no delivery. One that `is_read` waits for
    no member of staff, whatever it says: whoever wrote it is one.
    """
    message = _read(form)
    finding = classify(message.body)
    opt_out_type = form.get("OptOutType", "").strip().upper()
    if opt_out_type not in _OPT_OUT_TYPES:
        opt_out_type = ""
    try:
        return group_commit.run(lambda: _take_in(message, opt_out_type, finding, is_played, is_read))
    except IntegrityError:
        # The same text, stored by another process since we looked for it.
        if (given := _answer_given(message.message_sid)) is not None:
            return given
        raise


def _read(form: Mapping[str, str]) -> InboxMessage:
    """The text as it will be stored, without its thread and its time."""
    sid = form.get("MessageSid") or form.get("SmsSid") or form.get("SmsMessageSid") or ""
    body = storable(form.get("Body", ""))
    return InboxMessage(
        phone=_sender(form.get("From", "")),
        direction=InboxMessage.Direction.INBOUND,
        body=body,
        message_sid=storable(sid)[:64] or None,
        raw_payload=storable(json.dumps({name: form[name] for name in form if name != "Body"}, ensure_ascii=False)),
    )


def _answer_given(sid: str | None) -> Reply | None:
    """What the text with that SID was answered; None where it has not come before."""
    if sid is None or not (known := _KNOWN.rows(sid)):
        return None
    message = InboxMessage.objects.filter(pk=known[0][0]).first()
    if message is None:
        logger.info("Text %s came again. Staff have deleted it, and it stays deleted.", sid)
        return Reply()
    logger.info("Text %s came again. It is answered as before.", sid)
    answer = message.answers.order_by("pk").first()
    if answer is None or (not _may_go_to_anyone(answer) and _has_opted_out(message.phone)):
        # A repeat may come after the STOP that followed.
        return Reply()
    return Reply(answer.body, answer.delivery_id)


def _may_go_to_anyone(answer: InboxMessage) -> bool:
    """Whether somebody who has opted out may hear it: that they have, and where help is, but no welcome."""
    is_welcome = answer.matched_keyword in OPT_IN_WORDS or answer.matched_keyword == YES
    return answer.automation_source == InboxMessage.Source.SYSTEM and not is_welcome


def _has_opted_out(phone: str) -> bool:
    return bool(_OPT_OUTS.rows(phone))


def _has_opted_out_since(phone: str) -> bool:
    """Whether staff have opted the sender out while the text waited for others. On SQLite it waits for nobody."""
    return connection.features.has_select_for_update and _has_opted_out(phone)


def _take_in(message: InboxMessage, opt_out_type: str, finding: Finding, is_played: bool, is_read: bool) -> Reply:
    """Store the text in its thread, and have it answered."""
    if (given := _answer_given(message.message_sid)) is not None:
        return given
    message.thread = thread = _lock_thread(message.phone)
    message.created_at = timezone.now()
    is_opted_out = _has_opted_out(thread.phone)
    # Short codes and names of senders are robots, which no list knows and nobody can text. Every number is a person,
    # whether a library knows it or not: Twilio has delivered from it.
    is_person = bool(phones.E164.fullmatch(thread.phone))
    finding = echoes.look_up(finding, message)
    message.is_flagged = finding.verdict is Verdict.FLAGGED and is_person and not is_opted_out and not is_read
    message.flag_reason = finding.why[:200]
    message.kind = _KINDS.get(finding.verdict, InboxMessage.Kind.TEXT)
    prepared_statements.insert(message)
    text = InboundText(message, thread, opt_out_type, finding, is_opted_out)
    is_heard = is_person and (bool(opt_out_type) or not finding.verdict.is_nobodys_words)
    answer = _ask_handlers(text) if is_heard else None
    reply = _write_answer(text, answer, is_played) if answer is not None else Reply()
    _bring_up(text, answer, reply, is_read)
    return reply


def _lock_thread(phone: str) -> InboxThread:
    """The phone's thread, made where there is none, locked until the transaction ends."""
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


def _write_answer(text: InboundText, answer: Answer, is_played: bool) -> Reply:
    """Store what is said, and what Twilio is to be told. Who has opted out is told just that, and where help is."""
    body = answer.body.strip()[:MAX_CHARACTERS]
    may_go_to_anyone = answer.is_about_consent or answer.is_for_anyone
    if not body or (not may_go_to_anyone and (text.is_opted_out or _has_opted_out_since(text.phone))):
        return Reply()
    delivery = None
    if not is_played:
        delivery = Delivery(
            phone=text.phone,
            name=text.thread.contact_name,
            status=Delivery.Status.ACCEPTED,
            accepted_at=text.received_at,
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
        )
    )
    return Reply(body, delivery.pk if delivery else None)


def _bring_up(text: InboundText, answer: Answer | None, reply: Reply, is_read: bool) -> None:
    """The thread to the top of the inbox; unread where a person has to look at it."""
    now, is_flagged = timezone.now(), text.message.is_flagged
    is_unread = (answer is None or answer.needs_reading or is_flagged) and not is_read
    # A heart on a text of ours needs no look.
    is_unread = is_unread and text.message.kind != InboxMessage.Kind.REACTION
    _BROUGHT_UP.run(
        text.thread.pk,
        now,
        preview(reply.body or text.body),
        InboxMessage.Direction.OUTBOUND if reply.body else InboxMessage.Direction.INBOUND,
        int(is_unread),
        now if is_flagged else None,
    )
    if not is_unread:
        _DEALT_WITH.run(text.message.pk)
    if answer is not None and answer.is_about_consent:
        # What was left for staff to decide, the person has decided.
        text.thread.messages.flagged().update(is_flagged=False)
        InboxThread.objects.filter(pk=text.thread.pk).update(flagged_at=None)


def preview(body: str) -> str:
    """The beginning of a text for the list of threads."""
    return beginning(body, InboxThread.PREVIEW_LENGTH)


def _sender(raw: str) -> str:
    """E.164 where it is a phone number, in the one spelling that is kept; a short code and the like as it is, at most
    as long as the column."""
    number = storable(raw).strip().rpartition(":")[2]
    try:
        return phones.as_stored(number)
    except phones.InvalidPhone:
        return number[: phones.MAX_LENGTH] or UNKNOWN_SENDER


def storable(text: str) -> str:
    """With something else in place of what no database takes, NUL and lone surrogates."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()
