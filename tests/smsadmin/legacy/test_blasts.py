import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contacts.models import Event
from messaging.models import Delivery, MessageLog
from messaging.sending.suppression_backfill import backfill
from smsadmin.legacy.details import BrokenDetails, find_error_code, iter_entries
from smsadmin.legacy.moving import LegacyRow

ADA, GRACE, ALAN = "+17205550101", "+13035550102", "+19705550103"
LINES = "message_logs.details"

pytestmark = pytest.mark.django_db


def test_each_entry_becomes_a_delivery(old, move):
    old.add_blast((ADA, "Ada", True, None), (GRACE, None, False, "Error 30005: unknown destination"))
    report = move()
    log = MessageLog.objects.get()
    ada, grace = log.deliveries.order_by("pk")
    assert (log.message_body, log.status, log.target) == ("Hello", "sent", "community")
    assert log.created_at == log.finished_at == datetime(2024, 3, 5, 17, 30, 0, 123456, tzinfo=UTC)
    assert (log.total_recipients, log.success_count, log.failure_count) == (2, 1, 1)
    assert (ada.phone, ada.name, ada.status, ada.accepted_at) == (ADA, "Ada", "accepted", log.created_at)
    assert (grace.status, grace.error_code, grace.error_message) == (
        "failed",
        30005,
        "Error 30005: unknown destination",
    )
    assert json.loads(log.stored_details) == json.loads(log.details)
    assert report.of(LINES).read == report.of(LINES).taken == 2
    assert not report.groups


def test_the_lines_of_the_documented_example_are_kept(old, move):
    """Their numbers look like E.164 but can't exist, which is why one of them failed."""
    old.add_blast(("+1234567890", "John", True, None), ("+1987654321", "Jane", False, "Invalid number"))
    move()
    assert list(Delivery.objects.order_by("pk").values_list("phone", "error_message")) == [
        ("+1234567890", ""),
        ("+1987654321", "Invalid number"),
    ]


def test_the_page_of_an_imported_blast_opens(old, move, admin_client):
    old.add_blast((ADA, "Ada", True, None), (GRACE, None, False, "No"))
    move()
    log = MessageLog.objects.get()
    page = admin_client.get(f"/admin/messaging/messagelog/{log.pk}/change/")
    assert page.status_code == 200
    assert "Ada" in page.content.decode()


def test_a_blast_belongs_to_its_event(old, move, make_event):
    make_event()
    old.add("events", title="Gala", date=None)
    old.add_blast((ADA, None, True, None), target="event", event_id=1)
    old.add_blast((ADA, None, True, None), target="event", event_id=5)
    report = move()
    gala, lost = MessageLog.objects.order_by("pk")
    assert (gala.event, gala.audience_name) == (Event.objects.get(title="Gala"), "Gala")
    assert (lost.event, lost.target, lost.audience_name) == (None, "event", "A deleted event")
    assert report.of("message_logs").mended == 1


def test_two_entries_with_one_number_are_merged_and_success_wins(old, move, monkeypatch, told):
    monkeypatch.setattr("smsadmin.legacy.blasts._AT_ONCE", 2)
    old.add_blast(
        (ADA, "Ada", False, "Error 30008"),
        (GRACE, None, True, None),
        (ADA, "Ada", True, None),
        (GRACE, None, False, "Error 30008"),
        (ALAN, None, False, "Error 30008"),
        (ALAN, None, True, None),
    )
    report = move()
    assert dict(Delivery.objects.values_list("phone", "status")) == dict.fromkeys((ADA, GRACE, ALAN), "accepted")
    assert not Delivery.objects.exclude(error_code=None).exists()
    assert (report.of(LINES).taken, report.of(LINES).present) == (3, 3)
    assert told(report, LINES) == [("already there", "an earlier line of the blast has the same number: merged")]


def test_counters_match_the_rows_and_differences_are_reported(old, move):
    old.add_blast((ADA, None, True, None), total_recipients=7, success_count=6, failure_count=1)
    report = move()
    log = MessageLog.objects.get()
    assert (log.total_recipients, log.success_count, log.failure_count) == (1, 1, 0)
    (group,) = report.groups.values()
    assert group.examples == [("1", "recipients 7 → 1, succeeded 6 → 1, failed 1 → 0")]


def test_an_error_without_a_phone_is_the_reason_the_blast_stopped(old, move):
    details = json.dumps([{"phone": ADA, "name": None, "success": True, "error": None}, {"error": "Connection lost"}])
    old.add("message_logs", details=details, total_recipients=1, success_count=1, failure_count=0, status="failed")
    report = move()
    log = MessageLog.objects.get()
    assert log.stop_reason == "It stopped early in the previous system: Connection lost"
    assert (log.status, log.paused_at, log.deliveries.count()) == ("failed", None, 1)
    assert (report.of(LINES).taken, report.of(LINES).mended) == (2, 1)


@pytest.mark.parametrize("status", ["processing", "exploded", None])
@pytest.mark.parametrize(("success", "ended"), [(True, "sent"), (False, "failed")])
def test_a_blast_in_progress_is_finished_without_sending_more(old, move, status, success, ended):
    old.add_blast((ADA, None, success, None if success else "No"), status=status)
    assert move().of("message_logs").mended == 1
    assert MessageLog.objects.get().status == ended
    assert not MessageLog.objects.running().exists()
    assert not Delivery.objects.in_progress().exists()


