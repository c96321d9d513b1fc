import itertools

import pytest

from messaging.models import InboxMessage
from smsadmin.lib import group_commit
from surveys import deletion
from surveys.models import SurveyFlow, SurveyResponse, SurveySession
from tests.admin_pages import squeeze

from .pages import SURVEYS, address, show


@pytest.fixture
def delete(manager_client, django_capture_on_commit_callbacks):
    """Confirm that a survey is to be deleted."""

    def run(survey):
        with django_capture_on_commit_callbacks(execute=True):
            manager_client.post(address(survey, "delete/"), {"post": "yes"})

    return run


@pytest.fixture
def delete_selected(manager_client, django_capture_on_commit_callbacks):
    """Choose to delete these surveys, with post="yes" confirmed; the page then."""

    def run(*surveys, **data):
        chosen = {"action": "delete_selected", "_selected_action": [survey.pk for survey in surveys]}
        with django_capture_on_commit_callbacks(execute=True):
            response = manager_client.post(SURVEYS, chosen | data)
        return squeeze(response.content.decode())

    return run


def test_it_is_said_what_goes_with_a_survey(manager_client, make_survey, answer):
    survey = make_survey()
    answer(survey, "Ada", "Cake")
    answer(survey, "Bob")
    page = show(manager_client, address(survey, "delete/"))
    assert "This also permanently deletes 2 sessions, 1 of them in progress, 3 answers." in page


def test_a_survey_goes_with_its_sessions_and_answers_and_nothing_else(delete, make_survey, answer):
    survey, other = make_survey(), make_survey()
    answer(survey, "Ada", "Cake")
    answer(other, "Bob", "Pie")
    texts = InboxMessage.objects.count()
    delete(survey)
    assert list(SurveyFlow.objects.all()) == [other]
    assert set(SurveySession.objects.values_list("survey", flat=True)) == {other.pk}
    assert SurveyResponse.objects.count() == 2
    assert InboxMessage.objects.count() == texts


def test_a_survey_that_nobody_has_started_says_so(manager_client, make_survey):
    assert "Nobody has started it" in show(manager_client, address(make_survey(), "delete/"))


def test_a_survey_linked_to_an_event_must_be_unlinked_first(manager_client, delete, make_survey, make_event):
    survey = make_survey(linked_event=make_event(title="Summer picnic"))
    sentence = "is linked to the event “Summer picnic”. Unlink it first: open the survey, clear the linked event"
    assert sentence in show(manager_client, address(survey, "delete/"))
    delete(survey)
    assert SurveyFlow.objects.exists()


def test_several_surveys_are_deleted_at_once(delete_selected, make_survey, answer):
    surveys = [make_survey(), make_survey()]
    answer(surveys[0], "Ada")
    page = delete_selected(*surveys)
    assert "This also permanently deletes 1 session, 1 of them in progress, 1 answer." in page
    delete_selected(*surveys, post="yes")
    assert not SurveyFlow.objects.exists()
    assert not SurveySession.objects.exists()


def test_one_linked_survey_keeps_a_whole_selection(delete_selected, make_survey, make_event):
    surveys = [make_survey(), make_survey(linked_event=make_event())]
    assert "Unlink it first" in delete_selected(*surveys)
    delete_selected(*surveys, post="yes")
    assert SurveyFlow.objects.count() == 2


def test_an_event_with_a_survey_names_it_instead_of_going(admin_client, make_survey, make_event):
    event = make_event()
    survey = make_survey(linked_event=event)
    path = f"/admin/contacts/event/{event.pk}/delete/"
    assert f"Survey “{survey}”" in show(admin_client, path)
    admin_client.post(path, {"post": "yes"})
    event.refresh_from_db()


def test_deleting_takes_few_queries_however_many_answers_there_are(
    delete, make_survey, answer, django_assert_max_num_queries
):
    survey = make_survey()
    for _ in range(20):
        answer(survey, "Ada", "Cake")
    with django_assert_max_num_queries(30):
        delete(survey)
    assert not SurveyResponse.objects.exists()


@pytest.fixture
def by_twos(monkeypatch):
    monkeypatch.setattr(deletion, "_SESSIONS_AT_ONCE", 2)


def test_nobody_waits_for_more_than_a_bit_of_a_deletion(delete, make_survey, answer, by_twos, monkeypatch):
    survey = make_survey()
    for _ in range(5):
        answer(survey, "Ada", "Cake")
    run, left = group_commit.run, []

    def look(work):
        result = run(work)
        active = SurveyFlow.objects.filter(is_active=True)
        left.append((active.count(), SurveySession.objects.count(), SurveyResponse.objects.count()))
        return result

    monkeypatch.setattr(group_commit, "run", look)
    delete(survey)
    assert left == [(0, 5, 10), (0, 3, 6), (0, 1, 2), (0, 0, 0)]
    assert not SurveyFlow.objects.exists()


def test_a_survey_whose_deletion_was_cut_short_can_be_deleted_again(
    delete, make_survey, answer, text_in, make_phone, by_twos, monkeypatch
):
    survey = make_survey()
    for _ in range(5):
        answer(survey, "Ada", "Cake")
    run, transactions = group_commit.run, itertools.count(1)

    def run_two(work):
        if next(transactions) > 2:
            raise InterruptedError
        return run(work)

    with monkeypatch.context() as patch:
        patch.setattr(group_commit, "run", run_two)
        with pytest.raises(InterruptedError):
            delete(survey)
    assert [session.responses.count() for session in survey.sessions.all()] == [2, 2, 2]
    assert text_in(make_phone(), survey.trigger_keyword) == ""
    delete(survey)
    assert not SurveyFlow.objects.exists()
    assert not SurveyResponse.objects.exists()
