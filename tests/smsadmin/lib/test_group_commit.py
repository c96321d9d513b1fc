import fcntl
import os
import subprocess
import sys
import threading

import pytest
from django.db import OperationalError, connection
from psycopg import errors

from messaging.models import InboxThread
from smsadmin.lib import group_commit, time_limits

pytestmark = pytest.mark.django_db


def is_free(folder):
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True


def keep(phone):
    return lambda: InboxThread.objects.create(phone=phone).phone


def fail_after(phone):
    def work():
        keep(phone)()
        raise ValueError(phone)

    return work


@pytest.fixture
def at_once(monkeypatch):
    """Runs the jobs of several waiting threads, as their leader would."""
    monkeypatch.setattr(group_commit, "_folder_lock", lambda: threading.Lock())

    def run(*works):
        jobs = [group_commit._Job(work) for work in works]
        monkeypatch.setattr(group_commit, "_waiting", jobs[:])
        group_commit._lead(jobs[0])
        return jobs

    return run


def test_simultaneous_jobs_run_in_order(at_once):
    assert [job.result for job in at_once(keep("1"), keep("2"))] == ["1", "2"]
    assert list(InboxThread.objects.order_by("pk").values_list("phone", flat=True)) == ["1", "2"]


def test_a_failing_job_is_rolled_back_and_fails_alone(at_once):
    first, failed, last = at_once(keep("1"), fail_after("2"), keep("3"))
    assert (first.error, last.error) == (None, None)
    assert str(failed.error) == "2"
    assert not InboxThread.objects.filter(phone="2").exists()
    assert InboxThread.objects.count() == 2


def test_jobs_that_cannot_be_committed_fail(at_once, monkeypatch):
    def refuse(jobs):
        jobs += group_commit._waiting
        group_commit._waiting.clear()
        raise OSError("disk full")

    monkeypatch.setattr(group_commit, "_commit_together", refuse)
    jobs = at_once(keep("1"), keep("2"))
    assert [(str(job.error), job.is_done) for job in jobs] == [("disk full", True)] * 2


def test_without_the_lock_only_the_leader_fails_and_the_others_keep_waiting(at_once, monkeypatch):
    def fail():
        raise OSError("too many open files")

    monkeypatch.setattr(group_commit, "_folder_lock", fail)
    first, second = at_once(keep("1"), keep("2"))
    assert (str(first.error), first.is_done) == ("too many open files", True)
    assert (second.error, second.is_done) == (None, False)
    assert group_commit._waiting == [second]
    assert not group_commit._has_leader
    assert not InboxThread.objects.exists()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The database folder, with a very short wait for its lock."""
    monkeypatch.setattr(group_commit, "_abandoned", None)
    monkeypatch.setattr(group_commit, "LOCK_SECONDS", 0.02)
    monkeypatch.setitem(connection.settings_dict, "NAME", str(tmp_path / "sms.db"))
    return tmp_path


@pytest.fixture
def held(folder):
    """Another process holds the folder's lock."""
    keep = "import fcntl, os, sys; fcntl.flock(os.open(sys.argv[1], 0), 2); print(flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", keep, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        yield process


def test_a_lock_that_another_process_keeps_is_skipped(held, caplog):
    with group_commit._folder_lock():
        pass
    assert "Going on without it" in caplog.text


def test_after_an_abandoned_wait_nobody_waits_until_it_ends(held, caplog, monkeypatch):
    for _ in range(3):
        with group_commit._folder_lock():
            monkeypatch.setattr(group_commit, "LOCK_SECONDS", 3600)
    assert caplog.text.count("Going on without it") == 1


def test_a_lock_that_comes_too_late_is_released(held, folder):
    with group_commit._folder_lock():
        pass
    held.stdin.close()
    group_commit._abandoned.join(60)
    assert is_free(folder)


def test_a_lock_that_comes_in_time_is_held(held, folder, monkeypatch):
    monkeypatch.setattr(group_commit, "LOCK_SECONDS", 3600)
    threading.Timer(0.01, held.stdin.close).start()
    with group_commit._folder_lock():
        assert not is_free(folder)
    assert is_free(folder)


def test_a_free_lock_is_held_and_released(folder):
    with group_commit._folder_lock():
        assert not is_free(folder)
    assert is_free(folder)


def test_all_waiting_jobs_run_even_without_the_lock(held, monkeypatch):
    jobs = [group_commit._Job(keep("1")), group_commit._Job(keep("2"))]
    monkeypatch.setattr(group_commit, "_waiting", jobs[:])
    group_commit._lead(jobs[0])
    assert [(job.result, job.is_done) for job in jobs] == [("1", True), ("2", True)]


def test_work_that_waits_for_a_hanging_leader_is_abandoned_and_never_run(monkeypatch):
    monkeypatch.setattr(group_commit, "_has_leader", True)
    monkeypatch.setattr(group_commit, "_waiting", [])
    with pytest.raises(time_limits.TookTooLong), time_limits.at_most(0):
        group_commit._is_leader_for(group_commit._Job(keep("1")))
    assert group_commit._waiting == []


def test_work_that_a_leader_has_started_is_abandoned_too(monkeypatch):
    """The waiting thread can't know whether it will still be committed."""
    job = group_commit._Job(keep("1"))

    class Begun(list):
        def append(self, job):
            """The leader has already taken it."""

    monkeypatch.setattr(group_commit, "_has_leader", True)
    monkeypatch.setattr(group_commit, "_waiting", Begun())
    with pytest.raises(time_limits.TookTooLong), time_limits.at_most(0):
        group_commit._is_leader_for(job)


def test_without_concurrency_results_and_errors_are_returned():
    assert group_commit.run(keep("1")) == "1"
    with pytest.raises(ValueError, match="2"):
        group_commit.run(fail_after("2"))
    assert InboxThread.objects.get().phone == "1"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("ended", [errors.DeadlockDetected, errors.SerializationFailure])
def test_work_rolled_back_by_a_deadlock_is_retried(ended):
    problems = [OperationalError("ended")]
    problems[0].__cause__ = ended()

    def work():
        thread = keep("1")()
        if problems:
            raise problems.pop()
        return thread

    assert group_commit.run(work) == "1"
    assert InboxThread.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_any_other_database_failure_is_raised_immediately():
    def work():
        keep("1")()
        raise OperationalError("The disk is full.")

    with pytest.raises(OperationalError, match="The disk is full"):
        group_commit.run(work)
    assert not InboxThread.objects.exists()
