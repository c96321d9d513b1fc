"""Sample texts: writes conversations to the database as if they had happened."""

import json
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import zip_longest
from typing import Final

from accounts.models import AppUser
from contacts.names import known_names
from messaging.consent import classifier
from messaging.error_codes import classify
from messaging.inbound.receive import preview
from messaging.models import Delivery, InboxMessage, InboxThread
from messaging.text.encoding import measure

Direction = InboxMessage.Direction
Source = InboxMessage.Source
Status = Delivery.Status

NOT_ACCEPTED: Final = (Status.UNKNOWN, Status.FAILED)


@dataclass(frozen=True)
class Line:
    """One text, `after` that many minutes since the first of its conversation. Without a source it was received."""

    after: float
    body: str
    source: str = ""
    source_id: int | None = None
    keyword: str | None = None
    status: str = Status.DELIVERED
    code: int | None = None
    picture: str = ""


@dataclass(frozen=True)
class Script:
    """A conversation. `name` is the person's name in the inbox, "" if our lists have it or nobody knows it."""

    phone: str
    began: datetime
    lines: Sequence[Line]
    name: str = ""
    unread: int = 0

    def moment(self, line: Line) -> datetime:
        return self.began + timedelta(minutes=line.after)

    def sid(self, line: Line) -> str:
        return f"SM{random.Random(f'{self.phone} {line.after}').getrandbits(128):032x}"


def write(scripts: Iterable[Script]) -> dict[str, InboxThread]:
    """Writes the conversations that don't exist yet, and returns them by phone."""
    by_phone = {script.phone: script for script in scripts}
    known = set(InboxThread.objects.filter(phone__in=by_phone).values_list("phone", flat=True))
    new = [script for phone, script in by_phone.items() if phone not in known]
    threads = {thread.phone: thread for thread in InboxThread.objects.bulk_create(map(_thread, new))}
    names = known_names(threads)
    user = AppUser.objects.order_by("pk").first()
    last: dict[str, InboxMessage] = {}
    # All first texts, then all second ones, so that each is written after the one it answers.
    for lines in zip_longest(*(script.lines for script in new)):
        round_ = [(script, line) for script, line in zip(new, lines, strict=True) if line is not None]
        sent = [_delivery(script, line, names.get(script.phone)) for script, line in round_ if line.source]
        deliveries = {delivery.phone: delivery for delivery in Delivery.objects.bulk_create(sent)}
        messages = InboxMessage.objects.bulk_create(
            _message(script, line, threads[script.phone], deliveries.get(script.phone), last.get(script.phone), user)
            for script, line in round_
        )
        last |= {message.phone: message for message in messages}
    return threads


def _thread(script: Script) -> InboxThread:
    last = script.lines[-1]
    flagged = [
        script.moment(line)
        for line in script.lines
        if not line.source and classifier.classify(line.body).verdict is classifier.Verdict.FLAGGED
    ]
    return InboxThread(
        phone=script.phone,
        contact_name=script.name or None,
        unread_count=script.unread,
        last_message_at=script.moment(last),
        last_message_preview=preview(last.body),
        last_direction=Direction.OUTBOUND if last.source else Direction.INBOUND,
        created_at=script.began,
        flagged_at=flagged[0] if flagged else None,
    )


def _delivery(script: Script, line: Line, name: str | None) -> Delivery:
    at = script.moment(line)
    is_accepted = line.status not in NOT_ACCEPTED
    return Delivery(
        phone=script.phone,
        name=script.name or name,
        status=line.status,
        sid=script.sid(line) if is_accepted else "",
        error_code=line.code,
        error_message=classify(line.code).sentence if line.code else "",
        segments=measure(line.body).segments,
        claimed_at=at if line.source == Source.MANUAL else None,
        accepted_at=at if is_accepted else None,
        updated_at=at,
        learned_at=at if line.code else None,
    )


def _message(
    script: Script,
    line: Line,
    thread: InboxThread,
    delivery: Delivery | None,
    before: InboxMessage | None,
    user: AppUser | None,
) -> InboxMessage:
    message = InboxMessage(thread=thread, phone=script.phone, body=line.body, created_at=script.moment(line))
    if not line.source:
        media = {"NumMedia": "1", "MediaContentType0": line.picture} if line.picture else {"NumMedia": "0"}
        message.direction = Direction.INBOUND
        message.message_sid = script.sid(line)
        message.raw_payload = json.dumps(media)
        message.is_flagged = classifier.classify(line.body).verdict is classifier.Verdict.FLAGGED
        return message
    message.direction = Direction.OUTBOUND
    message.automation_source = line.source
    message.automation_source_id = line.source_id
    message.matched_keyword = line.keyword
    message.delivery = delivery
    if line.source == Source.MANUAL:
        message.sent_by = user
    else:
        message.answer_to = before
    return message
