"""The form field for the hours of a weekday in which people may be texted, and what is wrong with such hours."""

from collections.abc import Iterator, Mapping
from datetime import time
from typing import Any, Final

from django import forms
from django.utils.html import format_html
from django.utils.safestring import SafeString

from smsadmin.lib.daily_hours import DAY, BadHours, DailyHours

WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
Hours = tuple[time, time]


class WeekdayHoursWidget(forms.MultiWidget):
    """Two times in a sentence, each with the weekday in its label."""

    def __init__(self, weekday: str) -> None:
        super().__init__(
            {
                name: forms.TimeInput(format="%H:%M", attrs={"type": "time", "aria-label": f"{weekday}, {label}"})
                for name, label in (("from", "only from"), ("until", "until"))
            }
        )

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        inputs = self.get_context(name, value, attrs)["widget"]["subwidgets"]
        shown = [self._render(field["template_name"], {"widget": field}, renderer) for field in inputs]  # type: ignore[attr-defined]
        return format_html('<span class="weekday-hours">only from {} until {}</span>', *shown)

    def decompress(self, value: Hours | None) -> list[time | None]:
        return list(value) if value else [None, None]


class WeekdayHoursField(forms.MultiValueField):
    """From when until when, as two times of one day; None if both are empty."""

    def __init__(self, weekday: int) -> None:
        invalid = {"invalid": "This isn’t a time. Enter it like 18:30."}
        super().__init__(
            fields=[forms.TimeField(required=False, error_messages=invalid) for _ in range(2)],
            widget=WeekdayHoursWidget(WEEKDAYS[weekday]),
            label=WEEKDAYS[weekday],
            required=False,
            require_all_fields=False,
        )

    def compress(self, values: list[Any]) -> Hours | None:
        begin, end = values or (None, None)
        if begin is None and end is None:
            return None
        if begin is None or end is None:
            raise forms.ValidationError(f"{self.label}: enter both times, or neither.")
        return begin, end


def check(entered: Mapping[int, Hours], every_day: DailyHours | None) -> Iterator[tuple[int, str]]:
    """The weekdays whose hours are wrong, each with a sentence: it ends before it begins, or leaves no time."""
    for weekday, hours in entered.items():
        try:
            stricter = (every_day or DailyHours()).open_only({weekday: hours})
        except BadHours:
            yield weekday, f"{WEEKDAYS[weekday]}: the second time has to be later than the first, on the same day."
            continue
        if stricter.closed[weekday] == ((0, DAY),):
            yield (
                weekday,
                f"{WEEKDAYS[weekday]}: this leaves no time at all, because of QUIET_HOURS. Choose other hours.",
            )
