from datetime import timedelta

import pytest
from django.utils import timezone

from contacts.consent import opting_out
from contacts.models import EventRegistration
from messaging.models import InboxMessage, InboxThread
from surveys import questions, tasks
from surveys.models import SurveyFlow, SurveyResponse, SurveySession
from surveys.questions import Kind, Question
from tests.messaging.inbound.inbound_texts import form, post, text_in

ADA = "+17205550123"
BOB = "+17205550124"


@pytest.fixture
def make_picnic(make_survey):
    """The survey PICNIC, which asks what a person is called and brings, or something else."""

    def make(*asked, **fields):
        asked = asked or ("What is your name?", "What do you bring?")
        return make_survey(
            [Question(one) if isinstance(one, str) else one for one in asked],
            **{
                "name": "Picnic",
                "trigger_keyword": "PICNIC",
                "intro_message": "Come to the picnic!",
                "completion_message": "See you there.",
                **fields,
            },
        )

    return make


def counts(survey):
    survey.refresh_from_db()
    return survey.start_count, survey.completion_count


def session():
    return SurveySession.objects.latest("pk")


def test_a_survey_from_its_keyword_to_its_last_message(make_picnic):
    survey = make_picnic()
    assert text_in(ADA, "picnic") == "Come to the picnic!\n\nWhat is your name?"
    assert text_in(ADA, " Ada ") == "What do you bring?"
    assert text_in(ADA, "Salad") == "See you there."
    assert session().status == "completed"
    assert session().completed_at is not None
    answers = SurveyResponse.objects.order_by("question_index")
    assert [(row.question_prompt, row.answer) for row in answers] == [
        ("What is your name?", "Ada"),
        ("What do you bring?", "Salad"),
    ]
    assert counts(survey) == (1, 1)
    assert InboxThread.objects.get().unread_count == 0


def test_after_the_last_answer_texts_reach_the_inbox_again(make_picnic):
    make_picnic("Coming?")
    text_in(ADA, "PICNIC")
    text_in(ADA, "Yes")
    assert text_in(ADA, "What time?") == ""
    assert InboxThread.objects.get().unread_count == 1


def test_without_introduction_and_last_message_there_are_only_the_questions(make_picnic):
    make_picnic("Coming?", intro_message=None, completion_message=None)
    assert text_in(ADA, "PICNIC") == "Coming?"
    assert text_in(ADA, "Yes") == ""
    assert session().status == "completed"


def test_a_repeated_text_is_no_second_answer(make_picnic):
    make_picnic()
    text_in(ADA, "PICNIC")
    fields = form(ADA, "Ada")
    assert post(fields).content == post(fields).content
    assert session().current_question_index == 1


def test_two_people_answer_without_meeting(make_picnic):
    survey = make_picnic()
    text_in(ADA, "PICNIC")
    text_in(BOB, "PICNIC")
    text_in(ADA, "Ada")
    text_in(BOB, "Bob")
    assert text_in(ADA, "Salad") == text_in(BOB, "Bread") == "See you there."
    assert counts(survey) == (2, 2)


def test_completing_registers_for_the_event_by_the_answer_that_is_the_name(make_picnic, make_event):
    make_picnic("What do you bring?", Question("Your name?", Kind.NAME), linked_event=make_event())
    for body in ("PICNIC", "Salad", " Ada   Lovelace "):
        text_in(ADA, body)
    registration = EventRegistration.objects.get()
    assert (registration.phone, registration.name) == (ADA, "Ada Lovelace")


def test_without_such_a_question_the_name_is_the_one_on_our_lists(make_picnic, make_event, make_member):
    make_member(name="Ada L.", phone=ADA)
    make_picnic("What do you bring?", linked_event=make_event())
    for body in ("PICNIC", "Salad"):
        text_in(ADA, body)
    assert EventRegistration.objects.get().name == "Ada L."


def test_of_a_stranger_the_first_answer_is_the_name(make_picnic, make_event):
    make_picnic(linked_event=make_event())
    for body in ("PICNIC", "A" * 200, "Salad"):
        text_in(ADA, body)
    assert EventRegistration.objects.get().name == "A" * 100


def test_completing_again_updates_the_name_and_registers_nobody_twice(make_picnic, make_event):
    make_picnic(Question("Your name?", Kind.NAME), linked_event=make_event())
    for body in ("PICNIC", "Ada", "PICNIC", "Ada Lovelace"):
        text_in(ADA, body)
    assert EventRegistration.objects.get().name == "Ada Lovelace"


def test_a_sender_without_a_number_starts_nothing(make_picnic):
    make_picnic()
    assert text_in("72975", "PICNIC") == ""
    assert not SurveySession.objects.exists()


def test_the_keyword_again_starts_from_the_beginning(make_picnic):
    survey = make_picnic()
    text_in(ADA, "PICNIC")
    text_in(ADA, "Ada")
    assert text_in(ADA, "picnic!") == "Come to the picnic!\n\nWhat is your name?"
    first = SurveySession.objects.earliest("pk")
    assert (first.status, first.end_reason) == ("cancelled", "restarted")
    assert counts(survey) == (2, 0)


