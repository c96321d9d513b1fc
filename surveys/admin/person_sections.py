"""What this app adds to the page of a person: their answers."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.http import HttpRequest

from contacts.admin.person_additions import Section, section
from contacts.known_people import Person

from ..models import SurveyFlow, SurveyResponse, SurveySession

SESSIONS: Final = 5


@dataclass(frozen=True, slots=True)
class Answered:
    """One session with its answers, in the order of the questions."""

    survey: SurveyFlow
    at: datetime
    state: str
    answers: list[SurveyResponse]


@section
def answers(request: HttpRequest, person: Person) -> Section | None:
    """The answers of the latest sessions, for who may see surveys."""
    if not request.user.has_perm("surveys.view_surveyflow"):
        return None
    # One lookup in the index on surveys and phones for each survey.
    rows = SurveyResponse.objects.filter(survey__in=SurveyFlow.objects.order_by().values("pk"), phone=person.phone)
    keys = sorted(set(rows.order_by().values_list("session", flat=True)), reverse=True)
    given: dict[int, list[SurveyResponse]] = {key: [] for key in keys[:SESSIONS]}
    for response in SurveyResponse.objects.filter(session__in=list(given)).order_by("question_index"):
        given[response.session_id].append(response)
    sessions = SurveySession.objects.filter(pk__in=list(given)).select_related("survey").order_by("-pk")
    found = [Answered(one.survey, one.started_at, one.get_status_display(), given[one.pk]) for one in sessions]
    context = {"answered": found, "more": len(keys) - len(found)}
    return Section("answers", "Survey answers", "surveys/person_answers.html", context, place=30)
