"""Concurrency while a text is answered, on PostgreSQL: staff opt the sender out, or the text is repeated."""

import pytest

from contacts.consent import opting_out
from messaging.models import Delivery, InboxMessage, InboxThread, KeywordAutomationRule
from tests.meanwhile import meanwhile, on_postgresql

from .inbound_texts import sid, text_in

pytestmark = [pytest.mark.django_db(transaction=True), on_postgresql]
ADA, BOB = "+17205550123", "+17205550124"


def test_a_person_opted_out_while_their_text_waits_gets_no_reply():
    rule = KeywordAutomationRule.objects.create(keyword="HOURS", response_body="Nine to five.")

    def lock():
        KeywordAutomationRule.objects.select_for_update().get(pk=rule.pk)

    def opt_out():
        opting_out.opt_out(ADA, "manual")

    with meanwhile(lock, opt_out):
        assert text_in(ADA, "hours") == ""
    assert not Delivery.objects.exists()
    assert InboxMessage.objects.get().body == "hours"


def test_a_sid_that_two_phones_send_at_once_is_stored_once_with_one_answer():
    KeywordAutomationRule.objects.create(keyword="HOURS", response_body="Nine to five.")
    same, answers = sid(), []

    def come_in(phone):
        answers.append(text_in(phone, "hours", MessageSid=same))

    with meanwhile(lambda: come_in(ADA), lambda: None):
        come_in(BOB)
    assert answers == ["Nine to five."] * 2
    assert InboxMessage.objects.get(direction="inbound").phone == ADA
    assert InboxThread.objects.get().phone == ADA
    assert Delivery.objects.count() == 1
