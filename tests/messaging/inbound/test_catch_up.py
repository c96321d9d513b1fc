"""Texts that never reached us, found in the provider's list."""

import logging
from datetime import timedelta

import pytest
from django.utils import timezone

from contacts.consent import opting_out
from contacts.models import ConsentRecord, UnsubscribedContact
from messaging import tasks
from messaging.backends import ReceivedMessage, TryLater
from messaging.inbound import catch_up, receive
from messaging.inbox import conversations
from messaging.models import CatchUp, DeletedText, Delivery, InboxMessage, InboxThread
from messaging.sending import dispatch
from smsadmin.lib import locks
from surveys.models import SurveyFlow, SurveySession

from .inbound_texts import sid, text_in

pytestmark = pytest.mark.django_db

ADA, BOB, EVE = "+17205550123", "+17205550124", "+17205550125"


def ago(minutes):
    return (timezone.now() - timedelta(minutes=minutes)).replace(microsecond=0)


@pytest.fixture
def missed(locmem):
    """Adds a text to the provider's list that came so many minutes ago; returns its entry."""

    def add(phone, body, minutes=60, message_sid=None, num_media=0, media=""):
        entry = ReceivedMessage(message_sid or sid(), phone, "+17205550100", body, num_media, media, ago(minutes))
        locmem.incoming.append(entry)
        return entry

    return add


@pytest.fixture
def picnic(db):
    return SurveyFlow.objects.create(
        name="Picnic", trigger_keyword="PICNIC", questions_json='["Who comes?", "What do you bring?"]'
    )


def bodies(**conditions):
    return list(InboxMessage.objects.filter(**conditions).order_by("pk").values_list("body", flat=True))


def is_opted_out(phone=ADA):
    return UnsubscribedContact.objects.filter(phone=phone).exists()


# What is taken in ---------------------------------------------------------------------------------------------------


def test_missed_texts_are_taken_in_in_order_of_time(missed):
    for phone, body, minutes in ((ADA, "third", 20), (BOB, "first", 50), (ADA, "second", 40)):
        missed(phone, body, minutes)
    assert catch_up.catch_up() == catch_up.Report(taken_in=3, opted_out=0, late=3)
    assert bodies() == ["first", "second", "third"]


def test_texts_of_the_same_second_keep_the_order_of_the_list(missed):
    texts = [missed(ADA, body) for body in ("one", "two", "three")]
    assert len({text.sent_at for text in texts}) == 1
    catch_up.catch_up()
    assert bodies() == ["one", "two", "three"]


def test_a_missed_text_has_the_time_at_which_twilio_got_it(missed):
    entry = missed(ADA, "Hello")
    catch_up.catch_up()
    assert InboxMessage.objects.get().created_at == entry.sent_at
    assert InboxThread.objects.get().last_message_at == entry.sent_at


def test_a_time_ahead_of_our_clock_is_not_stored(missed):
    missed(ADA, "Hello", minutes=-5)
    catch_up.catch_up()
    assert InboxMessage.objects.get().created_at <= timezone.now()


def test_catching_up_again_changes_nothing(missed, make_rule):
    make_rule()
    missed(ADA, "STOP")
    missed(BOB, "join", minutes=1)
    catch_up.catch_up()
    before = list(InboxMessage.objects.values())
    assert catch_up.catch_up() == catch_up.Report()
    assert list(InboxMessage.objects.values()) == before
    assert ConsentRecord.objects.count() == 1


def test_a_text_that_came_through_the_webhook_is_not_taken_in(missed):
    entry = missed(ADA, "Hello", minutes=1)
    text_in(ADA, "Hello", MessageSid=entry.sid)
    assert catch_up.catch_up().taken_in == 0
    assert bodies() == ["Hello"]


def test_a_deleted_text_stays_deleted(missed):
    entry = missed(ADA, "Hello")
    DeletedText.objects.create(message_sid=entry.sid)
    assert catch_up.catch_up().taken_in == 0
    assert not InboxMessage.objects.exists()


