"""What the admin pages of all lists of people have in common."""

from typing import Any, ClassVar, cast

from django.contrib import admin
from django.contrib.admin.models import DELETION, LogEntry
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import model_ngettext
from django.contrib.admin.views.main import ChangeList
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, router, transaction
from django.db.models import Model, ProtectedError, QuerySet, RestrictedError
from django.db.models.deletion import Collector
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils.http import urlencode
from django.utils.text import capfirst
from django.views.decorators.http import require_safe

from accounts.events import record
from accounts.models import AppUser
from accounts.security_events import Kind
from contacts import exporting, person_ids, phones, searching
from smsadmin.lib.locks import lock_bulk_changes
from smsadmin.lib.pagination import CappedPaginator

from .additions import added_to
from .changelist import MOST_FOUND, PreparedChangeList, WholeList, shows_page
from .downloading import csv_download
from .filters import chosen_event, chosen_group

ListTool = tuple[str, str]
_LOGGED_ONE_BY_ONE = 100
_DELETED_AT_ONCE = 1000


class ListAdmin(admin.ModelAdmin):
    """A list with fast pages and links above it."""

    change_list_template = "contacts/change_list.html"
    change_form_template = "contacts/change_form.html"
    delete_confirmation_template = "contacts/delete_confirmation.html"
    paginator = CappedPaginator
    show_full_result_count = False
    list_per_page = 50
    # "Show all" would build a page with the whole list.
    list_max_show_all = 50
    # Counting each choice of a filter would read the whole list.
    show_facets = admin.ShowFacets.NEVER
    ordering: ClassVar[tuple[Any, ...]] = ("-pk",)
    empty_list = "Nothing here yet."
    list_purpose = ""
    delete_warning = ""

    class Media:
        css: ClassVar = {"all": ["contacts/people.css"]}

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return PreparedChangeList

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Read-only fields are shown only once the row exists."""
        fields = super().get_fields(request, obj)
        return fields if obj else [name for name in fields if name not in self.readonly_fields]

    def prepare_page(self, rows: list[Any]) -> None:
        """Looks up what the columns of these rows show, all at once."""

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        context = {
            "title": capfirst(str(self.opts.verbose_name_plural)),
            "list_tools": [
                *self.get_list_tools(request),
                *(link for added in added_to(self.model) for link in added.list_links(request)),
            ],
            "empty_list": self.empty_list,
            "list_purpose": self.list_purpose,
            "first_steps": self.get_first_steps(request),
            "most_found": MOST_FOUND,
        }
        return super().changelist_view(request, context | (extra_context or {}))

    def get_list_tools(self, request: HttpRequest) -> list[ListTool]:
        """(label, address) of what this user can do with the whole list."""
        return []

    def get_first_steps(self, request: HttpRequest) -> list[ListTool]:
        """(label, address) of how this user can begin an empty list."""
        if not self.has_add_permission(request):
            return []
        address = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_add")
        return [(f"Add {self.opts.verbose_name}", address)]

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        columns = [column for added in added_to(self.model) for column in added.columns(request)]
        return [*super().get_list_display(request), *columns]

    def _get_base_actions(self) -> list[Any]:
        added = [self.get_action(action) for each in added_to(self.model) for action in each.actions]
        return [*added, *super()._get_base_actions()]  # type: ignore[misc]

    def _filter_actions_by_permissions(self, request: HttpRequest, actions: list[Any]) -> list[Any]:
        refused = {action for each in added_to(self.model) if not each.may_act(request) for action in each.actions}
        allowed = super()._filter_actions_by_permissions(request, actions)  # type: ignore[misc]
        return [action for action in allowed if action[0] not in refused]

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Retries once if someone else saved the same number after the form checked: now the form finds it."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except IntegrityError:
            return super().changeform_view(request, *args, **kwargs)

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:
        if obj is not None:
            # The row's own name is the heading.
            context |= {"title": str(obj), "subtitle": None} | self.get_page_context(request, obj)
        return super().render_change_form(request, context, add, change, form_url, obj)

    def get_page_context(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        """What the page of a row shows beside its form."""
        added = [link for added in added_to(self.model) for link in added.page_links(request, obj)]
        return {"page_tools": [*self.get_page_tools(request, obj), *added]}

    def get_page_tools(self, request: HttpRequest, obj: Any) -> list[ListTool]:
        """(label, address) of what this user can do with a row."""
        return []

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return super().delete_view(
            request, object_id, {"delete_warning": self.delete_warning} | (extra_context or {})
        )

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[str]]:
        """Counts what would be deleted too, where Django lists it all by name, including the rows themselves."""
        collector = Collector(using=router.db_for_write(self.model))
        protected: list[str] = []
        try:
            collector.collect(objs)
        except (ProtectedError, RestrictedError) as error:
            blocking = error.protected_objects if isinstance(error, ProtectedError) else error.restricted_objects
            protected = [capfirst(f"{row._meta.verbose_name} “{row}”") for row in blocking]
        counts: dict[Any, int] = {model: len(rows) for model, rows in collector.data.items()}
        for rows in collector.fast_deletes:
            counts[rows.model] = counts.get(rows.model, 0) + rows.count()
        others = {
            model: count
            for model, count in counts.items()
            if count and model is not self.model and not model._meta.auto_created
        }
        named = {model_ngettext(model, count): count for model, count in others.items()}
        missing = {
            str(model._meta.verbose_name)
            for model in (self.model, *others)
            if (registered := self.admin_site._registry.get(model)) and not registered.has_delete_permission(request)
        }
        return [str(row) for row in objs], named, missing, protected

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Deletes in batches, so that memory does not grow with the selection."""
        keys = queryset.order_by("pk").values_list("pk", flat=True)
        with transaction.atomic():
            lock_bulk_changes()
            while batch := list(keys[:_DELETED_AT_ONCE]):
                self.model._default_manager.filter(pk__in=batch).delete()

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        """Logs one entry per row; for very many rows, only one. `queryset` may be a list (Django's delete page)."""
        count = len(queryset) if isinstance(queryset, list) else queryset.count()
        if count <= _LOGGED_ONE_BY_ONE:
            return super().log_deletions(request, queryset)
        return LogEntry.objects.create(
            user=cast(AppUser, request.user),
            content_type=ContentType.objects.get_for_model(self.model),
            object_repr=f"{count:,} {model_ngettext(self.opts, count)}",
            action_flag=DELETION,
        )


