"""Sample conversations of every kind, and keyword replies."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.utils import timezone

from contacts.consent import opting_out
from contacts.models import SuppressedContact, UnsubscribedContact
from messaging import keywords
from messaging.consent.answers import opt_out_answer
from messaging.models import InboxThread, KeywordAutomationRule

from .people import MEMBERS, Person
from .texts import Line, Script, Source, Status, write

STAFF: Final = Source.MANUAL

RULES: Final = (
    ("HOURS", "The food shelf is open Tuesday to Saturday, 10 am to 4 pm. On holidays we are closed.", True, 11),
    ("WHERE", "Community hall, 12 Elm Street, behind the library. Bus 15 stops at the door.", True, 6),
    ("SUMMER CAMP", "Registration for the summer camp begins in March.", False, 3),
)

# Positions in the list of all people of those with their own conversation: none of them is blocked.
ASKS, THANKS, DOUBTS, STOPS, LEAVES, MISSES, UNSURE, WRITES_ARABIC = 313, 307, 309, 312, 310, 318, 326, 325
UNKNOWN, NAMED_BY_STAFF = 596, 598


@dataclass(frozen=True)
class Conversation:
    """A conversation that began that many minutes ago, with the person at that position in the list of all people."""

    place: int
    minutes_ago: float
    lines: tuple[Line, ...]
    name: str = ""
    unread: int = 0

    def script(self, people: Sequence[Person], now: datetime) -> Script:
        began = now - timedelta(minutes=self.minutes_ago)
        return Script(people[self.place][0], began, self.lines, self.name, self.unread)


CONVERSATIONS: Final = (
    Conversation(
        THANKS,
        2_900,
        (
            Line(0, "Good morning! Can anyone give me a ride to the first-aid course? I live near Elm Street."),
            Line(14, "Yes, Kofi has room in his car. Can he pick you up at 8:15?", STAFF),
            Line(21, "That would be wonderful"),
            Line(25, "He will be there. See you at the course!", STAFF),
            Line(27, "Thank you so much 😊"),
        ),
    ),
    Conversation(
        MISSES,
        1_400,
        (
            Line(0, "Can I still sign up for the coat drive?"),
            Line(95, "Of course. How many coats, and what sizes?", STAFF, status=Status.UNDELIVERED, code=30003),
            Line(140, "We tried to answer you: how many coats do you need?", STAFF, status=Status.FAILED, code=30006),
        ),
    ),
    Conversation(
        NAMED_BY_STAFF,
        600,
        (
            Line(0, "Hello, this is the bakery on 5th. We have 40 loaves left over tonight, do you want them?"),
            Line(6, "Yes please! Someone will come by at 7.", STAFF),
            Line(8, "Great, ring the bell at the back door."),
        ),
        name="Bakery on 5th",
    ),
    Conversation(
        WRITES_ARABIC,
        300,
        (
            Line(0, "مرحبا، هل يوجد درس اللغة الإنجليزية يوم السبت؟"),
            Line(12, "نعم، الساعة 10 صباحا في قاعة المجتمع. Room 4 😊", STAFF),
            Line(15, "شكرا جزيلا 😀"),
        ),
    ),
    Conversation(UNSURE, 60, (Line(0, "Not sure I need these any more, I moved to Ohio last month"),), unread=1),
    Conversation(STOPS, 50, (Line(0, "Stop"),)),
    Conversation(
        ASKS,
        34,
        (
            Line(0, "Do you take adult coats too? I have three in size M."),
            Line(2, "And how late can I come on the 20th?"),
        ),
        unread=2,
    ),
    Conversation(
        UNKNOWN,
        12,
        (
            Line(0, "Someone left this bag at the bus stop, is it one of yours?"),
            Line(0.5, "", picture="image/jpeg"),
        ),
        unread=2,
    ),
)


def choose_bystanders(people: Sequence[Person]) -> list[Person]:
    """Those who may text and have no conversation yet: for surveys and keyword replies."""
    busy = {
        *UnsubscribedContact.objects.values_list("phone", flat=True),
        *SuppressedContact.objects.values_list("phone", flat=True),
        *InboxThread.objects.values_list("phone", flat=True),
    }
    return [person for person in (*people[: MEMBERS - 40], *people[MEMBERS:-10]) if person[0] not in busy]


def add_rules(bystanders: Sequence[Person], is_live: bool) -> int:
    """Returns how many keyword replies were new. They are off unless `is_live`."""
    luck = random.Random(17)
    now = timezone.now()
    askers = luck.sample(bystanders, sum(matches for *_, matches in RULES))
    added = 0
    for keyword, reply, is_active, matches in RULES:
        mine, askers = askers[:matches], askers[matches:]
        if keywords.why_refused(keyword):
            continue
        rule = KeywordAutomationRule.objects.create(
            keyword=keyword,
            response_body=reply,
            is_active=is_active and is_live,
            match_count=matches,
            created_at=now - timedelta(days=60),
        )
        answer = Line(0.02, reply, Source.KEYWORD, rule.pk, keyword)
        typed = [keyword.capitalize(), keyword.lower(), f"{keyword.capitalize()}?"]
        scripts = [
            Script(phone, now - timedelta(days=luck.uniform(1, 30)), (Line(0, luck.choice(typed)), answer))
            for phone, _ in mine
        ]
        write(scripts)
        KeywordAutomationRule.objects.filter(pk=rule.pk).update(last_matched_at=max(each.began for each in scripts))
        added += 1
    return added


def add(people: Sequence[Person]) -> int:
    """Returns how many conversations were new."""
    now = timezone.now()
    scripts = [each.script(people, now) for each in _conversations()]
    # One at a time, so that the newest text is written last.
    added = sum(len(write([each])) for each in scripts)
    for each in scripts:
        if each.phone in (people[STOPS][0], people[LEAVES][0]):
            _opt_out(each)
    return added


def _conversations() -> list[Conversation]:
    """All of them, including those that depend on settings; the newest last."""
    by_settings = (
        Conversation(
            LEAVES,
            65,
            (
                Line(0, "Hi, please take me off your list. Thanks for everything"),
                Line(0.02, opt_out_answer(), Source.SYSTEM, keyword="STOP"),
            ),
        ),
        Conversation(
            DOUBTS,
            # By the time staff have looked around, the grace period is over, and they are asked to decide.
            settings.SMS_UNKNOWN_GRACE_MINUTES + 6,
            (
                Line(0, "Is the hall open yet? There are 3 of us with boxes"),
                Line(7, "Yes, come in by the side door.", STAFF, status=Status.UNKNOWN),
            ),
        ),
    )
    return sorted((*CONVERSATIONS, *by_settings), key=lambda each: -each.minutes_ago)


def _opt_out(script: Script) -> None:
    """Records that its first text was an opt-out; once."""
    if UnsubscribedContact.objects.filter(phone=script.phone).exists():
        return
    said = script.lines[0]
    opting_out.opt_out(
        script.phone,
        UnsubscribedContact.Source.INBOUND,
        words=said.body,
        sid=script.sid(said),
        at=script.moment(said),
    )
