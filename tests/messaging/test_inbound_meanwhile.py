"""Staff opt somebody out while their text is being answered, on PostgreSQL."""

import pytest

from contacts import opting_out
from messaging.models import Delivery, InboxMessage, KeywordAutomationRule
from tests.meanwhile import meanwhile, on_postgresql

from .inbound_texts import text_in

pytestmark = [pytest.mark.django_db(transaction=True), on_postgresql]
ADA = "+17205550123"


def test_who_is_opted_out_while_their_text_waits_for_its_turn_gets_no_answer():
    rule = KeywordAutomationRule.objects.create(keyword="HOURS", response_body="Nine to five.")

    def lock():
        KeywordAutomationRule.objects.select_for_update().get(pk=rule.pk)

    def opt_out():
        opting_out.opt_out(ADA, "manual")

    with meanwhile(lock, opt_out):
        assert text_in(ADA, "hours") == ""
    assert not Delivery.objects.exists()
    assert InboxMessage.objects.get().body == "hours"
