"""The results of a survey: counts, answers, sessions, and all of it as a file."""

from typing import Any, Final

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import ngettext

from accounts.events import record
from accounts.security_events import Kind
from contacts.admin.downloading import csv_download
from messaging import practice_phone
from messaging.backends import get_backend
from messaging.practice_numbers import IS_TRY, is_try
from smsadmin.lib.ids import read_key

from .. import exporting, results
from ..models import SurveyFlow, SurveyResponse, SurveySession
from ..practice_phone import phones_that_tried
from ..results import Whose

ANSWERS_A_PAGE: Final = 100
# SQLite still accepts its offset.
_LAST_PAGE: Final = 10**9


class ResultPages(admin.ModelAdmin):
    """Views of one survey's results. Whoever may view the survey may view its results."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("<int:pk>/results/", view(self.results_view), name="surveys_surveyflow_results"),
            path("<int:pk>/results.csv", view(self.csv_view), name="surveys_surveyflow_csv"),
            path("<int:pk>/tries/remove/", view(self.forget_view), name="surveys_surveyflow_forget"),
            path("answers/<int:answer>/", view(self.answers_view), name="surveys_surveyflow_answers"),
        ]
        return own + super().get_urls()

    def results_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        survey = self._viewable(request, pk)
        if isinstance(survey, HttpResponse):
            return survey
        whose, has_tries = _whose(request, survey)
        status, query = _status(request), request.GET.get("q", "")
        rows = results.find_sessions(survey, whose, status, query)
        asked = results.asked_questions(survey, whose)
        context = self._context(request, survey, whose, f"Results of {survey}") | {
            "has_tries": has_tries,
            "funnel": results.funnel(survey, whose),
            "asked": [results.given_answers(survey, whose, question) for question in asked],
            "page": results.page(
                rows, read_key(request.GET.get("after", "")), read_key(request.GET.get("before", ""))
            ),
            "status": status,
            "statuses": SurveySession.Status.choices,
            "query": query,
            "can_change": self.has_change_permission(request, survey),
            "has_phone": get_backend().is_simulated,
        }
        return TemplateResponse(request, "surveys/results.html", context)

    def answers_view(self, request: HttpRequest, answer: int) -> HttpResponse:
        """All answers to one wording of a question; `answer` is the id of one of them."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        response = SurveyResponse.objects.select_related("survey").filter(pk=answer).first()
        if response is None:
            messages.warning(request, "This answer no longer exists.")
            return redirect("admin:surveys_surveyflow_changelist")
        survey = response.survey
        whose = Whose.TRIES if is_try(response.phone) else Whose.PEOPLE
        wording = (response.question_index, response.question_prompt)
        number = _page(request)
        answers = next(
            (
                results.given_answers(survey, whose, question, ANSWERS_A_PAGE, (number - 1) * ANSWERS_A_PAGE)
                for question in results.asked_questions(survey, whose)
                if (question.index, question.prompt) == wording
            ),
            None,
        )
        if answers is None or (not answers.given and number == 1):
            # Deleted after `response` was read.
            messages.warning(request, "These answers no longer exist.")
            return redirect("admin:surveys_surveyflow_results", survey.pk)
        if not answers.given:
            return redirect("admin:surveys_surveyflow_answers", answer)
        context = self._context(request, survey, whose, f"All answers to question {answers.question.number}") | {
            "answers": answers,
            "previous": number - 1,
            "next": number + 1 if answers.more else 0,
        }
        return TemplateResponse(request, "surveys/answers.html", context)

    def csv_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """All sessions, or those that the page shows, as CSV."""
        survey = self._viewable(request, pk)
        if isinstance(survey, HttpResponse):
            return survey
        whose, _ = _whose(request, survey)
        sessions = results.find_sessions(survey, whose, _status(request), request.GET.get("q", ""))
        name = exporting.file_name(survey)
        record(Kind.DATA_EXPORTED, list="survey answers", survey=survey.pk, file=name)
        return csv_download(name, exporting.write_csv(sessions, results.asked_questions(survey, whose)))

    def forget_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Deletes the tests of everyone who tested this survey, and everything they created elsewhere."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        survey = self._viewable(request, pk)
        if isinstance(survey, HttpResponse):
            return survey
        phones = phones_that_tried(survey)
        count = SurveySession.objects.filter(phone__in=phones).count()
        practice_phone.forget(phones, request.user.get_username())
        sentence = ngettext(
            "%(count)s test was removed, along with its conversation and registrations.",
            "%(count)s tests were removed, along with their conversations and registrations.",
            count,
        )
        messages.success(request, sentence % {"count": f"{count:,}"})
        return redirect("admin:surveys_surveyflow_results", pk)

    def _viewable(self, request: HttpRequest, pk: int) -> SurveyFlow | HttpResponseRedirect:
        """The survey, or a redirect to the list if it is gone."""
        survey = SurveyFlow.objects.select_related("linked_event").filter(pk=pk).first()
        if not self.has_view_permission(request, survey):
            raise PermissionDenied
        if survey is None:
            messages.warning(request, "This survey no longer exists.")
            return HttpResponseRedirect(reverse("admin:surveys_surveyflow_changelist"))
        return survey

    def _context(self, request: HttpRequest, survey: SurveyFlow, whose: Whose, title: str) -> dict[str, Any]:
        return self.admin_site.each_context(request) | {
            "opts": self.opts,
            "original": survey,
            "title": title,
            "whose": whose.value,
            "is_tries": whose is Whose.TRIES,
        }


def _whose(request: HttpRequest, survey: SurveyFlow) -> tuple[Whose, bool]:
    """Whose results to show, and whether there are tests. Until people have answered, the tests are shown."""
    sessions = survey.sessions.all()
    has_tries = sessions.filter(IS_TRY).exists()
    asked = request.GET.get("whose", "")
    if asked in list(Whose):
        return Whose(asked), has_tries
    is_tried_only = has_tries and not sessions.exclude(IS_TRY).exists()
    return (Whose.TRIES if is_tried_only else Whose.PEOPLE), has_tries


def _status(request: HttpRequest) -> str:
    status = request.GET.get("status", "")
    return status if status in SurveySession.Status.values else ""


def _page(request: HttpRequest) -> int:
    return min(read_key(request.GET.get("p", "")) or 1, _LAST_PAGE)
