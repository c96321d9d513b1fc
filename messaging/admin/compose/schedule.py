"""Scheduling from the review page: turns a draft into a scheduled blast."""

import uuid
import zoneinfo
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils import timezone

from accounts import organization
from accounts.models import AppUser
from messaging.composing import readiness
from messaging.composing.audience import Audience
from messaging.models import Draft, ScheduledMessage
from messaging.scheduling import drafts, local_times, scheduled_messages
from messaging.scheduling.forms import TimeForm, known_zone
from smsadmin.lib import dates

from ..permissions import SCHEDULE, require
from .outlook import Outlook, time_of
from .views import ComposeViews, decides

ZONE_KEY = "time_zone"


class ScheduleViews(ComposeViews):
    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.later_view)
        return [
            path("compose/<uuid:token>/later/", view, name="messaging_messagelog_later"),
            *super().get_urls(),
        ]

    def confirm_view(self, request: HttpRequest, token: uuid.UUID) -> HttpResponse:
        """The review page. A time that was filled in schedules, and never sends at once: only "Now" does."""
        when = request.POST.get("when") or ("later" if request.POST.get("date") or request.POST.get("time") else "")
        if request.method == "POST" and when == "later" and not decides(request):
            return self.later_view(request, token)
        return super().confirm_view(request, token)

    def later_view(self, request: HttpRequest, token: uuid.UUID) -> HttpResponse:
        """Schedule the draft, or show the review page with what is wrong or ambiguous about the time."""
        user = require(request, *SCHEDULE)
        draft = self._own_draft(token, user)
        if draft is None:
            return self._draft_is_gone(request)
        if draft.sent_at is not None:
            return self._sent_already(request, draft)
        if request.method != "POST":
            return redirect("admin:messaging_messagelog_confirm", token=token)
        form = posted_time(request)
        at = form.at if form.is_valid() else None
        if at is None or not readiness.can_schedule(draft) or readiness.asks_about_values(draft):
            return self._render_confirmation(request, draft, time_form=form)
        if request.POST.get("outlook_seen") != at.isoformat() and Outlook.find(Audience.of_draft(draft), at):
            return self._render_confirmation(request, draft, time_form=form)
        return self._schedule(request, draft, user, form, at)

    def _schedule(
        self, request: HttpRequest, draft: Draft, user: AppUser, form: TimeForm, at: datetime
    ) -> HttpResponse:
        try:
            message, is_new = drafts.schedule(draft, at, user, request.POST.get("version", ""))
        except scheduled_messages.Changed:
            messages.warning(request, "Someone changed the message in another window. Here is the current version.")
            return redirect("admin:messaging_messagelog_confirm", token=draft.token)
        except scheduled_messages.BadTime as refusal:
            form.add_error(None, str(refusal))
            return self._render_confirmation(request, draft, time_form=form)
        except scheduled_messages.AlreadySent:
            is_new = False
        if not is_new:
            draft.refresh_from_db()
            return self._sent_already(request, draft)
        self.log_addition(request, message, f"Scheduled for {dates.moment(message.scheduled_at)}.")
        messages.success(request, f"Scheduled. It goes out on {say_chosen(message, form)}.")
        warn_of_night(request, form)
        return redirect("admin:messaging_scheduledmessage_change", message.pk)

    def _render_confirmation(self, request: HttpRequest, draft: Draft, **extra: Any) -> HttpResponse:
        if request.user.has_perms(SCHEDULE):
            zone = chosen_zone(request)
            form = extra.pop("time_form", None) or TimeForm(zone=zone, local=read_local(request))
            at = time_of(form)
            then = Outlook.find(Audience.of_draft(draft), at, zone) if at else None
            extra |= {
                "zone": zone,
                "time_form": form,
                "outlook_then": then,
                "outlook_seen": then.at.isoformat() if then and form.is_bound else "",
                "is_later": form.is_bound or form.local is not None,
                "is_night": local_times.is_at_night(timezone.localtime(timezone=zoneinfo.ZoneInfo(zone)).time()),
                "can_schedule": readiness.can_schedule(draft),
            }
        return super()._render_confirmation(request, draft, **extra)


def read_local(request: HttpRequest) -> datetime | None:
    """The time in the address, of a suggestion that was clicked without JavaScript; None without one."""
    try:
        return datetime.fromisoformat(request.GET.get("at", "")).replace(tzinfo=None)
    except ValueError:
        return None


def warn_of_night(request: HttpRequest, form: TimeForm) -> None:
    if form.is_at_night:
        messages.warning(request, "That’s outside 8 AM to 9 PM, when most people don’t mind a text.")


def posted_time(request: HttpRequest) -> TimeForm:
    """The posted time form. Its zone is remembered for the session."""
    form = TimeForm(request.POST, zone=chosen_zone(request))
    if form.is_bound and form["zone"].value() == known_zone(form["zone"].value()):
        request.session[ZONE_KEY] = form["zone"].value()
    return form


def chosen_zone(request: HttpRequest) -> str:
    """The name of the zone last chosen in this session, or the organization's zone."""
    return known_zone(request.session.get(ZONE_KEY))


def say_chosen(message: ScheduledMessage, form: TimeForm) -> str:
    """The scheduled time in the chosen zone, and in the organization's if that is a different one."""
    zone = form.cleaned_data["zone"]
    here = dates.moment(message.scheduled_at)
    if zone == organization.zone_name():
        return here
    return f"{dates.moment(message.scheduled_at, zoneinfo.ZoneInfo(zone))} ({here})"
