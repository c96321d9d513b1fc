import pytest

from contacts.models import Event
from messaging.models import InboxMessage, KeywordAutomationRule
from surveys.models import SurveyFlow, SurveyResponse, SurveySession

ADA, GRACE = "+17205550101", "+13035550102"
TABLE = "survey_flows"

pytestmark = pytest.mark.django_db


def test_a_survey_is_imported_with_its_sessions_and_answers(old, move):
    old.add("events", title="Gala")
    old.add(TABLE, linked_event_id=1, start_count=1, completion_count=1, intro_message="Hi", completion_message="Bye")
    old.add("inbox_threads", phone=ADA)
    old.add("survey_sessions", phone=ADA, current_question_index=2, completed_at="2024-03-05 18:00:00")
    old.add("survey_responses", phone=ADA, answer="Cake")
    old.add("survey_responses", phone=ADA, answer="3", question_index=1, question_prompt="How many are you?")
    report = move()
    survey, session = SurveyFlow.objects.get(), SurveySession.objects.get()
    assert (survey.trigger_keyword, survey.linked_event) == ("PICNIC", Event.objects.get())
    assert survey.is_active
    assert (session.survey, session.thread.phone, session.status) == (survey, ADA, "completed")
    assert session.questions_json == survey.questions_json == '["What do you bring?", "How many are you?"]'
    assert session.completion_message == "Bye"
    assert list(session.responses.order_by("question_index").values_list("answer", flat=True)) == ["Cake", "3"]
    assert not report.groups


def test_the_pages_of_an_imported_survey_open(old, move, admin_client):
    old.add(TABLE)
    move()
    page = admin_client.get(f"/admin/surveys/surveyflow/{SurveyFlow.objects.get().pk}/change/")
    assert page.status_code == 200


def test_the_counters_of_a_survey_match_its_sessions(old, move):
    old.add(TABLE, start_count=3, completion_count=2)
    old.add(TABLE, name="Without sessions", trigger_keyword="OLD", start_count=9)
    old.add("survey_sessions", phone=ADA)
    old.add("survey_sessions", phone=ADA, status="cancelled")
    report = move()
    counted = SurveyFlow.objects.order_by("pk").values_list("start_count", "completion_count")
    assert list(counted) == [(2, 1), (9, 0)]
    assert report.notes == [
        "The counters of the survey “Picnic survey” were recounted: started 3 → 2, completed 2 → 1."
    ]
    assert move().notes == []


def test_a_keyword_is_normalized(old, move):
    old.add(TABLE, trigger_keyword=" pic  nic ")
    assert move().of(TABLE).mended == 1
    assert SurveyFlow.objects.get().trigger_keyword == "PIC NIC"


@pytest.mark.parametrize("keyword", ["stop", "Help", "exit"])
def test_a_survey_with_a_reserved_word_is_turned_off(old, move, told, keyword):
    old.add(TABLE, trigger_keyword=keyword)
    report = move()
    survey = SurveyFlow.objects.get()
    assert (survey.trigger_keyword, survey.is_active) == (keyword.upper(), False)
    assert ("fixed", "its keyword can't be used: turned off") in told(report, TABLE)


@pytest.mark.parametrize("keyword", ["picnic", "", "  "])
def test_a_survey_without_a_keyword_of_its_own_gets_one_and_is_turned_off(old, move, keyword):
    old.add(TABLE)
    old.add(TABLE, name="Another", trigger_keyword=keyword)
    assert move().of(TABLE).mended == 1
    first, second = SurveyFlow.objects.order_by("pk")
    assert first.is_active
    assert not second.is_active
    assert second.trigger_keyword not in ("", "PICNIC")


def test_answers_are_added_to_an_existing_survey(old, move):
    here = SurveyFlow.objects.create(name="Picnic survey", trigger_keyword="JUNE", questions_json='["Q"]')
    old.add(TABLE)
    old.add("survey_sessions", phone=ADA, thread_id=8)
    old.add("survey_responses", phone=ADA, answer="Cake")
    report = move()
    here.refresh_from_db()
    assert (here.trigger_keyword, here.responses.get().answer) == ("JUNE", "Cake")
    assert report.of(TABLE).present == 1


@pytest.mark.parametrize(
    ("stored", "kept"),
    [("garbage", "[]"), ('{"a": 1}', "[]"), ('["One?", "", 7, "Two?"]', '["One?", "Two?"]'), ("[" * 100_000, "[]")],
)
def test_questions_that_cannot_be_read_are_reported(old, move, stored, kept):
    old.add(TABLE, questions_json=stored)
    assert move().of(TABLE).mended == 1
    survey = SurveyFlow.objects.get()
    assert (survey.questions_json, survey.is_active) == (kept, kept != "[]")


