"""The page of one blast: how far it has come, every recipient, and the hands on it."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    JsonResponse,
    StreamingHttpResponse,
)
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from accounts.events import record
from accounts.security_events import Kind
from contacts.admin.downloading import csv_download
from messaging.models import Delivery, MessageLog
from messaging.sending import dispatch, progress, recipients
from smsadmin.lib import dates
from smsadmin.lib.ids import read_key
from smsadmin.lib.plurals import people

from ..permissions import SEND, require_sender


class BlastPage(admin.ModelAdmin):
    """Views of the blasts' admin that are about one blast."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("<int:pk>/progress/", view(self.progress_view), name="messaging_messagelog_progress"),
            path("<int:pk>/results.csv", view(self.results_view), name="messaging_messagelog_results"),
            path("<int:pk>/pause/", view(self.pause_view), name="messaging_messagelog_pause"),
            path("<int:pk>/resume/", view(self.resume_view), name="messaging_messagelog_resume"),
            path("<int:pk>/cancel/", view(self.cancel_view), name="messaging_messagelog_cancel"),
        ]
        return own + super().get_urls()

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """In place of the admin's form: nothing about a blast can be edited."""
        log = _find(object_id)
        if not self.has_view_permission(request, log):
            raise PermissionDenied
        if log is None:
            messages.warning(request, "This blast does not exist any more.")
            return redirect("admin:messaging_messagelog_changelist")
        return TemplateResponse(request, "messaging/blast.html", self._page_context(request, log))

    def progress_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What changes on the page while it is open, as HTML in JSON; `again_in` is in seconds, null at the end."""
        log = self._viewable(request, pk)
        context = self._page_context(request, log)
        return JsonResponse(
            {
                "progress": render_to_string("messaging/blast_progress.html", context, request=request),
                "recipients": render_to_string("messaging/blast_recipients.html", context, request=request),
                "title": context["title"],
                "again_in": context["again_in"],
            }
        )

    def results_view(self, request: HttpRequest, pk: int) -> StreamingHttpResponse:
        """All recipients, or those that the page shows, as CSV."""
        log = self._viewable(request, pk)
        rows = recipients.find(log, progress.recent_progress(log).ends, _status(request), request.GET.get("q", ""))
        record(Kind.DATA_EXPORTED, list="recipients", blast=log.pk)
        return csv_download(f"blast-{log.pk}-results.csv", recipients.write_csv(rows))

    def pause_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        log = self._own_hands(request, pk)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if log.pause():
            seen = progress.progress(log)
            self.log_change(request, log, "Paused.")
            waiting = people(seen.waiting)
            messages.success(request, f"Paused: {waiting} will not be texted until you resume. {_under_way(seen)}")
        else:
            messages.info(request, "There was nothing to pause: this blast is not sending.")
        return redirect("admin:messaging_messagelog_change", log.pk)

    def resume_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        log = self._own_hands(request, pk)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if log.resume():
            log.refresh_from_db()
            waiting = people(progress.progress(log).waiting)
            dispatch.nudge(log)
            self.log_change(request, log, "Resumed.")
            messages.success(request, f"The blast goes on: {waiting} to text.")
        elif log.paused_at is None or log.cancelled_at is not None:
            messages.info(request, "There was nothing to resume: this blast is not paused.")
        else:
            messages.info(
                request,
                "There was nothing to resume: everyone has been texted, or is left to a retry of this blast.",
            )
        return redirect("admin:messaging_messagelog_change", log.pk)

    def cancel_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Asks first: what is cancelled cannot be resumed."""
        log = self._own_hands(request, pk)
        if request.method == "POST":
            skipped = log.cancel()
            if skipped is None:
                messages.info(request, "There was nothing to cancel: this blast is over.")
            else:
                self.log_change(request, log, "Cancelled.")
                seen = progress.progress(log)
                messages.success(
                    request,
                    f"Cancelled: {people(skipped)} will not be texted, "
                    f"{people(seen.reached)} had been before. {_under_way(seen)}",
                )
            return redirect("admin:messaging_messagelog_change", log.pk)
        if log.status != MessageLog.Status.PROCESSING or log.cancelled_at is not None:
            messages.info(request, "There is nothing to cancel: this blast is over.")
            return redirect("admin:messaging_messagelog_change", log.pk)
        context = self.admin_site.each_context(request) | {
            "opts": self.opts,
            "original": log,
            "title": "Cancel this blast?",
            "progress": progress.progress(log),
        }
        return TemplateResponse(request, "messaging/cancel.html", context)

    def _viewable(self, request: HttpRequest, pk: int) -> MessageLog:
        log = _find(pk)
        if not self.has_view_permission(request, log):
            raise PermissionDenied
        if log is None:
            raise Http404
        return log

    def _own_hands(self, request: HttpRequest, pk: int) -> MessageLog:
        require_sender(request)
        return self._viewable(request, pk)

    def _page_context(self, request: HttpRequest, log: MessageLog) -> dict[str, Any]:
        seen = progress.recent_progress(log)
        status, query = _status(request), request.GET.get("q", "")
        shown = recipients.page(
            recipients.find(log, seen.ends, status, query),
            read_key(request.GET.get("after", "")),
            read_key(request.GET.get("before", "")),
        )
        state = progress.state_in_words(log, seen.percent)
        return self.admin_site.each_context(request) | {
            "opts": self.opts,
            "original": log,
            "title": str(log),
            "state": state,
            "progress": seen,
            "rate": f"{seen.rate:,.0f}" if seen.rate >= 10 else f"{seen.rate:.1f}",
            "time_left": None if seen.seconds_left is None else dates.duration(seen.seconds_left),
            "again_in": progress.poll_seconds(log, seen),
            "status": status,
            "status_label": Delivery.Status(status).label if status else "",
            "statuses": Delivery.Status.choices,
            "query": query,
            "page": shown,
            "can_send": request.user.has_perm(SEND),
            "can_delete": self.has_delete_permission(request, log),
            "can_pause": log.is_running,
            "can_resume": log.can_be_resumed,
            "can_cancel": log.status == MessageLog.Status.PROCESSING and log.cancelled_at is None,
        }


def _find(pk: int | str) -> MessageLog | None:
    """The blast, without the counts that the list adds."""
    return MessageLog.objects.select_related("created_by").filter(pk=read_key(str(pk))).first()


def _status(request: HttpRequest) -> str:
    status = request.GET.get("status", "")
    return status if status in Delivery.Status.values else ""


def _under_way(seen: progress.Progress) -> str:
    calls = seen.counts.get(Delivery.Status.SENDING, 0)
    return f"{people(calls)} being texted at this moment may still get it." if calls else ""
