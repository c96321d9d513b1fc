"""The forms of scheduled messages: when one leaves, and what it says."""

import zoneinfo
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format

from smsadmin.lib import dates

from ..composing.forms import ComposeForm
from ..models import Draft, ScheduledMessage
from ..text.personalization import tidy
from . import local_times, scheduled_messages

COMMON_ZONES: Final = (
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Phoenix",
    "America/Los_Angeles",
    "America/Anchorage",
    "Pacific/Honolulu",
    "America/Toronto",
    "America/Mexico_City",
    "Europe/London",
    "Europe/Berlin",
    "Asia/Kolkata",
    "Australia/Sydney",
    "UTC",
)


@cache
def all_zones() -> tuple[str, ...]:
    """The IANA zones of places, and UTC. Bare names (EST, Cuba) are old spellings, Etc/GMT+5 reads the wrong way."""
    names = zoneinfo.available_timezones()
    return tuple(sorted({name for name in names if "/" in name and not name.startswith("Etc/")} | {"UTC"}))


def zone_choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """The site's zone and the common ones first, then all others."""
    common = tuple(dict.fromkeys((settings.APP_TIMEZONE, *COMMON_ZONES)))
    others = (name for name in all_zones() if name not in common)
    return [("Common", [*map(_choice, common)]), ("All", [*map(_choice, others)])]


def _choice(name: str) -> tuple[str, str]:
    return name, name.replace("_", " ")


def known_zone(name: object) -> str:
    """`name` if it is the name of a zone that can be chosen, else the site's zone."""
    return str(name) if name in all_zones() else settings.APP_TIMEZONE


class TimeForm(forms.Form):
    """A local time and its zone. Valid means that `at` is the moment meant, and that it may be scheduled.

    Where the clocks skip or repeat the time, the form is not valid, and `question` and `moments` (value and label)
    ask which moment is meant; the answer comes back with the same time as `moment`.
    """

    date = forms.DateField(
        label="Date",
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        error_messages={"required": "Choose a date.", "invalid": "This is no date. Write it as 2026-12-01."},
    )
    time = forms.TimeField(
        label="Time",
        widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
        error_messages={"required": "Choose a time.", "invalid": "This is no time. Write it as 18:30."},
    )
    zone = forms.ChoiceField(
        label="Time zone",
        choices=zone_choices,
        error_messages={"invalid_choice": "This time zone does not exist. Choose one of the list."},
    )
    moment = forms.CharField(required=False)

    def __init__(self, data: Any = None, *, zone: str, at: datetime | None = None) -> None:
        """`zone` is the name of the zone offered, in which `at`, if given, is shown."""
        initial: dict[str, Any] = {"zone": zone}
        if at is not None:
            local = at.astimezone(zoneinfo.ZoneInfo(zone))
            initial |= {"date": local.date(), "time": local.time()}
        super().__init__(data, initial=initial, auto_id="leaves_%s")
        today = timezone.now().astimezone(UTC).date()
        # Elsewhere it may be yesterday still, or tomorrow already.
        span = {"min": today - timedelta(days=1), "max": today + scheduled_messages.LONGEST_AHEAD + timedelta(days=1)}
        self.fields["date"].widget.attrs |= {name: day.isoformat() for name, day in span.items()}
        self.at: datetime | None = None
        self.question = ""
        self.moments: list[tuple[str, str]] = []

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if {"date", "time", "zone"} <= cleaned.keys():
            local = datetime.combine(cleaned["date"], cleaned["time"].replace(tzinfo=None))
            self.at = self._resolve(local, zoneinfo.ZoneInfo(cleaned["zone"]), cleaned.get("moment", ""))
        if self.at is not None:
            try:
                scheduled_messages.check_time(self.at)
            except scheduled_messages.BadTime as refusal:
                self.add_error(None, str(refusal))
        return cleaned

    def _resolve(self, local: datetime, zone: zoneinfo.ZoneInfo, answer: str) -> datetime | None:
        place = zone.key.replace("_", " ")
        said = f"{date_format(local, 'DATE_FORMAT')} at {date_format(local, 'TIME_FORMAT')}"
        try:
            return local_times.resolve(local, zone)
        except local_times.MissingTime as missing:
            self.question = f"In {place} the clocks go forward then: {said} does not exist. Which time do you mean?"
            moments = [missing.earlier, missing.later]
        except local_times.RepeatedTime as repeated:
            self.question = f"In {place} the clocks go back then: {said} comes twice. Which one do you mean?"
            moments = [repeated.first, repeated.second]
        except OverflowError:
            self.add_error("date", "Choose a date from today to a year ahead.")
            return None
        self.moments = [(at.astimezone(UTC).isoformat(), dates.moment(at, zone)) for at in moments]
        chosen = next((at for at in moments if at.astimezone(UTC).isoformat() == answer), None)
        if chosen is None:
            self.add_error("moment", self.question)
        return chosen and chosen.astimezone(UTC)


class EditForm(ComposeForm):
    """The compose form for a message that is scheduled: its text is whole, with or without the opt-out line."""

    def __init__(self, data: Any = None, *, message: ScheduledMessage) -> None:
        """Of a message whose audience was fixed before, its draft must be there."""
        kept = message.draft if message.is_selection and message.draft else Draft()
        kept.message_body = message.message_body
        kept.has_opt_out_line = False
        kept.target, kept.event, kept.test_mode = message.target, message.event, message.test_mode
        super().__init__(data, draft=kept)
        self.fields.pop("has_opt_out_line", None)

    def apply(self, message: ScheduledMessage, seen: str) -> bool:
        """Write it to the message whose version the editor has seen; answers and raises as scheduling.edit does."""
        edited = self.draft
        return scheduled_messages.edit(
            message,
            seen,
            body=tidy(edited.message_body),
            target=edited.target,
            event=edited.event,
            test_mode=edited.test_mode,
        )
