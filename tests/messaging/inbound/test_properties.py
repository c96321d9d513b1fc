"""Whatever is texted, by anyone, in any order and any number of times: stored data is consistent."""

import itertools
from collections import Counter
from datetime import timedelta

import pytest
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from contacts.consent import opting_out
from contacts.models import ConsentRecord, Event, EventRegistration, UnsubscribedContact
from messaging.inbound import receive
from messaging.models import InboxMessage, InboxThread, KeywordAutomationRule
from surveys import questions, session_ends
from surveys.models import SurveyFlow, SurveyResponse, SurveySession
from surveys.questions import Kind, Question
from tests.conftest import fictional_phone

from .inbound_texts import form

pytestmark = pytest.mark.django_db

PHONES = [fictional_phone(index) for index in range(3)]
WORDS = (
    *("PICNIC", "picnic please", "Choir!", "CHOIR", "Hours", "Ada", "2", "Salad", "", "  ", "EXIT", "exit."),
    *("STOP", "stop!", "START", "YES", "yes.", "HELP", "INFO", "please stop texting me", "who is this?? stop it"),
)
texts = st.tuples(st.just("text"), st.integers(0, 2), st.sampled_from(WORDS))
# A text already received gets the same answer again, however long ago it was.
repeats = st.tuples(st.just("again"), st.integers(0, 200), st.none())
staff = st.tuples(
    st.sampled_from(["edit", "close", "open", "opt out", "late", "unlimited"]), st.integers(0, 2), st.none()
)
happenings = st.lists(st.one_of(texts, texts, texts, texts, repeats, staff), max_size=40)


class House:
    """Two surveys for one event, a keyword reply, and all answers so far."""

    def __init__(self):
        event = Event.objects.create(title="Summer")
        self.sids = itertools.count(1)
        self.edits = itertools.count(1)
        self.given = []
        for name, asked in (
            ("Picnic", [Question("Who?", Kind.NAME), Question("What?")]),
            ("Choir", [Question("High or low?"), Question("Since when?"), Question("Where?")]),
        ):
            SurveyFlow.objects.create(
                name=name,
                trigger_keyword=name.upper(),
                questions_json=questions.dump(asked),
                linked_event=event,
                completion_message="Thanks.",
            )
        KeywordAutomationRule.objects.create(keyword="HOURS", response_body="9 to 5")

    def happen(self, what, number, words):
        if what == "text":
            self.text(PHONES[number], words)
        elif what == "again":
            self.repeat(number)
        elif what == "opt out":
            opting_out.opt_out(PHONES[number], UnsubscribedContact.Source.MANUAL, actor="ann")
        elif what == "late":
            # Nobody has texted for longer than a session's lifetime.
            long_ago = timezone.now() - timedelta(hours=30)
            SurveySession.objects.filter(phone=PHONES[number]).update(last_activity_at=long_ago)
        elif what == "unlimited":
            InboxMessage.objects.update(created_at=F("created_at") - timedelta(hours=2))
        else:
            self.edit(SurveyFlow.objects.order_by("pk")[number % 2], what)

    def text(self, phone, words):
        fields = form(phone, words, MessageSid=f"SM{next(self.sids)}")
        was_out = UnsubscribedContact.objects.filter(phone=phone).exists()
        reply = receive.receive(fields)
        self.given.append((fields, reply))
        if was_out and reply.body:
            answer = InboxMessage.objects.get(answer_to__message_sid=fields["MessageSid"])
            assert answer.automation_source == "system"

    def repeat(self, number):
        if self.given:
            fields, reply = self.given[number % len(self.given)]
            before = (InboxMessage.objects.count(), ConsentRecord.objects.count(), SurveyResponse.objects.count())
            again = receive.receive({**fields, "Retried": "1"})
            if UnsubscribedContact.objects.filter(phone=fields["From"]).exists():
                # People who have texted STOP since get no other answer.
                assert again in (reply, receive.Reply())
            else:
                assert again == reply
            after = (InboxMessage.objects.count(), ConsentRecord.objects.count(), SurveyResponse.objects.count())
            assert before == after

    def edit(self, survey, what):
        if what == "edit":
            asked = [Question(f"Edit {next(self.edits)}: who?"), Question("And?")][: survey.pk % 2 + 1]
            survey.questions_json = questions.dump(asked)
        survey.is_active = {"close": False, "open": True}.get(what, survey.is_active)
        survey.save()

    def check(self):
        self.check_texts()
        self.check_consent()
        self.check_surveys()

    def check_texts(self):
        received = InboxMessage.objects.filter(direction="inbound")
        assert received.count() == len(self.given)
        assert set(received.values_list("message_sid", flat=True)) == {f["MessageSid"] for f, _ in self.given}
        answered = dict(
            InboxMessage.objects.filter(direction="outbound").values_list("answer_to__message_sid", "body")
        )
        assert answered == {fields["MessageSid"]: reply.body for fields, reply in self.given if reply.body}
        deliveries = [reply.delivery_id for _, reply in self.given if reply.body]
        assert None not in deliveries
        assert len(set(deliveries)) == len(deliveries)
        for thread in InboxThread.objects.all():
            own = thread.messages.order_by("pk")
            assert thread.last_direction == own.last().direction
            flagged = own.filter(is_flagged=True)
            assert (thread.flagged_at is not None) == flagged.exists()
            assert thread.unread_count >= flagged.count()
            assert thread.unread_count <= own.filter(direction="inbound").count()
        limited = InboxMessage.objects.filter(direction="outbound", matched_keyword__isnull=False)
        assert KeywordAutomationRule.objects.get().match_count == limited.filter(matched_keyword="HOURS").count()

    def check_consent(self):
        last = dict(ConsentRecord.objects.order_by("pk").values_list("phone", "kind"))
        out = set(UnsubscribedContact.objects.values_list("phone", flat=True))
        assert out == {phone for phone, kind in last.items() if kind == ConsentRecord.Kind.OPT_OUT}

    def check_surveys(self):
        sessions = SurveySession.objects.all()
        active = list(sessions.filter(status="active").values_list("phone", flat=True))
        assert len(active) == len(set(active))
        assert not UnsubscribedContact.objects.filter(phone__in=active).exists()
        for survey in SurveyFlow.objects.all():
            assert survey.start_count == survey.sessions.count()
            assert survey.completion_count == survey.sessions.filter(status="completed").count()
        for session in sessions:
            asked = [question.prompt for question in questions.load(session.questions_json)]
            said = session.responses.order_by("question_index")
            assert [row.question_index for row in said] == list(range(session.current_question_index))
            assert [row.question_prompt for row in said] == asked[: session.current_question_index]
            assert all(row.answer and row.survey_id == session.survey_id for row in said)
            assert (session.status == "completed") == (session.current_question_index == len(asked))
            assert (session.completed_at is not None) == (session.status == "completed")
        done = set(sessions.filter(status="completed").values_list("phone", flat=True))
        assert Counter(EventRegistration.objects.values_list("phone", flat=True)) == Counter(done)


