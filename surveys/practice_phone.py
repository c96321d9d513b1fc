"""What the texts of practice phones leave in surveys (see `messaging.practice_phone`).

Tests aren't counted in `start_count` and `completion_count`, and the results show them separately.
"""

from django.db.models import QuerySet

from messaging.practice_numbers import IS_TRY

from .models import SurveyFlow, SurveyResponse, SurveySession


def sessions_of(phone: str) -> QuerySet[SurveySession]:
    """The tests of that number, newest first."""
    return SurveySession.objects.filter(phone=phone).select_related("survey").order_by("-pk")


def forget(phones: list[str]) -> None:
    """Deletes their answers and sessions."""
    SurveyResponse.objects.filter(phone__in=phones).delete()
    SurveySession.objects.filter(phone__in=phones).delete()


def phones_that_tried(survey: SurveyFlow) -> list[str]:
    return list(survey.sessions.filter(IS_TRY).order_by().values_list("phone", flat=True).distinct())
