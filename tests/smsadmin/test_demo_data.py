"""The made-up data, looked at from all sides. It is added once for all tests here."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from contacts.models import (
    CommunityMember,
    ConsentRecord,
    Event,
    EventRegistration,
    SuppressedContact,
    UnsubscribedContact,
)
from messaging.inbox import conversations, replies
from messaging.inbox.timeline import Timeline
from messaging.models import Delivery, InboxMessage, InboxThread, KeywordAutomationRule, MessageLog, ScheduledMessage
from smsadmin import demo
from smsadmin.demo import blasts, people
from smsadmin.doctor import counters, rows
from smsadmin.doctor import sending as sending_checks
from smsadmin.doctor.findings import Level
from smsadmin.doctor.schema import our_models
from surveys import results
from surveys.models import SurveyFlow, SurveyResponse, SurveySession

LISTS = (
    CommunityMember,
    Event,
    EventRegistration,
    UnsubscribedContact,
    SuppressedContact,
    MessageLog,
    Delivery,
    InboxThread,
    InboxMessage,
    KeywordAutomationRule,
    SurveyFlow,
    SurveySession,
    SurveyResponse,
    ScheduledMessage,
    ConsentRecord,
)

pytestmark = pytest.mark.django_db


def test_there_is_something_to_look_at_in_every_list(made_up):
    assert all(model.objects.exists() for model in LISTS)
    assert CommunityMember.objects.count() == made_up.members == 340
    assert MessageLog.objects.count() == len(blasts.BLASTS)


def test_nothing_is_sent(made_up, nudged):
    assert nudged == []
    assert not MessageLog.objects.running().exists()


def test_every_number_is_fictional(made_up):
    with_phones = [model for model in LISTS if any(field.name == "phone" for field in model._meta.fields)]
    assert len(with_phones) == 10
    for model in with_phones:
        assert not model.objects.exclude(phone__regex=people.FICTIONAL.pattern).exists()
    assert people.count_real_people() == 0


@pytest.mark.parametrize(
    "model",
    [
        *(CommunityMember, Event, EventRegistration, UnsubscribedContact, SuppressedContact, ConsentRecord),
        *(MessageLog, SurveySession),
    ],
)
def test_lists_that_show_the_newest_first_are_in_order_of_time(made_up, model):
    """They are sorted by id, because later rows are written later."""
    lists = {}
    for row in model.objects.order_by("pk"):
        # The page of a survey lists its own sessions.
        shown_on, at = (row.survey_id, row.started_at) if model is SurveySession else (None, row.created_at)
        lists.setdefault(shown_on, []).append(at)
    assert all(times == sorted(times) for times in lists.values())


def test_blasts_have_every_outcome(made_up, settings):
    assert set(Delivery.objects.values_list("status", flat=True)) >= {
        "delivered",
        "undelivered",
        "failed",
        "skipped",
        "pending",
    }
    assert MessageLog.objects.exclude(cancelled_at=None).count() == 1
    stopped = MessageLog.objects.get(stop_code__isnull=False)
    assert stopped.paused_at is not None
    assert stopped.failure_count >= settings.SMS_BREAKER_SAMPLE


def test_counters_match_the_rows(made_up):
    for log in MessageLog.objects.all():
        before = (log.total_recipients, log.success_count, log.failure_count)
        log.write_totals()
        assert (log.total_recipients, log.success_count, log.failure_count) == before


def test_permanently_failed_numbers_are_skipped_from_then_on(made_up):
    dead = Delivery.objects.filter(error_code__in=(21610, 21614)).values_list("phone", flat=True)
    assert dead
    assert not CommunityMember.objects.textable().filter(phone__in=dead).exists()


def test_scheduled_messages_wait_for_months(made_up):
    soonest = ScheduledMessage.objects.upcoming().earliest("scheduled_at").scheduled_at
    assert soonest > timezone.now() + timedelta(days=100)


def test_conversations_are_of_every_kind(made_up):
    waiting = conversations.waiting()
    assert waiting.texts == 5
    assert waiting.conversations == 3
    assert waiting.undecided == 1
    outbound = InboxMessage.objects.filter(direction="outbound")
    assert set(outbound.values_list("automation_source", flat=True)) == set(InboxMessage.Source.values)
    manual = outbound.filter(automation_source="manual")
    assert set(manual.values_list("delivery__status", flat=True)) == {
        "delivered",
        "undelivered",
        "failed",
        "unknown",
    }
    kinds = {
        entry.name
        for thread in InboxThread.objects.order_by("-last_message_at")[:9]
        for entry in Timeline(thread).page().entries
    }
    assert kinds == {"text", "blast", "consent"}


def test_the_unconfirmed_reply_is_shown_to_staff_soon_after(made_up):
    assert not replies.in_question().exists()
    assert replies.in_question(timezone.now() + timedelta(minutes=2)).count() == 1


def test_threads_match_their_texts(made_up):
    for thread in InboxThread.objects.prefetch_related("messages"):
        last = max(thread.messages.all(), key=lambda message: message.pk)
        assert thread.last_message_at == last.created_at
        assert thread.last_direction == last.direction
        moments = [message.created_at for message in sorted(thread.messages.all(), key=lambda each: each.pk)]
        assert moments == sorted(moments)


def test_an_opt_out_by_text_keeps_its_words_in_the_consent_history(made_up):
    said = ConsentRecord.objects.exclude(message_sid="")
    assert said.count() == 6
    for record in said:
        text = InboxMessage.objects.get(message_sid=record.message_sid)
        assert (text.phone, text.body, text.created_at) == (record.phone, record.words, record.created_at)
        assert UnsubscribedContact.objects.filter(phone=record.phone).exists()


def test_the_consent_history_says_of_each_opt_out_when_it_was(made_up):
    entries = UnsubscribedContact.objects.order_by("phone").values_list("phone", "source", "created_at")
    records = ConsentRecord.objects.order_by("phone").values_list("phone", "source", "created_at")
    assert list(entries) == list(records)


def test_surveys_have_sessions_with_every_outcome(made_up):
    ends = set(SurveySession.objects.values_list("status", "end_reason"))
    assert ends == {
        ("completed", ""),
        ("expired", ""),
        ("active", ""),
        ("cancelled", "exit"),
        ("cancelled", "restarted"),
        ("cancelled", "opted_out"),
    }
    for survey in SurveyFlow.objects.all():
        assert survey.start_count > 30
        funnel = results.funnel(survey, results.Whose.PEOPLE)
        assert (funnel.started, funnel.completed) == (survey.start_count, survey.completion_count)


def test_people_who_completed_the_sign_up_are_registered_for_its_event(made_up):
    survey = SurveyFlow.objects.exclude(linked_event=None).get()
    completed = SurveySession.objects.filter(survey=survey, status="completed")
    registered = EventRegistration.objects.filter(event=survey.linked_event)
    assert set(completed.values_list("phone", flat=True)) <= set(registered.values_list("phone", flat=True))


def test_dbdoctor_finds_nothing_wrong_with_it(made_up):
    findings = [
        *rows.find_bad_phones(),
        *rows.find_opt_outs_not_kept(),
        *rows.find_unknown_values(),
        *counters.find_wrong_counters(),
        *counters.find_wrong_surveys(),
        *counters.find_wrong_threads(),
        *counters.find_keywords_claimed_twice(),
        *sending_checks.find_blasts_without_sender(),
        *sending_checks.find_doubt(),
        *sending_checks.find_late_messages(),
    ]
    assert [finding.sentence for finding in findings if finding.level == Level.PROBLEM] == []


def _count_all():
    return [model._default_manager.count() for model in our_models()]


def test_adding_again_changes_nothing(made_up, capsys, settings):
    settings.SMS_BACKEND = "messaging.backends.simulator.SimulatorBackend"
    before = _count_all()
    call_command("demo")
    assert _count_all() == before
    assert capsys.readouterr().out.endswith("Nothing was added.\n")


def test_it_is_the_same_each_time(made_up):
    first = list(CommunityMember.objects.order_by("phone").values_list("phone", "name"))
    CommunityMember.objects.all().delete()
    demo.add()
    assert list(CommunityMember.objects.order_by("phone").values_list("phone", "name")) == first
