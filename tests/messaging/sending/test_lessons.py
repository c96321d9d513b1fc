"""What a failure says about a number is stored with the failure, and catching up finds what was lost anyway."""

import logging
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from contacts.consent import opting_out
from contacts.models import CommunityMember, ConsentRecord, SuppressedContact, UnsubscribedContact
from messaging.backends import Refused
from messaging.models import Delivery
from messaging.sending import sender, status_callbacks, suppression, suppression_backfill
from smsadmin.worker import schedules

STOPPED = 21610
DEAD = 21614
SID = "SM" + "a" * 32


class Killed(BaseException):
    """Acts like a kill: nothing after it runs."""


@pytest.fixture
def accepted(make_log, make_delivery):
    return make_delivery(make_log(), "accepted", sid=SID)


def report(row, code, status="undelivered"):
    return status_callbacks.apply(row.pk, row.sid or SID, status, code, to=row.phone)


def fail_once(monkeypatch, error):
    """Makes the next suppression fail with `error`."""
    learn, errors = suppression.learn, [error]

    def broken(*args, **kwargs):
        learn(*args, **kwargs)
        if errors:
            raise errors.pop()

    monkeypatch.setattr(suppression, "learn", broken)


@pytest.mark.parametrize("error", [Killed(), OperationalError("disk I/O error"), RuntimeError("a bug")])
def test_an_interrupted_report_stores_neither_and_its_repeat_stores_both(accepted, monkeypatch, error):
    fail_once(monkeypatch, error)
    with pytest.raises(type(error)):
        report(accepted, STOPPED)
    accepted.refresh_from_db()
    assert (accepted.status, accepted.learned_at) == ("accepted", None)
    assert not UnsubscribedContact.objects.exists()
    assert not ConsentRecord.objects.exists()
    assert report(accepted, STOPPED)
    accepted.refresh_from_db()
    assert accepted.status == "undelivered"
    assert accepted.learned_at is not None
    assert UnsubscribedContact.objects.get().phone == accepted.phone
    assert ConsentRecord.objects.get().phone == accepted.phone


@pytest.fixture
def refuse(locmem, make_member, start_blast, send, monkeypatch, settings):
    """A blast with one person for each code, refused with it."""
    monkeypatch.setattr(sender.time, "sleep", lambda seconds: None)
    # The test's own transaction continues.
    monkeypatch.setattr(sender, "connection", SimpleNamespace(close_if_unusable_or_obsolete=lambda: None))
    settings.SMS_SENDERS_PER_BLAST = 1

    def run(*codes):
        for code in codes:
            locmem.script[make_member().phone] = Refused(code, "No") if code else None
        return send(start_blast())

    return run


def states(log):
    return list(log.deliveries.order_by("pk").values_list("status", "error_code"))


def test_a_refusal_and_its_consequence_are_stored_together(refuse):
    log = refuse(STOPPED, None, DEAD, 30003)
    assert states(log) == [("failed", STOPPED), ("accepted", None), ("failed", DEAD), ("failed", 30003)]
    learned = [row.learned_at is not None for row in log.deliveries.order_by("pk")]
    assert learned == [True, False, True, False]
    assert UnsubscribedContact.objects.count() == SuppressedContact.objects.count() == 1


def test_a_sender_killed_while_suppressing_has_stored_neither(refuse, monkeypatch):
    fail_once(monkeypatch, Killed())
    with pytest.raises(Killed):
        refuse(DEAD)
    assert Delivery.objects.get().status == "sending"
    assert not SuppressedContact.objects.exists()


def test_after_a_temporary_database_failure_both_are_stored(refuse, monkeypatch):
    fail_once(monkeypatch, OperationalError("deadlock detected"))
    assert states(refuse(DEAD)) == [("failed", DEAD)]
    assert SuppressedContact.objects.count() == 1


