"""Sample blasts of the last weeks, and how each one ended, person by person."""

import random
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.utils import timezone

from accounts.models import AppUser
from contacts.models import Event
from messaging.composing.audience import Audience
from messaging.error_codes import classify
from messaging.models import Delivery, MessageLog, SenderSlot, Target
from messaging.sending import suppression
from messaging.text.encoding import measure
from messaging.text.personalization import with_opt_out_line

RATE: Final = 20


@dataclass(frozen=True)
class Sketch:
    """A past blast: when it began, to whom, and how it went, as shares of everyone."""

    key: str
    days_ago: float
    body: str
    event: str = ""
    shares: Sequence[tuple[str, int | None, float]] = ()
    sent_share: float = 1.0
    is_cancelled: bool = False
    stop_code: int | None = None


USUAL: Final = (
    ("delivered", None, 0.90),
    ("sent", None, 0.035),
    ("undelivered", 30003, 0.02),
    ("undelivered", 30005, 0.012),
    ("undelivered", 30006, 0.013),
    ("failed", 21610, 0.012),
    ("failed", 21614, 0.008),
)
BLASTS: Final = (
    Sketch("welcome", 35, "Hi {first_name}, welcome to our text list! We write about twice a month.", shares=USUAL),
    Sketch(
        "spring",
        20,
        "Hi {first_name}, the community garden opens on Saturday at 9. Bring gloves, we have the seedlings 🌱",
        shares=USUAL,
    ),
    Sketch(
        "supper",
        9,
        "{first_name}, see you at the harvest supper tomorrow at 6 pm in the community hall. Bring a dish to share!",
        event="Harvest supper",
        shares=USUAL,
    ),
    Sketch(
        "typo",
        6.1,
        "Hi {first_name}, the food shelf is closed on Mnday.",
        shares=(("delivered", None, 1.0),),
        sent_share=0.2,
        is_cancelled=True,
    ),
    Sketch("closed", 6, "Hi {first_name}, the food shelf is closed on Monday. Back on Tuesday at 10.", shares=USUAL),
    Sketch(
        "sender",
        2.2,
        "First aid tomorrow at 9: doors open at 8:30. Reply with questions.",
        event="First-aid course",
        shares=(("failed", 30034, 1.0),),
        sent_share=0.45,
        stop_code=30034,
    ),
    Sketch(
        "coats",
        0.05,
        "Hi {first_name}, we still need warm coats for children, ages 4 to 10. Drop them off by the 20th.",
        shares=(("delivered", None, 0.55), ("sent", None, 0.2), ("accepted", None, 0.22), ("failed", 21614, 0.03)),
    ),
)


def add() -> int:
    """Returns how many blasts were new."""
    return sum(_add_blast(sketch) for sketch in BLASTS)


def _add_blast(sketch: Sketch) -> bool:
    token = uuid.uuid5(uuid.NAMESPACE_URL, f"demo:{sketch.key}")
    if MessageLog.objects.filter(token=token).exists():
        return False
    event = Event.objects.filter(title=sketch.event).first() if sketch.event else None
    audience = Audience(Target.EVENT if event else Target.COMMUNITY, event)
    started = timezone.now() - timedelta(days=sketch.days_ago)
    log = MessageLog.objects.create(
        created_at=started,
        message_body=with_opt_out_line(sketch.body),
        target=audience.target,
        event=event,
        audience_name=audience.name,
        status=MessageLog.Status.PROCESSING,
        created_by=AppUser.objects.order_by("pk").first(),
        token=token,
    )
    audience.expand(log)
    SenderSlot.objects.bulk_create(
        SenderSlot(message_log=log, number=number) for number in range(settings.SMS_SENDERS_PER_BLAST)
    )
    rows = list(log.deliveries.filter(status=Delivery.Status.PENDING).order_by("pk"))
    sent = rows[: round(len(rows) * sketch.sent_share)]
    _decide(sketch, log, sent)
    ended = started + timedelta(seconds=len(sent) / RATE + 2)
    if sketch.is_cancelled:
        log.deliveries.filter(status=Delivery.Status.PENDING).update(
            status=Delivery.Status.SKIPPED, skip_reason=Delivery.SkipReason.CANCELLED, updated_at=ended
        )
        MessageLog.objects.filter(pk=log.pk).update(cancelled_at=ended)
    if sketch.stop_code is not None:
        reason = f"The first {len(sent)} texts all failed in the same way. {classify(sketch.stop_code).sentence}"
        log.stop(sketch.stop_code, reason)
        MessageLog.objects.filter(pk=log.pk).update(paused_at=ended)
    elif log.settle():
        MessageLog.objects.filter(pk=log.pk).update(finished_at=ended)
    log.write_totals()
    return True


def _decide(sketch: Sketch, log: MessageLog, rows: list[Delivery]) -> None:
    """Gives each row an outcome according to the sketch's shares, and updates the lists accordingly."""
    luck = random.Random(sketch.key)
    template = log.template
    weights = [share for _, _, share in sketch.shares]
    for index, row in enumerate(rows):
        status, code, _ = luck.choices(sketch.shares, weights)[0]
        moment = log.created_at + timedelta(seconds=index / RATE)
        row.status = Delivery.Status(status)
        row.claimed_at = moment
        row.updated_at = moment + timedelta(seconds=luck.uniform(1, 9))
        row.segments = measure(template.render(row.name, row.merge_values)).segments
        if status != Delivery.Status.FAILED:
            row.sid = f"SM{luck.getrandbits(128):032x}"
            row.accepted_at = moment
        if code is not None:
            row.error_code = code
            row.error_message = classify(code).sentence
            row.learned_at = row.updated_at
    # Much faster than updating that many different rows.
    log.deliveries.filter(pk__in=[row.pk for row in rows]).delete()
    Delivery.objects.bulk_create(rows)
    for row in sorted(rows, key=lambda row: row.updated_at):
        if row.error_code is not None:
            suppression.learn(row.phone, row.name, row.error_code, log.pk, row.updated_at)
