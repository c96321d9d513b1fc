"""Whether the file that a process has open is still the one at its path."""

import os
import sqlite3

import pytest
from django.db import connections
from django.db.backends.sqlite3.base import DatabaseWrapper
from django.test import RequestFactory

from smsadmin.lib import database_file
from smsadmin.lib.database_file import DatabaseFileLost
from smsadmin.middleware import RefuseLostDatabase
from smsadmin.worker import clock, cluster


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "sms.db"
    sqlite3.connect(path).close()
    path.touch()
    return path


@pytest.fixture
def open_file(path, monkeypatch):
    """Makes the database a file with an open connection, in a process that has just started."""
    opened = []

    def run(name=path):
        settings = {**connections["default"].settings_dict, "NAME": str(name), "OPTIONS": {}}
        wrapper = DatabaseWrapper(settings, "default")
        monkeypatch.setattr(database_file, "connection", wrapper)
        monkeypatch.setattr(database_file, "_opened_first", {})
        wrapper.connection = sqlite3.connect(name)
        opened.append(wrapper.connection)
        database_file.note(wrapper)
        return wrapper

    yield run
    for file in opened:
        file.close()


def replace(path):
    new = path.with_name("new.db")
    new.write_bytes(path.read_bytes())
    new.rename(path)


def test_an_untouched_file_is_fine(open_file):
    open_file()
    database_file.check()
    assert not database_file.is_gone()


def test_a_replaced_file_is_found_and_what_to_do_is_said(open_file, path):
    open_file()
    replace(path)
    with pytest.raises(DatabaseFileLost, match=r"was replaced by another file.*restart the worker"):
        database_file.check()


def test_a_deleted_file_is_found(open_file, path):
    open_file()
    path.unlink()
    with pytest.raises(DatabaseFileLost, match=r"is gone.*restore a backup"):
        database_file.check()
    assert database_file.is_gone()


def test_a_reconnected_worker_still_knows_its_original_file(open_file, path):
    wrapper = open_file()
    replace(path)
    database_file.note(wrapper)
    with pytest.raises(DatabaseFileLost):
        database_file.check()


def test_a_link_that_points_to_another_file_is_found(open_file, path):
    link, other = path.with_name("link.db"), path.with_name("other.db")
    other.write_bytes(b"")
    link.symlink_to(path)
    open_file(link)
    database_file.check()
    link.unlink()
    link.symlink_to(other)
    with pytest.raises(DatabaseFileLost):
        database_file.check()


def test_pages_written_to_the_file_do_not_make_it_another_file(open_file, path):
    """As written by a restore."""
    open_file()
    path.write_bytes(b"SQLite format 3\0")
    database_file.check()


def test_a_database_without_a_file_is_never_lost(monkeypatch, open_file):
    open_file(":memory:")
    database_file.check()
    assert not database_file.is_gone()


def test_each_check_costs_one_system_call(open_file, monkeypatch):
    open_file()
    asked = []
    stat = os.stat
    monkeypatch.setattr(database_file.os, "stat", lambda path: asked.append(path) or stat(path))
    database_file.check()
    assert len(asked) == 1


def test_a_web_process_continues_with_the_new_file(open_file, path, monkeypatch):
    wrapper = open_file()
    closed = []
    monkeypatch.setattr(wrapper, "close", lambda: closed.append(1))
    database_file.follow()
    assert closed == []
    replace(path)
    database_file.follow()
    assert closed == [1]


def test_a_web_process_keeps_its_open_file_if_it_was_deleted(open_file, path, monkeypatch):
    """Reconnecting would create an empty database."""
    wrapper = open_file()
    monkeypatch.setattr(wrapper, "close", lambda: pytest.fail("closed"))
    path.unlink()
    database_file.follow()


def test_requests_get_a_503_while_the_file_is_gone(open_file, path):
    open_file()
    passed = []
    answer = RefuseLostDatabase(lambda request: passed.append(request))
    request = RequestFactory().post("/webhooks/twilio/status/7")
    answer(request)
    assert len(passed) == 1
    path.unlink()
    response = answer(request)
    assert (response.status_code, len(passed)) == (503, 1)
    assert "restore a backup" in response.content.decode()


def test_the_clock_logs_once_that_the_file_is_gone_and_does_nothing(open_file, path, monkeypatch, caplog):
    monkeypatch.setattr(clock, "tasks", [lambda: pytest.fail("called")])
    monkeypatch.setattr(clock, "_said_lost", "")
    open_file()
    path.unlink()
    for _ in range(3):
        clock.tick()
    [record] = caplog.records
    assert "is gone" in record.getMessage()


def test_a_task_process_takes_no_task_from_a_queue_that_is_gone(open_file, path, monkeypatch):
    class Broker:
        def dequeue(self):
            pytest.fail("asked for a task")

    monkeypatch.setattr(cluster.time, "sleep", lambda seconds: None)
    open_file()
    replace(path)
    ends = iter([False, False, True])
    assert cluster.Tasks(Broker(), cluster.Results(None), lambda: next(ends)).get() == "STOP"
