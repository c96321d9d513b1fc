"""The list of blasts, and its actions."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import Count, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from accounts.events import record
from accounts.security_events import Kind
from messaging.models import Delivery, MessageLog
from messaging.sending import progress
from smsadmin.lib import dates

from ..compose.schedule import ScheduleViews
from ..permissions import SEND
from .anyway import AnywayViews


class StateFilter(admin.SimpleListFilter):
    title = "status"
    parameter_name = "state"

    CONDITIONS = {
        "sending": Q(status=MessageLog.Status.PROCESSING, paused_at=None, cancelled_at=None),
        "paused": Q(stop_code=None, cancelled_at=None, paused_at__isnull=False),
        "stopped": Q(stop_code__isnull=False, cancelled_at=None, paused_at__isnull=False),
        "cancelled": Q(cancelled_at__isnull=False),
        "sent": Q(status=MessageLog.Status.SENT, paused_at=None, cancelled_at=None),
        "failed": Q(status=MessageLog.Status.FAILED, paused_at=None, cancelled_at=None),
    }

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        return [(state, "Canceled" if state == "cancelled" else state.capitalize()) for state in self.CONDITIONS]

    def queryset(self, request: HttpRequest, queryset: QuerySet[MessageLog]) -> QuerySet[MessageLog]:
        condition = self.CONDITIONS.get(self.value() or "")
        return queryset if condition is None else queryset.filter(condition)


@admin.register(MessageLog)
class MessageLogAdmin(ScheduleViews, AnywayViews):
    """Blasts are created on the compose page and never changed, so nobody can add or change them here."""

    change_list_template = "messaging/blast_list.html"
    list_display = ("message", "state", "recipients", "reached", "failed", "skipped")
    list_display_links = None
    list_filter = (StateFilter, "target", "created_at")
    show_facets = admin.ShowFacets.NEVER
    list_select_related = ("created_by",)
    list_per_page = 50
    search_fields = ("message_body__mentions",)
    search_help_text = "Words from the message"
    show_full_result_count = False
    ordering = ("-pk",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: MessageLog | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: MessageLog | None = None) -> bool:
        """A running blast can't be deleted; it has to be canceled first."""
        is_over = obj is None or obj.status != MessageLog.Status.PROCESSING
        return is_over and super().has_delete_permission(request, obj)

    def get_queryset(self, request: HttpRequest) -> QuerySet[MessageLog]:
        skipped = Delivery.objects.filter(message_log=OuterRef("pk"), status=Delivery.Status.SKIPPED).order_by()
        count = Subquery(
            skipped.values("message_log").annotate(count=Count("pk")).values("count"), output_field=IntegerField()
        )
        return super().get_queryset(request).annotate(skipped_count=Coalesce(count, 0))

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        links = {
            "compose_url": reverse("admin:messaging_messagelog_compose"),
            "can_send": request.user.has_perm(SEND),
            "title": "Blasts",
        }
        return super().changelist_view(request, {**links, **(extra_context or {})})

    def get_deleted_objects(
        self, objs: Sequence[Any] | QuerySet[Any], request: HttpRequest
    ) -> tuple[list[Any], dict[Any, int], set[Any], list[Any]]:
        """A summary, because the admin's own would load and list every recipient."""
        logs: list[MessageLog] = list(objs)
        unfinished = [
            f"{log}: still sending. Choose “Don’t send the rest” first." for log in logs if _is_unfinished(log)
        ]
        rows = Delivery.objects.filter(message_log__in=[log.pk for log in logs]).count()
        counts = {self.opts.verbose_name_plural: len(logs), Delivery._meta.verbose_name_plural: rows}
        lacking = set() if self.has_delete_permission(request) else {self.opts.verbose_name}
        return [str(log) for log in logs], counts, lacking, unfinished

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        blasts = [str(log.pk) for log in queryset]
        more = f" and {len(blasts) - 10} more" if len(blasts) > 10 else ""
        record(Kind.LOGS_CLEARED, blasts=", ".join(blasts[:10]) + more)
        return super().log_deletions(request, queryset)

    @admin.display(ordering="created_at")
    def message(self, log: MessageLog) -> SafeString:
        started_at = dates.moment(log.created_at)
        notes = [
            f"To {log.audience_name or log.get_target_display()}",
            f"{started_at} by {log.created_by}" if log.created_by else started_at,
            *([log.stop_reason] if log.stop_reason else []),
        ]
        return format_html(
            '<a href="{}">{}</a>{}',
            reverse("admin:messaging_messagelog_change", args=[log.pk]),
            log,
            format_html_join("", '<span class="note">{}</span>', ([note] for note in notes)),
        )

    @admin.display(description="status", ordering="status")
    def state(self, log: MessageLog) -> str:
        done = progress.recent_progress(log).percent if log.is_running else ""
        return progress.state_in_words(log, done)

    @admin.display(description="people", ordering="total_recipients")
    def recipients(self, log: MessageLog) -> str:
        return f"{log.total_recipients:,}"

    @admin.display(ordering="success_count")
    def reached(self, log: MessageLog) -> str:
        return f"{log.success_count:,}"

    @admin.display(ordering="failure_count")
    def failed(self, log: MessageLog) -> str:
        return f"{log.failure_count:,}"

    @admin.display(ordering="skipped_count")
    def skipped(self, log: Any) -> str:
        return f"{log.skipped_count:,}"


def _is_unfinished(log: MessageLog) -> bool:
    return log.status == MessageLog.Status.PROCESSING
