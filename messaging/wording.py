"""How segments, spans of time, moments and prices are said to staff, on pages and at the prompt alike."""

import math
from datetime import datetime
from decimal import Decimal

from django.utils.translation import ngettext

from accounts.moments import moment as moment
from contacts.counts import counted


def beginning(text: str, most: int) -> str:
    """The text on one line, or as much of it as fits into `most` characters, and an ellipsis."""
    start = " ".join(text[: 4 * most].split())
    return start if len(start) <= most and len(text) <= 4 * most else f"{start[: most - 1]}…"


def doubt_reason(stored: str) -> str:
    """Why nobody knows whether a text was accepted, as a sentence. Rows of before say "In doubt:" in front of it."""
    reason = stored.removeprefix("In doubt: ")
    return reason[:1].upper() + reason[1:] or "No reason was recorded."


def segments(count: int) -> str:
    """Such as "1 segment" or "1,234 segments"."""
    return counted(count, "segment", "segments")


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
