"""Imports in the admin: the upload and the page of each import."""

from collections.abc import Callable
from typing import Any, Final

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.db.models import QuerySet
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    JsonResponse,
    StreamingHttpResponse,
)
from django.urls import URLPattern, path, reverse
from django.utils.http import content_disposition_header
from django.utils.text import capfirst
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from accounts.events import record
from accounts.security_events import Kind
from contacts.imports import lifecycle, rejected_lines, summaries, undoing
from contacts.models import ContactImport
from contacts.models.imports import FINISHED, KEEP_OURS, LEAVE_OUT, OPT_OUT, TAKE_FILES
from smsadmin.lib import dates
from smsadmin.lib.ids import read_key

from . import import_pages
from .additions import added_to
from .import_forms import ReadingForm
from .import_links import import_address, list_link
from .import_undo import ImportUndo
from .import_upload import ImportUpload
from .people import ListAdmin, ListTool

Target = ContactImport.Target
Status = ContactImport.Status
TITLES: Final[dict[str, str]] = {Status.APPLIED: "Imported", Status.UNDONE: "Undone"}


@admin.register(ContactImport)
class ContactImportAdmin(ImportUpload, ImportUndo, ListAdmin):
    """Finished imports and those waiting for confirmation. The page of each shows its preview, then its result."""

    list_display = ("file_name", "into", "status", "people", "not_valid", "created_by", "uploaded")
    list_select_related = ("event", "group", "created_by")
    ordering = ("-created_at", "-pk")
    search_fields = ("file_name__mentions",)
    search_help_text = "File name"
    empty_list = "No imports yet."
    list_purpose = (
        "Bring people in from a spreadsheet or a contacts export. You see what would change before it does."
    )
    actions = None

    # Permissions -------------------------------------------------------------------------------------------

    def has_module_permission(self, request: HttpRequest) -> bool:
        return any(lifecycle.may_import(request.user, target) for target in Target.values)

    def has_view_permission(self, request: HttpRequest, obj: ContactImport | None = None) -> bool:
        return lifecycle.may_import(request.user, obj.target) if obj else self.has_module_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: ContactImport | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ContactImport | None = None) -> bool:
        """Imports are deleted with their event or group. Otherwise they are discarded on their page."""
        return self.has_view_permission(request, obj)

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        self.get_import(request, _key(object_id))
        return HttpResponseRedirect(reverse("admin:contacts_contactimport_change", args=[object_id]))

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        self.get_import(request, _key(object_id))
        return super().history_view(request, object_id, extra_context)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ContactImport]:
        allowed = [target for target in Target.values if lifecycle.may_import(request.user, target)]
        return super().get_queryset(request).filter(target__in=allowed)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return super().changelist_view(request, {"title": "Imports", **(extra_context or {})})

    # The list ----------------------------------------------------------------------------------------------

    @admin.display(description="Into", ordering="target")
    def into(self, contact_import: ContactImport) -> str:
        return capfirst(summaries.place_name(contact_import))

    uploaded = dates.column("created_at", "uploaded")

    @admin.display(description="People")
    def people(self, contact_import: ContactImport) -> int | None:
        return contact_import.counts.get("people")

    @admin.display(description="Invalid")
    def not_valid(self, contact_import: ContactImport) -> int | None:
        return contact_import.counts.get("invalid")

    # Addresses ---------------------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        def page(route: str, view: Callable[..., HttpResponseBase], name: str) -> URLPattern:
            return path(route, self.admin_site.admin_view(view), name=f"contacts_contactimport_{name}")

        return [
            # Exempt until the length of the body is known: the CSRF check reads the whole form, including the file.
            page("new/", require_safe(self.choose_view), "choose"),
            page("new/<str:target>/", csrf_exempt(self.new_view), "new"),
            page("new/event/<int:event_id>/", csrf_exempt(self.new_event_view), "new_event"),
            page("new/group/<int:group_id>/", csrf_exempt(self.new_group_view), "new_group"),
            page("<int:pk>/progress/", require_safe(self.progress_view), "progress"),
            page("<int:pk>/rejected/", require_safe(self.rejects_view), "rejects"),
            page("<int:pk>/adjust/", require_POST(self.adjust_view), "adjust"),
            page("<int:pk>/confirm/", require_POST(self.confirm_view), "confirm"),
            page("<int:pk>/again/", require_POST(self.again_view), "again"),
            page("<int:pk>/undo/", self.undo_view, "undo"),
            page("<int:pk>/discard/", require_POST(self.discard_view), "discard"),
            *super().get_urls(),
        ]

    # Choose ------------------------------------------------------------------------------------------------

    def get_list_tools(self, request: HttpRequest) -> list[ListTool]:
        return [("Import people", reverse("admin:contacts_contactimport_choose"))]

    def get_first_steps(self, request: HttpRequest) -> list[ListTool]:
        return self.get_list_tools(request)

    # The page of an import ---------------------------------------------------------------------------------

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The preview, the progress or the result, depending on the status."""
        contact_import = self.get_import(request, _key(object_id))
        return self._page(request, contact_import)

    def _page(
        self, request: HttpRequest, contact_import: ContactImport, form: ReadingForm | None = None
    ) -> HttpResponse:
        is_counted = contact_import.status in {Status.READY, *FINISHED}
        is_adjustable = contact_import.status in {Status.READY, Status.FAILED} and contact_import.detected.get(
            "columns"
        )
        context: dict[str, Any] = {
            "title": TITLES.get(contact_import.status, "Import"),
            "subtitle": contact_import.file_name,
            "contact_import": contact_import,
            "is_finished": contact_import.status in FINISHED,
            "list_link": list_link(contact_import.target, contact_import.place),
            "new_address": import_address(request, contact_import.target, contact_import.place),
            "progress": import_pages.progress(contact_import),
            "form": form or (ReadingForm(contact_import, request.user) if is_adjustable else None),
            "reading": import_pages.reading(contact_import) if is_adjustable else "",
        }
        if is_counted:
            context |= {
                "headline": summaries.headline(contact_import),
                "figures": import_pages.figures(contact_import),
                "notices": summaries.notices(contact_import) if contact_import.status == Status.READY else [],
                "to_write": import_pages.to_write(contact_import),
                "rejects": import_pages.first_rejects(contact_import),
                "unfit": import_pages.first_unfit(contact_import),
                "may_undo": undoing.may_be_undone(contact_import),
                "posts": [
                    post for each in added_to(ContactImport) for post in each.page_posts(request, contact_import)
                ],
                **(import_pages.preview(contact_import) if contact_import.status == Status.READY else {}),
            }
        return self.render(request, "contacts/import.html", context)

    def progress_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        return JsonResponse(import_pages.progress(self.get_import(request, pk)))

    def rejects_view(self, request: HttpRequest, pk: int) -> StreamingHttpResponse:
        contact_import = self.get_import(request, pk)
        if not contact_import.counts.get("invalid"):
            raise Http404
        record(Kind.DATA_EXPORTED, list="rejected lines", file=contact_import.file_name)
        return StreamingHttpResponse(
            rejected_lines.content(contact_import),
            content_type=rejected_lines.content_type(contact_import),
            headers={
                "Content-Disposition": content_disposition_header(True, rejected_lines.file_name(contact_import))
            },
        )

    # Actions -----------------------------------------------------------------------------------------------

    def adjust_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        contact_import = self.get_import(request, pk)
        if contact_import.status not in {Status.READY, Status.FAILED} or not contact_import.detected.get("columns"):
            self.message_user(request, "It’s too late to change how this file is read.", messages.WARNING)
            return HttpResponseRedirect(self.address_of(contact_import))
        adjustments: dict[str, Any] = {}
        if "reset" not in request.POST:
            form = ReadingForm(contact_import, request.user, request.POST)
            if not form.is_valid():
                return self._page(request, contact_import, form)
            adjustments = form.adjustments()
        lifecycle.adjust(contact_import, adjustments)
        return HttpResponseRedirect(self.address_of(contact_import))

    def confirm_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        contact_import = self.get_import(request, pk)
        refusals = LEAVE_OUT if request.POST.get("refusals") == LEAVE_OUT else OPT_OUT
        names = TAKE_FILES if request.POST.get("names") == TAKE_FILES else KEEP_OURS
        lifecycle.confirm(contact_import, refusals, names)
        return HttpResponseRedirect(self.address_of(contact_import))

    def again_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        contact_import = self.get_import(request, pk)
        if lifecycle.start_again(contact_import):
            self.message_user(request, "Restarted.", messages.SUCCESS)
        return HttpResponseRedirect(self.address_of(contact_import))

    def discard_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        contact_import = self.get_import(request, pk)
        if contact_import.status in FINISHED or not lifecycle.discard(contact_import):
            self.message_user(
                request, "This file is being or has been imported, so it can’t be discarded.", messages.WARNING
            )
            return HttpResponseRedirect(self.address_of(contact_import))
        self.message_user(request, f"“{contact_import}” was discarded. Nothing was imported.", messages.SUCCESS)
        return HttpResponseRedirect(list_link(contact_import.target, contact_import.place)["address"])


def _key(object_id: str) -> int:
    """The id in an admin address; 0, which no row has, if it is not one."""
    return read_key(unquote(object_id))
