"""The list of scheduled blasts, soonest first."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Case, F, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from messaging.models import ScheduledMessage
from messaging.scheduling.scheduled_messages import describe_audience, fields_of
from messaging.templatetags.formatting import countdown
from smsadmin.lib import dates
from smsadmin.lib.plurals import people

from ..permissions import SCHEDULE
from ..plans.views import PlanViews
from .detail import ScheduledPage

PENDING = ScheduledMessage.Status.PENDING


class ScheduledChangeList(ChangeList):
    """Counts recipients for the page's pending rows, once per audience."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        known: dict[tuple[Any, ...], tuple[str, int | None]] = {}
        rows: list[Any] = list(self.result_list)
        for row in rows:
            chosen = repr(row.definition)
            people = (
                *(row.target, row.event_id, chosen, row.is_selection and row.draft_id),
                *(row.test_mode, row.is_pending, row.is_pending and fields_of(row)),
            )
            if people not in known:
                known[people] = describe_audience(row)
            row.audience_name, row.recipients = known[people]
            if row.message_log is not None:
                row.audience_name = row.message_log.audience_name
        self.result_list = rows


@admin.register(ScheduledMessage)
class ScheduledMessageAdmin(PlanViews, ScheduledPage):
    """Scheduled blasts are created on the review page and changed on pages of their own."""

    change_list_template = "messaging/scheduled_list.html"
    list_display = ("scheduled_for", "message", "audience", "state")
    list_display_links = None
    list_filter = ("status", "target")
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    search_fields = ("message_body__mentions",)
    search_help_text = "Words from the message"
    show_full_result_count = False
    sortable_by = ()
    ordering = (
        Case(When(status=PENDING, then=Value(0)), default=Value(1)).asc(),
        Case(When(status=PENDING, then=F("scheduled_at"))).asc(),
        F("scheduled_at").desc(),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[ScheduledMessage]:
        rows = super().get_queryset(request).select_related("event", "draft", "message_log", "created_by")
        return rows.defer("message_log__stored_details")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ScheduledMessage | None = None) -> bool:
        """A pending or running one can't be deleted; it has to be canceled first."""
        return (obj is None or obj.is_over) and super().has_delete_permission(request, obj)

    def delete_model(self, request: HttpRequest, obj: ScheduledMessage) -> None:
        ScheduledMessage.objects.over().filter(pk=obj.pk).delete()

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[ScheduledMessage]) -> None:
        ScheduledMessage.objects.over().filter(pk__in=queryset.values("pk")).delete()

    def get_deleted_objects(
        self, objs: Sequence[Any] | QuerySet[Any], request: HttpRequest
    ) -> tuple[list[Any], dict[Any, int], set[Any], list[Any]]:
        messages: list[ScheduledMessage] = list(objs)
        unfinished = [
            f"{message}: not finished yet. Choose “Don’t send” first." for message in messages if not message.is_over
        ]
        lacking = set() if self.has_delete_permission(request) else {self.opts.verbose_name}
        return [str(each) for each in messages], {self.opts.verbose_name_plural: len(messages)}, lacking, unfinished

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return ScheduledChangeList

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        links = {
            "compose_url": reverse("admin:messaging_messagelog_compose"),
            "can_schedule": request.user.has_perms(SCHEDULE),
            "title": "Scheduled blasts",
        }
        return super().changelist_view(request, {**links, **(extra_context or {})})

    @admin.display(description="scheduled for")
    def scheduled_for(self, message: ScheduledMessage) -> SafeString:
        at = dates.moment(message.scheduled_at)
        if message.status != PENDING:
            return format_html("{}", at)
        return format_html('{}<span class="note">{}</span>', at, countdown(message.scheduled_at))

    @admin.display
    def message(self, message: ScheduledMessage) -> SafeString:
        notes = [
            *([f"by {message.created_by}"] if message.created_by else []),
            *([message.error_message] if message.error_message else []),
        ]
        return format_html(
            '<a href="{}">{}</a>{}',
            reverse("admin:messaging_scheduledmessage_change", args=[message.pk]),
            message,
            format_html_join("", '<span class="note">{}</span>', ([note] for note in notes)),
        )

    @admin.display
    def audience(self, message: Any) -> SafeString:
        if message.recipients is None:
            return format_html("{}", message.audience_name)
        return format_html('{}<span class="note">{} now</span>', message.audience_name, people(message.recipients))

    @admin.display(description="status")
    def state(self, message: ScheduledMessage) -> SafeString:
        return format_html('<span class="state state-{}">{}</span>', message.status, message.get_status_display())
