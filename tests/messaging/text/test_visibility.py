"""Texts in which there is This text is empty: nobody means to send one, and none is sent."""

import unicodedata
import uuid

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from messaging.composing import readiness
from messaging.models import Draft, KeywordAutomationRule, MessageLog
from messaging.text.visibility import is_blank
from tests.admin_pages import squeeze

UNSEEN = "\u200b\ufeff \u2060\n"
CASES = ["", " \t\r\u3000", UNSEEN, "\u200d\ufe0f", "\u202e\u2066", "\xad", "\u115f\u3164", "\u2800", "\U000e0041"]


@pytest.mark.parametrize("text", CASES)
def test_these_are_invisible(text):
    assert is_blank(text)


@pytest.mark.parametrize("text", ["a", ".", "\u200bא\u200b", "👩‍🚒", "☎️", "नमस्ते", "\ufffd", "\u0301"])
def test_these_are_visible(text):
    assert not is_blank(text)


@given(st.text(min_size=1))
def test_letters_digits_and_punctuation_are_visible(text):
    seen = any(unicodedata.category(c)[0] in "NP" or unicodedata.category(c) in {"Lu", "Ll"} for c in text)
    assert not (seen and is_blank(text))


def test_a_blast_of_it_is_refused_with_the_reason(manager_client, make_member):
    make_member()
    fields = {"to": "community", "message_body": UNSEEN, "token": uuid.uuid4(), "has_opt_out_line": "on"}
    response = manager_client.post("/admin/messaging/messagelog/compose/", fields)
    assert "Write a message." in response.content.decode()
    assert not Draft.objects.exists()


def test_a_blast_of_it_is_refused_at_the_prompt(make_member):
    make_member()
    with pytest.raises(CommandError, match="Write a message"):
        call_command("send_blast", UNSEEN, "--community", "--yes")
    assert not MessageLog.objects.exists()


def test_an_existing_draft_of_it_cannot_be_sent(make_member, manager_user):
    make_member()
    assert not readiness.can_send(Draft(created_by=manager_user, target="community", message_body=UNSEEN))


def test_a_keyword_reply_of_it_is_refused_with_the_reason(manager_client):
    data = {"keyword": "parking", "response_body": UNSEEN, "is_active": "on"}
    response = manager_client.post("/admin/messaging/keywordautomationrule/add/", data, follow=True)
    assert "The reply is empty. Write something people can see." in squeeze(response.content.decode())
    assert not KeywordAutomationRule.objects.exists()
