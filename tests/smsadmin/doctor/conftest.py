import sqlite3
from datetime import timedelta

import pytest
from django.db import ConnectionHandler, connection
from django.utils import timezone

from messaging.models import Delivery, MessageLog
from smsadmin.doctor import checkup, schema
from smsadmin.doctor.findings import Level
from smsadmin.models import WorkerHeartbeat

on_sqlite = pytest.mark.skipif(connection.vendor != "sqlite", reason="about SQLite")
on_postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="about PostgreSQL")


def check_named(name):
    return next(check for check in (*checkup.CHECKS, *checkup.ONLINE) if check.name == name)


def findings(name, level=None):
    """The findings of one check. Each is one line, and each problem has a remedy."""
    found = checkup.run(check_named(name))
    for finding in found:
        assert "\n" not in finding.sentence + finding.remedy
        assert finding.sentence.endswith(".")
        assert finding.remedy or finding.level == Level.OK
    return [finding for finding in found if level in (None, finding.level)]


def problems(name):
    return [finding.sentence for finding in findings(name, Level.PROBLEM)]


def notes(name):
    return [finding.sentence for finding in findings(name, Level.NOTE)]


def mend(name):
    """Fixes the findings of one check, and returns the sentences about the fixes."""
    return [finding.fix() for finding in findings(name) if finding.fix]


def execute(sql, *params):
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall() if cursor.description else []


@pytest.fixture
def make_log(db):
    """A finished blast without recipients."""

    def make(**fields):
        return MessageLog.objects.create(
            **{"message_body": "Hello", "target": "community", "status": "sent", **fields}
        )

    return make


@pytest.fixture
def make_delivery(make_phone):
    def make(log, status=Delivery.Status.DELIVERED, **fields):
        return Delivery.objects.create(**{"message_log": log, "phone": make_phone(), "status": status, **fields})

    return make


@pytest.fixture
def living_worker(db):
    now = timezone.now()
    return WorkerHeartbeat.objects.create(host="web1", pid=77, started_at=now - timedelta(hours=1), beat_at=now)


@pytest.fixture
def only(monkeypatch):
    """Limits index checks to one table, because reading SQLite's schema takes long."""

    def choose(table):
        models = [model for model in schema.our_models() if model._meta.db_table == table]
        monkeypatch.setattr("smsadmin.doctor.indexes.our_models", lambda: models)

    return choose


@pytest.fixture
def on_file(tmp_path, monkeypatch):
    """Gives storage checks their own database file, with a table of a thousand rows and an index."""
    path = tmp_path / "sms.db"
    file = sqlite3.connect(path)
    file.execute("CREATE TABLE people (id integer PRIMARY KEY, phone text UNIQUE)")
    file.executemany("INSERT INTO people (phone) VALUES (?)", [(f"{number:0100}",) for number in range(1000)])
    file.commit()
    file.close()
    options = {"timeout": 0.1, "transaction_mode": "IMMEDIATE"}
    handler = ConnectionHandler(
        {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": path, "OPTIONS": options}}
    )
    monkeypatch.setattr("smsadmin.doctor.storage.connection", handler["default"])
    monkeypatch.setattr("smsadmin.doctor.storage.transaction.atomic", lambda: handler["default"].cursor())
    yield path
    handler["default"].close()
