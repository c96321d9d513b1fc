"""Contradictory settings and clocks."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from django.core import checks
from django.db import connection
from django.db.models import Max
from django.utils import timezone

from accounts.models import SecurityEvent
from contacts.models import ContactImport, UnsubscribedContact
from messaging.models import InboxMessage, MessageLog
from smsadmin.checks import uses_twilio
from smsadmin.lib import dates

from .findings import Finding, ok, problem

SKEW: Final = timedelta(seconds=5)


def find_contradictions() -> Iterator[Finding]:
    """The result of `manage.py check`; for an installation that really sends, also of `check --deploy`."""
    found = [message for message in checks.run_checks(include_deployment_checks=uses_twilio()) if is_serious(message)]
    for message in found:
        sentence = " ".join(str(message.msg).split()).rstrip(".")
        yield problem(f"{sentence} ({message.id}).", " ".join(str(message.hint or "See docs/settings.md.").split()))
    if not found:
        yield ok("The settings are consistent.")


def is_serious(message: checks.CheckMessage) -> bool:
    return message.level >= checks.WARNING and not message.is_silenced()


def find_clock_trouble() -> Iterator[Finding]:
    """Compares this machine's clock with the database server's, and with times recorded earlier."""
    if connection.vendor == "postgresql":
        yield from _compare_with_server()
    now = timezone.now()
    for model, field in (
        (MessageLog, "created_at"),
        (InboxMessage, "created_at"),
        (UnsubscribedContact, "created_at"),
        (ContactImport, "created_at"),
        (SecurityEvent, "created_at"),
    ):
        # The newest rows by id: not all of these tables have an index on anything else.
        newest = model._default_manager.order_by("-pk").values("pk")[:100]
        last = model._default_manager.filter(pk__in=list(newest.values_list("pk", flat=True))).aggregate(
            at=Max(field)
        )["at"]
        if last and last > now + SKEW:
            ahead = dates.span(int((last - now).total_seconds()))
            yield problem(
                f"{model._meta.db_table} has a row from {ahead} in the future: one machine's clock is wrong.",
                "Synchronize the clocks of all SMS Admin machines by NTP (timedatectl shows whether they are).",
            )


def _compare_with_server() -> Iterator[Finding]:
    before = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        theirs = cursor.fetchone()[0]
    ours = before + (timezone.now() - before) / 2
    yield compare_clocks(theirs - ours, "the database server's")


def compare_clocks(difference: timedelta, whose: str) -> Finding:
    """`difference` is how far their clock is ahead of ours."""
    if abs(difference) <= SKEW:
        return ok(f"This machine's clock matches {whose}.")
    seconds = dates.span(round(abs(difference).total_seconds()))
    return problem(
        f"This machine's clock is {seconds} {'behind' if difference > timedelta() else 'ahead of'} {whose}.",
        "Synchronize both clocks by NTP (timedatectl shows whether they are).",
    )
