"""What staff do to surveys and keywords at the very moment at which somebody texts, on PostgreSQL.

On SQLite there is one writer at a time, and nothing of this can happen.
"""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from contacts.consent import opting_out
from contacts.models import CommunityMember
from messaging import keywords
from messaging.models import InboxMessage, InboxThread, KeywordAutomationRule
from messaging.practice_numbers import number_of
from messaging.practice_phone import forget
from surveys import deletion
from surveys.models import SurveyFlow, SurveyResponse, SurveySession
from tests.meanwhile import meanwhile, on_postgresql
from tests.messaging.inbound.inbound_texts import text_in as post

pytestmark = [
    pytest.mark.django_db(transaction=True),
    on_postgresql,
]
ADA = "+17205550123"


@pytest.mark.parametrize(
    ("before", "body"),
    [(["PICNIC"], "Ada"), (["PICNIC", "Ada"], "Cake"), (["PICNIC"], "picnic"), ([], "Picnic, please")],
)
def test_a_survey_that_is_deleted_while_somebody_texts_is_gone_for_them(make_survey, before, body):
    survey = make_survey(trigger_keyword="PICNIC")
    for text in before:
        post(ADA, text)

    def lock():
        SurveyFlow.objects.select_for_update().get(pk=survey.pk)

    with meanwhile(lock, lambda: deletion.delete([survey.pk])):
        assert post(ADA, body) == ""
    assert InboxMessage.objects.filter(body=body).exists()
    assert not SurveyFlow.objects.exists()
    assert not SurveySession.objects.exists()


@pytest.mark.parametrize("sessions_at_once", [1, 1000])
def test_an_answer_that_is_taken_while_its_survey_is_deleted_goes_with_it(make_survey, monkeypatch, sessions_at_once):
    survey, delete_some, replies = make_survey(trigger_keyword="PICNIC"), deletion._delete_some, []
    post(ADA, "PICNIC")

    def lock():
        SurveyFlow.objects.select_for_update(no_key=True).get(pk=survey.pk)

    def delete_beside_an_answer(pk):
        monkeypatch.setattr(deletion, "_delete_some", delete_some)
        # Not before: to switch the survey off waits for an answer, too.
        with meanwhile(lock, lambda: replies.append(post(ADA, "Ada"))):
            return delete_some(pk)

    monkeypatch.setattr(deletion, "_SESSIONS_AT_ONCE", sessions_at_once)
    monkeypatch.setattr(deletion, "_delete_some", delete_beside_an_answer)
    deletion.delete([survey.pk])
    assert replies == ["What will you bring?"]
    assert not SurveyFlow.objects.exists()
    assert not SurveyResponse.objects.exists()


def test_of_two_who_give_out_a_keyword_at_once_the_second_is_refused():
    def save():
        KeywordAutomationRule.objects.create(keyword="PICNIC", response_body="At six.")

    with meanwhile(lambda: keywords.why_refused("PICNIC"), save), transaction.atomic():
        assert "PICNIC is already the keyword of a keyword reply" in keywords.why_refused("PICNIC")


def test_who_starts_a_survey_after_another_one_that_is_over_waits_in_no_circle(make_survey):
    picnic, parade = make_survey(trigger_keyword="PICNIC"), make_survey(name="Parade", trigger_keyword="PARADE")
    post(ADA, "PARADE")
    SurveySession.objects.update(last_activity_at=timezone.now() - timedelta(days=3))

    def lock(survey):
        SurveyFlow.objects.select_for_update().get(pk=survey.pk)

    with meanwhile(lambda: lock(picnic), lambda: lock(parade)):
        assert post(ADA, "PICNIC")
    assert SurveySession.objects.get(status="active").survey == picnic


def test_who_is_opted_out_while_their_keyword_waits_is_asked_nothing(make_survey, make_member):
    survey, member = make_survey(trigger_keyword="PICNIC"), make_member(phone=ADA)

    def opt_out():
        opting_out.unsubscribe(CommunityMember.objects.filter(pk=member.pk), "Asked")

    with meanwhile(opt_out, lambda: None):
        assert post(ADA, "PICNIC") == ""
    assert not SurveySession.objects.exists()
    survey.refresh_from_db()
    assert survey.start_count == 0


def test_who_is_opted_out_while_their_keyword_is_answered_is_asked_no_more(make_survey, make_member):
    make_survey(trigger_keyword="PICNIC")
    member = make_member(phone=ADA)
    with meanwhile(lambda: post(ADA, "PICNIC"), lambda: None):
        opting_out.unsubscribe(CommunityMember.objects.filter(pk=member.pk), "Asked")
    assert SurveySession.objects.get().end_reason == SurveySession.EndReason.OPTED_OUT


def test_tests_are_deleted_while_one_is_running(make_survey):
    phone = number_of(1)
    make_survey(trigger_keyword="PICNIC")
    post(phone, "PICNIC")
    thread = InboxThread.objects.get(phone=phone)

    def lock():
        InboxThread.objects.select_for_update().get(pk=thread.pk)

    def go_on():
        InboxMessage.objects.create(thread=thread, phone=phone, direction="inbound", body="Ada")

    with meanwhile(lock, go_on):
        forget([phone], "ann")
    assert not InboxThread.objects.exists()
