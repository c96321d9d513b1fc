import itertools

import pytest
from django.db import OperationalError
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from contacts.models import SuppressedContact, UnsubscribedContact
from messaging.models import Delivery, MessageLog, UnmatchedReports
from messaging.models.deliveries import Receipt
from messaging.sending import status_callbacks
from messaging.webhooks.signatures import sign
from tests.conftest import examples

SID = "SM" + "a" * 32


@pytest.fixture
def delivery(make_member, start_blast):
    """A text that Twilio has accepted."""
    make_member()
    log = start_blast()
    [row] = Delivery.objects.claim(log.pk, 1)
    Delivery.objects.record([Receipt(row.pk, "accepted", sid=SID, segments=1)])
    log.settle()
    return log.deliveries.get()


@pytest.fixture
def post_report(client):
    """Posts a signed report like Twilio; keyword arguments are its fields."""

    def post(delivery_id, url=None, **fields):
        url = url or f"/webhooks/twilio/status/{delivery_id}"
        row = Delivery.objects.filter(pk=delivery_id).first()
        to = row.phone if row else "+17205550199"
        fields = {"MessageSid": SID, "AccountSid": "AC" + "0" * 32, "To": to, **fields}
        signature = sign(f"http://testserver{url}", fields)
        return client.post(url, fields, headers={"X-Twilio-Signature": signature})

    return post


def state(delivery):
    delivery.refresh_from_db()
    return delivery.status


def test_reports_move_a_delivery_forward(delivery, post_report):
    assert post_report(delivery.pk, MessageStatus="sent").status_code == 204
    assert state(delivery) == "sent"
    post_report(delivery.pk, MessageStatus="delivered")
    assert state(delivery) == "delivered"


@pytest.mark.parametrize("order", list(itertools.permutations(["queued", "sent", "delivered"])))
def test_reports_may_come_in_any_order_and_twice(delivery, post_report, order):
    for status in (*order, *order):
        assert post_report(delivery.pk, MessageStatus=status).status_code == 204
    assert state(delivery) == "delivered"


def test_a_late_failure_does_not_undo_a_delivery(delivery, post_report):
    post_report(delivery.pk, MessageStatus="delivered")
    post_report(delivery.pk, MessageStatus="undelivered", ErrorCode="30003")
    assert state(delivery) == "delivered"
    assert not SuppressedContact.objects.exists()


def test_a_late_delivery_corrects_a_failure(delivery, post_report):
    post_report(delivery.pk, MessageStatus="undelivered", ErrorCode="30003")
    post_report(delivery.pk, MessageStatus="delivered")
    assert state(delivery) == "delivered"
    assert delivery.error_code is None


@pytest.mark.parametrize("before", ["pending", "sending", "unknown"])
def test_a_report_proves_that_a_call_without_a_response_was_accepted(delivery, post_report, before):
    Delivery.objects.filter(pk=delivery.pk).update(status=before, sid="", accepted_at=None)
    post_report(delivery.pk, MessageStatus="sent")
    assert state(delivery) == "sent"
    assert delivery.sid == SID
    assert delivery.accepted_at is not None


def test_recording_the_response_does_not_undo_an_earlier_report(make_member, start_blast, post_report):
    make_member()
    [claimed] = Delivery.objects.claim(start_blast().pk, 1)
    post_report(claimed.pk, MessageStatus="delivered")
    Delivery.objects.record([Receipt(claimed.pk, "accepted", sid=SID, segments=1)])
    assert state(claimed) == "delivered"
    assert (claimed.sid, claimed.segments) == (SID, 1)


def test_a_failure_has_a_reason_and_suppresses_the_number(delivery, post_report):
    post_report(delivery.pk, MessageStatus="undelivered", ErrorCode="30006")
    assert state(delivery) == "undelivered"
    assert delivery.error_code == 30006
    assert delivery.error_message
    contact = SuppressedContact.objects.get(phone=delivery.phone)
    assert (contact.category, contact.source_message_log_id) == ("hard_fail", delivery.message_log_id)


def test_an_opt_out_in_a_report_is_recorded(delivery, post_report):
    post_report(delivery.pk, MessageStatus="failed", ErrorCode="21610")
    assert UnsubscribedContact.objects.get(phone=delivery.phone).source == "message_failure"