class PersonAdmin(ListAdmin):
    """The admin of a list of people with phones.

    `export_permission` is what a download requires: "view" or "change" on the list. `leads_to_people` is whether the
    rows lead to the pages of their people, rather than to pages of their own.
    """

    leads_to_people = True

    search_fields = ("phone",)
    search_help_text = "Name or phone number"
    empty_list = "Nobody is on this list yet."
    export_permission = "change"

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return searching.search(queryset, search_term, limit=MOST_FOUND if shows_page(request) else None), False

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return PreparedChangeList if request.method != "GET" or shows_page(request) else WholeList

    @admin.display(description="name")
    def shown_name(self, person: Any) -> str | None:
        return person.name or "(no name)"

    @admin.display(description="phone", ordering="phone")
    def shown_phone(self, person: Any) -> str:
        return phones.display(person.phone)

    def get_page_tools(self, request: HttpRequest, obj: Any) -> list[ListTool]:
        """The page of a row links to that of the person, and to the consent history of their number."""
        tools = []
        if request.user.has_perm("contacts.view_communitymember") and (address := person_ids.page_of(obj.phone)):
            tools.append(("Everything about them", address))
        if request.user.has_perm("contacts.view_consentrecord"):
            trail = f"{reverse('admin:contacts_consentrecord_changelist')}?{urlencode({'q': obj.phone})}"
            tools.append(("Consent history", trail))
        return tools

    # Export ------------------------------------------------------------------------------------------------

    def has_export_permission(self, request: HttpRequest) -> bool:
        if self.export_permission == "view":
            return self.has_view_permission(request)
        return self.has_change_permission(request)

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_export"
        return [
            path("export/", self.admin_site.admin_view(require_safe(self.export_view)), name=name),
            *super().get_urls(),
        ]

    def export_address(self) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_export")

    def get_list_tools(self, request: HttpRequest) -> list[ListTool]:
        tools = super().get_list_tools(request)
        if self.has_export_permission(request):
            query = request.GET.copy()
            for name in ("p", "o", "e"):
                query.pop(name, None)
            address = self.export_address()
            tools.append(("Export CSV", f"{address}?{query.urlencode()}" if query else address))
        return tools

    def export_view(self, request: HttpRequest) -> HttpResponseBase:
        """Downloads everything that matches the list's search and filters."""
        if not self.has_export_permission(request):
            raise PermissionDenied
        try:
            whole = self.get_changelist_instance(request)
        except IncorrectLookupParameters:
            return HttpResponseRedirect(reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist"))
        return self.download(request, whole.queryset)

    @admin.action(description="Export selected as CSV", permissions=["export"])
    def export_selected(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponseBase:
        return self.download(request, queryset)

    def download(self, request: HttpRequest, queryset: QuerySet[Any]) -> StreamingHttpResponse:
        model: type[Model] = self.model
        name = exporting.file_name(model, chosen_event(request) or chosen_group(request))
        record(Kind.DATA_EXPORTED, list=str(self.opts.verbose_name_plural), file=name)
        return csv_download(name, exporting.write_csv(queryset))
