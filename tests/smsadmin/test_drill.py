import fcntl
import os

import pytest
from django.core.management import CommandError, call_command

from smsadmin import isolated_commands
from smsadmin.drilling import scratch


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (None, "cannot be read: No such file or directory."),
        (b"no backup", "is not a backup"),
        (b"", "is not a backup"),
    ],
)
def test_a_file_that_is_not_a_backup_ends_the_drill_with_a_sentence(tmp_path, content, part):
    path = tmp_path / "file"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CommandError, match=part) as raised:
        call_command("drill", str(path), "--folder", str(tmp_path))
    assert raised.value.returncode == 2
    assert str(raised.value).startswith("The drill failed. ")


def test_a_missing_folder_ends_the_drill_with_a_sentence(tmp_path):
    path = tmp_path / "file.sqlite3"
    path.write_bytes(b"SQLite format 3\0")
    with pytest.raises(CommandError, match="Choose another folder"):
        call_command("drill", str(path), "--folder", str(tmp_path / "none"))


def test_a_full_disk_is_reported_before_anything_is_restored(tmp_path, monkeypatch):
    path = tmp_path / "file.sqlite3"
    path.write_bytes(b"SQLite format 3\0")
    monkeypatch.setattr("shutil.disk_usage", lambda folder: type("Usage", (), {"free": 1}))
    with pytest.raises(CommandError, match="--folder DIR"):
        call_command("drill", str(path), "--folder", str(tmp_path))
    assert list(tmp_path.iterdir()) == [path]


def test_an_isolated_process_gets_none_of_our_settings(settings, tmp_path):
    settings.TWILIO_AUTH_TOKEN = settings.REDIS_URL = settings.SECRET_KEY = "ours"
    environment = isolated_commands.environment("sqlite:////x/sms.db", tmp_path)
    assert environment["DATABASE_URL"] == "sqlite:////x/sms.db"
    assert environment["ENV_FILE"] == environment["REDIS_URL"] == ""
    assert environment["SMS_BACKEND"] == isolated_commands.SIMULATOR
    assert environment["BACKUP_DIR"].startswith(str(tmp_path))
    assert "ours" not in environment.values()
    assert not [name for name in environment if name.startswith(("TWILIO", "ADMIN", "PORT"))]


def test_leftovers_of_a_killed_drill_are_removed_but_not_files_in_use(tmp_path):
    left, used = tmp_path / f"{scratch.PREFIX}left", tmp_path / f"{scratch.PREFIX}used"
    for folder in (left, used):
        folder.mkdir()
        (folder / "sms.db").touch()
    descriptor = os.open(used, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    with scratch.folder(tmp_path) as made:
        assert not left.exists()
        assert (used / "sms.db").exists()
        assert made.stat().st_mode & 0o077 == 0
    assert not made.exists()
    os.close(descriptor)


@pytest.mark.parametrize(
    ("parameters", "address"),
    [
        ({"user": "sms", "password": "a/b@c%", "host": "db", "port": 5433}, "postgres://sms:a%2Fb%40c%25@db:5433/x"),
        ({"user": "sms", "host": "::1", "sslmode": "require"}, "postgres://sms@[::1]/x?sslmode=require"),
        ({}, "postgres:///x"),
    ],
)
def test_the_scratch_database_is_on_the_same_server(parameters, address):
    assert scratch._address(parameters, "x") == address