@pytest.mark.parametrize("code", ["30003", "30004", "30007", "30008", "30034", "99999"])
def test_soft_failures_and_our_own_faults_change_no_list(delivery, post_report, code):
    post_report(delivery.pk, MessageStatus="undelivered", ErrorCode=code)
    assert not SuppressedContact.objects.exists()
    assert not UnsubscribedContact.objects.exists()


@pytest.mark.parametrize(
    "fields",
    [
        {"MessageStatus": "exploded"},
        {"MessageStatus": ""},
        {},
        {"MessageStatus": "sent", "ErrorCode": "no number"},
        {"MessageStatus": "sent", "ErrorCode": "9" * 400},
        {"MessageStatus": "sent", "MessageSid": "x" * 5000},
        {"MessageStatus": "sent\x00"},
        {"MessageStatus": "sent", "MessageSid": "SM\x00"},
    ],
)
def test_odd_reports_are_harmless(delivery, post_report, fields):
    assert post_report(delivery.pk, **fields).status_code == 204


@pytest.mark.parametrize("unknown", [0, 999_999, 10**18, 10**30])
def test_reports_on_unknown_deliveries_are_harmless(db, post_report, unknown):
    assert post_report(unknown, MessageStatus="sent").status_code == 204


def test_a_report_without_a_genuine_signature_changes_nothing(delivery, client):
    url = f"/webhooks/twilio/status/{delivery.pk}"
    for headers in ({}, {"X-Twilio-Signature": ""}, {"X-Twilio-Signature": "c2lnbmVk"}):
        answer = client.post(url, {"MessageStatus": "delivered"}, headers=headers)
        assert (answer.status_code, answer.content) == (403, b"")
    assert state(delivery) == "accepted"


def test_the_signature_is_checked_under_debug_too(delivery, client, settings):
    settings.DEBUG = True
    assert client.post(f"/webhooks/twilio/status/{delivery.pk}", {}).status_code == 403


def test_reports_must_be_posted(delivery, client):
    assert client.get(f"/webhooks/twilio/status/{delivery.pk}").status_code == 405


def test_twilio_needs_no_csrf_token(delivery):
    client = Client(enforce_csrf_checks=True)
    url = f"/webhooks/twilio/status/{delivery.pk}"
    fields = {"MessageSid": SID, "MessageStatus": "sent"}
    headers = {"X-Twilio-Signature": sign(f"http://testserver{url}", fields)}
    assert client.post(url, fields, headers=headers).status_code == 204


def test_an_account_fault_in_a_report_stops_the_blast(make_member, start_blast, send, post_report):
    for _ in range(3):
        make_member()
    log = start_blast()
    row = Delivery.objects.claim(log.pk, 1)[0]
    post_report(row.pk, MessageStatus="failed", ErrorCode="30002")
    log.refresh_from_db()
    assert log.stop_code == 30002
    assert log.deliveries.filter(status="pending").count() == 2


@pytest.fixture
def answer(db):
    """The delivery of an automatic answer, which was sent in our response to Twilio and has no blast."""
    return Delivery.objects.create(phone="+17205550100", status="accepted")


def test_a_report_updates_a_text_without_a_blast(answer, post_report):
    assert post_report(answer.pk, MessageStatus="delivered").status_code == 204
    assert state(answer) == "delivered"
    assert answer.sid == SID


def test_a_failed_text_without_a_blast_suppresses_the_number(answer, post_report):
    post_report(answer.pk, MessageStatus="undelivered", ErrorCode="30006")
    contact = SuppressedContact.objects.get()
    assert (contact.source_type, contact.source_message_log_id) == ("inbox", None)


def test_an_account_fault_of_a_text_without_a_blast_stops_no_blast(answer, make_log, post_report):
    log = make_log()
    assert post_report(answer.pk, MessageStatus="failed", ErrorCode="30002").status_code == 204
    log.refresh_from_db()
    assert (state(answer), log.is_running) == ("failed", True)


@pytest.fixture
def unmatched(db):
    """The number of unmatched reports."""
    return lambda: sum(UnmatchedReports.objects.values_list("count", flat=True))


MISFITS = {
    "another SID": {"MessageSid": "SM" + "b" * 32},
    "no SID": {"MessageSid": ""},
    "another number": {"To": "+17205550199"},
    "one digit less": {"To": "+1720555010"},
    "a leading zero": {"To": "+017205550100"},
    "another country": {"To": "+4917205550100"},
    "no plus": {"To": "17205550100"},
    "no number": {"To": "nobody"},
}


