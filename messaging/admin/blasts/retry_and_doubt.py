"""Actions after sending: retry, review unknown outcomes, record opt-outs and unreachable numbers."""

from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import ngettext

from messaging.models import Draft, MessageLog, RetryWhom
from messaging.sending import outcomes, progress, recipients, reconciliation
from messaging.sending.suppression_backfill import backfill
from smsadmin.lib.ids import read_keys
from smsadmin.lib.plurals import people

from ..permissions import require_sender
from .detail import BlastPage

SHOWN_AT_ONCE = 200


class RetryAndDoubtViews(BlastPage):
    """Admin views and actions for blasts that have been sent."""

    actions = ("learn_from_failures",)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("<int:pk>/retry/<str:whom>/", view(self.retry_view), name="messaging_messagelog_retry"),
            path("<int:pk>/doubt/", view(self.doubt_view), name="messaging_messagelog_doubt"),
        ]
        return own + super().get_urls()

    def retry_view(self, request: HttpRequest, pk: int, whom: str) -> HttpResponse:
        """Create a draft of the same text to people who weren't reached, and open its review page.

        `reason` in the form narrows it to those missed for that reason.
        """
        user = require_sender(request)
        log = self._viewable(request, pk)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if log.status == MessageLog.Status.PROCESSING:
            messages.info(
                request,
                "This blast isn’t finished yet. Wait until it is, or choose “Don’t send the rest”, then resend.",
            )
            return redirect("admin:messaging_messagelog_change", log.pk)
        reason = request.POST.get("reason", "")
        is_known = whom in RetryWhom.values and (not reason or reason in recipients.REASONS)
        if not is_known or not log.to_retry(whom == RetryWhom.FAILED, reason).exists():
            messages.info(request, "There’s nobody left to resend this to.")
            return redirect("admin:messaging_messagelog_change", log.pk)
        draft = Draft.objects.create(
            created_by=user,
            message_body=log.message_body,
            has_opt_out_line=False,
            target=log.target,
            event=log.event,
            retry_of=log,
            retry_whom=whom,
            retry_reason=reason,
        )
        return redirect("admin:messaging_messagelog_confirm", token=draft.token)

    def doubt_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Who may not have received the text, with the choice to resend or not."""
        require_sender(request)
        log = self._viewable(request, pk)
        if request.method == "POST":
            self._decide(request, log)
            if not log.deliveries.in_doubt().exists():
                return redirect("admin:messaging_messagelog_change", log.pk)
            return redirect("admin:messaging_messagelog_doubt", log.pk)
        rows = log.deliveries.in_doubt().order_by("error_message", "pk")
        overdue = set(reconciliation.overdue().filter(message_log=log).values_list("pk", flat=True))
        shown = list(rows[:SHOWN_AT_ONCE])
        context = self.admin_site.each_context(request) | {
            "opts": self.opts,
            "original": log,
            "title": "Who may not have received it",
            "doubts": rows.order_by().count_doubts(),
            "is_cancelled": log.cancelled_at is not None,
            "overdue": [row for row in shown if row.pk in overdue],
            "looked_up": [row for row in shown if row.pk not in overdue],
            "count": rows.count(),
            "shown": len(shown),
        }
        return TemplateResponse(request, "messaging/doubt.html", context)

    def _decide(self, request: HttpRequest, log: MessageLog) -> None:
        """Only deliveries whose grace period is over can be decided."""
        chosen = read_keys(request.POST.getlist("delivery"))
        ids = list(reconciliation.overdue().filter(message_log=log, pk__in=chosen).values_list("pk", flat=True))
        if not ids:
            messages.info(request, "Nobody was selected, so nothing was changed.")
        elif "send_again" in request.POST:
            self._send_again(request, log, ids)
        else:
            count = reconciliation.leave(log, ids)
            self.log_change(request, log, f"Chose not to resend to {count} unconfirmed.")
            messages.success(request, f"{people(count)} unconfirmed; not resent.")

    def _send_again(self, request: HttpRequest, log: MessageLog, ids: list[int]) -> None:
        count = reconciliation.send_again(log, ids)
        if not count:
            why = "this blast was canceled" if log.cancelled_at else "another resend of this blast includes them"
            messages.info(request, f"Nothing was resent: {why}.")
            return
        self.log_change(request, log, f"Resent to {count} unconfirmed.")
        sentence = f"Resending to {people(count)}{' once you resume the blast' if log.paused_at else ''}."
        if passed := len(ids) - count:
            sentence += f" {people(passed)} skipped because another resend of this blast includes them."
        messages.success(request, sentence)

    def _page_context(self, request: HttpRequest, log: MessageLog) -> dict[str, Any]:
        context = super()._page_context(request, log)
        if log.status == MessageLog.Status.PROCESSING:
            return context
        seen: progress.Progress = context["progress"]
        to_resend, kept = progress.recent_resends(log)
        total = sum(to_resend.values())
        overdue = reconciliation.overdue(timezone.now()).filter(message_log=log)
        missed, skipped = outcomes.not_reached(seen.failures, to_resend), outcomes.skipped(seen.skipped, to_resend)
        return context | {
            "not_reached": missed,
            "skipped": skipped,
            # Unless the button of one reason does the same.
            "resends_all": total not in {0, *(one.to_resend for one in [*missed, *skipped])},
            "to_resend": total,
            "kept_from_retry": kept,
            "to_decide": overdue.count() if seen.in_doubt else 0,
        }

    def delete_model(self, request: HttpRequest, obj: MessageLog) -> None:
        self.delete_queryset(request, MessageLog.objects.filter(pk=obj.pk))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[MessageLog]) -> None:
        with transaction.atomic():
            logs = MessageLog.objects.filter(pk__in=list(queryset.values_list("pk", flat=True)))
            for log in logs.exclude(family=None):
                MessageLog.objects.lock_family(log).leave_relatives()
            logs.delete()

    def has_learn_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perms(["contacts.add_unsubscribedcontact", "contacts.add_suppressedcontact"])

    @admin.action(description="Record opt-outs and unreachable numbers from selected blasts", permissions=["learn"])
    def learn_from_failures(self, request: HttpRequest, queryset: QuerySet[MessageLog]) -> None:
        failures = backfill(queryset)
        messages.success(
            request,
            ngettext(
                "Checked %(count)s failure. Any opt-out or unreachable number is now on its list.",
                "Checked %(count)s failures. Any opt-outs and unreachable numbers are now on their lists.",
                failures,
            )
            % {"count": f"{failures:,}"},
        )
