import io

import pytest
from django.core.management import CommandError, call_command

from messaging.models import Delivery, InboxMessage, KeywordAutomationRule

ADA = "+17205550123"


def play(phone, text):
    out, err = io.StringIO(), io.StringIO()
    call_command("text_in", phone, text, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_a_text_played_at_the_prompt_is_answered_as_twilio_would_hear(db):
    KeywordAutomationRule.objects.create(keyword="JOIN", response_body="Welcome!")
    assert play("(720) 555-0123", "join") == ("Welcome!\n", "")
    assert InboxMessage.objects.filter(phone=ADA).count() == 2
    assert not Delivery.objects.exists()


def test_each_text_is_a_new_one(db):
    play(ADA, "Hello")
    play(ADA, "Hello")
    assert InboxMessage.objects.count() == 2


def test_silence_is_said(db):
    out, err = play(ADA, "Hello")
    assert (out, err) == ("", "There is no answer. The text is in the inbox.\n")


def test_a_number_that_is_none_is_refused_in_a_sentence(db):
    with pytest.raises(CommandError, match="“12” is too short"):
        play("12", "Hello")


@pytest.mark.parametrize(
    ("text", "sentence"), [("", "nothing to be seen"), ("\u200b ", "nothing"), ("x" * 1601, "1,601")]
)
def test_what_nobody_can_text_is_refused_in_a_sentence(db, text, sentence):
    with pytest.raises(CommandError, match=sentence):
        play(ADA, text)
    assert not InboxMessage.objects.exists()


def test_what_a_text_changed_is_said(db):
    in_inbox = "The text is in the inbox.\n"
    assert play(ADA, "STOP") == ("", f"{ADA} has opted out. It is on record.\nThere is no answer. {in_inbox}")
    assert play(ADA, "Hello") == ("", f"There is no answer, because {ADA} has opted out. {in_inbox}")
    assert play(ADA, "START") == ("", f"{ADA} gets texts again. It is on record.\nThere is no answer. {in_inbox}")