@pytest.mark.parametrize(
    ("written", "read"), [("true", "accepted"), (1, "accepted"), ("no", "failed"), (0, "failed")]
)
def test_other_forms_of_success_are_understood(old, move, written, read):
    old.add_blast((ADA, None, written, None))
    move()
    assert Delivery.objects.get().status == read


def test_people_without_an_outcome_are_unknown_and_closed(old, move):
    old.add_blast((ADA, None, None, None))
    assert move().of(LINES).mended == 1
    assert Delivery.objects.get().status == "unknown"
    assert not Delivery.objects.in_doubt().exists()


@pytest.mark.parametrize(
    "entry", [7, "text", None, [], {}, {"phone": None}, {"phone": "12345", "success": False}, {"phone": {"a": 1}}]
)
def test_an_entry_about_nobody_is_refused(old, move, entry):
    good = {"phone": ADA, "success": True}
    old.add("message_logs", details=json.dumps([entry, good]))
    report = move()
    assert (report.of(LINES).refused, report.of(LINES).taken) == (1, 1)
    assert Delivery.objects.get().phone == ADA


@pytest.mark.parametrize(
    "details", ["garbage", '{"phone"', '"text"', '[{"phone": "+17205550101"', "[" * 100_000, "nan", b"\xff\xfe"]
)
def test_details_that_cannot_be_read_are_refused_and_the_blast_is_kept(old, move, details):
    old.add("message_logs", details=details)
    report = move()
    assert MessageLog.objects.count() == 1
    assert report.of(LINES).refused == 1


def test_a_truncated_list_is_read_up_to_the_break(old, move):
    whole = json.dumps([{"phone": phone, "success": True} for phone in (ADA, GRACE, ALAN)])
    old.add("message_logs", details=whole[:-10])
    report = move()
    assert (report.of(LINES).taken, report.of(LINES).refused) == (2, 1)
    assert set(Delivery.objects.values_list("phone", flat=True)) == {ADA, GRACE}


@pytest.mark.parametrize("details", [None, "", " ", "[]"])
def test_a_blast_without_details_is_kept(old, move, details):
    old.add("message_logs", details=details, total_recipients=0, success_count=0, failure_count=0)
    report = move()
    assert MessageLog.objects.count() == 1
    assert not report.groups


def test_characters_that_cannot_be_stored_are_removed(old, move):
    line = json.dumps([{"phone": ADA, "name": "A\x00da", "success": False, "error": "\ud800 no"}])
    old.add("message_logs", message_body="Hel\x00lo", details=line)
    move()
    assert MessageLog.objects.get().message_body == "Hello"
    delivery = Delivery.objects.get()
    assert (delivery.name, delivery.error_message) == ("Ada", "? no")


def test_a_blast_is_imported_once_even_without_its_entry(old, move):
    old.add_blast((ADA, None, True, None))
    move()
    LegacyRow.objects.all().delete()
    report = move()
    assert MessageLog.objects.count() == Delivery.objects.count() == 1
    assert (report.of("message_logs").present, report.of(LINES).present) == (1, 1)


def test_two_blasts_of_one_text_and_second_are_two(old, move):
    for _ in range(2):
        old.add_blast((ADA, None, True, None), created_at="2024-03-05 17:30:00")
    move()
    assert MessageLog.objects.count() == 2


def test_suppressions_can_be_backfilled_from_imported_blasts(old, move):
    old.add_blast((ADA, None, False, "Error 21610"), ("+1987654321", None, False, "Error 21211"))
    move()
    assert backfill() == 2


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ("HTTP 400 error: Unable to create record: … https://www.twilio.com/docs/errors/21211", 21211),
        ("[30005] Unknown destination", 30005),
        ("Twilio error code: 30007", 30007),
        ("The message was filtered (30007)", 30007),
        ("21610", 21610),
        ("Attempt to send to unsubscribed recipient +17205521610", None),
        ("80203 is no code of Twilio's", None),
        ("Error 99999", 99999),
        ("", None),
    ],
)
def test_twilios_error_code_is_found_in_the_text(error, code):
    assert find_error_code(error) == code


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(), children, max_size=3),
    max_leaves=8,
)


@settings(max_examples=30)
@given(st.lists(json_values, max_size=5), st.sampled_from([None, 1]))
def test_a_list_is_read_as_json_reads_it(entries, indent):
    assert list(iter_entries(json.dumps(entries, indent=indent))) == entries


@settings(max_examples=30)
@given(st.lists(json_values, min_size=1, max_size=5), st.data())
def test_a_truncated_list_yields_its_first_entries_and_then_raises(entries, data):
    text = json.dumps(entries)
    cut = text[: data.draw(st.integers(0, len(text) - 1))]
    read = []
    with pytest.raises(BrokenDetails):
        read.extend(iter_entries(cut))
    assert all(isinstance(one, int | float) or one == two for one, two in zip(read, entries, strict=False))
