"""The interface of inbound handlers: what they get and return.

A handler is a function named by its dotted path in settings.INBOUND_HANDLERS. Handlers are called in that order (see
`messaging.inbound.receive`) until one returns an Answer. A text that no handler answers waits in the inbox.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Final

from django.conf import settings
from django.db.models import QuerySet

from smsadmin.lib.prepared_statements import Prepared

from ..consent.classifier import Finding
from ..consent.words import bare_word
from ..models import InboxMessage, InboxThread

_AUTOMATIC: Final = (InboxMessage.Source.KEYWORD, InboxMessage.Source.SURVEY, InboxMessage.Source.SYSTEM)


def automatic_replies(thread_id: int, since: datetime) -> QuerySet[InboxMessage, Any]:
    """The keyword of each automatic reply in a conversation since then, or None if no keyword triggered it."""
    return InboxMessage.objects.filter(
        thread_id=thread_id,
        direction=InboxMessage.Direction.OUTBOUND,
        automation_source__in=_AUTOMATIC,
        created_at__gt=since,
    ).values_list("matched_keyword")


_REPLIES: Final = Prepared(automatic_replies)


@dataclass(frozen=True)
class InboundText:
    """One received text, as passed to handlers. Its thread is locked until the answer is written.

    `opt_out_type` is Twilio's classification if the sender uses Advanced Opt-Out: STOP, START, HELP or "". `finding`
    is ours. `is_opted_out` is whether the person had opted out when the text arrived: they only get answers about
    that. `is_caught_up` is whether we found the text in Twilio's list, some time after it was sent.
    """

    message: InboxMessage
    thread: InboxThread
    opt_out_type: str
    finding: Finding
    is_opted_out: bool
    is_caught_up: bool = False

    @property
    def phone(self) -> str:
        return self.message.phone

    @property
    def body(self) -> str:
        return self.message.body

    @cached_property
    def word(self) -> str:
        """The text as a single bare word in upper case; "" if it isn't one word."""
        return bare_word(self.body)

    @property
    def received_at(self) -> datetime:
        """When Twilio got it."""
        return self.message.created_at

    @property
    def takes_automation(self) -> bool:
        """Whether keyword replies and surveys may act on it: neither for opted-out people nor late texts."""
        return not (self.is_opted_out or self.message.is_late)

    def may_auto_reply(self) -> bool:
        """Whether the sender may get an automatic reply. SMS_AUTO_REPLIES_PER_HOUR ends loops between two robots."""
        return len(self._replies) < settings.SMS_AUTO_REPLIES_PER_HOUR

    def may_reply_to_keyword(self) -> bool:
        """Whether the sender may get a reply to a keyword: SMS_KEYWORD_REPLIES_PER_HOUR is a lower limit."""
        replies = sum(keyword is not None for (keyword,) in self._replies)
        return self.may_auto_reply() and replies < settings.SMS_KEYWORD_REPLIES_PER_HOUR

    def was_answered_to(self, words: Collection[str]) -> bool:
        """Whether one of these words triggered an automatic reply within the hour."""
        return any(keyword in words for (keyword,) in self._replies)

    @cached_property
    def _replies(self) -> list[tuple[Any, ...]]:
        """As `automatic_replies`, for the last hour."""
        return _REPLIES.rows(self.thread.pk, self.received_at - timedelta(hours=1))


@dataclass(frozen=True, slots=True)
class Answer:
    """A handler's answer to a text. With an empty `body`, the text counts as handled without a reply.

    `source_id` is the row of the keyword reply or survey. `keyword` is the keyword that triggered the answer, if any.
    `is_about_consent` means that the text was an opt-out or opt-in. Such answers, and those that are `is_for_anyone`,
    are also sent to opted-out people. `needs_reading` leaves the text unread although it was answered.
    """

    body: str
    source: InboxMessage.Source
    source_id: int | None = None
    keyword: str | None = None
    is_about_consent: bool = False
    is_for_anyone: bool = False
    needs_reading: bool = False