def test_an_answer_that_only_begins_with_the_keyword_is_an_answer(make_picnic):
    make_picnic()
    text_in(ADA, "PICNIC")
    assert text_in(ADA, "Picnic Basket is my name") == "What do you bring?"


def test_exit_leaves_a_survey(make_picnic):
    survey = make_picnic()
    text_in(ADA, "PICNIC")
    assert text_in(ADA, "exit") == "You have left the survey. Text PICNIC to start it again."
    assert (session().status, session().end_reason) == ("cancelled", "exit")
    assert text_in(ADA, "Ada") == ""
    assert counts(survey) == (1, 0)


def test_exit_outside_a_survey_is_a_text_like_any_other(db):
    assert text_in(ADA, "EXIT") == ""
    assert InboxThread.objects.get().unread_count == 1


@pytest.mark.parametrize("word", ["STOP", "CANCEL", "quit", "please stop texting me"])
def test_an_opt_out_ends_the_survey(make_picnic, word):
    make_picnic()
    text_in(ADA, "PICNIC")
    text_in(ADA, word)
    assert (session().status, session().end_reason) == ("cancelled", "opted_out")
    assert text_in(ADA, "Ada") == ""
    assert not SurveyResponse.objects.exists()


def test_an_opt_out_that_staff_record_ends_the_survey(make_picnic):
    make_picnic()
    text_in(ADA, "PICNIC")
    text_in(BOB, "PICNIC")
    opting_out.opt_out(ADA, "manual")
    assert SurveySession.objects.get(phone=ADA).end_reason == "opted_out"
    assert SurveySession.objects.get(phone=BOB).status == "active"


def test_yes_is_an_answer_inside_a_survey(make_picnic):
    make_picnic("Coming?")
    text_in(ADA, "PICNIC")
    assert text_in(ADA, "YES") == "See you there."


def test_an_answer_that_may_be_an_opt_out_is_taken_and_shown_to_staff(make_picnic):
    make_picnic("Coming?")
    text_in(ADA, "PICNIC")
    assert text_in(ADA, "who is this?? stop it") == "See you there."
    assert SurveyResponse.objects.get().answer == "who is this?? stop it"
    thread = InboxThread.objects.get()
    assert thread.unread_count == 1
    assert [message.body for message in thread.messages.flagged()] == ["who is this?? stop it"]


def test_a_text_without_words_is_no_answer(make_picnic):
    make_picnic()
    text_in(ADA, "PICNIC")
    assert text_in(ADA, "", NumMedia="1") == ""
    assert session().current_question_index == 0
    assert InboxThread.objects.get().unread_count == 1


def test_people_finish_the_version_of_a_survey_they_started(make_picnic):
    survey = make_picnic()
    text_in(ADA, "PICNIC")
    survey.questions_json = questions.dump([Question("Something else?")])
    survey.completion_message = "Changed."
    survey.is_active = False
    survey.save()
    assert text_in(ADA, "Ada") == "What do you bring?"
    assert text_in(ADA, "Salad") == "See you there."
    assert text_in(BOB, "PICNIC") == ""


def test_a_session_without_an_answer_expires(make_picnic, settings):
    settings.SURVEY_SESSION_HOURS = 24
    make_picnic()
    text_in(ADA, "PICNIC")
    text_in(BOB, "PICNIC")
    long_ago = timezone.now() - timedelta(hours=24, minutes=1)
    SurveySession.objects.filter(phone=ADA).update(last_activity_at=long_ago)
    tasks.expire_sessions()
    assert SurveySession.objects.get(phone=ADA).status == "expired"
    assert SurveySession.objects.get(phone=BOB).status == "active"


def test_an_answer_that_comes_too_late_is_none_even_before_the_task_has_run(make_picnic):
    make_picnic()
    text_in(ADA, "PICNIC")
    SurveySession.objects.update(last_activity_at=timezone.now() - timedelta(hours=25))
    assert text_in(ADA, "Ada") == ""
    assert not SurveyResponse.objects.exists()
    assert InboxThread.objects.get().unread_count == 1
    tasks.expire_sessions()
    assert session().status == "expired"


def test_a_session_that_is_over_has_expired_when_the_next_one_begins(make_picnic):
    make_picnic()
    text_in(ADA, "PICNIC")
    SurveySession.objects.update(last_activity_at=timezone.now() - timedelta(hours=25))
    text_in(ADA, "PICNIC")
    assert list(SurveySession.objects.order_by("pk").values_list("status", "end_reason")) == [
        ("expired", ""),
        ("active", ""),
    ]


def test_each_answer_gives_more_time(make_picnic):
    make_picnic()
    text_in(ADA, "PICNIC")
    SurveySession.objects.update(last_activity_at=timezone.now() - timedelta(hours=23))
    text_in(ADA, "Ada")
    assert session().last_activity_at > timezone.now() - timedelta(hours=1)


