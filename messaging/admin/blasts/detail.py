"""The page of one blast: its progress, recipients, and actions."""

from typing import Any, Final

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
from django.urls import URLPattern, path, reverse

from accounts.events import record
from accounts.security_events import Kind
from contacts.admin.downloading import csv_download
from messaging.composing.cost import spent
from messaging.models import Delivery, InboxThread, MessageLog
from messaging.sending import dispatch, followed, outcomes, progress, recipients
from smsadmin.lib import dates
from smsadmin.lib.ids import read_key
from smsadmin.lib.plurals import people

from ..permissions import SEND, require_sender

READ_INBOX: Final = "messaging.view_inboxthread"
MOST_RESENDS: Final = 20


class BlastPage(admin.ModelAdmin):
    """Admin views of one blast."""

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
        """Replaces the admin's form, because a blast can't be edited."""
        log = _find(object_id)
        if not self.has_view_permission(request, log):
            raise PermissionDenied
        if log is None:
            messages.warning(request, "This blast no longer exists.")
            return redirect("admin:messaging_messagelog_changelist")
        context = self._page_context(request, log) | self._lasting_context(request, log)
        return TemplateResponse(request, "messaging/blast.html", context)

    def progress_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The changing parts of the page, as HTML in JSON. `again_in` is in seconds, null when nothing more
        changes."""
        log = self._viewable(request, pk)
        context = self._page_context(request, log)
        return JsonResponse(
            {
                "progress": render_to_string("messaging/blast_progress.html", context, request=request),
                "recipients": render_to_string("messaging/blast_recipients.html", context, request=request),
                "news": context["news"],
                "again_in": context["again_in"],
            }
        )

    def results_view(self, request: HttpRequest, pk: int) -> StreamingHttpResponse:
        """All recipients, or the filtered ones, as CSV."""
        log = self._viewable(request, pk)
        rows = recipients.find(log, progress.recent_progress(log).ends, _status(request), request.GET.get("q", ""))
        record(Kind.DATA_EXPORTED, list="recipients", blast=log.pk)
        return csv_download(f"blast-{log.pk}-results.csv", recipients.write_csv(rows))

    def pause_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        log = self._get_for_change(request, pk)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if log.pause():
            seen = progress.progress(log)
            self.log_change(request, log, "Paused.")
            waiting = people(seen.waiting)
            messages.success(request, f"Paused. {waiting} won’t be texted until you resume. {_in_flight(seen)}")
        else:
            messages.info(request, "This blast isn’t sending, so there was nothing to pause.")
        return redirect("admin:messaging_messagelog_change", log.pk)

    def resume_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        log = self._get_for_change(request, pk)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if log.resume():
            log.refresh_from_db()
            waiting = people(progress.progress(log).waiting)
            dispatch.nudge(log)
            self.log_change(request, log, "Resumed.")
            messages.success(request, f"Resumed. {waiting} left to text.")
        elif log.paused_at is None or log.cancelled_at is not None:
            messages.info(request, "This blast isn’t paused, so there was nothing to resume.")
        else:
            messages.info(
                request,
                "There was nothing to resume: everyone has been texted or is included in a resend of this blast.",
            )
        return redirect("admin:messaging_messagelog_change", log.pk)

    def cancel_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Asks first, because a canceled blast can't be resumed."""
        log = self._get_for_change(request, pk)
        if request.method == "POST":
            skipped = log.cancel()
            if skipped is None:
                messages.info(request, "This blast is already finished, so there was nothing to cancel.")
            else:
                self.log_change(request, log, "Canceled.")
                seen = progress.progress(log)
                messages.success(
                    request,
                    f"Canceled. {people(skipped)} won’t be texted; "
                    f"{people(seen.reached)} already {'was' if seen.reached == 1 else 'were'}. {_in_flight(seen)}",
                )
            return redirect("admin:messaging_messagelog_change", log.pk)
        if log.status != MessageLog.Status.PROCESSING or log.cancelled_at is not None:
            messages.info(request, "This blast is already finished, so there is nothing to cancel.")
            return redirect("admin:messaging_messagelog_change", log.pk)
        context = self.admin_site.each_context(request) | {
            "opts": self.opts,
            "original": log,
            "title": "Don’t send the rest?",
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

    def _get_for_change(self, request: HttpRequest, pk: int) -> MessageLog:
        require_sender(request)
        return self._viewable(request, pk)

    def _page_context(self, request: HttpRequest, log: MessageLog) -> dict[str, Any]:
        seen = progress.recent_progress(log)
        status, query = _status(request), request.GET.get("q", "")
        missed, skipped = outcomes.not_reached(seen.failures, {}), outcomes.skipped(seen.skipped, {})
        shown = recipients.page(
            recipients.find(log, seen.ends, status, query),
            read_key(request.GET.get("after", "")),
            read_key(request.GET.get("before", "")),
        )
        self._add_threads(request, shown.rows)
        return self.admin_site.each_context(request) | {
            "opts": self.opts,
            "original": log,
            "title": str(log),
            "state": progress.state_in_words(log, seen.percent),
            "news": progress.news(log, seen),
            "progress": seen,
            "cost": spent(log.segment_count),
            "parts": outcomes.parts(seen.counts),
            "not_reached": missed,
            "skipped": skipped,
            "rate": f"{seen.rate:,.0f}" if seen.rate >= 10 else f"{seen.rate:.1f}",
            "time_left": None if seen.seconds_left is None else dates.duration(seen.seconds_left),
            "again_in": progress.poll_seconds(log, seen),
            "status": status,
            "status_label": recipients.FILTERS.get(status, ""),
            "filters": recipients.choices([one.reason for one in missed], [one.reason for one in skipped]),
            "query": query,
            "page": shown,
            "can_send": request.user.has_perm(SEND),
            "can_delete": self.has_delete_permission(request, log),
            "can_pause": log.is_running,
            "can_resume": log.can_be_resumed,
            "to_resume": log.refused().count() if log.is_stopped else 0,
            "can_cancel": log.status == MessageLog.Status.PROCESSING and log.cancelled_at is None,
        }

    def _lasting_context(self, request: HttpRequest, log: MessageLog) -> dict[str, Any]:
        """What a poll doesn't ask for again."""
        inbox = reverse("admin:messaging_inboxthread_changelist")
        return {
            "replies": followed.replies(log),
            "replies_url": f"{inbox}?blast={log.pk}" if request.user.has_perm(READ_INBOX) else "",
            "opt_outs": followed.opt_outs(log),
            "followed_days": followed.WITHIN.days,
            "resends": log.retries.order_by("-pk")[:MOST_RESENDS],
        }

    def _add_threads(self, request: HttpRequest, rows: list[Delivery]) -> None:
        """Gives each recipient the id of their conversation as `thread`: None without one, or without permission."""
        phones = [row.phone for row in rows] if request.user.has_perm(READ_INBOX) else []
        threads = dict(InboxThread.objects.filter(phone__in=phones).values_list("phone", "pk"))
        for row in rows:
            row.thread = threads.get(row.phone)  # type: ignore[attr-defined]


def _find(pk: int | str) -> MessageLog | None:
    """The blast, without the list's annotations."""
    return MessageLog.objects.select_related("created_by", "retry_of").filter(pk=read_key(str(pk))).first()


def _status(request: HttpRequest) -> str:
    status = request.GET.get("status", "")
    return status if status in recipients.FILTERS else ""


def _in_flight(seen: progress.Progress) -> str:
    calls = seen.counts.get(Delivery.Status.SENDING, 0)
    return f"{people(calls)} being texted right now may still get it." if calls else ""
