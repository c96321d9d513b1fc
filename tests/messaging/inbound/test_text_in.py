import io

import pytest
from django.core.management import CommandError, call_command

from messaging.models import Delivery, InboxMessage, KeywordAutomationRule

ADA = "+17205550123"


def play(phone, text):
    out, err = io.StringIO(), io.StringIO()
    call_command("text_in", phone, text, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_a_text_from_the_command_line_gets_the_answer_twilio_would_get(db):
    KeywordAutomationRule.objects.create(keyword="JOIN", response_body="Welcome!")
    assert play("(720) 555-0123", "join") == ("Welcome!\n", "")
    assert InboxMessage.objects.filter(phone=ADA).count() == 2
    assert not Delivery.objects.exists()


def test_each_text_is_new(db):
    play(ADA, "Hello")
    play(ADA, "Hello")
    assert InboxMessage.objects.count() == 2


def test_a_missing_reply_is_reported(db):
    out, err = play(ADA, "Hello")
    assert (out, err) == ("", "No reply. The text is in the inbox.\n")


def test_an_invalid_number_is_refused_with_a_sentence(db):
    with pytest.raises(CommandError, match="“12” is too short"):
        play("12", "Hello")


@pytest.mark.parametrize(
    ("text", "sentence"), [("", "This text is empty"), ("\u200b ", "This text is empty"), ("x" * 1601, "1,601")]
)
def test_an_impossible_text_is_refused_with_a_sentence(db, text, sentence):
    with pytest.raises(CommandError, match=sentence):
        play(ADA, text)
    assert not InboxMessage.objects.exists()


def test_changes_of_consent_are_reported(db):
    in_inbox = "The text is in the inbox.\n"
    assert play(ADA, "STOP") == ("", f"{ADA} has opted out. This was recorded.\nNo reply. {in_inbox}")
    assert play(ADA, "Hello") == ("", f"No reply because {ADA} has opted out. {in_inbox}")
    assert play(ADA, "START") == ("", f"{ADA} gets texts again. This was recorded.\nNo reply. {in_inbox}")