def test_a_text_with_pictures_says_how_many_and_where_they_are(missed):
    missed(ADA, "", num_media=2, media="/2010-04-01/Accounts/AC1/Messages/MM1/Media.json")
    catch_up.catch_up()
    assert '"NumMedia": "2"' in InboxMessage.objects.get().raw_payload
    assert "MM1/Media.json" in InboxMessage.objects.get().raw_payload


def test_more_texts_than_are_looked_up_at_once_are_all_taken_in(missed, monkeypatch):
    monkeypatch.setattr(catch_up, "_BATCH", 3)
    for number in range(8):
        missed(ADA, str(number), minutes=100 - number)
    text_in(ADA, "known", MessageSid=missed(ADA, "known").sid)
    assert catch_up.catch_up().taken_in == 8
    assert bodies()[1:] == list("01234567")


# The inbox ----------------------------------------------------------------------------------------------------------


def test_all_missed_texts_are_unread(missed, make_rule):
    make_rule()
    for body in ("Hello", "STOP", "join", "START"):
        missed(ADA, body)
    catch_up.catch_up()
    thread = InboxThread.objects.get()
    assert thread.unread_count == thread.messages.for_staff().count() == 4


def test_a_missed_reaction_needs_no_reading(missed):
    missed(ADA, "Loved “See you at the picnic tomorrow”")
    catch_up.catch_up()
    assert InboxThread.objects.get().unread_count == 0


def test_a_conversation_never_moves_back_in_time(missed):
    text_in(ADA, "I am here now")
    before = InboxThread.objects.get()
    missed(ADA, "Where are you?")
    catch_up.catch_up()
    thread = InboxThread.objects.get()
    assert thread.last_message_at == before.last_message_at
    assert thread.last_message_preview == "I am here now"
    assert thread.unread_count == 2


def test_deleting_a_text_leaves_the_newest_one_on_top(missed):
    text_in(ADA, "I am here now")
    text_in(ADA, "Oops")
    missed(ADA, "Where are you?")
    catch_up.catch_up()
    conversations.delete_text(InboxMessage.objects.get(body="Oops"))
    assert InboxThread.objects.get().last_message_preview == "I am here now"


# Opt-outs -----------------------------------------------------------------------------------------------------------


def test_a_missed_stop_opts_out_as_of_its_time_without_a_reply(missed, locmem):
    entry = missed(ADA, "Stop")
    assert catch_up.catch_up().opted_out == 1
    assert UnsubscribedContact.objects.get().phone == ADA
    record = ConsentRecord.objects.get()
    assert (record.kind, record.source, record.words) == ("opt_out", "inbound", "Stop")
    assert (record.message_sid, record.created_at) == (entry.sid, entry.sent_at)
    assert locmem.outbox == []


def test_a_missed_opt_out_in_free_words_counts_without_a_late_confirmation(missed, locmem):
    missed(ADA, "please stop texting me")
    assert catch_up.catch_up().opted_out == 1
    assert is_opted_out()
    assert locmem.outbox == []


def test_a_missed_opt_out_in_free_words_is_confirmed_if_it_is_recent(missed, locmem):
    missed(ADA, "please stop texting me", minutes=2)
    catch_up.catch_up()
    assert [to for to, _, _ in locmem.outbox] == [ADA]
    assert "opted out" in locmem.outbox[0][1]


def test_a_missed_text_with_unclear_wording_waits_for_a_decision(missed):
    entry = missed(ADA, "Can you stop sending these so early")
    catch_up.catch_up()
    assert InboxMessage.objects.get().is_flagged
    assert InboxThread.objects.get().flagged_at == entry.sent_at


def test_a_stop_that_the_person_has_overtaken_is_only_noted(missed):
    missed(ADA, "STOP")
    opting_out.opt_out(ADA, "inbound", at=ago(50))
    text_in(ADA, "START")
    assert catch_up.catch_up().opted_out == 0
    assert not is_opted_out()
    assert ConsentRecord.objects.latest("pk").kind == "opt_out"
    assert bodies(is_late=True) == ["STOP"]