def live_through(story):
    with transaction.atomic():
        house = House()
        for happening in story:
            house.happen(*happening)
        house.check()
        session_ends.expire(timezone.now() + timedelta(days=2))
        assert not SurveySession.objects.filter(status="active").exists()
        house.check()
        transaction.set_rollback(True)


@given(happenings)
@settings(max_examples=15)
def test_stored_data_is_consistent_after_any_texts(story):
    live_through(story)


@pytest.mark.slow
@given(st.lists(st.one_of(texts, texts, texts, repeats, staff), max_size=120))
@settings(max_examples=300)
def test_stored_data_is_consistent_after_very_many_texts(story):
    live_through(story)


@given(st.lists(st.tuples(st.integers(0, 1), st.sampled_from(WORDS)), max_size=12))
@settings(max_examples=10)
def test_texts_from_another_phone_in_between_change_nothing(story):
    """A phone gets the same answers as if nobody else texted."""

    def answers_to_first(texts_of_all):
        with transaction.atomic():
            house = House()
            for number, words in texts_of_all:
                house.text(PHONES[number], words)
            given = [reply.body for fields, reply in house.given if fields["From"] == PHONES[0]]
            transaction.set_rollback(True)
        return given

    assert answers_to_first(story) == answers_to_first([text for text in story if text[0] == 0])


@given(st.lists(st.tuples(st.integers(0, 1), st.sampled_from([w for w in WORDS if "?" not in w])), max_size=12))
@settings(max_examples=10)
def test_unanswered_texts_and_calls_for_help_are_unread(story):
    with transaction.atomic():
        house = House()
        for number, words in story:
            thread = InboxThread.objects.filter(phone=PHONES[number]).first()
            before = thread.unread_count if thread else 0
            records = ConsentRecord.objects.count()
            ended = SurveySession.objects.exclude(status="active").count()
            house.text(PHONES[number], words)
            _, reply = house.given[-1]
            is_claimed = (
                reply.body
                or ConsentRecord.objects.count() > records
                or SurveySession.objects.exclude(status="active").count() > ended
            )
            is_help = words in ("HELP", "INFO")
            after = InboxThread.objects.get(phone=PHONES[number]).unread_count
            assert after - before == int(is_help or not is_claimed)
        transaction.set_rollback(True)
