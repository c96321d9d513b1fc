"""Limits how many passwords may be tried, per address and per user name.

A guess is counted in the database *before* the password is checked, one guess at a time (the row is locked for that
moment), and uncounted if it was right. However many arrive at once, in however many processes, no more than
LOGIN_MAX_FAILURES passwords are checked within LOGIN_WINDOW_MINUTES; then none are checked for LOGIN_LOCK_MINUTES.
The window slides: that many failures within any period of that length cause a lock.

Two equally strict counters see each guess:
- one for the address (IPv6: its /64, since a customer can choose any address in that);
- one for the user name, so that using many addresses doesn't help. Names that no user has are counted the same way,
so
  a lock reveals nothing.

A right password clears the counter of its name, and uncounts the guesses at that name from the address's counter.
Nothing else: otherwise, anyone with a password of their own could try those of others forever by logging in in
between.

A stranger can lock a user's name, again and again. To keep them from locking out the only admin forever, an address
from which that user has logged in during the last 30 days has its own counter for the name, and the counter for all
other addresses doesn't apply there. If the user's address is new, an operator can vouch for it
(`manage.py unlock NAME --from ADDRESS`). More guesses don't extend a lock.
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from ipaddress import IPv6Address, ip_address, ip_network
from operator import or_
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import Max, Q, QuerySet
from django.utils import timezone
from django.utils.formats import date_format

from smsadmin.lib import shared_clock
from smsadmin.lib.dates import moment

from .events import record
from .models import AppUser, KnownAddress, LoginAttempt
from .security_events import Kind

KNOWN_FOR: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Guess:
    """A password that may be checked. `is_last`: if it is wrong, a lock begins now."""

    address: str
    counters: tuple[tuple[str, str], ...]
    is_last: bool

    def was_right(self, user: AppUser) -> None:
        """Uncounts the guesses at this name from where this one was made, and remembers the address."""
        with transaction.atomic():
            counters = list(_rows(self.counters).select_for_update().order_by("pk"))
            own = [time for counter in counters if counter.username for time in counter.recent_attempts]
            for counter in counters:
                counter.take_back(own, limit=settings.LOGIN_MAX_FAILURES)
                if counter.username or not counter.attempt_count:
                    counter.delete()
                else:
                    counter.save()
        remember(self.address, user)


def take_guess(address: str, username: str) -> Guess | None:
    """Counts a guess as failed before it is made; None if a lock forbids it.

    `address` is from `accounts.addresses.client_ip`, or "" if there is none, as in a shell.
    """
    counters = _counters(address, username)
    # Most guesses of an attack end here, where nothing is written.
    if _find_lock(counters):
        return None
    now, is_last = timezone.now(), False
    for client_ip, name in counters:
        counted = _count(client_ip, name, now)
        if counted is None:
            return None
        is_last = is_last or counted.locked_until is not None
    return Guess(address, counters, is_last)


def find_lock(address: str, username: str) -> datetime | None:
    """When this address may try this name again; None if it may now."""
    return _find_lock(_counters(address, username))


def explain(until: datetime) -> str:
    """The message for someone who has to wait."""
    return f"Too many failed sign-ins. Try again at {clock(until)}, or ask an admin to unlock you."


def clock(until: datetime) -> str:
    """The minute when a lock ends, in the site's time zone and with its name; with the date if not today."""
    local = timezone.localtime(until + timedelta(seconds=59))
    is_today = local.date() == timezone.localdate()
    return f"{date_format(local, 'TIME_FORMAT')} {local.tzname()}" if is_today else moment(local)


def remember(address: str, user: AppUser) -> None:
    """For the next 30 days, locks on this user's name don't apply at that address."""
    if address:
        KnownAddress.objects.update_or_create(
            user=user, client_ip=network_of(address), defaults={"last_login_at": timezone.now()}
        )


def unlock_address(address: str) -> int:
    """Clears the failures from an address or IPv6 network, for any name, and returns how many locks that lifted."""
    here = LoginAttempt.objects.filter(client_ip=network_of(address))
    return lift(here.exclude(client_ip=LoginAttempt.ACCOUNT))


def unlock_users(usernames: Iterable[str]) -> int:
    """Clears the failures for these names, from anywhere, and returns how many locks that lifted."""
    return lift(LoginAttempt.objects.filter(username__in=[key_of(name) for name in usernames]))


