"""Made-up people, events and past blasts: an installation to look at. The numbers are those kept for fiction.

The same data each time. Adding it again changes nothing.
"""

import random
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import AppUser
from contacts import opting_out
from contacts.models import (
    CommunityMember,
    Event,
    EventRegistration,
    SuppressedContact,
    UnsubscribedContact,
)
from messaging import healing
from messaging.audience import Audience
from messaging.classification import classify
from messaging.encoding import measure
from messaging.models import Delivery, MessageLog, SenderSlot, Target
from messaging.personalisation import compile_template, with_opt_out_line

MEMBERS: Final = 340
RATE: Final = 20

AREA_CODES: Final = (720, 303, 970, 719, 505, 307)
# NANP: 555-0100 to 555-0199 of every area code belong to nobody.
FICTIONAL: Final = re.compile(r"\+1[2-9][0-9]{2}55501[0-9]{2}")

FIRST_NAMES: Final = (  # noqa: SIM905 - as a list it would fill a page
    "Aisha Alejandro Amara Andrzej Anna Ben Bao Camila Carlos Chidi Clara Dana Deepa Diego Elena Emre Esther Fatima "
    "Felix Femi Grace Hana Hugo Imani Ines Isaac Ivana Jamal Jin José Julia Kai Kofi Lars Leila Lena Luis Mai Marcus "
    "María Mei Mina Mohammed Nadia Niamh Noah Nora Olga Omar Paula Priya Quinn Ravi Renée Rosa Sami Sofía Sven Tariq "
    "Tessa Thu Tomás Uma Vera Victor Wanda Wei Ximena Yara Yusuf Zoë"
).split()
LAST_NAMES: Final = (  # noqa: SIM905
    "Abara Adeyemi Ahmed Álvarez Baker Begum Bianchi Brown Castillo Chen Cohen Costa Cruz Davis Diallo Dubois Eze "
    "Fischer Flores García Gomez Green Gupta Haddad Hansen Hernández Hoang Huang Ibrahim Ivanova Jackson Johnson "
    "Jones Kamau Kaplan Kim Kowalski Kumar Larsen Lee Levy Lopez Mbeki Miller Moreno Müller Nguyen Novak O’Brien "
    "Okafor Ortiz Park Patel Pérez Petrov Quispe Rahman Reyes Rossi Sato Silva Singh Smith Suárez Tanaka Taylor "
    "Torres Tran Vargas Walker Weber White Williams Wilson Wong Yıldız Young Zhang"
).split()

EVENTS: Final = (
    ("Harvest supper", -8, 74),
    ("First-aid course", -1, 62),
    ("Winter coat drive", 12, 48),
    ("New Year’s potluck", 40, 9),
)


@dataclass(frozen=True)
class Sketch:
    """A past blast: when it began, to whom, and how it went, as shares of all that were sent."""

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
        "Hi {first_name}, we still need warm coats for children, ages 4 to 10. Drop them off until the 20th.",
        shares=(("delivered", None, 0.55), ("sent", None, 0.2), ("accepted", None, 0.22), ("failed", 21614, 0.03)),
    ),
)


@dataclass
class Added:
    """How many rows were new."""

    members: int = 0
    events: int = 0
    registrations: int = 0
    unsubscribed: int = 0
    suppressed: int = 0
    blasts: int = 0
    people: list[tuple[str, str | None]] = field(default_factory=list, repr=False)

    @property
    def is_empty(self) -> bool:
        return not (self.members or self.events or self.registrations or self.blasts)


def count_real_people() -> int:
    """How many rows of the lists have a number that is not fictional."""
    lists = (CommunityMember, EventRegistration, UnsubscribedContact, SuppressedContact)
    return sum(model.objects.exclude(phone__regex=FICTIONAL.pattern).count() for model in lists)


def add() -> Added:
    """Add whatever is missing, in one transaction."""
    added = Added()
    with transaction.atomic():
        _add_people(added)
        _add_events(added)
        _add_opt_outs(added)
        for sketch in BLASTS:
            added.blasts += _add_blast(sketch)
    return added


