import pytest

from messaging import breaker, sweeping
from messaging.models import Delivery, MessageLog

SID = "SM" + "a" * 32


@pytest.fixture
def log(db, settings):
    settings.SMS_BREAKER_SAMPLE = 25
    return MessageLog.objects.create(message_body="Hi", target="community", status="processing")


@pytest.fixture
def add(log):
    """Deliveries of the blast in one state: refused ones have no SID, reported ones have."""
    numbers = iter(range(10_000))

    def add(count, status, code=None, sid=""):
        Delivery.objects.bulk_create(
            Delivery(
                message_log=log, phone=f"+1720{2000000 + next(numbers)}", status=status, error_code=code, sid=sid
            )
            for _ in range(count)
        )

    return add


def test_a_blast_without_failures_goes_on(log, add):
    add(100, "accepted", sid=SID)
    assert breaker.find_fault(log) is None


def test_the_same_refusal_of_the_whole_sample_is_the_senders(log, add):
    add(24, "failed", 21606)
    assert breaker.find_fault(log) is None
    add(1, "failed", 21606)
    fault = breaker.find_fault(log)
    assert fault.code == 21606
    assert "TWILIO_FROM_NUMBER" in fault.reason


def test_one_acceptance_shows_that_a_refusal_is_not_the_senders(log, add):
    add(40, "failed", 21606)
    add(1, "accepted", sid=SID)
    assert breaker.find_fault(log) is None


def test_acceptances_say_nothing_against_failures_that_are_reported_later(log, add):
    add(500, "accepted", sid=SID)
    add(25, "undelivered", 30034, SID)
    assert breaker.find_fault(log).code == 30034


def test_a_text_that_arrived_clears_the_sender(log, add):
    add(25, "undelivered", 30034, SID)
    add(1, "delivered", sid=SID)
    assert breaker.find_fault(log) is None


def test_different_failures_are_not_the_senders(log, add):
    add(20, "failed", 21606)
    add(20, "failed", 21614)
    assert breaker.find_fault(log) is None


@pytest.mark.parametrize("code", [21614, 21211, 30003, 30005, 21610, None])
def test_what_is_about_the_contacts_stops_nothing(log, add, code):
    add(60, "failed", code)
    assert breaker.find_fault(log) is None


@pytest.mark.parametrize(("filtered", "stops"), [(5, False), (6, True)])
def test_more_than_a_twentieth_filtered_stops(log, add, filtered, stops):
    add(100 - filtered, "delivered", sid=SID)
    add(filtered, "undelivered", 30007, SID)
    assert (breaker.find_fault(log) is not None) == stops


def test_the_first_filtered_texts_of_a_small_sample_stop_nothing(log, add):
    add(20, "delivered", sid=SID)
    add(4, "undelivered", 30007, SID)
    assert breaker.find_fault(log) is None


def test_the_sweep_stops_a_blast_whose_reports_speak_against_it(log, add):
    add(90, "delivered", sid=SID)
    add(10, "undelivered", 30007, SID)
    add(5, "pending")
    sweeping.sweep()
    log.refresh_from_db()
    assert (log.stop_code, log.is_running) == (30007, False)
    assert "filtered 10 of 100 texts" in log.stop_reason
    assert log.deliveries.filter(status="pending").count() == 5


def test_staff_can_go_on_after_a_filter_stopped_it(log, add, locmem):
    add(90, "delivered", sid=SID)
    add(10, "undelivered", 30007, SID)
    add(5, "pending")
    sweeping.sweep()
    log.refresh_from_db()
    log.resume()
    for number in range(2):
        log.slots.create(number=number)
    sweeping.sweep()
    assert len(locmem.outbox) == 5