def test_of_several_active_sessions_the_last_continues(old, move, monkeypatch):
    monkeypatch.setattr("smsadmin.legacy.reading.BATCH", 2)
    old.add(TABLE)
    for _ in range(3):
        old.add("survey_sessions", phone=ADA, status="active")
    move()
    ended = SurveySession.objects.order_by("pk").values_list("status", "end_reason")
    assert list(ended) == [("cancelled", "restarted"), ("cancelled", "restarted"), ("active", "")]


def test_a_session_already_active_here_continues(old, move):
    survey = SurveyFlow.objects.create(name="Here", trigger_keyword="HERE", questions_json='["Q"]')
    mine = SurveySession.objects.create(survey=survey, phone=ADA, questions_json='["Q"]')
    old.add(TABLE)
    old.add("survey_sessions", phone=ADA, status="active")
    assert move().of("survey_sessions").mended == 1
    mine.refresh_from_db()
    assert mine.status == "active"


def test_opted_out_people_have_no_active_session(old, move):
    old.add(TABLE)
    old.add("unsubscribed_contacts", phone=ADA)
    old.add("survey_sessions", phone=ADA, status="active")
    move()
    assert SurveySession.objects.get().end_reason == "opted_out"


@pytest.mark.parametrize(
    ("values", "status"),
    [({"status": "paused"}, "cancelled"), ({"status": "active", "current_question_index": 2}, "completed")],
)
def test_states_of_sessions_are_fixed(old, move, values, status):
    old.add(TABLE)
    old.add("inbox_threads", phone=ADA)
    old.add("survey_sessions", phone=ADA, **values)
    assert move().of("survey_sessions").mended == 1
    assert SurveySession.objects.get().status == status


def test_rows_without_their_parent_are_refused(old, move):
    old.add("survey_sessions", phone=ADA, survey_id=4)
    old.add("survey_responses", phone=ADA, session_id=1, answer="Cake")
    report = move()
    assert (report.of("survey_sessions").refused, report.of("survey_responses").refused) == (1, 1)


def test_a_second_answer_to_a_question_is_reported(old, move, told):
    old.add(TABLE)
    old.add("survey_sessions", phone=ADA)
    old.add("survey_responses", phone=ADA, answer="Cake")
    old.add("survey_responses", phone=ADA, answer="Pie")
    old.add("survey_responses", phone=ADA, answer="Tart", question_index="first")
    report = move()
    assert SurveyResponse.objects.get().answer == "Cake"
    assert {outcome for outcome, _ in told(report, "survey_responses")} == {"already there", "rejected"}


def test_keyword_replies_are_imported(old, move):
    old.add("keyword_automation_rules", keyword="hours", match_count=4, last_matched_at="2024-03-05 17:00:00")
    move()
    rule = KeywordAutomationRule.objects.get()
    assert (rule.keyword, rule.response_body, rule.match_count, rule.is_active) == ("HOURS", "We open at 9.", 4, True)
    assert rule.updated_at.year == 2024


@pytest.mark.parametrize("keyword", ["PICNIC", "stop", "help", "start"])
def test_a_reply_with_a_keyword_in_use_is_turned_off(old, move, told, keyword):
    old.add(TABLE)
    old.add("keyword_automation_rules", keyword=keyword)
    report = move()
    assert not KeywordAutomationRule.objects.get().is_active
    assert ("fixed", "its keyword can't be used: turned off") in told(report, "keyword_automation_rules")


def test_existing_replies_are_left_alone(old, move):
    KeywordAutomationRule.objects.create(keyword="HOURS", response_body="At ten")
    old.add("keyword_automation_rules", keyword="Hours")
    old.add("keyword_automation_rules", keyword=" ")
    report = move()
    assert KeywordAutomationRule.objects.get().response_body == "At ten"
    assert (report.of("keyword_automation_rules").present, report.of("keyword_automation_rules").refused) == (1, 1)


def test_texts_name_the_survey_or_reply_that_wrote_them(old, move):
    SurveyFlow.objects.create(name="Here", trigger_keyword="HERE", questions_json='["Q"]')
    old.add(TABLE)
    old.add("keyword_automation_rules", keyword="HOURS")
    old.add("inbox_threads", phone=ADA)
    for source in ("survey", "keyword"):
        old.add("inbox_messages", phone=ADA, direction="outbound", automation_source=source, automation_source_id=1)
    move()
    by_source = dict(InboxMessage.objects.values_list("automation_source", "automation_source_id"))
    assert by_source == {
        "survey": SurveyFlow.objects.get(trigger_keyword="PICNIC").pk,
        "keyword": KeywordAutomationRule.objects.get().pk,
    }
