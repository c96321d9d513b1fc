"""The page Organization: who is texting, and when. An empty field says what applies instead."""

from collections.abc import Iterator
from datetime import time
from typing import Any, Final

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import escape, format_html

from smsadmin.lib import time_zones
from smsadmin.lib.daily_hours import DailyHours

from . import organization
from .models import Organization
from .weekday_hours import WEEKDAYS, WeekdayHoursField, check

SUNDAY: Final = 6
AFTER_CHURCH: Final = (time(12), time(21))


class OrganizationForm(forms.ModelForm):
    time_zone = forms.ChoiceField(
        label="Time zone",
        required=False,
        error_messages={"invalid_choice": "This time zone doesn’t exist. Choose one from the list."},
    )

    monday = WeekdayHoursField(0)
    tuesday = WeekdayHoursField(1)
    wednesday = WeekdayHoursField(2)
    thursday = WeekdayHoursField(3)
    friday = WeekdayHoursField(4)
    saturday = WeekdayHoursField(5)
    sunday = WeekdayHoursField(6)

    class Meta:
        model = Organization
        fields = ("name", "contact", "time_zone")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zone = settings.APP_TIMEZONE
        own = [("", f"{zone.replace('_', ' ')} (from the environment)")]
        time_zone = self.fields["time_zone"]
        assert isinstance(time_zone, forms.ChoiceField)  # noqa: S101 - for the type checker: declared above
        time_zone.choices = [*own, *time_zones.choices(self.instance.time_zone or zone)]
        for name, explained in _explain_fields():
            self.fields[name].help_text = explained
        for name in ("name", "contact"):
            self.fields[name].error_messages["max_length"] = (
                "This is %(show_value)d characters long. Shorten it to %(limit_value)d, so that replies stay short."
            )

        for weekday, hours in self.instance.weekday_hours.items():
            self.initial[WEEKDAYS[weekday].lower()] = hours

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        hours = {weekday: cleaned.get(name.lower()) for weekday, name in enumerate(WEEKDAYS)}
        entered = {weekday: times for weekday, times in hours.items() if times}
        for weekday, problem in check(entered, settings.QUIET_HOURS):
            self.add_error(WEEKDAYS[weekday].lower(), problem)
        self.instance.weekday_hours = entered
        return cleaned

    def clean_name(self) -> str:
        return " ".join(self.cleaned_data["name"].split())

    def clean_contact(self) -> str:
        return " ".join(self.cleaned_data["contact"].split())


def _explain_fields() -> Iterator[tuple[str, str]]:
    """The help text of each field."""
    unset = "replies don’t say who is texting"
    yield (
        "name",
        "The name people know you by. Automatic replies start with it, as carriers require."
        + _default(settings.ORGANIZATION_NAME, "ORGANIZATION_NAME", unset),
    )
    unset = "the reply to HELP says that you will read the text"
    yield (
        "contact",
        "How people reach you: a phone number, an e-mail address or a website. The reply to HELP gives it."
        + _default(settings.ORGANIZATION_CONTACT, "ORGANIZATION_CONTACT", unset),
    )
    yield (
        "time_zone",
        "The zone in which everyone here reads and enters times. Blasts that are already scheduled still go out at "
        "the same moment." + _default(settings.APP_TIMEZONE.replace("_", " "), "APP_TIMEZONE"),
    )


def _explain_quiet_hours() -> str:
    """What applies on every day, and what these fields add, with a link that fills in the most common case: HTML."""
    every_day: DailyHours | None = settings.QUIET_HOURS
    if every_day:
        applies = f"Every day, nobody is texted from {every_day.words}, from the environment (QUIET_HOURS)."
    elif every_day is None:
        applies = "QUIET_HOURS isn’t set in the environment, so people are texted at any hour."
    else:
        applies = "QUIET_HOURS is none in the environment: people are texted at any hour."
    return format_html(
        "<p>{} Here you can only add quiet hours, by the clock of each person. Empty: none are added.</p>"
        '<p><a href="?sundays=noon">Sundays from noon to 9 PM</a></p>',
        applies,
    )


def _default(value: str, variable: str, otherwise: str = "") -> str:
    """What applies while a field is empty, and why, on a line of its own: HTML, as help texts are."""
    if value:
        return f"<br>Empty: {escape(value)}, from the environment ({variable})."
    return f"<br>Empty: {otherwise}. ({variable} isn’t set in the environment either.)"


@admin.register(Organization)
class OrganizationAdmin(admin.ModelAdmin):
    """A single page: the list's address shows the form of its only row, which may not be stored yet."""

    form = OrganizationForm
    change_form_template = "accounts/organization.html"
    object_history_template = "accounts/organization_history.html"
    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def get_fieldsets(self, request: HttpRequest, obj: Organization | None = None) -> Any:
        return (
            ("Automatic replies", {"fields": ("name", "contact")}),
            ("Times", {"fields": ("time_zone",)}),
            (
                "Quiet hours on some weekdays",
                {"fields": [name.lower() for name in WEEKDAYS], "description": _explain_quiet_hours()},
            ),
        )

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Organization | None:
        found = super().get_object(request, object_id, from_field)
        row = found or (Organization() if object_id == str(Organization.ONLY) else None)
        if row is not None and request.method == "GET" and "sundays" in request.GET:
            # Filled in, to be looked at and saved.
            row.weekday_hours = row.weekday_hours | {SUNDAY: AFTER_CHURCH}
        return row

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        own = {"title": "Organization", "subtitle": None, "show_save_and_continue": False}
        return self.changeform_view(request, str(Organization.ONLY), extra_context=own | (extra_context or {}))

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return HttpResponseRedirect(_address())

    def save_model(self, request: HttpRequest, obj: Organization, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        transaction.on_commit(organization.kept.forget)

    def response_change(self, request: HttpRequest, obj: Organization) -> HttpResponse:
        messages.success(request, "Saved. It applies everywhere within a few seconds.")
        return HttpResponseRedirect(_address())


def _address() -> str:
    return reverse("admin:accounts_organization_changelist")