@pytest.mark.parametrize("fields", MISFITS.values(), ids=MISFITS.keys())
def test_a_report_on_another_text_changes_nothing_and_is_counted(delivery, post_report, unmatched, caplog, fields):
    Delivery.objects.filter(pk=delivery.pk).update(phone="+17205550100")
    before = Delivery.objects.filter(pk=delivery.pk).values().get()
    reports = [("delivered", ""), ("undelivered", "30006"), ("failed", "21610"), ("failed", "30002")]
    for number, (status, code) in enumerate(reports, start=1):
        caplog.clear()
        answer = post_report(delivery.pk, MessageStatus=status, ErrorCode=code, **fields)
        assert answer.status_code == 204, (status, code)
        assert Delivery.objects.filter(pk=delivery.pk).values().get() == before, (status, code)
        assert not SuppressedContact.objects.exists(), (status, code)
        assert not UnsubscribedContact.objects.exists(), (status, code)
        assert unmatched() == number, (status, code)
        assert f"Report on delivery {delivery.pk}, message" in caplog.text, (status, code)
        assert "7205550" not in caplog.text, (status, code)


@pytest.mark.parametrize("to", ["+17205550100", " +17205550100 ", "+1 720 555 0100", "rcs:+17205550100"])
def test_the_number_may_be_in_any_international_format(delivery, post_report, unmatched, to):
    Delivery.objects.filter(pk=delivery.pk).update(phone="+17205550100", sid="")
    post_report(delivery.pk, MessageStatus="sent", To=to)
    assert (state(delivery), delivery.sid, unmatched()) == ("sent", SID, 0)


def test_without_a_number_the_sid_decides(delivery, post_report, unmatched):
    post_report(delivery.pk, MessageStatus="sent", To="")
    assert (state(delivery), unmatched()) == ("sent", 0)
    Delivery.objects.filter(pk=delivery.pk).update(sid="")
    post_report(delivery.pk, MessageStatus="delivered", To="")
    assert (state(delivery), unmatched()) == ("sent", 1)


def test_an_outdated_report_fills_in_a_missing_sid(delivery, post_report):
    Delivery.objects.filter(pk=delivery.pk).update(sid="")
    post_report(delivery.pk, MessageStatus="queued")
    assert (state(delivery), delivery.sid) == ("accepted", SID)


def test_a_sid_recorded_while_a_report_is_processed_is_kept(delivery, monkeypatch, unmatched):
    Delivery.objects.filter(pk=delivery.pk).update(sid="")
    find = status_callbacks._find

    def record_meanwhile(pk):
        row = find(pk)
        Delivery.objects.filter(pk=pk).update(sid="SM" + "b" * 32)
        return row

    monkeypatch.setattr(status_callbacks, "_find", record_meanwhile)
    assert not status_callbacks.apply(delivery.pk, SID, "failed", 21610, to=delivery.phone)
    assert (state(delivery), delivery.sid) == ("accepted", "SM" + "b" * 32)
    assert not UnsubscribedContact.objects.exists()


def test_a_report_that_cannot_be_counted_is_still_answered(delivery, post_report, monkeypatch):
    def fail():
        raise OperationalError("database is locked")

    monkeypatch.setattr(UnmatchedReports.objects, "count_one", fail)
    assert post_report(delivery.pk, MessageStatus="sent", MessageSid="SM9").status_code == 204


def test_reports_on_deleted_texts_are_counted_by_day(db, post_report, unmatched):
    for _ in range(3):
        post_report(999_999, MessageStatus="sent")
    assert UnmatchedReports.objects.get().count == 3


class AnySequenceOfReports(TestCase):
    @given(st.lists(st.sampled_from([*status_callbacks.STATES, "nonsense"]), max_size=12))
    @examples(quick=10, thorough=40)
    def test_never_lowers_the_rank(self, statuses):
        log = MessageLog.objects.create(message_body="Hi", target="community")
        row = Delivery.objects.create(message_log=log, phone="+17205550100", status="sending")
        rank = Delivery.RANK["sending"]
        for status in statuses:
            status_callbacks.apply(row.pk, SID, status, None, to=row.phone)
            row.refresh_from_db()
            assert Delivery.RANK[row.status] >= rank
            rank = Delivery.RANK[row.status]