@pytest.mark.parametrize("broken", ["", "{}", "[]", "[1]", '[""]', '[{"prompt": "Who?", "kind": "sorcery"}]'])
def test_a_survey_whose_questions_cannot_be_read_does_not_start(make_picnic, broken):
    make_picnic(questions_json=broken)
    assert text_in(ADA, "PICNIC") == ""
    assert InboxThread.objects.get().unread_count == 1
    assert not SurveySession.objects.exists()


def test_people_who_opted_out_start_no_survey(make_picnic, make_unsubscribed):
    survey = make_picnic()
    make_unsubscribed(phone=ADA)
    assert text_in(ADA, "PICNIC") == ""
    assert counts(survey) == (0, 0)


def test_a_robot_starts_no_survey_forever(make_picnic, settings):
    settings.SMS_KEYWORD_REPLIES_PER_HOUR = 3
    survey = make_picnic()
    answers = [text_in(ADA, "PICNIC") for _ in range(5)]
    assert answers[3:] == ["", ""]
    assert counts(survey) == (3, 0)


def test_a_long_survey_is_asked_to_its_end(make_picnic, settings):
    settings.SMS_KEYWORD_REPLIES_PER_HOUR = 3
    make_picnic(*(f"Question {number}?" for number in range(20)))
    text_in(ADA, "PICNIC")
    for number in range(1, 20):
        assert text_in(ADA, "x") == f"Question {number}?"
    assert text_in(ADA, "x") == "See you there."


def test_a_survey_that_was_turned_off_goes_on_and_promises_no_new_beginning(make_picnic):
    survey = make_picnic()
    text_in(ADA, "PICNIC")
    text_in(ADA, "Ada")
    text_in(BOB, "PICNIC")
    SurveyFlow.objects.update(is_active=False)
    assert text_in(ADA, "picnic") == "What do you bring?"
    assert text_in(ADA, "Salad") == "See you there."
    assert list(SurveyResponse.objects.order_by("pk").values_list("answer", flat=True)) == ["Ada", "Salad"]
    assert text_in(BOB, "EXIT") == "You have left the survey."
    assert text_in(BOB, "PICNIC") == ""
    assert counts(survey) == (2, 1)


@pytest.mark.parametrize("unseen", ["\u200b", "\ufeff \u2060", "\u3164"])
def test_a_text_without_visible_characters_is_not_an_answer(make_picnic, unseen):
    make_picnic()
    text_in(ADA, "PICNIC")
    assert text_in(ADA, unseen) == ""
    assert not SurveyResponse.objects.exists()
    assert text_in(ADA, "Ada") == "What do you bring?"


def test_a_robot_in_a_survey_is_not_answered_forever_and_a_person_can_go_on_later(make_picnic, settings):
    settings.SMS_AUTO_REPLIES_PER_HOUR = 2
    survey = make_picnic("Who?", "What?", "When?")
    assert text_in(ADA, "PICNIC").endswith("Who?")
    assert text_in(ADA, "Ada") == "What?"
    unread = InboxThread.objects.get().unread_count
    assert [text_in(ADA, "Salad"), text_in(ADA, "PICNIC"), text_in(ADA, "PICNIC now")] == ["", "", ""]
    assert InboxThread.objects.get().unread_count == unread + 3
    assert SurveySession.objects.get().current_question_index == 1
    InboxMessage.objects.update(created_at=timezone.now() - timedelta(minutes=61))
    assert text_in(ADA, "Salad") == "When?"
    assert text_in(ADA, "At noon") == "See you there."
    assert list(SurveyResponse.objects.order_by("pk").values_list("answer", flat=True)) == ["Ada", "Salad", "At noon"]
    assert counts(survey) == (1, 1)


def test_questions_come_back_as_they_were_kept():
    asked = [Question("Your name?", Kind.NAME), Question("Why “so”? ✓")]
    kept = questions.dump(asked)
    assert kept == '[{"prompt": "Your name?", "kind": "name"}, "Why “so”? ✓"]'
    assert questions.load(kept) == asked


@pytest.mark.parametrize(("kept", "answered"), [("not JSON", 0), ("[]", 0), ('["Your name?"]', 7)])
def test_a_session_that_cannot_go_on_ends_and_its_text_reaches_the_inbox(make_picnic, kept, answered):
    make_picnic()
    text_in(ADA, "PICNIC")
    SurveySession.objects.update(questions_json=kept, current_question_index=answered)
    assert text_in(ADA, "Ada") == ""
    assert session().status == "cancelled"
    assert InboxThread.objects.get().unread_count == 1


def test_a_yes_that_twilio_takes_for_an_opt_in_answers_the_question_of_who_is_in(make_picnic):
    make_picnic("Coming?", "Alone?")
    text_in(ADA, "PICNIC")
    assert text_in(ADA, "YES", OptOutType="START") == "Alone?"


def test_who_is_on_the_suppressed_list_for_an_opt_out_starts_nothing(make_picnic, make_suppressed):
    make_picnic()
    make_suppressed(phone=ADA, category="opt_out")
    assert text_in(ADA, "PICNIC") == ""
    assert not SurveySession.objects.exists()
