"""Database files of their own, for the tests of backups, and the made-up data."""

import shutil
import sqlite3
from contextlib import closing

import pytest
from django.db import connection, transaction
from django.test import TestCase, override_settings

from messaging.sending import dispatch
from smsadmin import demo
from smsadmin.backups import sqlite
from tests.smsadmin.backups.backup_files import add_member, execute


@pytest.fixture(scope="session")
def migrated_file(django_db_setup, django_db_blocker, tmp_path_factory):
    """A SQLite file with all tables, empty."""
    if connection.vendor != "sqlite":
        pytest.skip("SQLite is not the database in use")
    path = tmp_path_factory.mktemp("migrated") / "sms.db"
    with django_db_blocker.unblock(), closing(sqlite3.connect(path)) as file:
        connection.ensure_connection()
        connection.connection.backup(file)
    return path


@pytest.fixture(scope="session")
def file_with_ada(migrated_file):
    """The same in WAL mode, with one member."""
    path = migrated_file.with_name("with_ada.db")
    shutil.copyfile(migrated_file, path)
    execute(path, "PRAGMA journal_mode=WAL")
    add_member(path, "Ada")
    return path


@pytest.fixture
def database_file(file_with_ada, tmp_path, monkeypatch):
    """A file that backups treat as the database in use, in WAL mode, with one member."""
    path = tmp_path / "live" / "sms.db"
    path.parent.mkdir()
    shutil.copyfile(file_with_ada, path)
    monkeypatch.setattr(sqlite, "database", lambda: path)
    return path


@pytest.fixture(scope="module")
def nudged():
    """The blasts that were to be sent while the made-up data was added."""
    return []


@pytest.fixture(scope="module")
def made_up(django_db_setup, django_db_blocker, nudged):
    """The made-up data, added once for all tests of a module: each test is a savepoint inside this transaction."""
    with django_db_blocker.unblock(), transaction.atomic():
        with (
            override_settings(SMS_BACKEND="messaging.backends.simulator.SimulatorBackend"),
            pytest.MonkeyPatch.context() as patch,
            TestCase.captureOnCommitCallbacks(execute=True),
        ):
            patch.setattr(dispatch, "nudge", nudged.append)
            added = demo.add()
        yield added
        transaction.set_rollback(True)