def unlock_all() -> int:
    return lift(LoginAttempt.objects.all())


def lift(attempts: QuerySet[LoginAttempt]) -> int:
    """Clears these failures on someone's decision, and returns how many locks that lifted."""
    locked = [attempt.whom for attempt in attempts.filter(_is_on()).order_by("pk")]
    with transaction.atomic():
        attempts.delete()
        if locked:
            more = f" and {len(locked) - 5} more" if len(locked) > 5 else ""
            record(Kind.UNLOCK, lock_of=", ".join(locked[:5]) + more)
    return len(locked)


def list_locks() -> list[tuple[str, datetime]]:
    """What is locked, in words for staff, and until when; the first to end comes first."""
    locked = LoginAttempt.objects.filter(_is_on()).order_by("locked_until")
    return [(attempt.whom, attempt.locked_until) for attempt in locked if attempt.locked_until]


def delete_old() -> None:
    """Deletes what no longer matters: failures of a past window, ended locks, addresses long unused."""
    now = timezone.now()
    window = timedelta(minutes=settings.LOGIN_WINDOW_MINUTES)
    ended = Q(locked_until__isnull=False) & ~_is_on() | Q(locked_until=None, first_attempt_at__lt=now - 2 * window)
    LoginAttempt.objects.filter(ended).delete()
    KnownAddress.objects.filter(last_login_at__lt=now - KNOWN_FOR).delete()


def key_of(username: str) -> str:
    """A user name as it is counted: spellings that a database may consider equal become one.

    PostgreSQL compares in upper case, so a Turkish "ı" finds the user with an "i".
    """
    return unicodedata.normalize("NFKC", username).strip().upper().casefold()[:80]


def network_of(address: str) -> str:
    """An address as it is counted: IPv6 as its /64, anything else unchanged.

    That also goes for an IPv6 network as it is listed: it becomes the /64 around it.
    """
    try:
        parsed = ip_address(address.removesuffix("/64"))
    except ValueError:
        return address[:45]
    if isinstance(parsed, IPv6Address):
        mapped = parsed.ipv4_mapped
        return str(mapped or ip_network((parsed, 64), strict=False))
    return str(parsed)


def _counters(address: str, username: str) -> tuple[tuple[str, str], ...]:
    """The (client_ip, username) of the rows that count a guess. A name that no user has takes the same queries."""
    known = KnownAddress.objects.filter(
        user__username__iexact=username,
        client_ip=network_of(address),
        last_login_at__gt=timezone.now() - KNOWN_FOR,
    ).exists()
    by_address = ((network_of(address), ""),) if address else ()
    return (*by_address, (network_of(address) if known else LoginAttempt.ACCOUNT, key_of(username)))


def _rows(counters: Iterable[tuple[str, str]]) -> QuerySet[LoginAttempt]:
    return LoginAttempt.objects.filter(
        reduce(or_, (Q(client_ip=client_ip, username=name) for client_ip, name in counters))
    )


def _is_on() -> Q:
    """Rows whose lock hasn't ended. A lock longer than any can be dates from before the clock was set back."""
    longest = timedelta(minutes=settings.LOGIN_LOCK_MINUTES)
    return shared_clock.lies_ahead("locked_until", timezone.now(), longest)


def _find_lock(counters: Iterable[tuple[str, str]]) -> datetime | None:
    locks = _rows(counters).filter(_is_on())
    return locks.aggregate(until=Max("locked_until"))["until"]


def _count(client_ip: str, username: str, at: datetime) -> LoginAttempt | None:
    """The counter after one more guess; None if locked. Each has its own transaction, which avoids deadlocks."""
    with transaction.atomic():
        counters = LoginAttempt.objects.select_for_update()
        attempt, _ = counters.get_or_create(client_ip=client_ip, username=username)
        is_allowed = attempt.count(
            at,
            limit=settings.LOGIN_MAX_FAILURES,
            window=timedelta(minutes=settings.LOGIN_WINDOW_MINUTES),
            lock=timedelta(minutes=settings.LOGIN_LOCK_MINUTES),
        )
        attempt.save()
    return attempt if is_allowed else None
