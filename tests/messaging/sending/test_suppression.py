from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from contacts.consent import opting_out
from contacts.models import CommunityMember, SuppressedContact, UnsubscribedContact
from messaging.models import Delivery, MessageLog
from messaging.sending.suppression import learn
from messaging.sending.suppression_backfill import backfill

PHONE = "+17205550123"


@pytest.fixture
def log(db):
    return MessageLog.objects.create(message_body="Hi", target="community")


def test_a_dead_number_is_suppressed_with_its_reason_in_words(log):
    learn(PHONE, "Rosa", 21614, log.pk)
    contact = SuppressedContact.objects.get()
    assert (contact.phone, contact.category, contact.source_type) == (PHONE, "hard_fail", "message_log")
    assert contact.source_message_log == log
    assert contact.reason.endswith(".")


def test_an_unknown_handset_is_suppressed_at_the_second_report_a_day_later(log):
    first = timezone.now() - timedelta(days=3)
    learn(PHONE, None, 30005, log.pk, first)
    assert SuppressedContact.objects.get().category == "soft_fail"
    learn(PHONE, None, 30005, log.pk, first + timedelta(hours=1))
    assert SuppressedContact.objects.get().category == "soft_fail"
    learn(PHONE, None, 30005, log.pk, first + timedelta(hours=25))
    assert SuppressedContact.objects.get().category == "hard_fail"


def test_a_landline_report_proves_nothing_if_the_sender_is_a_short_code(log, settings):
    settings.TWILIO_FROM_NUMBER = "72055"
    learn(PHONE, None, 30006, log.pk)
    assert not SuppressedContact.objects.exists()


def test_a_block_is_an_opt_out_if_the_sender_is_toll_free(log, settings):
    learn(PHONE, "Rosa", 30004, log.pk)
    assert not UnsubscribedContact.objects.exists()
    settings.TWILIO_FROM_NUMBER = "+18885550123"
    learn(PHONE, "Rosa", 30004, log.pk)
    assert UnsubscribedContact.objects.get().source == "message_failure"


def test_existing_suppressions_are_left_alone(log, make_unsubscribed):
    make_unsubscribed(phone=PHONE, reason="Told us at the door", source="manual")
    learn(PHONE, "Rosa", 21610, log.pk)
    assert UnsubscribedContact.objects.get().reason == "Told us at the door"


def test_nobody_is_removed_from_a_list(log, make_member):
    make_member(phone=PHONE)
    learn(PHONE, None, 21614, log.pk)
    learn(PHONE, None, 21610, log.pk)
    assert CommunityMember.objects.get().phone == PHONE


def test_backfilling_learns_from_old_blasts_and_can_be_repeated(log, capsys):
    log.deliveries.create(phone=PHONE, status="failed", error_code=21614)
    log.deliveries.create(phone="+17205550124", status="undelivered", error_code=21610, name="Rosa")
    log.deliveries.create(phone="+17205550125", status="undelivered", error_code=30003)
    log.deliveries.create(phone="+17205550126", status="delivered")
    call_command("backfill_suppressions")
    assert "Newly opted out: 1." in capsys.readouterr().out
    call_command("backfill_suppressions")
    assert "Newly opted out: 0." in capsys.readouterr().out
    assert SuppressedContact.objects.get().phone == PHONE
    assert UnsubscribedContact.objects.get().phone == "+17205550124"


def test_backfilling_only_covers_blasts(log):
    Delivery.objects.create(phone=PHONE, status="failed", error_code=21614)
    assert backfill() == 0
    assert not SuppressedContact.objects.exists()


def test_a_text_in_a_conversation_confirms_a_blasts_finding(log):
    first = timezone.now() - timedelta(days=3)
    learn(PHONE, None, 30005, log.pk, first)
    learn(PHONE, None, 30005, None)
    contact = SuppressedContact.objects.get()
    assert (contact.category, contact.source_type, contact.source_message_log) == ("hard_fail", "inbox", None)


@pytest.mark.parametrize("code", [21211, 21610])
@pytest.mark.parametrize("phone", ["72975", "CHOIR", "7205550123", ""])
def test_an_invalid_number_is_never_listed_whatever_its_error(db, code, phone):
    learn(phone, None, code, None)
    assert not SuppressedContact.objects.exists()
    assert not UnsubscribedContact.objects.exists()


def test_a_number_unknown_to_the_phone_library_can_opt_out_and_be_unreachable(db):
    learn("+1987654321", None, 21610, None)
    learn("+99912345678", None, 21211, None)
    assert UnsubscribedContact.objects.get().phone == "+1987654321"
    assert SuppressedContact.objects.get().phone == "+99912345678"


def test_backfilling_skips_people_who_opted_in_since(log):
    log.deliveries.create(phone=PHONE, status="failed", error_code=21610)
    opting_out.opt_in(PHONE, "inbound")
    backfill()
    assert not UnsubscribedContact.objects.exists()
    learn(PHONE, None, 21610, log.pk)
    assert UnsubscribedContact.objects.get().phone == PHONE
