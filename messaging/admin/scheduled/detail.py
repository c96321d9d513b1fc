"""The page of one scheduled blast, and its actions while it is pending."""

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from messaging.composing import merge_fields, recipient_search
from messaging.composing import preview as composing
from messaging.composing.warnings import cautions
from messaging.models import ScheduledMessage, Target
from messaging.scheduling import drafts, scheduled_messages
from messaging.scheduling.forms import EditForm, TimeForm
from messaging.sending.progress import progress
from smsadmin.lib import dates
from smsadmin.lib.ids import read_key
from smsadmin.lib.plurals import people

from ..compose.outlook import Outlook
from ..compose.schedule import chosen_zone, posted_time, read_local, say_chosen, warn_of_night
from ..compose.views import (
    answer_preview,
    asks_for_preview,
    focus_first,
    posted_text,
    preview_context,
)
from ..permissions import RESCHEDULE, SCHEDULE, require

LEFT_MEANWHILE = "This blast has already started, so nothing was changed."
CHANGED_MEANWHILE = "Someone changed this in another window. Here is the current version."


class ScheduledPage(admin.ModelAdmin):
    """Admin views of one scheduled blast. None of them writes on GET."""

    def get_urls(self) -> list[URLPattern]:
        views = {
            "edit": self.edit_view,
            "preview": self.preview_view,
            "reschedule": self.reschedule_view,
            "cancel": self.cancel_view,
            "send": self.send_view,
            "again": self.again_view,
        }
        own = [
            path(f"<int:pk>/{name}/", self.admin_site.admin_view(view), name=f"messaging_scheduledmessage_{name}")
            for name, view in views.items()
        ]
        return own + super().get_urls()

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Replaces the admin's form, which wouldn't check whether it is still pending."""
        message = _find(object_id)
        if not self.has_view_permission(request, message):
            raise PermissionDenied
        if message is None:
            messages.warning(request, "This scheduled blast no longer exists.")
            return redirect("admin:messaging_scheduledmessage_changelist")
        numbers = _numbers(message)
        zone = chosen_zone(request) if request.user.has_perms(RESCHEDULE) else ""
        is_known = "preview" in numbers
        context = self._context(request, message, str(message)) | {
            "outlook": Outlook.find(numbers["preview"].audience, message.scheduled_at, zone) if is_known else None,
            "is_main": True,
            "problem": scheduled_messages.find_problem(message) if message.is_pending else "",
            "can_change": request.user.has_perms(RESCHEDULE),
            "can_schedule": request.user.has_perms(SCHEDULE),
            "can_delete": self.has_delete_permission(request, message),
            "can_see_blast": request.user.has_perm("messaging.view_messagelog"),
            "lag": dates.span(60 * settings.SCHEDULED_MESSAGE_MAX_LAG),
            "audience_name": "" if is_known else _audience_name(message),
            **numbers,
        }
        return TemplateResponse(request, "messaging/scheduled.html", context)

    def edit_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Edit text and audience. Without JavaScript, the other buttons show the preview."""
        message = self._get_for_change(request, pk)
        if not message.is_pending:
            return self._too_late(request, message)
        if message.is_selection and message.draft is None:
            messages.warning(request, scheduled_messages.find_problem(message))
            return redirect("admin:messaging_scheduledmessage_change", message.pk)
        if request.method != "POST":
            return self._render_edit(request, message, EditForm(message=message, user=request.user))
        form = EditForm(posted_text(request), message=message, user=request.user)
        if not form.is_valid() or asks_for_preview(request):
            return self._render_edit(request, message, form)
        try:
            if not form.apply(message, request.POST.get("version", "")):
                return self._too_late(request, message)
        except scheduled_messages.Changed:
            messages.warning(request, CHANGED_MEANWHILE)
            return redirect("admin:messaging_scheduledmessage_edit", message.pk)
        self.log_change(request, message, "Edited.")
        messages.success(request, f"Saved. It goes out on {dates.moment(message.scheduled_at)}.")
        return redirect("admin:messaging_scheduledmessage_change", message.pk)

    def preview_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The preview of the edit form."""
        message = self._get_for_change(request, pk)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        return answer_preview(request, EditForm(posted_text(request), message=message, user=request.user))

    def reschedule_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        message = self._get_for_change(request, pk)
        if not message.is_pending:
            return self._too_late(request, message)
        if request.method != "POST":
            local = read_local(request)
            form = TimeForm(zone=chosen_zone(request), at=None if local else message.scheduled_at, local=local)
            return self._render_reschedule(request, message, form)
        form = posted_time(request)
        if not form.is_valid() or form.at is None:
            return self._render_reschedule(request, message, form)
        if not message.reschedule(form.at):
            return self._too_late(request, message)
        self.log_change(request, message, f"Rescheduled to {dates.moment(message.scheduled_at)}.")
        messages.success(request, f"Rescheduled. It goes out on {say_chosen(message, form)}.")
        warn_of_night(request, form)
        return redirect("admin:messaging_scheduledmessage_change", message.pk)

    def cancel_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Asks first, because it can't be undone."""
        message = self._get_for_change(request, pk)
        if not message.is_pending:
            return self._too_late(request, message)
        if request.method != "POST":
            question = {"title": "Don’t send this blast?", "question": "cancel"}
            context = self._context(request, message, question["title"]) | question
            return TemplateResponse(request, "messaging/scheduled_ask.html", context)
        if not message.cancel():
            return self._too_late(request, message)
        self.log_change(request, message, "Canceled.")
        messages.success(request, "Canceled. Nobody will get it.")
        return redirect("admin:messaging_scheduledmessage_change", message.pk)

    def send_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Shows the numbers and asks first, because texts can't be taken back."""
        message = self._get_for_change(request, pk)
        if not message.is_pending:
            return self._too_late(request, message)
        numbers = _numbers(message)
        if request.method != "POST" or not numbers["can_send"]:
            context = self._context(request, message, "Send this blast now?") | numbers
            context |= {
                "question": "send",
                "problem": scheduled_messages.find_problem(message),
                "outlook": Outlook.find(numbers["preview"].audience) if numbers["can_send"] else None,
            }
            return TemplateResponse(request, "messaging/scheduled_ask.html", context)
        try:
            log = scheduled_messages.send_now(message, request.POST.get("version", ""))
        except scheduled_messages.Changed:
            messages.warning(request, CHANGED_MEANWHILE)
            return redirect("admin:messaging_scheduledmessage_change", message.pk)
        if log is None:
            return self._not_sent_now(request, message)
        self.log_change(request, message, "Sent now.")
        messages.success(request, f"Sending to {people(progress(log).to_send)}.")
        return redirect("admin:messaging_messagelog_change", log.pk)

    def again_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Copies a finished one to a new draft with the same text and audience, and opens its review page."""
        user = require(request, *SCHEDULE)
        message = self._viewable(request, pk)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        try:
            draft = drafts.write_again(message, user)
        except scheduled_messages.AudienceLost as lost:
            messages.warning(request, str(lost))
            return redirect("admin:messaging_scheduledmessage_change", message.pk)
        if draft.target == Target.EVENT and draft.event is None:
            messages.warning(request, "The event was deleted. Choose another audience.")
            return redirect(f"{reverse('admin:messaging_messagelog_compose')}?draft={draft.token}")
        return redirect("admin:messaging_messagelog_confirm", token=draft.token)

    def _viewable(self, request: HttpRequest, pk: int) -> ScheduledMessage:
        message = _find(pk)
        if not self.has_view_permission(request, message):
            raise PermissionDenied
        if message is None:
            raise Http404
        return message

    def _get_for_change(self, request: HttpRequest, pk: int) -> ScheduledMessage:
        require(request, *RESCHEDULE)
        return self._viewable(request, pk)

    def _too_late(self, request: HttpRequest, message: ScheduledMessage) -> HttpResponse:
        said = LEFT_MEANWHILE
        if message.is_over and message.message_log_id is None:
            said = f"This blast is finished ({message.get_status_display().lower()}), so nothing was changed."
        messages.info(request, said)
        return redirect("admin:messaging_scheduledmessage_change", message.pk)

    def _not_sent_now(self, request: HttpRequest, message: ScheduledMessage) -> HttpResponse:
        """Explains why "Send now" made no blast: another process was faster, nobody was left, or an error
        occurred."""
        if message.message_log_id is not None or message.status == ScheduledMessage.Status.CANCELLED:
            return self._too_late(request, message)
        messages.warning(request, message.error_message or "It couldn’t be sent now.")
        return redirect("admin:messaging_scheduledmessage_change", message.pk)

    def _render_edit(self, request: HttpRequest, message: ScheduledMessage, form: EditForm) -> HttpResponse:
        context = self._context(request, message, "Edit this blast") | {
            "form": form,
            "tokens": merge_fields.buttons(),
            "offered": recipient_search.offered(request.user) if form.fields.get("to") else (),
            "audience_name": "" if form.fields.get("to") else scheduled_messages.name_audience(message),
        }
        focus_first(form)
        if form.is_bound:
            context |= {**preview_context(request, form), "version": request.POST.get("version", "")}
        return TemplateResponse(request, "messaging/scheduled_edit.html", context)

    def _render_reschedule(self, request: HttpRequest, message: ScheduledMessage, form: TimeForm) -> HttpResponse:
        context = self._context(request, message, "Reschedule this blast") | {"time_form": form}
        return TemplateResponse(request, "messaging/scheduled_time.html", context)

    def _context(self, request: HttpRequest, message: ScheduledMessage, title: str) -> dict[str, Any]:
        return self.admin_site.each_context(request) | {
            "opts": self.opts,
            "original": message,
            "title": title,
            "version": message.version,
        }


def _find(pk: int | str) -> ScheduledMessage | None:
    rows = ScheduledMessage.objects.select_related("event", "draft", "created_by")
    return rows.filter(pk=read_key(str(pk))).first()


def _audience_name(message: ScheduledMessage) -> str:
    return (
        message.message_log.audience_name if message.message_log else scheduled_messages.describe_audience(message)[0]
    )


def _numbers(message: ScheduledMessage) -> dict[str, Any]:
    """The preview if it were sent now. Empty for a finished one, or one whose audience is unknown."""
    if not message.is_pending:
        return {}
    try:
        audience = scheduled_messages.audience_of(message)
    except scheduled_messages.AudienceLost:
        return {"can_send": False}
    preview = composing.preview(
        message.message_body,
        audience,
        opt_out_line=False,
        test_mode=message.test_mode,
        is_fresh=True,
    )
    return {
        "preview": preview,
        "cautions": cautions(preview),
        "samples": preview.samples,
        "recipients": people(preview.headcount.recipients),
        "can_send": not preview.problems,
    }
