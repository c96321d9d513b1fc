"""Files created by root belong to the services' user, who owns the folders."""

import os

import pytest

from smsadmin import ownership
from smsadmin.backups import backup_files, sqlite
from smsadmin.doctor import migrating
from tests.smsadmin.backups.backup_files import execute


@pytest.fixture
def given(monkeypatch):
    """{name of a file created by root: its new owner}, for commands run as root."""
    found = {}
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(os, "chown", lambda path, *ids: found.update({path.name: ids}))
    return found


def owner(path):
    return path.stat().st_uid, path.stat().st_gid


def test_a_file_created_by_root_is_given_to_its_folders_owner(given, tmp_path):
    ownership.give_to_owner_of_folder(tmp_path / "file")
    assert given == {"file": owner(tmp_path)}


def test_a_file_of_anyone_else_stays_theirs(given, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    ownership.give_to_owner_of_folder(tmp_path / "file")
    assert given == {}


def test_a_backup_and_the_folders_made_for_it_are_given(given, database_file, tmp_path):
    made = backup_files.back_up(tmp_path / "new" / "backups")
    assert set(given) == {"new", "backups", f".{made.path.name}.part"}
    assert all((tmp_path / folder).stat().st_mode & 0o777 == 0o700 for folder in ("new", "new/backups"))


def test_an_existing_folder_is_left_alone(given, database_file, tmp_path):
    (tmp_path / "backups").mkdir()
    backup_files.back_up(tmp_path / "backups")
    assert "backups" not in given


def test_a_restored_database_is_given(given, database_file, tmp_path):
    made = backup_files.back_up(tmp_path)
    database_file.unlink()
    sqlite.restore(made.path, [], None)
    assert f".{database_file.name}.restoring" in given
    assert execute(database_file, "SELECT name FROM community_members") == [("Ada",)]


def test_a_new_database_and_its_lock_are_given(given, monkeypatch, tmp_path):
    path = tmp_path / "sms.db"
    monkeypatch.setattr(migrating, "sqlite_path", lambda: path)
    with migrating._file_lock(print):
        assert set(given) == {"sms.db", "sms.db-migrating"}
        assert path.stat().st_mode & 0o777 == 0o600
