"""Identifies a database's installation, and its queue in Redis."""

import shutil

import pytest
from django.db import connection
from django_q.conf import Conf

from smsadmin import installation
from smsadmin.models import Installation
from smsadmin.worker import broker

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh():
    """As in a process that has just started."""
    installation._token.cache_clear()
    yield
    installation._token.cache_clear()


def ask_in_another_process():
    installation._token.cache_clear()
    return installation.queue_name()


def test_all_processes_of_an_installation_have_one_queue():
    assert ask_in_another_process() == ask_in_another_process()
    assert Installation.objects.count() == 1


def test_the_name_is_asked_for_once_per_process(django_assert_num_queries):
    installation.queue_name()
    with django_assert_num_queries(0):
        installation.queue_name()


def test_a_copy_of_the_database_takes_a_queue_of_its_own_and_keeps_it():
    original = installation.queue_name()
    Installation.objects.update(database="another server's")
    copy = ask_in_another_process()
    assert copy != original
    assert ask_in_another_process() == copy


@pytest.mark.skipif(connection.vendor != "postgresql", reason="about PostgreSQL")
def test_a_postgresql_database_is_known_by_its_server_and_its_own_id():
    kind, server, database = installation._describe_database().split()
    assert kind == "postgresql"
    assert int(server) > 0
    assert int(database) > 0


def test_a_copied_sqlite_file_is_told_from_the_original(tmp_path, monkeypatch):
    if connection.vendor != "sqlite":
        pytest.skip("about SQLite")
    paths = tmp_path / "sms.db", tmp_path / "copy.db"
    paths[0].touch()
    shutil.copy2(*paths)
    described = set()
    for path in paths:
        monkeypatch.setattr(installation, "sqlite_path", lambda path=path: path)
        described.add(installation._describe_database())
    assert len(described) == 2


def test_the_broker_uses_the_queue_of_the_installation(monkeypatch):
    monkeypatch.setattr(Conf, "REDIS", "redis://127.0.0.1:1/0")
    assert broker.InstallationQueue().list_key == installation.queue_key()
    assert broker.InstallationQueue(Conf.CLUSTER_NAME).list_key == installation.queue_key()
    assert broker.InstallationQueue("another").list_key == "django_q:another:q"


def test_the_workers_statistics_are_kept_apart_too(monkeypatch):
    monkeypatch.setattr(Conf, "REDIS", "redis://127.0.0.1:1/0")
    key = broker.InstallationQueue()._own(f"{Conf.Q_STAT}:1234")
    assert key == f"django_q:{installation.queue_name()}:cluster:1234"
