"""The practice phone of surveys: what its texts left in them."""

from collections.abc import Iterator

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import ngettext

from messaging.admin.practice_phone import PhonePage, traces

from .. import practice_phone
from ..models import SurveySession


class SurveyPhonePage(PhonePage):
    keyword_field = "trigger_keyword"
    phone_template = "surveys/phone.html"


def say_sessions(phone: str) -> Iterator[SafeString]:
    """Such as "A response to Picnic: completed, 2 answers.", with a link to the results."""
    for session in practice_phone.sessions_of(phone):
        address = reverse("admin:surveys_surveyflow_results", args=[session.survey_id])
        yield format_html(
            'A response to <a href="{}?whose=tries">{}</a>: {}.', address, session.survey, _how_far(session)
        )


def _how_far(session: SurveySession) -> str:
    answers = session.current_question_index
    said = [session.get_status_display().lower()]
    if session.end_reason:
        said.append(session.get_end_reason_display().lower())
    said.append(ngettext("%(count)s answer", "%(count)s answers", answers) % {"count": answers})
    return ", ".join(said)


traces.register(say_sessions)
