import pytest

from contacts.consent import opting_out
from contacts.models import ConsentRecord, SuppressedContact, UnsubscribedContact
from messaging.models import InboxMessage, InboxThread, KeywordAutomationRule
from tests.messaging.inbound.inbound_texts import form, post, text_in

ADA = "+17205550123"

WORDS = (
    *("STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"),
    *("ARRET", "ARRETE", "ARRETT"),
)


def is_opted_out():
    return UnsubscribedContact.objects.filter(phone=ADA).exists()


@pytest.fixture
def twilio_is_silent(settings):
    """A sender for which Twilio doesn't answer keywords."""
    settings.TWILIO_HANDLES_OPT_OUT = False
    settings.SMS_OPT_OUT_REPLY = "You are out."
    settings.SMS_OPT_IN_REPLY = "You are in."
    settings.SMS_HELP_REPLY = "We help."


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("dress", ["{}", "  {}\n", "“{}!”", "{}."])
def test_an_opt_out_word_opts_out_without_a_reply(db, word, dress):
    assert text_in(ADA, dress.format(word.title())) == ""
    assert UnsubscribedContact.objects.get().source == "inbound"


def test_an_opt_out_gets_the_name_from_our_lists(make_member):
    make_member(name="Ada Lovelace", phone=ADA)
    text_in(ADA, "STOP")
    assert UnsubscribedContact.objects.get().name == "Ada Lovelace"


def test_an_opt_out_is_in_the_consent_history_with_its_words(db):
    text_in(ADA, " Stop! ", MessageSid="SM7")
    record = ConsentRecord.objects.get()
    assert (record.phone, record.kind, record.source) == (ADA, "opt_out", "inbound")
    assert (record.words, record.message_sid, record.actor) == (" Stop! ", "SM7", "")


def test_an_opt_out_is_not_unread(db):
    text_in(ADA, "STOP")
    assert InboxThread.objects.get().unread_count == 0


def test_two_stops_are_two_entries_in_the_consent_history(db):
    text_in(ADA, "STOP")
    text_in(ADA, "STOP")
    assert UnsubscribedContact.objects.count() == 1
    assert ConsentRecord.objects.count() == 2


def test_twilios_own_classification_counts_whatever_the_text_says(db):
    assert text_in(ADA, "basta", OptOutType="STOP") == ""
    assert is_opted_out()
    assert text_in(ADA, "otra vez", OptOutType="START") == ""
    assert not is_opted_out()


def test_an_unknown_classification_by_twilio_is_ignored(db):
    text_in(ADA, "Hello", OptOutType="WHAT")
    assert InboxThread.objects.get().unread_count == 1


@pytest.mark.parametrize("word", ["START", "unstop", "Yes!"])
def test_an_opt_in_word_opts_in_without_a_reply(db, word):
    opting_out.opt_out(ADA, "manual")
    assert text_in(ADA, word) == ""
    assert not is_opted_out()
    assert ConsentRecord.objects.latest("pk").kind == "opt_in"


def test_an_opt_in_lifts_a_reported_opt_out_but_not_a_dead_number(db):
    SuppressedContact.objects.create(phone=ADA, category="opt_out")
    text_in(ADA, "START")
    assert not SuppressedContact.objects.exists()
    SuppressedContact.objects.create(phone=ADA, category="hard_fail")
    text_in(ADA, "START")
    assert SuppressedContact.objects.exists()


def test_yes_from_a_person_who_has_not_opted_out_is_an_ordinary_text(db):
    assert text_in(ADA, "Yes") == ""
    assert not ConsentRecord.objects.exists()
    assert InboxThread.objects.get().unread_count == 1


def test_twilio_answers_help_but_staff_see_it(db):
    assert text_in(ADA, "help") == ""
    assert InboxThread.objects.get().unread_count == 1


def test_we_reply_if_twilio_does_not(db, twilio_is_silent):
    assert text_in(ADA, "HELP") == "We help."
    assert text_in(ADA, "STOP") == "You are out."
    assert text_in(ADA, "YES") == "You are in."
    assert text_in(ADA, "START") == "You are in."


def test_we_reply_to_stop_and_help_from_anyone_if_twilio_does_not(db, twilio_is_silent, settings):
    settings.SMS_KEYWORD_REPLIES_PER_HOUR = 4
    assert text_in(ADA, "STOP") == "You are out."
    assert text_in(ADA, "HELP") == "We help."
    assert is_opted_out()
    assert [text_in(ADA, "STOP") for _ in range(4)] == ["You are out."] * 2 + [""] * 2
    assert text_in(ADA, "HELP") == ""
    assert text_in(ADA, "STOP") == ""


def test_free_text_opts_out_and_is_confirmed_once(db, settings):
    settings.SMS_OPT_OUT_REPLY = "You are out."
    assert text_in(ADA, "Please stop texting me") == "You are out."
    assert is_opted_out()
    assert text_in(ADA, "I said please stop texting me!") == ""
    assert InboxMessage.objects.filter(automation_source="system").count() == 1


def test_an_opt_out_that_twilio_handled_is_not_confirmed_again(db):
    assert text_in(ADA, "please stop texting me", OptOutType="STOP") == ""


def test_ordinary_sentences_are_not_opt_outs(db):
    for body in ("Stop by the hall at 5?", "don't stop the music", "Yesterday was great"):
        text_in(ADA, body)
    assert not is_opted_out()
    assert InboxThread.objects.get().unread_count == 3


