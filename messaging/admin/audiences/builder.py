"""The page on which an audience is built, with a live count and a sample of its people."""

from typing import Any, Final

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.text import capfirst

from messaging.composing.audience_form import AudienceForm, Row
from messaging.models import SavedAudience
from smsadmin.lib.ids import read_key
from smsadmin.lib.plurals import people

from ..permissions import SEND

SAMPLE: Final = 5
EDITS: Final = frozenset({"add", "remove", "update"})


class BuilderViews(admin.ModelAdmin):
    """Admin views for building an audience. None of them writes on GET; without JavaScript, buttons show the page
    anew with a row more or less."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("preview/", view(self.preview_view), name="messaging_savedaudience_preview"),
            path("options/", view(self.options_view), name="messaging_savedaudience_options"),
            *super().get_urls(),
        ]

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        return self._build(request, None)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        audience = self.get_object(request, object_id)
        if not self.has_view_permission(request, audience):
            raise PermissionDenied
        if audience is None:
            messages.warning(request, "This audience no longer exists.")
            return redirect("admin:messaging_savedaudience_changelist")
        if request.method == "POST" and not self.has_change_permission(request, audience):
            raise PermissionDenied
        return self._build(request, audience)

    def preview_view(self, request: HttpRequest) -> HttpResponse:
        """The count and the sample of what is posted, as JSON: `preview` is HTML, `brief` and `summary` are words,
        `row` is the HTML of the row whose id was asked for."""
        self._require_builder(request)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        form = AudienceForm.for_preview(self._posted_audience(request), request.POST)
        context = preview_context(form)
        row = form.row(request.POST.get("row", ""))
        return JsonResponse(
            {
                "preview": render_to_string("messaging/audience_preview.html", context, request=request),
                "brief": context["brief"],
                "summary": context["brief"] or " ".join(form.errors),
                "row": _render_row(request, form, row) if row else None,
            }
        )

    def options_view(self, request: HttpRequest) -> HttpResponse:
        """What `q` finds for the input of a form, as the options of a list."""
        self._require_builder(request)
        form = AudienceForm().forms.get(request.GET.get("form", ""))
        rows = next((one.rows for one in form.inputs if one.name == request.GET.get("input")), None) if form else None
        typed = " ".join(request.GET.get("q", "").replace("\0", "").split())[:100]
        context = {"found": rows.find(typed) if rows else ()}
        return TemplateResponse(request, "messaging/audience_options.html", context)

    def _require_builder(self, request: HttpRequest) -> None:
        if not (self.has_add_permission(request) or self.has_change_permission(request)):
            raise PermissionDenied

    def _posted_audience(self, request: HttpRequest) -> SavedAudience | None:
        return SavedAudience.objects.filter(pk=read_key(request.POST.get("audience", ""))).first()

    def _build(self, request: HttpRequest, audience: SavedAudience | None) -> HttpResponse:
        if request.method != "POST":
            form = AudienceForm(audience)
            form.read_conditions()
            form.problem = form.problem if audience else ""
            return self._render(request, form)
        form = AudienceForm(audience, request.POST)
        if "add" in request.POST:
            form.add(request.POST["add"])
        elif "remove" in request.POST:
            form.remove(request.POST["remove"])
        elif "update" not in request.POST and form.is_valid():
            return self._save(request, form)
        else:
            form.read_conditions()
        return self._render(request, form)

    def _save(self, request: HttpRequest, form: AudienceForm) -> HttpResponse:
        is_new = form.audience is None
        saved = form.save(request.user)
        if is_new:
            self.log_addition(request, saved, "Added.")
        else:
            self.log_change(request, saved, "Changed.")
        messages.success(request, f"Saved the audience “{saved}”.")
        if "text" in request.POST and request.user.has_perm(SEND):
            return redirect(f"{reverse('admin:messaging_messagelog_compose')}?audience={saved.pk}")
        return redirect("admin:messaging_savedaudience_changelist")

    def _render(self, request: HttpRequest, form: AudienceForm) -> HttpResponse:
        audience = form.audience
        may_save = self.has_change_permission(request, audience) if audience else self.has_add_permission(request)
        context = self.admin_site.each_context(request) | {
            "opts": self.opts,
            "original": audience,
            "title": str(audience) if audience else "New audience",
            "form": form,
            "blank": Row("__id__", "__join__"),
            "can_save": may_save,
            "can_send": request.user.has_perm(SEND),
            "can_delete": audience is not None and self.has_delete_permission(request, audience),
            "is_editing": bool(EDITS & request.POST.keys()),
            **preview_context(form),
        }
        return TemplateResponse(request, "messaging/audience.html", context)


def preview_context(form: AudienceForm) -> dict[str, Any]:
    """The context of audience_preview.html for a form whose conditions have been checked."""
    audience = form.audience_now
    if audience is None:
        return {"form": form, "brief": ""}
    headcount = audience.recent_headcount()
    return {
        "form": form,
        "words": capfirst(form.definition.words()) if form.definition else "",
        "headcount": headcount,
        "sample": audience.sample(SAMPLE),
        "brief": f"{people(headcount.recipients)} can be texted",
    }


def _render_row(request: HttpRequest, form: AudienceForm, row: Row) -> str:
    return render_to_string(
        "messaging/audience_row.html", {"form": form, "row": row, "is_editing": True}, request=request
    )
