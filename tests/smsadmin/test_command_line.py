"""Messages of each command when the database is unusable."""

import os
import sqlite3
from contextlib import closing

import pytest
from django.db import DatabaseError, IntegrityError, InterfaceError, OperationalError, ProgrammingError

from smsadmin import command_line
from tests.processes import Installation, free_port, installation

COMMANDS = (
    ("create_admin", "ann"),
    ("reset_password", "ann"),
    ("unlock",),
    ("ensure_admin",),
    ("list_scheduled",),
    ("export_contacts", "--community"),
    ("text_in", "+17205550100", "Hello"),
)


@pytest.fixture
def run(monkeypatch):
    """Makes a command fail, and returns its message."""

    def call(error, *options):
        def fail(arguments):
            raise error

        monkeypatch.setattr(command_line, "execute_from_command_line", fail)
        with pytest.raises(SystemExit) as ended:
            command_line.main(["manage.py", "create_admin", "ann", *options])
        return ended.value.code

    return call


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        (OperationalError("database is locked"), "Stop it and try again."),
        (OperationalError("no such table: users"), "dbdoctor --apply"),
        (ProgrammingError('relation "users" does not exist\nLINE 1: SELECT'), "dbdoctor --apply"),
        (OperationalError("attempt to write a readonly database"), "the owner of the file and its folder"),
        (OperationalError("unable to open database file"), "Correct DATABASE_URL"),
        (OperationalError("database or disk is full"), "Free some space"),
        (DatabaseError("file is not a database"), "restore a backup"),
        (DatabaseError("database disk image is malformed"), ""),
        (OperationalError('connection failed: FATAL:  password authentication failed for user "x"'), "DATABASE_URL"),
        (InterfaceError("the connection is closed"), ""),
        (OperationalError(""), "OperationalError"),
    ],
)
def test_a_database_that_cannot_be_used_is_one_sentence(run, error, remedy):
    said = run(error)
    assert "\n" not in said
    assert said.startswith("The database cannot be used: ")
    assert remedy in said


def test_a_traceback_is_shown_on_request(run):
    with pytest.raises(OperationalError):
        run(OperationalError("database is locked"), "--traceback")


def test_an_error_of_ours_keeps_its_traceback(run):
    with pytest.raises(IntegrityError):
        run(IntegrityError("UNIQUE constraint failed: users.username"))


def assert_one_sentence(ended):
    assert ended.returncode == 1, ended
    assert ended.stdout == ""
    lines = ended.stderr.strip().splitlines()
    assert len(lines) == 1, ended.stderr


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_each_command_reports_an_unreachable_server(tmp_path, command):
    site = Installation(tmp_path, f"postgres://sms:secret@127.0.0.1:{free_port()}/sms")
    ended = site.run(*command, check=False)
    assert_one_sentence(ended)
    assert "127.0.0.1" in ended.stderr
    assert "secret" not in ended.stderr


@pytest.mark.slow
def test_an_admin_is_not_created_in_a_locked_database(tmp_path):
    """Takes as long as SQLite waits: half a minute."""
    with (
        installation(tmp_path) as site,
        closing(sqlite3.connect(tmp_path / "sms.db", isolation_level=None)) as holder,
    ):
        holder.execute("BEGIN IMMEDIATE")
        ended = site.run("create_admin", "ann", check=False)
    assert_one_sentence(ended)
    assert ended.stderr.startswith("The database cannot be used: database is locked.")


@pytest.mark.slow
@pytest.mark.parametrize("command", [*COMMANDS[:3], ("backup",)], ids=lambda command: command[0])
def test_each_command_reports_a_file_that_is_not_a_database(tmp_path, command):
    site = Installation(tmp_path)
    (tmp_path / "sms.db").write_bytes(os.urandom(4096))
    assert_one_sentence(site.run(*command, check=False))
