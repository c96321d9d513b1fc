"""What surveys keep of a phone (see `contacts.person_records`)."""

from collections.abc import Iterator

from contacts.person_records import Keeper, Table, table

from .models import SurveyFlow, SurveyResponse, SurveySession
from .practice_phone import forget


class AnswersKeeper(Keeper):
    def knows(self, phone: str) -> bool:
        # One lookup in the index on surveys and phones for each survey.
        surveys = SurveyFlow.objects.order_by().values("pk")
        return SurveyResponse.objects.filter(survey__in=surveys, phone=phone).exists()

    def tables(self, phone: str) -> Iterator[Table]:
        sessions = SurveySession.objects.filter(phone=phone)
        yield table("surveys", sessions, Survey="survey__name", Status="status", Started="started_at")
        yield table(
            "survey-answers",
            SurveyResponse.objects.filter(phone=phone),
            Survey="survey__name",
            When="created_at",
            Question="question_prompt",
            Answer="answer",
        )

    def erase(self, phone: str) -> None:
        forget([phone])
