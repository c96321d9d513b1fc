"""What a handler of inbound texts is given, and what it gives back.

A handler is a function that settings.INBOUND_HANDLERS names by its dotted path. The handlers are asked in that
order (see `messaging.inbound.receive`); the first one that returns an Answer has the text, and no other is asked. A
text that nobody claims waits in the inbox for a person.
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
    """The keyword of each automatic reply in a conversation since then, None where no keyword brought it about."""
    return InboxMessage.objects.filter(
        thread_id=thread_id,
        direction=InboxMessage.Direction.OUTBOUND,
        automation_source__in=_AUTOMATIC,
        created_at__gt=since,
    ).values_list("matched_keyword")


_REPLIES: Final = Prepared(automatic_replies)


@dataclass(frozen=True)
class InboundText:
    """One text that somebody sent us, as a handler sees it. Its thread is locked until the answer is written.

    `opt_out_type` is Twilio's own finding where the sender uses Advanced Opt-Out: STOP, START, HELP or "". `finding`
    is ours. `is_opted_out` is how it stood when the text came: who has opted out gets no answer that is not about
    just that.
    """

    message: InboxMessage
    thread: InboxThread
    opt_out_type: str
    finding: Finding
    is_opted_out: bool

    @property
    def phone(self) -> str:
        return self.message.phone

    @property
    def body(self) -> str:
        return self.message.body

    @cached_property
    def word(self) -> str:
        """The text where it is one word, in upper case and without what surrounds it; "" where it is not."""
        return bare_word(self.body)

    @property
    def received_at(self) -> datetime:
        return self.message.created_at

    def may_go_on(self) -> bool:
        """Whether the sender may be answered automatically: SMS_AUTO_REPLIES_PER_HOUR ends a talk of two robots."""
        return len(self._replies) < settings.SMS_AUTO_REPLIES_PER_HOUR

    def may_begin(self) -> bool:
        """Whether a keyword may be answered too: SMS_KEYWORD_REPLIES_PER_HOUR ends it sooner than a long survey."""
        begun = sum(keyword is not None for (keyword,) in self._replies)
        return self.may_go_on() and begun < settings.SMS_KEYWORD_REPLIES_PER_HOUR

    def was_answered_to(self, words: Collection[str]) -> bool:
        """Whether one of these words brought about an automatic answer within the hour."""
        return any(keyword in words for (keyword,) in self._replies)

    @cached_property
    def _replies(self) -> list[tuple[Any, ...]]:
        """As `automatic_replies`, of the last hour."""
        return _REPLIES.rows(self.thread.pk, self.received_at - timedelta(hours=1))


@dataclass(frozen=True, slots=True)
class Answer:
    """What a handler says to a text. An empty `body` is silence: the text is dealt with all the same.

    `source_id` is the row of the keyword reply or survey. `keyword` is given where a keyword brought the answer
    about. `is_about_consent` says that the text settled whether the person wants our texts. Such an answer goes to
    somebody who has opted out too, and so does one that `is_for_anyone`. `needs_reading` puts the text before staff
    although it was answered.
    """

    body: str
    source: InboxMessage.Source
    source_id: int | None = None
    keyword: str | None = None
    is_about_consent: bool = False
    is_for_anyone: bool = False
    needs_reading: bool = False