@pytest.mark.parametrize("sender", ["72975", "CLINIC", "", "+1", "+12345"])
@pytest.mark.parametrize("body", ["STOP", "please stop texting me", "START", "who is this?? stop it"])
def test_texts_from_non_numbers_are_kept_for_staff_and_decide_nothing(db, sender, body):
    assert text_in(sender, body, OptOutType="STOP" if body == "STOP" else "") == ""
    assert not ConsentRecord.objects.exists()
    thread = InboxThread.objects.get()
    assert (thread.unread_count, thread.flagged_at) == (1, None)


@pytest.mark.parametrize("body", ["STOP", "Please stop texting me", "START"])
def test_a_persons_own_decision_settles_flagged_texts(db, body):
    text_in(ADA, "who is this?? stop it")
    text_in(ADA, body)
    assert InboxThread.objects.get().flagged_at is None
    assert not InboxMessage.objects.filter(is_flagged=True).exists()


def test_texts_from_opted_out_people_are_not_flagged(db):
    opting_out.opt_out(ADA, "manual")
    text_in(ADA, "who is this?? stop it")
    thread = InboxThread.objects.get()
    assert (thread.unread_count, thread.flagged_at) == (1, None)


def test_a_repeat_is_not_answered_after_a_stop(db):
    KeywordAutomationRule.objects.create(keyword="JOIN", response_body="Welcome!")
    fields = form(ADA, "JOIN")
    assert b"Welcome!" in post(fields).content
    text_in(ADA, "STOP")
    assert b"<Message" not in post(fields).content


def test_a_repeated_welcome_is_not_sent_after_a_stop(db, settings, twilio_is_silent):
    settings.SMS_OPT_IN_REPLY = "Welcome back."
    text_in(ADA, "STOP")
    fields = form(ADA, "START")
    assert b"Welcome back." in post(fields).content
    text_in(ADA, "STOP")
    assert b"<Message" not in post(fields).content


@pytest.mark.parametrize("is_twilio_silent", [True, False])
def test_a_robot_that_opts_in_and_out_is_recorded_but_not_answered_forever(db, settings, is_twilio_silent):
    settings.TWILIO_HANDLES_OPT_OUT = not is_twilio_silent
    settings.SMS_AUTO_REPLIES_PER_HOUR = 5
    answers = [text_in(ADA, body) for _ in range(6) for body in ("START", "Please unsubscribe me")]
    assert 0 < len([answer for answer in answers if answer]) <= 5
    assert UnsubscribedContact.objects.get().phone == ADA
    assert ConsentRecord.objects.count() == 12


def test_a_repeated_opt_out_is_confirmed_as_before(db, settings):
    settings.SMS_OPT_OUT_REPLY = "You are out."
    fields = form(ADA, "Please stop texting me")
    assert b"You are out." in post(fields).content
    assert b"You are out." in post(fields).content
    assert ConsentRecord.objects.count() == 1


@pytest.mark.parametrize("sender", ["+5215512345678", "+525512345678"])
@pytest.mark.parametrize("body", ["STOP", "Please stop texting me", "no me manden más mensajes"])
def test_a_mexican_phone_opts_out_in_either_spelling(make_member, start_blast, send, locmem, sender, body):
    make_member(phone="+525512345678")
    text_in(sender, body)
    assert UnsubscribedContact.objects.get().phone == "+525512345678"
    assert ConsentRecord.objects.get().phone == "+525512345678"
    make_member()
    send(start_blast())
    assert "+525512345678" not in [to for to, _, _ in locmem.outbox]


def test_an_argentine_phone_opts_out_in_either_spelling(make_member):
    member = make_member(phone="+5491123456789")
    text_in("+541123456789", "STOP")
    assert UnsubscribedContact.objects.get().phone == member.phone


@pytest.mark.parametrize("sender", ["+1200555010", "+99912345678", "+15005550006", "+52155123456789"])
def test_a_number_unknown_to_the_phone_library_is_a_person(db, sender):
    text_in(sender, "STOP")
    assert UnsubscribedContact.objects.get().phone == sender
    text_in(sender, "START")
    assert not UnsubscribedContact.objects.exists()
    text_in(sender, "who is this?? stop it")
    assert InboxThread.objects.get().flagged_at is not None


def test_an_opt_out_with_a_new_number_is_left_unread_for_staff(db):
    text_in(ADA, "Stop texting this number. My new one is 720-555-0133")
    assert is_opted_out()
    assert InboxThread.objects.get().unread_count == 1


def test_an_opt_out_that_says_nothing_else_is_not_unread(db):
    text_in(ADA, "Please stop texting me. Thank you!")
    assert is_opted_out()
    assert InboxThread.objects.get().unread_count == 0


def test_the_reason_for_a_flag_is_stored_with_the_text(db):
    text_in(ADA, "Xin đừng nhắn tin cho tôi nữa")
    message = InboxMessage.objects.get()
    assert message.is_flagged
    assert message.flag_reason == "Vietnamese for “stop texting”"


def test_an_opt_out_has_its_reason_too(db):
    text_in(ADA, "please take me off your text list")
    assert InboxMessage.objects.get(direction="inbound").flag_reason == "asks to be taken off a list"
