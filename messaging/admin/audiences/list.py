"""The list of saved audiences: what each asks for, and how many of its people can be texted."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst

from messaging.composing.audience import Audience
from messaging.composing.audience_uses import uses_of
from messaging.models import SavedAudience
from smsadmin.lib.plurals import people

from ..permissions import SEND
from .builder import BuilderViews


@admin.register(SavedAudience)
class SavedAudienceAdmin(BuilderViews):
    """Audiences are built on a page of their own. Counts are fetched one by one once the list is shown."""

    actions = None
    change_list_template = "messaging/audience_list.html"
    delete_confirmation_template = "messaging/audience_delete.html"
    list_display = ("name", "who", "can_be_texted")
    list_per_page = 50
    search_fields = ("name__mentions",)
    search_help_text = "Words from the name"
    show_full_result_count = False
    sortable_by = ()
    ordering = ("name", "pk")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.count_view)
        return [path("<int:pk>/count/", view, name="messaging_savedaudience_count"), *super().get_urls()]

    def count_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """How many people of an audience can be texted, in words."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        saved = SavedAudience.objects.filter(pk=pk).first()
        if saved is None:
            raise Http404
        return HttpResponse(people(Audience.defined(saved.definition).recent_reach()), content_type="text/plain")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        own = {"title": "Audiences", "can_add": self.has_add_permission(request)}
        return super().changelist_view(request, {**own, **(extra_context or {})})

    def get_list_display(self, request: HttpRequest) -> tuple[Any, ...]:
        return (*self.list_display, *((text,) if request.user.has_perm(SEND) else ()))

    def get_deleted_objects(
        self, objs: Sequence[Any] | QuerySet[Any], request: HttpRequest
    ) -> tuple[list[Any], dict[Any, int], set[Any], list[Any]]:
        """Without what Django would list: the page says what stops working."""
        return [str(one) for one in objs], {}, set(), []

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        audience = self.get_object(request, object_id)
        uses = uses_of(audience) if audience else []
        return super().delete_view(request, object_id, {"uses": uses, **(extra_context or {})})

    @admin.display(description="who")
    def who(self, saved: SavedAudience) -> SafeString | str:
        audience = self._defined(saved)
        if audience.problem:
            return format_html('<span class="audience-broken">Can’t be used: {}</span>', audience.problem)
        return capfirst(audience.definition.words()) if audience.definition else ""

    @admin.display(description="can be texted")
    def can_be_texted(self, saved: SavedAudience) -> SafeString | str:
        if self._defined(saved).problem:
            return "–"
        address = reverse("admin:messaging_savedaudience_count", args=[saved.pk])
        return format_html('<span data-count="{}">…</span>', address)

    @staticmethod
    def _defined(saved: Any) -> Audience:
        """Read once for both columns."""
        if not hasattr(saved, "defined"):
            saved.defined = Audience.defined(saved.definition)
        found: Audience = saved.defined
        return found


@admin.display(description="Actions")
def text(saved: SavedAudience) -> SafeString:
    return format_html(
        '<a href="{}?audience={}" aria-label="Text the audience {}">Text this audience</a>',
        reverse("admin:messaging_messagelog_compose"),
        saved.pk,
        saved,
    )
