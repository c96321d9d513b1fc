"""Takes in texts that never reached us, from Twilio's own list of what our numbers got.

While our web server, or the network before it, is down, Twilio gives up on a text within seconds and keeps it in its
list. The worker reads that list when it starts and every 15 minutes, from where the last reading ended: not from the
newest text that we have, which may have come in by itself after an outage. What is missing goes the way of any other
text (`receive`), in order of time, so opt-outs count at once. An answer, if it isn't too late for one, goes out
through the senders.

Repeating it is safe at any point: a text is stored once, by its MessageSid, and the answer with it.
"""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

from django.conf import settings
from django.utils import timezone

from contacts.consent import opting_out
from smsadmin.lib.locks import AdvisoryLock, hold_alone

from ..backends import ReceivedMessage, get_backend
from ..models import CatchUp, DeletedText, InboxMessage
from ..sending import dispatch
from . import receive

logger = logging.getLogger(__name__)

# A text that is older gets no answer: who gets one hours later doesn't know any more what it is about.
LATE_AFTER: Final = timedelta(minutes=15)
# Twilio's list may lag by a quarter of an hour.
MARGIN: Final = timedelta(minutes=30)
_BATCH: Final = 500


class AlreadyCatchingUp(Exception):
    """Another process is at it."""


@dataclass(slots=True)
class Report:
    """How many texts were taken in, how many of them opted somebody out, and how many came too late for an answer."""

    taken_in: int = 0
    opted_out: int = 0
    late: int = 0


def catch_up(since: datetime | None = None) -> Report:
    """Take in what is missing of the texts since then; by default, since the last reading ended.

    Does nothing if INBOUND_CATCH_UP_HOURS is 0 and no time is given. Raises AlreadyCatchingUp, and Refused or
    TryLater if Twilio's list can't be read; then nothing is taken in.
    """
    began_at = timezone.now()
    if since is None and not settings.INBOUND_CATCH_UP_HOURS:
        return Report()
    with hold_alone(AdvisoryLock.CATCH_UP) as is_ours:
        if not is_ours:
            raise AlreadyCatchingUp
        report = _take_in(_missing(get_backend().received(since or starting_at(began_at))))
        if since is None:
            CatchUp.objects.update_or_create(pk=1, defaults={"read_up_to": began_at})
    if report.taken_in:
        logger.info(
            "Took in %d missed texts: %d opted out, %d arrived late.", report.taken_in, report.opted_out, report.late
        )
    return report


def starting_at(now: datetime) -> datetime:
    """Where the next reading starts: where the last one ended, or INBOUND_CATCH_UP_HOURS ago if that is later."""
    earliest = now - timedelta(hours=settings.INBOUND_CATCH_UP_HOURS)
    read_up_to = CatchUp.objects.values_list("read_up_to", flat=True).first()
    # If the clock was set back, the last reading is in the future.
    return earliest if read_up_to is None or read_up_to > now else max(earliest, read_up_to - MARGIN)


def _missing(listed: Iterator[ReceivedMessage]) -> list[ReceivedMessage]:
    """Those that we don't have and that staff haven't deleted, oldest first."""
    found: list[ReceivedMessage] = []
    while batch := list(islice(listed, _BATCH)):
        sids = [message.sid for message in batch]
        known = {
            *InboxMessage.objects.filter(message_sid__in=sids).values_list("message_sid", flat=True),
            *DeletedText.objects.filter(message_sid__in=sids).values_list("message_sid", flat=True),
        }
        found += (message for message in batch if message.sid not in known)
    # Twilio's times are whole seconds, and its list is newest first.
    found.reverse()
    return sorted(found, key=lambda message: message.sent_at)


def _take_in(messages: Iterable[ReceivedMessage]) -> Report:
    report = Report()
    has_answers = False
    for message in messages:
        is_late = timezone.now() - message.sent_at > LATE_AFTER
        was_out = _has_opted_out(message)
        reply = receive.receive(_as_form(message), sent_at=message.sent_at, is_late=is_late)
        has_answers = has_answers or bool(reply.body)
        report.taken_in += 1
        report.late += is_late
        report.opted_out += not was_out and _has_opted_out(message)
    if has_answers:
        dispatch.nudge_replies()
    return report


def _has_opted_out(message: ReceivedMessage) -> bool:
    return opting_out.opt_outs_of(receive.sender_of(message.sender)).exists()


def _as_form(message: ReceivedMessage) -> dict[str, str]:
    """As Twilio would have posted it, as far as its list says. The types of pictures are not part of the list."""
    form = {
        "MessageSid": message.sid,
        "From": message.sender,
        "To": message.to,
        "Body": message.body,
        "NumMedia": str(message.num_media),
    }
    return form | {"MediaList": message.media} if message.media else form
