import threading

import pytest
from django.db import OperationalError
from psycopg import errors

from messaging import batching
from messaging.models import InboxThread

pytestmark = pytest.mark.django_db


def keep(phone):
    return lambda: InboxThread.objects.create(phone=phone).phone


def fail_after(phone):
    def work():
        keep(phone)()
        raise ValueError(phone)

    return work


@pytest.fixture
def at_once(monkeypatch):
    """Do what several threads wait for, as the one of them does it whose turn it is."""
    monkeypatch.setattr(batching, "_turn", lambda: threading.Lock())

    def run(*works):
        jobs = [batching._Job(work) for work in works]
        monkeypatch.setattr(batching, "_waiting", jobs[:])
        batching._lead()
        return jobs

    return run


def test_what_comes_at_once_is_done_in_its_order(at_once):
    assert [job.result for job in at_once(keep("1"), keep("2"))] == ["1", "2"]
    assert list(InboxThread.objects.order_by("pk").values_list("phone", flat=True)) == ["1", "2"]


def test_what_fails_is_undone_and_fails_alone(at_once):
    first, failed, last = at_once(keep("1"), fail_after("2"), keep("3"))
    assert (first.error, last.error) == (None, None)
    assert str(failed.error) == "2"
    assert not InboxThread.objects.filter(phone="2").exists()
    assert InboxThread.objects.count() == 2


def test_where_nothing_can_be_committed_everybody_hears_of_it(at_once, monkeypatch):
    def refuse(jobs):
        raise OSError("disk full")

    monkeypatch.setattr(batching, "_commit_together", refuse)
    jobs = at_once(keep("1"), keep("2"))
    assert [(str(job.error), job.is_done) for job in jobs] == [("disk full", True)] * 2


def test_where_the_turn_never_comes_everybody_who_waits_hears_of_it(at_once, monkeypatch):
    def fail():
        raise OSError("too many open files")

    monkeypatch.setattr(batching, "_turn", fail)
    jobs = at_once(keep("1"), keep("2"))
    assert [(str(job.error), job.is_done) for job in jobs] == [("too many open files", True)] * 2
    assert not batching._waiting
    assert not InboxThread.objects.exists()


def test_alone_its_result_and_its_error_come_back():
    assert batching.run(keep("1")) == "1"
    with pytest.raises(ValueError, match="2"):
        batching.run(fail_after("2"))
    assert InboxThread.objects.get().phone == "1"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("ended", [errors.DeadlockDetected, errors.SerializationFailure])
def test_what_the_database_undid_for_anothers_sake_is_done_again(ended):
    problems = [OperationalError("ended")]
    problems[0].__cause__ = ended()

    def work():
        thread = keep("1")()
        if problems:
            raise problems.pop()
        return thread

    assert batching.run(work) == "1"
    assert InboxThread.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_any_other_failure_of_the_database_is_told_at_once():
    def work():
        keep("1")()
        raise OperationalError("The disk is full.")

    with pytest.raises(OperationalError, match="The disk is full"):
        batching.run(work)
    assert not InboxThread.objects.exists()
