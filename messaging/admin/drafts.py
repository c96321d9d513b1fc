"""The list of drafts: everything written that is neither sent nor scheduled."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import ngettext

from messaging.composing import drafts
from messaging.composing.audience import Audience
from messaging.models import Draft, Target
from smsadmin.lib import dates
from smsadmin.lib.ids import read_key

from .permissions import SEND, require_sender


@admin.register(Draft)
class DraftAdmin(admin.ModelAdmin):
    """Drafts of everyone who may send. Authors continue theirs on the compose page; others continue in a copy."""

    change_list_template = "messaging/draft_list.html"
    list_display = ("message", "audience", "author", "saved")
    list_display_links = None
    list_per_page = 50
    search_fields = ("message_body__mentions",)
    search_help_text = "Words from the message"
    show_full_result_count = False
    sortable_by = ()

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.copy_view)
        return [path("<int:pk>/copy/", view, name="messaging_draft_copy"), *super().get_urls()]

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(SEND)

    def has_view_permission(self, request: HttpRequest, obj: Draft | None = None) -> bool:
        return request.user.has_perm(SEND)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Draft | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Draft | None = None) -> bool:
        """Everyone may delete their own, and admins those of others."""
        is_own = obj is None or obj.created_by_id == request.user.pk
        return (is_own and request.user.has_perm(SEND)) or super().has_delete_permission(request, obj)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Draft]:
        chosen: QuerySet[Any] = Draft.members.through.objects.filter(draft=OuterRef("pk")).order_by()
        counted = Subquery(chosen.values("draft").annotate(n=Count("pk")).values("n"), output_field=IntegerField())
        rows = Draft.objects.unsent().select_related("event", "created_by")
        return rows.annotate(selected_count=Coalesce(counted, 0))

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        return ("-updated_at", "-pk")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        own = {"title": "Drafts", "compose_url": reverse("admin:messaging_messagelog_compose")}
        return super().changelist_view(request, {**own, **(extra_context or {})})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """One's own draft on the compose page; another's to read, and to continue in a copy."""
        user = require_sender(request)
        draft = self.get_queryset(request).filter(pk=read_key(object_id)).first()
        if draft is None:
            return redirect("admin:messaging_draft_changelist")
        if draft.created_by_id == user.pk:
            return redirect(f"{reverse('admin:messaging_messagelog_compose')}?draft={draft.token}")
        context = self.admin_site.each_context(request) | {
            "opts": self.opts,
            "draft": draft,
            "title": "Draft",
            "audience_name": self.audience(draft),
            "can_delete": self.has_delete_permission(request, draft),
        }
        return TemplateResponse(request, "messaging/draft.html", context)

    def copy_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Copies another's draft to one's own, and opens it."""
        user = require_sender(request)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        draft = self.get_queryset(request).filter(pk=read_key(str(pk))).first()
        if draft is None:
            return redirect("admin:messaging_draft_changelist")
        token = drafts.copy(draft, user).token
        return redirect(f"{reverse('admin:messaging_messagelog_compose')}?draft={token}")

    def delete_model(self, request: HttpRequest, obj: Draft) -> None:
        Draft.objects.unsent().filter(pk=obj.pk).delete()

    def response_delete(self, request: HttpRequest, obj_display: str, obj_id: int) -> HttpResponse:
        """Back to the list. Django's would go Home, because nobody may change a draft here."""
        messages.success(request, f"Deleted the draft “{obj_display}”.")
        return redirect("admin:messaging_draft_changelist")

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Draft]) -> None:
        wanted = list(queryset)
        if not all(self.has_delete_permission(request, draft) for draft in wanted):
            raise PermissionDenied
        Draft.objects.unsent().filter(pk__in=[draft.pk for draft in wanted]).delete()

    def get_deleted_objects(
        self, objs: Sequence[Any] | QuerySet[Any], request: HttpRequest
    ) -> tuple[list[Any], dict[Any, int], set[Any], list[Any]]:
        """Without what hangs on them: a list of thousands of selected people says nothing."""
        wanted: list[Draft] = list(objs)
        others = [
            f"{each}: only {each.created_by or 'an admin'} and admins can delete it."
            for each in wanted
            if not self.has_delete_permission(request, each)
        ]
        return [str(each) for each in wanted], {self.opts.verbose_name_plural: len(wanted)}, set(), others

    @admin.display
    def message(self, draft: Draft) -> SafeString:
        return format_html('<a href="{}">{}</a>', reverse("admin:messaging_draft_change", args=[draft.pk]), draft)

    @admin.display
    def audience(self, draft: Any) -> str:
        """Who gets it, without counting anybody but the selected."""
        if draft.test_mode:
            return "Test phone"
        if draft.retry_of_id is not None:
            return "People who didn’t get a blast"
        if draft.is_selection:
            count = draft.selected_count
            return ngettext("%s selected person", "%s selected people", count) % f"{count:,}"
        if draft.lacks_event:
            return "No event chosen yet"
        if draft.target == Target.AUDIENCE:
            return Audience.of_draft(draft).name if draft.definition else "Nobody chosen yet"
        return str(draft.event) if draft.event else "Community"

    @admin.display(description="by")
    def author(self, draft: Draft) -> str:
        return str(draft.created_by) if draft.created_by else self.get_empty_value_display()

    @admin.display(description="saved")
    def saved(self, draft: Draft) -> SafeString | str:
        return dates.when_tag(draft.updated_at)
