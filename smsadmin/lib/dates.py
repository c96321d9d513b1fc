"""How dates and durations are written for staff, in the site's time zone.

Today 5:41 PM · Mon 5:41 PM · Nov 29 · Nov 29, 2025     `when`: in lists, with the exact time on hover
Nov 29, 2026, 5:41 PM MST                               `moment`: in sentences, where it has to be exact
"""

import math
from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo
from typing import Any

from django.contrib import admin
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import ngettext


def moment(at: datetime, zone: tzinfo | None = None) -> str:
    """A time in that zone, by default the site's, with the name of the zone.

    Django's own formats omit the name in the hour that occurs twice in the fall, when it matters.
    """
    local = timezone.localtime(at, zone)
    return f"{date_format(local, 'M j, Y, g:i A')} {local.tzname()}"


def when(at: datetime, now: datetime | None = None) -> str:
    """A time as people say it: without what can't be mistaken. The zone is left out."""
    local, today = timezone.localtime(at), timezone.localdate(now)
    time, days = date_format(local, "g:i A"), (local.date() - today) // timedelta(days=1)
    if days == 0:
        return f"Today {time}"
    if days == 1:
        return f"Tomorrow {time}"
    if -7 < days < 7:
        return f"{date_format(local, 'D')} {time}"
    return date_format(local, "M j" if local.year == today.year else "M j, Y")


def from_when(at: datetime, now: datetime | None = None) -> str:
    """When something begins, within a sentence: "tomorrow from 8:00 AM", "today from 9:00 PM", "on Dec 24 from …"."""
    return _within_sentence(at, "from", now)


def at_when(at: datetime, now: datetime | None = None) -> str:
    """When something happens, within a sentence: "tomorrow at 8:00 AM", "on Dec 24 at …"."""
    return _within_sentence(at, "at", now)


def _within_sentence(at: datetime, joint: str, now: datetime | None) -> str:
    local, today = timezone.localtime(at), timezone.localdate(now)
    time, days = date_format(local, "g:i A"), (local.date() - today) // timedelta(days=1)
    day = {0: "today", 1: "tomorrow"}.get(days) or f"on {date_format(local, 'l' if 1 < days < 7 else 'M j')}"
    return f"{day} {joint} {time}"


def when_tag(at: datetime | None) -> SafeString | str:
    """`when` as HTML, with the exact time on hover; "" for None."""
    if at is None:
        return ""
    return format_html('<time datetime="{}" title="{}">{}</time>', at.isoformat(), moment(at), when(at))


def duration(seconds: float) -> str:
    """An approximate duration in words, such as "about 3 minutes": never more precise than an estimate can be."""
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
    """The time until `at`, in its two largest units, such as "in 3 hours 20 minutes".

    scheduled.js keeps it ticking on pages by the same rules.
    """
    seconds = math.ceil((at - now).total_seconds())
    if -60 < seconds <= 0:
        return "now"
    spoken = span(abs(seconds))
    return f"in {spoken}" if seconds > 0 else f"{spoken} late"


def span(seconds: int) -> str:
    """An exact duration in its two largest units, such as "1 day 2 hours"."""
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


def column(field: str, description: str, ordering: str | None = None) -> Callable[[Any, Any], str]:
    """A ModelAdmin method that shows a time of the row, in a list or as a read-only field.

    A list is sorted by `ordering`, by default the field. If there is no time, it shows the admin's empty value: for a
    read-only field, the admin would show "None".
    """

    @admin.display(description=description, ordering=ordering or field)
    def shown(model_admin: Any, row: Any) -> str:
        at = getattr(row, field)
        return when_tag(at) if at else model_admin.get_empty_value_display()

    return shown
