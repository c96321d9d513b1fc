"""What quiet hours do to a blast that is about to be sent or scheduled, in words, before the click."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self
from zoneinfo import ZoneInfo

from django.utils import timezone

from messaging.composing.audience import Audience
from messaging.scheduling import forecasts, local_times, quiet_hours
from messaging.scheduling.forms import TimeForm
from messaging.sending import progress
from smsadmin.lib import dates
from smsadmin.lib.plurals import people


@dataclass(frozen=True, slots=True)
class Outlook:
    """For a blast that goes out at `at`: sentences on who gets it when, and the first time that suits everybody."""

    at: datetime
    sentences: list[str]
    everyone_at: datetime
    zone: str

    @classmethod
    def find(cls, audience: Audience, at: datetime | None = None, zone: str = "") -> Self | None:
        """The outlook for that time, by default now. None if nobody has to wait. Without quiet hours, it asks nothing
        of the database. With `zone`, its user may schedule, and enters times in it."""
        if not quiet_hours.hours():
            return None
        moment = at or timezone.now()
        found = forecasts.forecast(audience, moment)
        if not found.is_split:
            return None
        first = f"{people(found.now)} {'gets' if found.now == 1 else 'get'} it {'now' if at is None else 'then'}."
        sentences = [first, *progress.say_held(found.later)]
        return cls(moment, sentences if found.now else sentences[1:], forecasts.everyone_from(audience, moment), zone)

    @property
    def wait(self) -> str:
        """The button that waits for everybody."""
        return f"Wait and send to everybody {dates.at_when(self.everyone_at)}"

    @property
    def local(self) -> str:
        """When everybody can get it, as the time fields of the page take it; "" for who can't schedule."""
        return f"{self.everyone_at.astimezone(ZoneInfo(self.zone)):%Y-%m-%dT%H:%M}" if self.zone else ""


def time_of(form: TimeForm) -> datetime | None:
    """The time that a form stands for: as it was entered, or as it was filled in; None if it has no clear one."""
    if form.is_bound:
        return form.at if form.is_valid() else None
    if form.local is None:
        return None
    try:
        return local_times.resolve(form.local, ZoneInfo(form.initial["zone"]))
    except (local_times.MissingTime, local_times.RepeatedTime, OverflowError):
        return None
