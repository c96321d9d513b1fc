"""How counts, spans of time, moments and prices are said to staff, on pages and at the prompt alike."""

import math
from datetime import datetime, tzinfo
from decimal import Decimal

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import ngettext


def beginning(text: str, most: int) -> str:
    """The text on one line, or as much of it as fits into `most` characters, and an ellipsis."""
    start = " ".join(text[: 4 * most].split())
    return start if len(start) <= most and len(text) <= 4 * most else f"{start[: most - 1]}…"


def people(count: int) -> str:
    """Such as "1 person" or "1,234 people"."""
    return ngettext("%(count)s person", "%(count)s people", count) % {"count": f"{count:,}"}


def segments(count: int) -> str:
    """Such as "1 segment" or "1,234 segments"."""
    return ngettext("%(count)s segment", "%(count)s segments", count) % {"count": f"{count:,}"}


def dollars(amount: Decimal) -> str:
    """An amount to the cent; what is more than nothing never reads as nothing."""
    if 0 < amount < Decimal("0.005"):
        return "less than $0.01"
    return f"${amount:,.2f}"


def duration(seconds: float) -> str:
    """A span as one would say it, such as "about 3 minutes": never more exact than an estimate can be."""
    if seconds < 5:
        return "a few seconds"
    if seconds < 90:
        return f"about {math.ceil(seconds / 5) * 5} seconds"
    minutes = math.ceil(seconds / 60)
    if minutes < 90:
        return f"about {minutes} minutes"
    hours, minutes = divmod(round(minutes / 10) * 10, 60)
    spoken = ngettext("about %(count)s hour", "about %(count)s hours", hours) % {"count": f"{hours:,}"}
    return f"{spoken} {minutes} minutes" if minutes and hours < 12 else spoken


def moment(at: datetime, zone: tzinfo | None = None) -> str:
    """A point in time in that zone, else in the site's, with the zone's name."""
    local = timezone.localtime(at, zone)
    return f"{date_format(local, 'DATETIME_FORMAT')} {local.tzname()}"


def countdown(at: datetime, now: datetime) -> str:
    """How long it is until `at`, in its two largest units, such as "in 3 hours 20 minutes".

    The pages keep it ticking by the same rules, in scheduled.js.
    """
    seconds = math.ceil((at - now).total_seconds())
    if -60 < seconds <= 0:
        return "now"
    spoken = span(abs(seconds))
    return f"in {spoken}" if seconds > 0 else f"{spoken} late"


def span(seconds: int) -> str:
    """A length of time that is known exactly, in its two largest units, such as "1 day 2 hours"."""
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        counts = [(days, "day"), (hours if days < 14 else 0, "hour")]
    elif hours:
        counts = [(hours, "hour"), (minutes, "minute")]
    else:
        counts = [(minutes, "minute"), (seconds if minutes < 10 else 0, "second")]
    return " ".join(f"{count:,} {unit}{'' if count == 1 else 's'}" for count, unit in counts if count)
