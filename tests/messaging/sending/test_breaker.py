import pytest
from django.utils import timezone

from messaging.backends import Refused
from messaging.models import Delivery, MessageLog
from messaging.models.deliveries import Receipt
from messaging.scheduling import sweep
from messaging.sending import breaker, dispatch, status_callbacks
from messaging.sending.sources import BlastStream

SID = "SM" + "a" * 32


@pytest.fixture
def log(db, settings):
    settings.SMS_BREAKER_SAMPLE = 25
    return MessageLog.objects.create(message_body="Hi", target="community", status="processing")


@pytest.fixture
def add(log):
    """Deliveries of the blast with one status: refused ones have no SID, reported ones do."""
    numbers = iter(range(10_000))

    def add(count, status, code=None, sid=""):
        Delivery.objects.bulk_create(
            Delivery(
                message_log=log, phone=f"+1720{2000000 + next(numbers)}", status=status, error_code=code, sid=sid
            )
            for _ in range(count)
        )

    return add


def test_a_blast_without_failures_continues(log, add):
    add(100, "accepted", sid=SID)
    assert breaker.find_fault(log) is None


def test_if_the_whole_sample_is_refused_alike_the_sender_is_at_fault(log, add):
    add(24, "failed", 21606)
    assert breaker.find_fault(log) is None
    add(1, "failed", 21606)
    fault = breaker.find_fault(log)
    assert fault.code == 21606
    assert "TWILIO_FROM_NUMBER" in fault.reason


def test_one_acceptance_clears_the_sender(log, add):
    add(40, "failed", 21606)
    add(1, "accepted", sid=SID)
    assert breaker.find_fault(log) is None


def test_acceptances_do_not_outweigh_failures_reported_later(log, add):
    add(500, "accepted", sid=SID)
    add(25, "undelivered", 30034, SID)
    assert breaker.find_fault(log).code == 30034


def test_a_text_that_arrived_clears_the_sender(log, add):
    add(25, "undelivered", 30034, SID)
    add(1, "delivered", sid=SID)
    assert breaker.find_fault(log) is None


def test_different_failures_do_not_blame_the_sender(log, add):
    add(20, "failed", 21606)
    add(20, "failed", 21614)
    assert breaker.find_fault(log) is None


@pytest.mark.parametrize("code", [21614, 21211, 30003, 30005, 21610, None])
def test_failures_of_contacts_stop_nothing(log, add, code):
    add(60, "failed", code)
    assert breaker.find_fault(log) is None


@pytest.mark.parametrize(("filtered", "stops"), [(5, False), (6, True)])
def test_more_than_a_twentieth_filtered_stops_the_blast(log, add, filtered, stops):
    add(100 - filtered, "delivered", sid=SID)
    add(filtered, "undelivered", 30007, SID)
    assert (breaker.find_fault(log) is not None) == stops


def test_the_first_filtered_texts_of_a_small_sample_stop_nothing(log, add):
    add(20, "delivered", sid=SID)
    add(4, "undelivered", 30007, SID)
    assert breaker.find_fault(log) is None


def test_the_sweep_stops_a_blast_because_of_its_reports(log, add):
    add(90, "delivered", sid=SID)
    add(10, "undelivered", 30007, SID)
    add(5, "pending")
    sweep.sweep()
    log.refresh_from_db()
    assert (log.stop_code, log.is_running) == (30007, False)
    assert "filtered 10 of 100 texts" in log.stop_reason
    assert log.deliveries.filter(status="pending").count() == 5


def test_staff_can_resume_after_a_filter_stopped_it(log, add, locmem):
    add(90, "delivered", sid=SID)
    add(10, "undelivered", 30007, SID)
    add(5, "pending")
    sweep.sweep()
    log.refresh_from_db()
    log.resume()
    for number in range(2):
        log.slots.create(number=number)
    sweep.sweep()
    assert len(locmem.outbox) == 5


ACCOUNT = 30002


@pytest.fixture
def stopped(log, add):
    """Stopped by a report of a suspended account although other texts were accepted; staff have resumed it."""
    add(5, "accepted", sid=SID)
    add(5, "pending")
    first, *_ = Delivery.objects.filter(status="accepted")
    Delivery.objects.filter(status="accepted").update(claimed_at=timezone.now())
    assert report(first, ACCOUNT)
    log.refresh_from_db()
    assert (log.stop_code, log.is_running) == (ACCOUNT, False)
    log.resume()
    return log


