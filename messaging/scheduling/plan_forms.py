"""The form of one line of an event's plan."""

from typing import Any, Final

from django import forms

from contacts.models import Event

from ..composing.merge_fields import compile_message
from ..models import PlanLine
from ..text.encoding import MAX_CHARACTERS
from ..text.personalization import UnknownToken
from ..text.visibility import is_blank
from . import event_plans

_MINUTES: Final = {"hours": 60, "minutes": 1}
_MOST: Final = 366


class PlanLineForm(forms.ModelForm):
    """A number of days with a time of day, or of hours or minutes, before or after the event."""

    number = forms.IntegerField(
        label="How many",
        min_value=0,
        max_value=_MOST,
        initial=1,
        error_messages={
            "required": "Enter a number, such as 7.",
            "invalid": "This isn’t a number. Enter one such as 7.",
            "min_value": "Enter 0 or more, and choose before or after.",
            "max_value": f"Enter at most {_MOST}.",
        },
    )
    unit = forms.ChoiceField(
        label="Unit", choices=[("days", "days"), ("hours", "hours"), ("minutes", "minutes")], initial="days"
    )
    side = forms.ChoiceField(label="Before or after", choices=[("before", "before"), ("after", "after")])
    time = forms.TimeField(
        label="At (for days)",
        required=False,
        initial="09:00",
        widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
        help_text="By the event’s clocks. Hours and minutes count from its start and need no time here.",
        error_messages={"invalid": "This isn’t a time. Enter it like 18:30."},
    )

    class Meta:
        model = PlanLine
        fields = ("whom", "text")
        error_messages = {"text": {"required": "Write the text."}}

    def __init__(self, *args: Any, event: Event, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.event = event
        self.order_fields(["number", "unit", "side", "time", "whom", "text"])
        self.fields["text"].widget.attrs.update({"rows": 4, "dir": "auto", "class": "vLargeTextField"})
        if self.instance.pk:
            self.initial.update(_read(self.instance))

    def clean_text(self) -> str:
        text: str = self.cleaned_data["text"].strip()
        if is_blank(text):
            raise forms.ValidationError("Write the text.")
        if len(text) > MAX_CHARACTERS:
            raise forms.ValidationError(f"This text is too long. Shorten it to {MAX_CHARACTERS:,} characters.")
        try:
            compile_message(event_plans.fill(text, self.event))
        except UnknownToken as unknown:
            raise forms.ValidationError(str(unknown)) from None
        return text

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        number, unit = cleaned.get("number"), cleaned.get("unit")
        if number is None or unit is None:
            return cleaned
        signed = -number if cleaned.get("side") == "before" else number
        line = self.instance
        if unit in _MINUTES:
            line.days, line.time, line.minutes = None, None, signed * _MINUTES[unit]
        elif cleaned.get("time") is None:
            if "time" not in self.errors:
                self.add_error("time", "Enter the time of day at which it goes out.")
        else:
            line.days, line.time, line.minutes = signed, cleaned["time"], None
        return cleaned


def _read(line: PlanLine) -> dict[str, Any]:
    """The fields of a stored line."""
    if line.minutes is None:
        days = line.days or 0
        return {"number": abs(days), "unit": "days", "side": "after" if days > 0 else "before", "time": line.time}
    minutes = abs(line.minutes)
    unit = "minutes" if minutes % 60 else "hours"
    side = "after" if line.minutes > 0 else "before"
    return {"number": minutes // _MINUTES[unit], "unit": unit, "side": side, "time": None}
