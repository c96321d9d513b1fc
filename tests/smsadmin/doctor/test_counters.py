from datetime import timedelta

import pytest
from django.utils import timezone

from messaging import practice_numbers
from messaging.models import Delivery, InboxMessage, InboxThread, KeywordAutomationRule
from surveys.models import SurveyFlow, SurveySession

from .conftest import execute, mend, notes, problems

pytestmark = pytest.mark.django_db
LONG_AGO = timezone.now() - timedelta(hours=1)


@pytest.fixture
def make_survey():
    def make(**fields):
        return SurveyFlow.objects.create(
            **{"name": "Lunch", "trigger_keyword": "LUNCH", "questions_json": '["Which day?"]', **fields}
        )

    return make


@pytest.fixture
def make_session(make_phone):
    def make(survey, status="active", **fields):
        return SurveySession.objects.create(
            **{"survey": survey, "phone": make_phone(), "status": status, "questions_json": "[]", **fields}
        )

    return make


def test_counters_that_agree_are_fine(make_log, make_delivery):
    log = make_log(total_recipients=3, success_count=1, failure_count=1, delivered_count=1)
    for status in ("delivered", "failed", "skipped"):
        make_delivery(log, status, updated_at=LONG_AGO)
    assert problems("counters.blasts") == []


def test_counters_that_differ_are_found_and_fixed(make_log, make_delivery):
    log = make_log(total_recipients=5, success_count=5)
    make_delivery(log, updated_at=LONG_AGO)
    assert problems("counters.blasts") == [f"The counters of 1 blast don't match their rows (blast {log.pk})."]
    assert mend("counters.blasts") == ["Recounted 1 blast."]
    log.refresh_from_db()
    assert (log.total_recipients, log.success_count, log.failure_count) == (1, 1, 0)
    assert problems("counters.blasts") == []


def test_counters_of_running_blasts_may_lag(make_log, make_delivery):
    make_delivery(make_log(), updated_at=timezone.now())
    make_delivery(make_log(status="processing"), updated_at=LONG_AGO)
    assert problems("counters.blasts") == []


def test_counters_without_rows_are_noted_and_kept(make_log):
    log = make_log(total_recipients=5)
    assert notes("counters.blasts") == [f"1 blast has counters but no rows (blast {log.pk})."]
    assert mend("counters.blasts") == []


def test_people_left_behind_in_a_finished_blast_are_found(make_log, make_delivery):
    log = make_log(total_recipients=1)
    make_delivery(log, Delivery.Status.PENDING, updated_at=LONG_AGO)
    [sentence] = problems("counters.blasts")
    assert sentence.startswith(f"1 blast has ended with people still waiting (blast {log.pk})")


def test_an_unknown_state_is_found(make_log, make_delivery):
    log = make_log(total_recipients=1)
    row = make_delivery(log, updated_at=LONG_AGO)
    execute("UPDATE deliveries SET status = 'lost' WHERE id = %s", row.pk)
    assert "deliveries has states that SMS Admin doesn't know: lost." in problems("counters.blasts")


def test_the_counters_of_a_survey_are_compared_and_fixed(make_survey, make_session):
    survey = make_survey(start_count=9, completion_count=1)
    make_session(survey, "completed")
    make_session(survey, "active")
    [sentence] = problems("counters.surveys")
    assert sentence.startswith("The counters of 1 survey don't match their sessions")
    mend("counters.surveys")
    survey.refresh_from_db()
    assert (survey.start_count, survey.completion_count) == (2, 1)
    assert problems("counters.surveys") == []


def test_tests_by_staff_are_not_counted(make_survey, make_session):
    survey = make_survey(start_count=1)
    make_session(survey)
    make_session(survey, "completed", phone=practice_numbers.number_of(1))
    assert problems("counters.surveys") == []
    SurveyFlow.objects.update(start_count=2)
    mend("counters.surveys")
    survey.refresh_from_db()
    assert (survey.start_count, survey.completion_count) == (1, 0)


def test_leftover_tests_are_reported_once_real_texts_are_sent(make_survey, make_session, settings):
    survey = make_survey()
    make_session(survey, phone=practice_numbers.number_of(1))
    assert notes("counters.surveys") == []
    settings.SMS_BACKEND = "messaging.backends.twilio.TwilioBackend"
    [sentence] = notes("counters.surveys")
    assert sentence.startswith("1 survey test is left over although real texts are sent now (survey ")


def test_counts_from_the_previous_system_are_kept(make_survey):
    make_survey(start_count=9, completion_count=1)
    assert problems("counters.surveys") == []


def test_questions_that_cannot_be_read_are_found(make_survey):
    survey = make_survey(questions_json="{")
    assert problems("counters.surveys") == [f"Survey {survey.pk} doesn't work. The questions are not valid JSON."]


def test_people_asked_after_opting_out_are_found_and_their_sessions_ended(
    make_survey, make_session, make_unsubscribed
):
    survey = make_survey(start_count=2)
    gone = make_session(survey, phone=make_unsubscribed().phone)
    other = make_session(survey)
    assert problems("counters.surveys") == ["1 person who opted out is still being asked."]
    assert mend("counters.surveys") == ["1 session of people who opted out was ended."]
    gone.refresh_from_db()
    other.refresh_from_db()
    assert (gone.status, gone.end_reason, other.status) == ("cancelled", "opted_out", "active")


@pytest.mark.parametrize(("unread", "mended"), [(5, 1), (-2, 0)])
def test_more_unread_texts_than_texts_are_found_and_fixed(make_phone, unread, mended):
    phone = make_phone()
    thread = InboxThread.objects.create(phone=phone, unread_count=unread)
    for direction in ("inbound", "outbound"):
        InboxMessage.objects.create(thread=thread, phone=phone, direction=direction, body="Hello")
    [sentence] = problems("counters.threads")
    assert sentence.startswith("1 conversation counts more unread texts than it received")
    mend("counters.threads")
    thread.refresh_from_db()
    assert thread.unread_count == mended
    assert problems("counters.threads") == []


def test_unread_texts_are_fine(make_phone):
    phone = make_phone()
    thread = InboxThread.objects.create(phone=phone, unread_count=1)
    InboxMessage.objects.create(thread=thread, phone=phone, direction="inbound", body="Hello")
    assert problems("counters.threads") == []


def test_a_keyword_of_a_survey_and_a_reply_is_found(make_survey):
    survey = make_survey()
    rule = KeywordAutomationRule.objects.create(keyword="lunch", response_body="At noon.")
    KeywordAutomationRule.objects.create(keyword="hours", response_body="Nine to five.")
    [sentence] = problems("counters.keywords")
    assert sentence.startswith(f"Survey {survey.pk} and keyword reply {rule.pk} have the same keyword")
    KeywordAutomationRule.objects.filter(pk=rule.pk).update(is_active=False)
    assert problems("counters.keywords") == []
