"""Series: making the next scheduled blast of each, and changing a series or one of its dates."""

from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from accounts.models import AppUser

from ..composing.audience import Audience
from ..composing.merge_fields import compile_message
from ..models import ScheduledMessage, Series
from . import scheduled_messages
from .recurrence import Recurrence


@dataclass(frozen=True, slots=True)
class Date:
    """One date of a series that is still to come: by the rule, and whether it is skipped or has a blast already."""

    at: datetime
    is_skipped: bool
    message: ScheduledMessage | None


def recurrence_of(series: Series) -> Recurrence:
    return Recurrence(series.rule, series.local_start, ZoneInfo(series.zone))


def begin(
    body: str, audience: Audience, recurrence: Recurrence, created_by: AppUser | None = None
) -> ScheduledMessage:
    """Start a series and schedule its first blast. `body` is the whole text with its fields.

    Raises BadTime if the first time is past or too far away, and UnknownToken.
    """
    first = next(recurrence.times())
    scheduled_messages.check_time(first)
    compile_message(body)
    with transaction.atomic():
        series = Series.objects.create(
            rule=recurrence.rule,
            starts_at=first,
            zone=recurrence.zone.key,
            message_body=body,
            target=audience.target,
            event=audience.event,
            definition=audience.stored_definition,
            created_by=created_by,
        )
        return _schedule(series, first)


def schedule_next(now: datetime | None = None) -> int:
    """For each running series without an open blast, schedule its next one, or end it. Returns how many are new."""
    now = now or timezone.now()
    made = 0
    for pk in list(Series.objects.lacking_next().values_list("pk", flat=True)):
        with transaction.atomic():
            series = Series.objects.select_for_update().lacking_next().filter(pk=pk).first()
            if series is not None:
                made += _schedule_next(series, now, series.occurrences.aggregate(last=Max("occurs_at"))["last"])
    return made


def _schedule_next(series: Series, now: datetime, last: datetime | None) -> bool:
    """Schedule the first time later than `last`, or end the series. Returns whether there is one."""
    missed: datetime | None = None
    for at in recurrence_of(series).times(last):
        if _is_skipped(series, at):
            continue
        if at > now:
            # Of the times missed while everything was down, at most the newest goes out, and only within its lag.
            _schedule(
                series, missed if missed is not None and not scheduled_messages.is_beyond_lag(missed, now) else at
            )
            return True
        missed = at
    if missed is not None and not scheduled_messages.is_beyond_lag(missed, now):
        _schedule(series, missed)
        return True
    Series.objects.filter(pk=series.pk).update(ended_at=now)
    return False


def _is_skipped(series: Series, at: datetime) -> bool:
    return day_of(series, at) in series.skipped


def day_of(series: Series, at: datetime) -> str:
    """The local date of one of its times, as in `Series.skipped`."""
    return at.astimezone(ZoneInfo(series.zone)).date().isoformat()


def _schedule(series: Series, at: datetime) -> ScheduledMessage:
    message, _ = ScheduledMessage.objects.get_or_create(
        series=series,
        occurs_at=at,
        defaults={
            "scheduled_at": at,
            "message_body": series.message_body,
            "target": series.target,
            "event": series.event,
            "definition": series.definition,
            "created_by": series.created_by,
        },
    )
    return message


def upcoming(series: Series, count: int = 5, now: datetime | None = None) -> list[Date]:
    """The next dates of a series by its rule, including skipped ones."""
    now = now or timezone.now()
    if series.ended_at is not None:
        return []
    times = list(islice(recurrence_of(series).times(now), count))
    made = {message.occurs_at: message for message in series.occurrences.filter(occurs_at__in=times)}
    return [Date(at, _is_skipped(series, at), made.get(at)) for at in times]


def skip(series: Series, at: datetime) -> bool:
    """Leave out one of its times. Returns False if its blast has started or is over."""
    with transaction.atomic():
        series = Series.objects.select_for_update().get(pk=series.pk)
        message = series.occurrences.filter(occurs_at=at).first()
        if message is not None and not message.cancel():
            return False
        day = day_of(series, at)
        if day not in series.skipped:
            Series.objects.filter(pk=series.pk).update(skipped=[*series.skipped, day])
    schedule_next()
    return True


def schedule_alone(series: Series, at: datetime) -> ScheduledMessage:
    """The scheduled blast of one of its times, made early so that it can be edited by itself."""
    return _schedule(series, at)


def change(series: Series, *, body: str, audience: Audience) -> int:
    """Change the text and audience of a series: of all of its blasts that are still to come.

    Blasts that staff edited by themselves stay as they are. Returns how many scheduled ones were changed. Raises
    UnknownToken.
    """
    compile_message(body)
    wanted = {
        "message_body": body,
        "target": audience.target,
        "event": audience.event,
        "definition": audience.stored_definition,
    }
    with transaction.atomic():
        old = Series.objects.select_for_update().get(pk=series.pk)
        pending = old.occurrences.filter(status=ScheduledMessage.Status.PENDING, message_body=old.message_body)
        changed = pending.filter(target=old.target, event=old.event).update(**wanted)
        Series.objects.filter(pk=series.pk).update(**wanted)
    series.refresh_from_db()
    return changed


def change_rule(series: Series, recurrence: Recurrence) -> None:
    """Let a series go out at other times from now on: its pending blasts are canceled, and the next one is made."""
    with transaction.atomic():
        Series.objects.select_for_update().get(pk=series.pk)
        cancel_pending(series)
        now = timezone.now()
        first = next(iter(recurrence.next(now)), recurrence.start.replace(tzinfo=recurrence.zone))
        Series.objects.filter(pk=series.pk).update(
            rule=recurrence.rule, starts_at=first, zone=recurrence.zone.key, ended_at=None, skipped=[]
        )
        series.refresh_from_db()
        _schedule_next(series, now, now)


def pause(series: Series) -> None:
    """Stop making blasts, and cancel those that are pending."""
    with transaction.atomic():
        Series.objects.filter(pk=series.pk, paused_at=None).update(paused_at=timezone.now())
        cancel_pending(series)


def resume(series: Series) -> None:
    """Go on with the next time that is still to come."""
    now = timezone.now()
    with transaction.atomic():
        series = Series.objects.select_for_update().get(pk=series.pk)
        if series.paused_at is not None:
            Series.objects.filter(pk=series.pk).update(paused_at=None)
            _schedule_next(series, now, now)


def end(series: Series) -> None:
    """End a series for good, and cancel its pending blasts."""
    with transaction.atomic():
        Series.objects.filter(pk=series.pk).update(ended_at=timezone.now())
        cancel_pending(series)


def cancel_pending(series: Series) -> int:
    """Cancel its pending blasts. Returns how many. Their times are free for others."""
    pending = list(series.occurrences.filter(status=ScheduledMessage.Status.PENDING))
    canceled = [message.pk for message in pending if message.cancel()]
    series.occurrences.filter(pk__in=canceled).update(occurs_at=None)
    return len(canceled)
