"""Security events in the admin: admins can read them, and nobody can change them."""

from datetime import timedelta
from typing import Any, Final

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from smsadmin.lib import dates
from smsadmin.lib.pagination import CappedPaginator

from .security_events import SecurityEvent


class WhenFilter(admin.SimpleListFilter):
    title = "when"
    parameter_name = "within"

    DAYS: Final = {"1": "Last 24 hours", "7": "Last 7 days", "30": "Last 30 days", "90": "Last 90 days"}

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        return list(self.DAYS.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[SecurityEvent]) -> QuerySet[SecurityEvent]:
        days = self.value()
        if days not in self.DAYS:
            return queryset
        return queryset.filter(created_at__gte=timezone.now() - timedelta(days=int(days)))


@admin.register(SecurityEvent)
class SecurityEventAdmin(admin.ModelAdmin):
    list_display = ("when", "event_type", "outcome", "who", "where", "details")
    list_display_links = None
    list_filter = ("event_type", "outcome", WhenFilter)
    show_facets = admin.ShowFacets.NEVER
    search_fields = ("username__istartswith", "client_ip__startswith")
    search_help_text = "User name or address"
    paginator = CappedPaginator
    show_full_result_count = False
    list_per_page = 100
    list_max_show_all = 100
    sortable_by = ()
    ordering = ("-pk",)
    actions = None
    fields = ("when", "event_type", "outcome", "who", "where", "details")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: SecurityEvent | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: SecurityEvent | None = None) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"title": "Security events", **(extra_context or {})})

    when = dates.column("created_at", "when")

    @admin.display(description="who")
    def who(self, event: SecurityEvent) -> str:
        return event.username or "(unknown)"

    @admin.display(description="from")
    def where(self, event: SecurityEvent) -> str:
        return event.client_ip or "(command line or worker)"

    @admin.display(description="details")
    def details(self, event: SecurityEvent) -> str:
        return ", ".join(f"{name.replace('_', ' ')}: {value}" for name, value in (event.metadata or {}).items())
