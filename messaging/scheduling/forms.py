"""Forms for the time and the content of scheduled blasts."""

import zoneinfo
from datetime import UTC, datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.formats import date_format

from accounts import organization
from smsadmin.lib import dates, time_zones
from smsadmin.lib.long_select import LongSelect

from ..composing.forms import ComposeForm
from ..models import Draft, ScheduledMessage
from ..text.personalization import tidy
from . import local_times, scheduled_messages


def zone_choices() -> list[tuple[str, list[time_zones.Choice]]]:
    """The organization's zone and common ones first, then all others."""
    return time_zones.choices(organization.zone_name())


def known_zone(name: object) -> str:
    """`name` if it is a zone that can be chosen, or the organization's zone."""
    return str(name) if name in time_zones.all_names() else organization.zone_name()


class TimeForm(forms.Form):
    """A local time and its zone. If it is valid, `at` is the time meant, and can be scheduled.

    If the clocks skip or repeat the local time, the form is invalid, and `question` and `moments` (value and label)
    ask which time is meant; the answer is posted as `moment` with the same local time.
    """

    date = forms.DateField(
        label="Date",
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        error_messages={"required": "Choose a date.", "invalid": "This isn’t a date. Enter it like 2026-12-01."},
    )
    time = forms.TimeField(
        label="Time",
        widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
        error_messages={"required": "Choose a time.", "invalid": "This isn’t a time. Enter it like 18:30."},
    )
    zone = forms.ChoiceField(
        label="Time zone",
        choices=zone_choices,
        widget=LongSelect,
        error_messages={"invalid_choice": "This time zone doesn’t exist. Choose one from the list."},
    )
    moment = forms.CharField(required=False)

    def __init__(
        self, data: Any = None, *, zone: str, at: datetime | None = None, local: datetime | None = None
    ) -> None:
        """`zone` is the name of the preselected zone, in which `at`, if given, is shown. `local` (naive) is a time of
        that zone to begin with."""
        initial: dict[str, Any] = {"zone": zone}
        if at is not None:
            local = at.astimezone(zoneinfo.ZoneInfo(zone))
        if local is not None:
            initial |= {"date": local.date(), "time": local.time()}
        super().__init__(data, initial=initial, auto_id="leaves_%s")
        today = timezone.now().astimezone(UTC).date()
        # In other zones it may still be yesterday or already tomorrow.
        span = {"min": today - timedelta(days=1), "max": today + scheduled_messages.LONGEST_AHEAD + timedelta(days=1)}
        self.fields["date"].widget.attrs |= {name: day.isoformat() for name, day in span.items()}
        self.at: datetime | None = None
        self.local = local
        self.suggestions = local_times.suggestions(timezone.now(), zoneinfo.ZoneInfo(zone))
        self.question = ""
        self.moments: list[tuple[str, str]] = []

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if {"date", "time", "zone"} <= cleaned.keys():
            self.local = datetime.combine(cleaned["date"], cleaned["time"].replace(tzinfo=None))
            self.at = self._resolve(self.local, zoneinfo.ZoneInfo(cleaned["zone"]), cleaned.get("moment", ""))
        if self.at is not None:
            try:
                scheduled_messages.check_time(self.at)
            except scheduled_messages.BadTime as refusal:
                self.add_error(None, str(refusal))
        return cleaned

    @property
    def button(self) -> str:
        """What the button says, such as "Schedule for Sun, Dec 6, 9:00 AM". review.js says the same while typing."""
        return f"Schedule for {self.local:%a, %b %-d, %-I:%M %p}" if self.local else "Schedule"

    @property
    def is_at_night(self) -> bool:
        return self.local is not None and local_times.is_at_night(self.local.time())

    def _resolve(self, local: datetime, zone: zoneinfo.ZoneInfo, answer: str) -> datetime | None:
        place = zone.key.replace("_", " ")
        said = f"{date_format(local, 'DATE_FORMAT')} at {date_format(local, 'TIME_FORMAT')}"
        try:
            return local_times.resolve(local, zone)
        except local_times.MissingTime as missing:
            self.question = f"The clocks go forward then in {place}, so {said} doesn’t exist. Which time do you mean?"
            moments = [missing.earlier, missing.later]
        except local_times.RepeatedTime as repeated:
            self.question = f"The clocks go back then in {place}, so {said} happens twice. Which one do you mean?"
            moments = [repeated.first, repeated.second]
        except OverflowError:
            self.add_error("date", "Choose a date within a year from today.")
            return None
        self.moments = [(at.astimezone(UTC).isoformat(), dates.moment(at, zone)) for at in moments]
        chosen = next((at for at in moments if at.astimezone(UTC).isoformat() == answer), None)
        if chosen is None:
            self.add_error("moment", self.question)
        return chosen and chosen.astimezone(UTC)


class EditForm(ComposeForm):
    """The compose form for a scheduled blast, whose text already includes the opt-out line, if any.

    Scheduled blasts always leave out people who lack a value by then.
    """

    def __init__(self, data: Any = None, *, message: ScheduledMessage, user: Any) -> None:
        """A message with a selected audience must still have its draft."""
        kept = message.draft if message.is_selection and message.draft else Draft()
        kept.message_body = message.message_body
        kept.has_opt_out_line = False
        kept.target, kept.event, kept.test_mode = message.target, message.event, message.test_mode
        kept.definition = message.definition
        super().__init__(data, draft=kept, user=user)
        self.fields.pop("has_opt_out_line", None)

    def _fill_draft(self, cleaned: dict[str, Any]) -> None:
        super()._fill_draft(cleaned)
        self.draft.leaves_out_incomplete = True

    def apply(self, message: ScheduledMessage, seen: str) -> bool:
        """Save to the message whose version the editor has seen. Returns and raises as `scheduled_messages.edit`."""
        edited = self.draft
        return scheduled_messages.edit(
            message,
            seen,
            body=tidy(edited.message_body),
            target=edited.target,
            event=edited.event,
            definition=edited.definition,
            test_mode=edited.test_mode,
        )
