import csv
import io
from datetime import UTC, datetime

import pytest

from accounts.models import AppUser
from accounts.security_events import SecurityEvent
from messaging.practice_numbers import number_of
from surveys import exporting, questions
from surveys.models import SurveySession
from surveys.questions import Question

from .conftest import DISH, NAME
from .pages import address


@pytest.fixture
def download(manager_client):
    """The rows of the file, the header first."""

    def run(survey, **query):
        response = manager_client.get(address(survey, "results.csv"), query)
        assert response.status_code == 200
        assert response.streaming
        body = b"".join(response).decode()
        assert body.startswith("\ufeff")
        return list(csv.reader(io.StringIO(body[1:])))

    return run


def test_each_session_is_a_row_with_its_answers(download, make_survey, answer):
    survey = make_survey()
    phone = answer(survey, "Ada", "Cake")
    other = answer(survey, "Bob")
    header, ada, bob = download(survey)
    assert header == [
        *("Phone", "Name", "State", "Started", "Last text", "Completed"),
        *("1. What is your name?", "2. What will you bring?"),
    ]
    assert (ada[0], ada[1], ada[2], ada[6:]) == (phone, "Ada", "Completed", ["Ada", "Cake"])
    assert (bob[0], bob[2], bob[5:]) == (other, "In progress", ["", "Bob", ""])


def test_times_are_in_the_zone_of_the_site(download, make_survey, answer):
    survey = make_survey()
    answer(survey, "Ada", "Cake")
    SurveySession.objects.update(completed_at=datetime(2026, 1, 1, 7, 30, tzinfo=UTC))
    assert download(survey)[1][5] == "2026-01-01 00:30:00-07:00"


def test_formulas_are_defused_and_phones_are_not(download, make_survey, answer):
    survey = make_survey([NAME, Question("=2+2?")])
    phone = answer(survey, "=HYPERLINK(0)", "+1 cake")
    header, row = download(survey)
    assert row == [phone, "'=HYPERLINK(0)", *row[2:6], "'=HYPERLINK(0)", "'+1 cake"]
    assert header[7] == "2. =2+2?"


def test_each_wording_of_a_question_has_a_column(download, make_survey, answer):
    survey = make_survey([DISH])
    answer(survey, "cake")
    survey.questions_json = questions.dump([Question("Cake or salad?")])
    survey.save()
    answer(survey, "salad")
    header, old, new = download(survey)
    assert header[6:] == ["1. Cake or salad?", "1. What will you bring?"]
    assert (old[6:], new[6:]) == (["", "cake"], ["salad", ""])


def test_tests_are_not_in_the_file_unless_requested(download, make_survey, answer):
    survey = make_survey()
    answer(survey, "Ada", "Cake")
    answer(survey, "Ann", "Tea", phone=number_of(1))
    assert [row[1] for row in download(survey)[1:]] == ["Ada"]
    assert [row[1] for row in download(survey, whose="tries")[1:]] == ["Ann"]


def test_the_file_has_what_the_page_was_narrowed_to(download, make_survey, answer):
    survey = make_survey()
    answer(survey, "Ada", "Cake")
    answer(survey, "Bob")
    assert [row[1] for row in download(survey, status="active")[1:]] == ["Bob"]
    assert [row[1] for row in download(survey, q="cake")[1:]] == ["Ada"]


def test_a_survey_without_sessions_is_a_header(download, make_survey):
    assert len(download(make_survey())) == 1


def test_batches_lose_nobody(download, make_survey, answer, monkeypatch):
    monkeypatch.setattr(exporting, "_SESSIONS_AT_ONCE", 2)
    survey = make_survey()
    for name in "ABCDE":
        answer(survey, name)
    assert [row[1] for row in download(survey)[1:]] == list("ABCDE")


def test_the_download_is_recorded(download, make_survey, manager_user):
    survey = make_survey(name="Picnic 2026")
    download(survey)
    event = SecurityEvent.objects.get(event_type="data_exported")
    assert event.user == AppUser.objects.get(pk=manager_user.pk)
    assert event.metadata["survey"] == survey.pk
    assert event.metadata["file"].startswith("picnic-2026-answers-")