@pytest.mark.parametrize("error", [RuntimeError, OperationalError])
def test_a_suppression_that_keeps_failing_loses_no_result_and_is_retried(refuse, monkeypatch, error, caplog):
    learn = suppression.learn

    def poison(phone, *args, **kwargs):
        if phone == CommunityMember.objects.order_by("pk").first().phone:
            raise error("poison")
        learn(phone, *args, **kwargs)

    monkeypatch.setattr(suppression, "learn", poison)
    with caplog.at_level(logging.CRITICAL):
        log = refuse(DEAD, DEAD, None)
        assert states(log) == [("failed", DEAD), ("failed", DEAD), ("accepted", None)]
        assert SuppressedContact.objects.count() == 1
        assert suppression_backfill.catch_up() == 1
    monkeypatch.setattr(suppression, "learn", learn)
    suppression_backfill.catch_up()
    assert SuppressedContact.objects.count() == 2
    assert suppression_backfill.catch_up() == 0


@pytest.fixture
def failed(make_log, make_delivery):
    """An hour-old failure that hasn't changed the lists."""

    def make(code, log=None, status="failed"):
        at = timezone.now() - timedelta(hours=1)
        return make_delivery(log or make_log(), status, error_code=code, updated_at=at)

    return make


def test_catching_up_finds_suppressions_missing_from_the_lists(failed, make_phone):
    stopped, dead = failed(STOPPED), failed(DEAD)
    failed(30003)
    failed(DEAD, status="delivered")
    reply = Delivery.objects.create(phone=make_phone(), status="undelivered", error_code=STOPPED)
    assert suppression_backfill.catch_up() == 3
    assert set(UnsubscribedContact.objects.values_list("phone", flat=True)) == {stopped.phone, reply.phone}
    assert SuppressedContact.objects.get().phone == dead.phone
    assert suppression_backfill.catch_up() == 0


def test_catching_up_skips_people_who_opted_in_since(failed):
    row = failed(STOPPED)
    opting_out.opt_in(row.phone, "inbound")
    suppression_backfill.catch_up()
    assert not UnsubscribedContact.objects.exists()


def lift(phone):
    opting_out.lift(SuppressedContact.objects.filter(phone=phone), "maria")


def restore(phone):
    opting_out.restore(CommunityMember.objects.filter(phone=phone), "maria")


def soften(phone):
    entry = SuppressedContact.objects.get(phone=phone)
    entry.category = "soft_fail"
    opting_out.save_entry(entry, "maria")


@pytest.mark.parametrize("allow", [lift, restore, soften])
def test_people_whom_staff_allowed_again_stay_off_the_lists(failed, make_member, allow):
    row = failed(DEAD)
    make_member(phone=row.phone)
    suppression.learn(row.phone, None, DEAD, None, row.updated_at)
    allow(row.phone)
    suppression_backfill.catch_up()
    suppression_backfill.backfill()
    assert not SuppressedContact.objects.blocking().exists()
    suppression.learn(row.phone, None, DEAD, None)
    assert SuppressedContact.objects.blocking().exists()


def test_numbers_already_listed_are_settled_in_bulk(failed, django_assert_max_num_queries):
    log = failed(STOPPED).message_log
    for _ in range(30):
        failed(DEAD, log)
    rows = Delivery.objects.filter(error_code=DEAD)
    SuppressedContact.objects.bulk_create(SuppressedContact(phone=row.phone) for row in rows)
    with django_assert_max_num_queries(60):
        assert suppression_backfill.catch_up() == 31


def test_catching_up_only_reads_matching_rows(failed):
    """The query plan uses the index of failures not yet processed, however many deliveries there are."""
    failed(DEAD)
    rows = Delivery.objects.filter(learned_at=None, error_code=DEAD).unsuccessful().order_by("pk")
    if connection.vendor == "sqlite":
        assert "ix_deliveries_unlearned" in rows.explain()
    assert any(
        index["index"] and name == "ix_deliveries_unlearned"
        for name, index in connection.introspection.get_constraints(connection.cursor(), "deliveries").items()
    )


def test_the_worker_catches_up_each_minute():
    assert any(each.task == "messaging.tasks.catch_up_lists" and each.minutes == 1 for each in schedules.RECURRING)
