"""Sample people: members, events with registrations, and people who can't be texted."""

import random
import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from django.utils import timezone

from contacts.consent import opting_out
from contacts.models import CommunityMember, Event, EventRegistration, SuppressedContact, UnsubscribedContact
from messaging.error_codes import classify

Person = tuple[str, str | None]

MEMBERS: Final = 340

AREA_CODES: Final = (720, 303, 970, 719, 505, 307)
# NANP: 555-0100 to 555-0199 of every area code are unassigned.
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

# Title, days until it happens, number of registrations, and how many days ago registration began.
EVENTS: Final = (
    ("Harvest supper", -8, 74, 34),
    ("First-aid course", -1, 62, 27),
    ("Winter coat drive", 12, 48, 20),
    ("New Year’s potluck", 40, 9, 14),
)
# Registration closes this long before the next event begins and before the first session of a survey.
REGISTERING_DAYS: Final = 1.5


def count_real_people() -> int:
    """How many rows of the lists have a number that is not fictional."""
    lists = (CommunityMember, EventRegistration, UnsubscribedContact, SuppressedContact)
    return sum(model.objects.exclude(phone__regex=FICTIONAL.pattern).count() for model in lists)


def make_people() -> list[Person]:
    """(phone, name) of everyone, members first. One in twelve has no name, some only a first name."""
    luck = random.Random(7)
    lines = [f"+1{area}5550{line}" for area in AREA_CODES for line in range(100, 200)]
    luck.shuffle(lines)
    people: list[Person] = []
    for phone in lines:
        name: str | None = f"{luck.choice(FIRST_NAMES)} {luck.choice(LAST_NAMES)}"
        kind = luck.random()
        if kind < 0.08:
            name = None
        elif kind < 0.16 and name:
            name = name.split()[0]
        people.append((phone, name))
    return people


def add_members(people: Sequence[Person]) -> int:
    """Adds the first MEMBERS of `people`, and returns how many were new."""
    luck = random.Random(11)
    now = timezone.now()
    known = set(CommunityMember.objects.values_list("phone", flat=True))
    times = sorted(now - timedelta(days=luck.uniform(36, 400)) for _ in range(MEMBERS))
    members = [
        CommunityMember(phone=phone, name=name, created_at=at)
        for (phone, name), at in zip(people[:MEMBERS], times, strict=True)
        if phone not in known
    ]
    CommunityMember.objects.bulk_create(members)
    return len(members)


def add_events(people: Sequence[Person]) -> tuple[int, int]:
    """Returns how many events and how many registrations were new."""
    luck = random.Random(13)
    now, today = timezone.now(), timezone.localdate()
    events = registrations = 0
    # Most of those registered are members, some have never been on the list.
    strangers = people[MEMBERS:]
    for title, in_days, size, days_ago in EVENTS:
        guests = luck.sample(people[:MEMBERS], size * 3 // 4) + luck.sample(strangers, size - size * 3 // 4)
        if Event.objects.filter(title=title).exists():
            continue
        began = now - timedelta(days=days_ago)
        event = Event.objects.create(title=title, date=today + timedelta(days=in_days), created_at=began)
        times = sorted(began + timedelta(days=luck.uniform(0, REGISTERING_DAYS)) for _ in guests)
        EventRegistration.objects.bulk_create(
            EventRegistration(event=event, phone=phone, name=name, created_at=at)
            for (phone, name), at in zip(guests, times, strict=True)
        )
        events += 1
        registrations += len(guests)
    return events, registrations


def add_opt_outs(people: Sequence[Person]) -> tuple[int, int]:
    """Returns how many numbers were newly opted out and newly suppressed."""
    now = timezone.now()
    sources = UnsubscribedContact.Source
    known = set(UnsubscribedContact.objects.values_list("phone", flat=True))
    unsubscribed = suppressed = 0
    # The oldest first, as in the consent history.
    for index, (phone, name) in reversed(list(enumerate(people[5:MEMBERS:37]))):
        if phone in known:
            continue
        at = now - timedelta(days=36 + index)
        if index % 3:
            opting_out.opt_out(phone, sources.INBOUND, name=name, reason="Texted STOP.", words="STOP", at=at)
        else:
            opting_out.opt_out(phone, sources.MANUAL, name=name, reason="Asked us at the front desk.", at=at)
        unsubscribed += 1
    for phone, _ in people[11:MEMBERS:71]:
        _, is_new = SuppressedContact.objects.get_or_create(
            phone=phone,
            defaults={
                "category": SuppressedContact.Category.HARD_FAIL,
                "reason": classify(21614).sentence,
                "source": "21614",
                "created_at": now - timedelta(days=37),
            },
        )
        suppressed += is_new
    return unsubscribed, suppressed
