"""The first pages of an import: into which list, and which file."""

from typing import Any, Final, cast

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.csrf import csrf_protect

from accounts.models import AppUser
from contacts.imports import lifecycle, summaries
from contacts.imports.formats.tables import Unreadable
from contacts.models import ContactImport, Event, Group

from .import_base import ImportBase
from .import_forms import UploadForm
from .import_links import import_address, list_link
from .uploading import DrainTooLarge, is_too_large

OFFERED: Final = 20

Target = ContactImport.Target
_LISTS: Final = (
    (Target.COMMUNITY, "Everyone", "People in the community"),
    (Target.UNSUBSCRIBED, "Opted out", "People who don’t want texts"),
)


class ImportUpload(ImportBase):
    """Adds these pages to the admin of imports."""

    def choose_view(self, request: HttpRequest) -> HttpResponse:
        """Into which list: everyone, those who opted out, or one of the events and groups that `q` finds."""
        if not self.has_module_permission(request):
            raise PermissionDenied
        query = request.GET.get("q", "").replace("\0", "").strip()
        sections = [
            _offer(request, Target.EVENT, "An event", "title", query),
            _offer(request, Target.GROUP, "A group", "name", query),
        ]
        context = {
            "title": "Import people",
            "targets": [
                {"name": name, "detail": detail, "address": address}
                for target, name, detail in _LISTS
                if (address := import_address(request, target))
            ],
            "sections": [section for section in sections if section],
            "has_more": any(section and section["has_more"] for section in sections),
            "offered": OFFERED,
            "query": query,
        }
        return self.render(request, "contacts/import_choose.html", context)

    def new_view(self, request: HttpRequest, target: str) -> HttpResponse:
        """The upload form for a list that is the only one of its kind, and what the form submits."""
        if target not in {Target.COMMUNITY, Target.UNSUBSCRIBED}:
            raise Http404
        return self._new(request, target)

    def new_event_view(self, request: HttpRequest, event_id: int) -> HttpResponse:
        return self._new(request, Target.EVENT, Event, event_id)

    def new_group_view(self, request: HttpRequest, group_id: int) -> HttpResponse:
        return self._new(request, Target.GROUP, Group, group_id)

    def _new(
        self, request: HttpRequest, target: str, model: type[Event] | type[Group] | None = None, pk: int = 0
    ) -> HttpResponse:
        if not lifecycle.may_import(request.user, target):
            raise PermissionDenied
        place: Any = get_object_or_404(model, pk=pk) if model else None
        request.upload_handlers.insert(0, DrainTooLarge(request))
        return csrf_protect(self._upload)(request, target, place)

    def _upload(self, request: HttpRequest, target: str, place: Event | Group | None) -> HttpResponse:
        length = int(request.META.get("CONTENT_LENGTH") or 0)
        form = UploadForm()
        status = 200
        if request.method == "POST":
            form = UploadForm(request.POST, request.FILES)
            if is_too_large(length):
                form.errors["file"] = form.error_class([lifecycle.too_large(length)])
                status = 413
            elif form.is_valid():
                try:
                    contact_import = lifecycle.stage(
                        form.cleaned_data["file"], target, place, cast(AppUser, request.user)
                    )
                except Unreadable as problem:
                    form.add_error("file", problem.sentence)
                else:
                    lifecycle.queue_reading(contact_import)
                    return HttpResponseRedirect(self.address_of(contact_import))
        context = {
            "title": f"Import into {summaries.place_name(lifecycle.unsaved(target, place))}",
            "form": form,
            "region": settings.DEFAULT_PHONE_REGION,
            "list_link": list_link(target, place),
        }
        return self.render(request, "contacts/import_upload.html", context, status)


def _offer(request: HttpRequest, target: str, title: str, field: str, query: str) -> dict[str, Any] | None:
    """The newest events or groups, or those that are found; None for who may not import into them."""
    if not lifecycle.may_import(request.user, target):
        return None
    model: type[Event] | type[Group] = Event if target == Target.EVENT else Group
    rows = model._default_manager.order_by("-pk")
    found = list((rows.filter(**{f"{field}__mentions": query}) if query else rows)[: OFFERED + 1])
    may_add = request.user.has_perm(f"contacts.add_{target}")
    return {
        "id": target,
        "title": title,
        "rows": [{"name": str(row), "address": import_address(request, target, row)} for row in found[:OFFERED]],
        "has_more": len(found) > OFFERED,
        "add_address": reverse(f"admin:contacts_{target}_add") if may_add else "",
    }