def test_a_stop_counts_although_staff_have_allowed_texts_since(missed):
    missed(ADA, "STOP")
    opting_out.opt_in(ADA, "manual")
    catch_up.catch_up()
    assert is_opted_out()


def test_a_missed_start_opts_in(missed):
    opting_out.opt_out(ADA, "manual", at=ago(90))
    missed(ADA, "START")
    catch_up.catch_up()
    assert not is_opted_out()


def test_a_start_before_an_opt_out_changes_nothing(missed):
    missed(ADA, "START")
    text_in(ADA, "STOP")
    catch_up.catch_up()
    assert is_opted_out()


def test_a_missed_start_and_stop_end_as_the_person_ended(missed):
    for body, minutes in (("STOP", 50), ("START", 40), ("STOP", 30)):
        missed(ADA, body, minutes)
        missed(BOB, body, minutes + 5)
    missed(BOB, "START", 20)
    catch_up.catch_up()
    assert is_opted_out(ADA)
    assert not is_opted_out(BOB)


def test_a_missed_start_leaves_what_was_written_since_for_staff_to_decide(missed):
    opting_out.opt_out(ADA, "manual", at=ago(90))
    missed(ADA, "START")
    missed(ADA, "Can you stop sending these so early", 30)
    catch_up.catch_up()
    receive.receive({"MessageSid": "SM9", "From": ADA, "Body": "START"}, sent_at=ago(40), is_late=True)
    assert InboxMessage.objects.get(is_flagged=True).body.startswith("Can you")
    assert InboxThread.objects.get().flagged_at is not None


# Keywords and surveys -----------------------------------------------------------------------------------------------


def test_a_late_keyword_is_marked_and_not_answered(missed, make_rule, locmem):
    rule = make_rule()
    missed(ADA, "join", minutes=16)
    assert catch_up.catch_up().late == 1
    assert InboxMessage.objects.get().is_late
    assert locmem.outbox == []
    rule.refresh_from_db()
    assert rule.match_count == 0


def test_a_late_keyword_starts_no_survey(missed, picnic):
    missed(ADA, "picnic", minutes=16)
    catch_up.catch_up()
    assert not SurveySession.objects.exists()


def test_a_late_answer_does_not_move_a_survey_on(missed, picnic):
    text_in(ADA, "picnic")
    missed(ADA, "Ada", minutes=16)
    catch_up.catch_up()
    assert SurveySession.objects.get().current_question_index == 0


def test_a_recent_keyword_is_answered_through_the_senders(missed, make_rule, locmem):
    make_rule()
    missed(ADA, "join", minutes=14)
    assert catch_up.catch_up().late == 0
    assert [(to, body) for to, body, _ in locmem.outbox] == [(ADA, "Welcome!")]
    answer = InboxMessage.objects.get(direction="outbound")
    assert (answer.answer_to.body, answer.delivery.status) == ("join", "accepted")
    assert not answer.answer_to.is_late
    assert InboxThread.objects.get().last_message_preview == "Welcome!"


def test_a_recent_survey_keyword_starts_the_survey(missed, picnic, locmem):
    missed(ADA, "picnic", minutes=1)
    catch_up.catch_up()
    assert [body for _, body, _ in locmem.outbox] == ["Who comes?"]
    assert text_in(ADA, "Ada") == "What do you bring?"


def test_an_answer_is_sent_once_if_the_process_is_killed_before_it_goes_out(missed, make_rule, locmem, monkeypatch):
    make_rule()
    missed(ADA, "join", minutes=1)
    with monkeypatch.context() as killed:
        killed.setattr(dispatch, "nudge_replies", lambda: None)
        catch_up.catch_up()
    assert Delivery.objects.get().status == "pending"
    catch_up.catch_up()
    # As the clock does.
    dispatch.nudge_replies()
    dispatch.nudge_replies()
    assert [to for to, _, _ in locmem.outbox] == [ADA]


def test_a_text_that_comes_through_the_webhook_after_all_is_not_answered_twice(missed, make_rule, locmem):
    make_rule()
    entry = missed(ADA, "join", minutes=1)
    catch_up.catch_up()
    assert text_in(ADA, "join", MessageSid=entry.sid) == ""
    assert len(locmem.outbox) == 1
    assert Delivery.objects.count() == 1


