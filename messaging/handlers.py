"""What a handler of inbound texts is given, and what it gives back.

A handler is a function that settings.INBOUND_HANDLERS names by its dotted path. The handlers are asked in that
order (see `messaging.inbound`); the first one that returns an Answer has the text, and no other is asked. A text
that nobody claims waits in the inbox for a person.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from .models import InboxMessage, InboxThread


@dataclass(frozen=True, slots=True)
class InboundText:
    """One text that somebody sent us, as a handler sees it. Its thread is locked until the answer is written.

    `opt_out_type` is Twilio's own finding where the sender uses Advanced Opt-Out: STOP, START, HELP or "".
    `is_opted_out` is how it stood when the text came: who has opted out gets no answer that is not about just that.
    """

    message: InboxMessage
    thread: InboxThread
    opt_out_type: str
    is_opted_out: bool

    @property
    def phone(self) -> str:
        return self.message.phone

    @property
    def body(self) -> str:
        return self.message.body

    @property
    def received_at(self) -> datetime:
        return self.message.created_at

    def may_begin(self) -> bool:
        """Whether a keyword may still be answered: SMS_AUTO_REPLIES_PER_HOUR ends a talk between two robots."""
        most = settings.SMS_AUTO_REPLIES_PER_HOUR
        answered = self.thread.messages.filter(
            direction=InboxMessage.Direction.OUTBOUND, matched_keyword__isnull=False
        )
        oldest = answered.order_by("-pk").values_list("created_at", flat=True)[most - 1 : most].first()
        return oldest is None or oldest <= self.received_at - timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a handler says to a text. An empty `body` is silence: the text is dealt with all the same.

    `source_id` is the row of the keyword reply or survey. `keyword` is given where a keyword brought the answer
    about; these are the answers that are limited in number. `is_about_consent` lets it go to somebody who has opted
    out. `needs_reading` puts the text before staff although it was answered.
    """

    body: str
    source: InboxMessage.Source
    source_id: int | None = None
    keyword: str | None = None
    is_about_consent: bool = False
    needs_reading: bool = False
