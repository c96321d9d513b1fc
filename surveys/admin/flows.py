"""The list of surveys, and the page where one is built."""

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import ngettext

from messaging.admin.keyword_owners import KeywordOwnerAdmin
from messaging.models.keywords import KeywordOwnerQuerySet
from smsadmin.lib.plurals import people

from .. import deletion
from ..forms import SurveyForm
from ..models import SurveyFlow, SurveyResponse, SurveySession
from .phone import SurveyPhonePage
from .results import ResultPages

# The button that saves a survey and opens the practice phone.
TRY: Final = "_try"


@admin.register(SurveyFlow)
class SurveyFlowAdmin(SurveyPhonePage, ResultPages, KeywordOwnerAdmin):
    form = SurveyForm
    written_fields = (*SurveyForm.Meta.fields, "questions_json")
    change_form_template = "surveys/change_form.html"
    change_list_template = "surveys/change_list.html"
    delete_confirmation_template = "surveys/delete_confirmation.html"
    delete_selected_confirmation_template = "surveys/delete_selected_confirmation.html"
    object_history_template = "surveys/object_history.html"
    list_display = ("name", "results", "keyword", "is_active", "started", "completed", "rate", "event")
    list_filter = ("is_active",)
    list_select_related = ("linked_event",)
    list_per_page = 50
    show_facets = admin.ShowFacets.NEVER
    search_fields = ("name__mentions", "trigger_keyword__mentions")
    search_help_text = "Name or keyword"
    actions = ("activate_surveys", "deactivate_surveys")
    fields = ("name", "trigger_keyword", "intro_message", "completion_message", "linked_event", "is_active")

    class Media:
        css = {"all": ["messaging/practice_phone.css", "surveys/surveys.css"]}

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.preview_view)
        return [path("preview/", view, name="surveys_surveyflow_preview"), *super().get_urls()]

    # The page of a survey ------------------------------------------------------------------------------------

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: SurveyFlow | None = None,
    ) -> HttpResponse:
        form = context["adminform"].form
        context |= {
            "form": form,
            "preview": form.preview,
            "is_editable": self.has_change_permission(request, obj) if obj else self.has_add_permission(request),
            "can_try": self.can_try(request),
        }
        if obj is not None:
            under_way = obj.sessions.active().count()
            sentence = ngettext(
                "%s is taking this survey now and will finish the version they started.",
                "%s are taking this survey now and will finish the version they started.",
                under_way,
            )
            context |= {
                "under_way": sentence % people(under_way) if under_way else "",
                "results_address": reverse("admin:surveys_surveyflow_results", args=[obj.pk]),
                "phone_address": self.phone_address(request, obj),
            }
        return super().render_change_form(request, context, add, change, form_url, obj)

    def preview_view(self, request: HttpRequest) -> HttpResponse:
        """The conversation of the posted form, as JSON: `preview` is HTML, `summary` a sentence."""
        if not (self.has_add_permission(request) or self.has_change_permission(request)):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        form = SurveyForm(request.POST)
        form.is_valid()
        preview = form.preview
        html = render_to_string("surveys/preview.html", {"preview": preview}, request=request)
        return JsonResponse({"preview": html, "summary": preview.summary})

    # The list --------------------------------------------------------------------------------------------------

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"title": "Surveys", **(extra_context or {})})

    @admin.display(ordering="trigger_keyword")
    def keyword(self, survey: SurveyFlow) -> str:
        return survey.trigger_keyword

    @admin.display(ordering="start_count")
    def started(self, survey: SurveyFlow) -> str:
        return f"{survey.start_count:,}"

    @admin.display(ordering="completion_count")
    def completed(self, survey: SurveyFlow) -> str:
        return f"{survey.completion_count:,}"

    @admin.display(description="rate")
    def rate(self, survey: SurveyFlow) -> str:
        return f"{survey.completion_count / survey.start_count:.0%}" if survey.start_count else "–"

    @admin.display(description="linked event", ordering="linked_event__title")
    def event(self, survey: SurveyFlow) -> str:
        return str(survey.linked_event or "–")

    @admin.display(description="Results")
    def results(self, survey: SurveyFlow) -> SafeString:
        address = reverse("admin:surveys_surveyflow_results", args=[survey.pk])
        return format_html('<a href="{}" aria-label="Results of {}">Results</a>', address, survey)

    @admin.action(description="Activate selected surveys", permissions=["change"])
    def activate_surveys(self, request: HttpRequest, queryset: KeywordOwnerQuerySet) -> None:
        if count := self.switch(request, queryset, is_active=True):
            sentence = ngettext(
                "%(count)s survey is now active: its keyword starts it.",
                "%(count)s surveys are now active: their keywords start them.",
                count,
            )
            self.message_user(request, sentence % {"count": f"{count:,}"}, messages.SUCCESS)

    @admin.action(description="Deactivate selected surveys", permissions=["change"])
    def deactivate_surveys(self, request: HttpRequest, queryset: KeywordOwnerQuerySet) -> None:
        if count := self.switch(request, queryset, is_active=False):
            sentence = ngettext(
                "%(count)s survey is no longer active. Anyone taking it can finish.",
                "%(count)s surveys are no longer active. Anyone taking one can finish.",
                count,
            )
            self.message_user(request, sentence % {"count": f"{count:,}"}, messages.SUCCESS)

    # Deletion --------------------------------------------------------------------------------------------------

    def get_deleted_objects(
        self, objs: Sequence[Any] | QuerySet[Any], request: HttpRequest
    ) -> tuple[list[Any], dict[Any, int], set[Any], list[Any]]:
        """Counts what is deleted with the surveys. Django's own version would list every session and answer."""
        surveys: list[SurveyFlow] = list(objs)
        keys = [survey.pk for survey in surveys]
        sessions = SurveySession.objects.filter(survey__in=keys)
        counted = [
            (sessions.count(), "session", "sessions"),
            (sessions.active().count(), "of them in progress", "of them in progress"),
            (SurveyResponse.objects.filter(survey__in=keys).count(), "answer", "answers"),
        ]
        counts = {ngettext(one, many, count): count for count, one, many in counted if count}
        linked = [
            f"The survey “{survey}” is linked to the event “{survey.linked_event}”. Unlink it first: open the "
            "survey, clear the linked event, and save."
            for survey in surveys
            if survey.linked_event_id
        ]
        lacking = set() if self.has_delete_permission(request) else {self.opts.verbose_name}
        return [str(survey) for survey in surveys], counts, lacking, linked

    def delete_model(self, request: HttpRequest, obj: SurveyFlow) -> None:
        self.delete_queryset(request, SurveyFlow.objects.filter(pk=obj.pk))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[SurveyFlow]) -> None:
        """Runs after the end of the transaction that Django's page for one survey holds: see `surveys.deletion`."""
        transaction.on_commit(partial(deletion.delete, list(queryset.values_list("pk", flat=True))))