def _make_people() -> list[tuple[str, str | None]]:
    """(phone, name) of everyone, members first. One in twelve has no name, some only a first one."""
    luck = random.Random(7)
    lines = [f"+1{area}5550{line}" for area in AREA_CODES for line in range(100, 200)]
    luck.shuffle(lines)
    people: list[tuple[str, str | None]] = []
    for phone in lines:
        name: str | None = f"{luck.choice(FIRST_NAMES)} {luck.choice(LAST_NAMES)}"
        kind = luck.random()
        if kind < 0.08:
            name = None
        elif kind < 0.16 and name:
            name = name.split()[0]
        people.append((phone, name))
    return people


def _add_people(added: Added) -> None:
    added.people = _make_people()
    luck = random.Random(11)
    now = timezone.now()
    known = set(CommunityMember.objects.values_list("phone", flat=True))
    members = [
        CommunityMember(phone=phone, name=name, created_at=now - timedelta(days=luck.uniform(36, 400)))
        for phone, name in added.people[:MEMBERS]
        if phone not in known
    ]
    CommunityMember.objects.bulk_create(members)
    added.members = len(members)


def _add_events(added: Added) -> None:
    luck = random.Random(13)
    today = timezone.localdate()
    # Most registrants are members, some have never been on the list.
    strangers = added.people[MEMBERS:]
    for title, in_days, size in EVENTS:
        guests = luck.sample(added.people[:MEMBERS], size * 3 // 4) + luck.sample(strangers, size - size * 3 // 4)
        if Event.objects.filter(title=title).exists():
            continue
        event = Event.objects.create(title=title, date=today + timedelta(days=in_days))
        EventRegistration.objects.bulk_create(
            EventRegistration(event=event, phone=phone, name=name) for phone, name in guests
        )
        added.events += 1
        added.registrations += len(guests)


def _add_opt_outs(added: Added) -> None:
    now = timezone.now()
    sources = UnsubscribedContact.Source
    known = set(UnsubscribedContact.objects.values_list("phone", flat=True))
    for index, (phone, name) in enumerate(added.people[5:MEMBERS:37]):
        if phone in known:
            continue
        at = now - timedelta(days=36 + index)
        if index % 3:
            opting_out.opt_out(phone, sources.INBOUND, name=name, reason="Texted STOP.", words="STOP", at=at)
        else:
            opting_out.opt_out(phone, sources.MANUAL, name=name, reason="Asked us at the front desk.", at=at)
        added.unsubscribed += 1
    for phone, _ in added.people[11:MEMBERS:71]:
        _, is_new = SuppressedContact.objects.get_or_create(
            phone=phone,
            defaults={
                "category": SuppressedContact.Category.HARD_FAIL,
                "reason": classify(21614).sentence,
                "source": "21614",
                "created_at": now - timedelta(days=37),
            },
        )
        added.suppressed += is_new


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
    """Give each row a fate by the sketch's shares, and let the lists learn from it."""
    luck = random.Random(sketch.key)
    template = compile_template(log.message_body)
    weights = [share for _, _, share in sketch.shares]
    for index, row in enumerate(rows):
        status, code, _ = luck.choices(sketch.shares, weights)[0]
        moment = log.created_at + timedelta(seconds=index / RATE)
        row.status = Delivery.Status(status)
        row.claimed_at = moment
        row.updated_at = moment + timedelta(seconds=luck.uniform(1, 9))
        row.segments = measure(template.render(row.name)).segments
        if status != Delivery.Status.FAILED:
            row.sid = f"SM{luck.getrandbits(128):032x}"
            row.accepted_at = moment
        if code is not None:
            row.error_code = code
            row.error_message = classify(code).sentence
    # Many times faster than an update of so many different rows.
    log.deliveries.filter(pk__in=[row.pk for row in rows]).delete()
    Delivery.objects.bulk_create(rows)
    for row in rows:
        if row.error_code is not None:
            healing.learn(row.phone, row.name, row.error_code, log.pk, row.updated_at)