def report(row, code, status="failed"):
    return status_callbacks.apply(row.pk, row.sid or SID, status, code, to=row.phone)


def is_running(log):
    log.refresh_from_db()
    return log.is_running


def test_late_reports_of_a_fixed_fault_do_not_stop_a_resumed_blast(stopped):
    for row in stopped.deliveries.filter(status="accepted"):
        assert report(row, ACCOUNT)
        assert is_running(stopped)
    sweep.sweep()
    assert stopped.deliveries.filter(status="failed", error_code=ACCOUNT).count() == 5
    assert is_running(stopped)


def test_a_fault_reported_for_a_text_sent_after_the_resume_stops_it_again(stopped):
    [claimed] = Delivery.objects.claim(stopped.pk, 1)
    assert report(claimed, ACCOUNT)
    assert not is_running(stopped)
    assert stopped.stop_code == ACCOUNT


def test_a_refusal_of_a_call_after_the_resume_stops_it_again(stopped, locmem):
    locmem.script["*"] = Refused(ACCOUNT, "suspended")
    for number in range(2):
        stopped.slots.create(number=number)
    dispatch.nudge(stopped)
    assert not is_running(stopped)
    assert stopped.deliveries.filter(status="pending").exists()


def test_a_refusal_of_a_call_before_the_resume_does_not(log, add):
    add(3, "pending")
    [early, _] = Delivery.objects.claim(log.pk, 2)
    log.stop(ACCOUNT, "Suspended.")
    log.resume()
    refusal = Receipt(early.pk, "failed", error_code=ACCOUNT)
    Delivery.objects.record([refusal])
    BlastStream(log).judge([refusal])
    assert is_running(log)


def test_a_second_fault_does_not_let_the_first_ones_reports_stop_it(stopped, add):
    old = stopped.deliveries.filter(status="accepted")[0]
    stopped.stop(30007, "Filtered.")
    stopped.resume()
    assert report(old, ACCOUNT)
    assert is_running(stopped)


def test_a_pause_by_staff_does_not_outdate_reports(log, add):
    add(2, "accepted", sid=SID)
    add(1, "pending")
    log.pause()
    log.resume()
    assert report(log.deliveries.filter(status="accepted")[0], ACCOUNT)
    assert not is_running(log)


def test_the_sweep_makes_up_for_a_lost_stop(log, add):
    add(1, "failed", ACCOUNT, SID)
    add(5, "pending")
    sweep.sweep()
    assert (is_running(log), log.stop_code) == (False, ACCOUNT)


def test_a_fault_found_before_a_resume_stops_nothing_after_it(log, add):
    add(1, "failed", ACCOUNT, SID)
    add(5, "pending")
    found_by = MessageLog.objects.get(pk=log.pk)
    log.stop(ACCOUNT, "Suspended.")
    log.resume()
    assert not found_by.stop(ACCOUNT, "Suspended.")
    assert is_running(log)


def test_filtering_after_the_resume_stops_it_again(log, add):
    add(90, "delivered", sid=SID)
    add(10, "undelivered", 30007, SID)
    add(5, "pending")
    sweep.sweep()
    log.refresh_from_db()
    log.resume()
    add(28, "delivered", sid=SID)
    add(2, "undelivered", 30007, SID)
    log.deliveries.filter(claimed_at=None, pk__gt=log.deliveries.filter(status="pending")[0].pk).exclude(
        status="pending"
    ).update(claimed_at=timezone.now())
    sweep.sweep()
    assert (is_running(log), log.stop_code) == (False, 30007)
    assert "filtered 2 of 30 texts" in log.stop_reason


def test_a_code_muted_before_resumes_were_timed_stays_muted(log, add):
    MessageLog.objects.filter(pk=log.pk).update(muted_code=ACCOUNT)
    add(2, "accepted", sid=SID)
    add(1, "pending")
    assert report(log.deliveries.filter(status="accepted")[0], ACCOUNT)
    sweep.sweep()
    assert is_running(log)
