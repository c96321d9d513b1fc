"""How counts, spans of time, moments and prices are said to staff, on pages and at the prompt alike."""

import math
from datetime import datetime
from decimal import Decimal

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import ngettext


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


def moment(at: datetime) -> str:
    """A point in time in the site's zone, with the zone's name."""
    local = timezone.localtime(at)
    return f"{date_format(local, 'DATETIME_FORMAT')} {local.tzname()}"
