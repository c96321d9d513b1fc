"""The form of an event: its day and time are entered by the clocks of its zone."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms

from accounts import organization
from contacts.models import Event
from smsadmin.lib import time_zones
from smsadmin.lib.long_select import LongSelect


class EventForm(forms.ModelForm):
    date = forms.DateField(
        label="Date",
        required=False,
        # The browser's own field, with its calendar.
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        error_messages={"invalid": "This isn’t a date. Enter it like 2026-12-01."},
    )
    time = forms.TimeField(
        label="Starts at",
        required=False,
        widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
        help_text="Reminders such as “1 hour before” go by it. If you move an event, its reminders move too.",
        error_messages={"invalid": "This isn’t a time. Enter it like 18:30."},
    )
    zone = forms.ChoiceField(
        label="Time zone",
        required=False,
        widget=LongSelect,
        error_messages={"invalid_choice": "This time zone doesn’t exist. Choose one from the list."},
    )

    class Meta:
        model = Event
        fields = ("title", "date", "zone", "place")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "zone" not in self.fields:
            return
        own = organization.zone_name()
        zone = self.fields["zone"]
        assert isinstance(zone, forms.ChoiceField)  # noqa: S101 - for the type checker: declared above
        zone.choices = [("", f"{own.replace('_', ' ')} (the organization’s)"), *time_zones.choices(own)]
        if (start := self.instance.local_start) is not None:
            self.initial.update({"date": start.date(), "time": start.time()})

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        date, time = cleaned.get("date"), cleaned.get("time")
        if time is not None and date is None and "date" not in self.errors:
            self.add_error("date", "Enter the date too, or leave the time empty.")
        if not self.errors:
            zone = ZoneInfo(cleaned.get("zone") or organization.zone_name())
            start = datetime.combine(date, time.replace(tzinfo=None), zone) if date and time else None
            self.instance.starts_at = start
        return cleaned