def test_an_answer_isnt_sent_to_someone_who_opts_out_before_it_goes_out(missed, make_rule, locmem, monkeypatch):
    make_rule()
    missed(ADA, "join", minutes=1)
    with monkeypatch.context() as killed:
        killed.setattr(dispatch, "nudge_replies", lambda: None)
        catch_up.catch_up()
    text_in(ADA, "STOP")
    dispatch.nudge_replies()
    assert locmem.outbox == []
    assert Delivery.objects.get().skip_reason == "opted_out"


# From when on -------------------------------------------------------------------------------------------------------


def test_the_first_reading_goes_back_as_far_as_the_setting_says(missed, settings):
    settings.INBOUND_CATCH_UP_HOURS = 2
    missed(ADA, "too old", minutes=121)
    missed(ADA, "old", minutes=119)
    catch_up.catch_up()
    assert bodies() == ["old"]


def test_the_next_reading_starts_where_the_last_one_ended(settings):
    now = timezone.now()
    assert catch_up.starting_at(now) == now - timedelta(hours=72)
    catch_up.catch_up()
    read_up_to = CatchUp.objects.get().read_up_to
    assert catch_up.starting_at(timezone.now()) == read_up_to - catch_up.MARGIN


def test_texts_missed_before_one_that_arrived_by_itself_are_found(missed):
    CatchUp.objects.create(pk=1, read_up_to=ago(600))
    missed(ADA, "while you were down", minutes=300)
    text_in(BOB, "just now")
    assert catch_up.catch_up().taken_in == 1


def test_a_reading_in_the_future_does_not_count():
    CatchUp.objects.create(pk=1, read_up_to=ago(-60))
    now = timezone.now()
    assert catch_up.starting_at(now) == now - timedelta(hours=72)


def test_a_time_given_goes_back_further(missed):
    missed(ADA, "ancient", minutes=5 * 24 * 60)
    assert catch_up.catch_up(ago(6 * 24 * 60)).taken_in == 1
    assert not CatchUp.objects.exists()


def test_zero_hours_turn_it_off(missed, settings):
    settings.INBOUND_CATCH_UP_HOURS = 0
    missed(ADA, "Hello")
    assert catch_up.catch_up() == catch_up.Report()
    assert not CatchUp.objects.exists()


def test_a_list_that_cannot_be_read_leaves_the_rest_for_the_next_time(missed, locmem):
    CatchUp.objects.create(pk=1, read_up_to=ago(600))
    locmem.incoming = TryLater("Twilio is under maintenance.")
    with pytest.raises(TryLater):
        catch_up.catch_up()
    locmem.incoming = []
    missed(ADA, "Hello", minutes=300)
    assert catch_up.catch_up().taken_in == 1


def test_the_simulator_has_nothing_to_catch_up_on(settings):
    settings.SMS_BACKEND = "messaging.backends.simulator.SimulatorBackend"
    assert catch_up.catch_up() == catch_up.Report()


# One at a time ------------------------------------------------------------------------------------------------------


@pytest.fixture
def another_at_work(monkeypatch):
    monkeypatch.setattr(catch_up, "hold_alone", _taken)


@locks.contextmanager
def _taken(lock):
    yield False


def test_two_never_catch_up_at_once(missed, another_at_work):
    missed(ADA, "Hello")
    with pytest.raises(catch_up.AlreadyCatchingUp):
        catch_up.catch_up()
    assert not InboxMessage.objects.exists()


def test_the_task_leaves_it_to_the_process_that_is_at_it(missed, another_at_work):
    tasks.catch_up_inbound()


def test_the_log_names_no_phone_and_no_words(missed, caplog):
    caplog.set_level(logging.DEBUG)
    missed(ADA, "please stop texting me")
    catch_up.catch_up()
    assert "Took in 1 missed texts" in caplog.text
    assert ADA not in caplog.text
    assert "texting" not in caplog.text
