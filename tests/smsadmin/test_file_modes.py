"""Who may read the files of an installation."""

import os
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from smsadmin import file_modes
from tests.processes import ROOT, Installation
from tests.smsadmin.doctor.conftest import findings, mend, problems

NAMES = (
    "sms.db",
    "sms.db-wal",
    "sms.db-shm",
    "sms.db-journal",
    "sms.db-migrating",
    "sms.db.damaged-20260101T000000Z",
)
BACKUPS = ("smsadmin-20261122T183600123Z.sqlite3", ".smsadmin-20261122T183600123Z.sqlite3.part")


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def modes(folder):
    return {path.name: mode(path) for path in folder.rglob("*")}


@pytest.fixture
def place(tmp_path, settings, monkeypatch):
    """The folder of an installation whose files are world-readable, in a folder that others may list."""
    folder = tmp_path / "instance"
    (folder / "backups").mkdir(parents=True)
    for name in NAMES:
        (folder / name).touch()
    for name in BACKUPS:
        (folder / "backups" / name).touch()
    (tmp_path / ".env").touch()
    (folder / "backups" / "notes.txt").touch()
    for path in tmp_path.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    tmp_path.chmod(0o755)
    settings.INSTANCE_DIR, settings.BACKUP_DIR, settings.ENV_FILE = folder, folder / "backups", tmp_path / ".env"
    monkeypatch.setattr(file_modes, "sqlite_path", lambda: folder / "sms.db")
    return tmp_path


def test_only_files_we_create_are_private(place):
    file_modes.close()
    private = {**dict.fromkeys((*NAMES, *BACKUPS, ".env"), 0o600), "instance": 0o700, "backups": 0o700}
    assert modes(place) == {**private, "notes.txt": 0o644}
    assert mode(place) == 0o755
    assert file_modes.close() == []


def test_a_folder_chosen_by_the_operator_is_left_alone(place, settings):
    settings.INSTANCE_DIR = place / "elsewhere"
    file_modes.close()
    assert (mode(place / "instance"), mode(place / "instance" / "backups")) == (0o755, 0o755)
    assert mode(place / "instance" / "sms.db") == 0o600
    assert mode(place / "instance" / "backups" / BACKUPS[0]) == 0o600


def test_other_users_files_are_left_alone_and_reported(place, monkeypatch):
    monkeypatch.setattr("smsadmin.file_modes.os.geteuid", lambda: os.getuid() + 1)
    assert file_modes.close() == []
    assert mode(place / "instance" / "sms.db") == 0o644
    [sentence] = [
        said for said in problems("storage.access") if said.endswith("sms.db, which belongs to a different user.")
    ]
    assert sentence.startswith("Other users of this machine can use ")
    assert mend("storage.access") == []


def test_settings_that_root_shares_with_the_group_of_the_services_stay_shared(place, monkeypatch):
    monkeypatch.setattr("smsadmin.file_modes.os.getegid", lambda: os.getgid() + 1)
    file_modes.close()
    assert mode(place / ".env") == 0o640


def test_commands_run_as_root_keep_the_settings_readable_by_the_services(place, monkeypatch):
    monkeypatch.setattr(file_modes, "_runs_as_owner", lambda database: False)
    file_modes.close()
    assert mode(place / ".env") == 0o644


def test_a_name_with_glob_characters_only_affects_that_file(place, monkeypatch):
    own, other = place / "instance" / "a[b]*.db", place / "instance" / "ab.db"
    for path in (own, other):
        path.touch()
        path.chmod(0o644)
    monkeypatch.setattr(file_modes, "sqlite_path", lambda: own)
    file_modes.close()
    assert (mode(own), mode(other)) == (0o600, 0o644)


def test_open_files_are_found_and_fixed(place):
    [sentence] = problems("storage.access")
    assert "instance/sms.db" in sentence
    assert mend("storage.access") == ["11 files were made private."]
    assert problems("storage.access") == []
    assert len(findings("storage.access")) == 1


def test_a_world_writable_folder_is_found(place):
    (place / "instance" / "backups").chmod(0o757)
    file_modes.close()
    assert problems("storage.access") == []
    (place / "instance").chmod(0o707)
    assert any(
        said.startswith("Every user of this machine can replace files in") for said in problems("storage.access")
    )


# With real processes -----------------------------------------------------------------------------------------


@pytest.fixture
def open_umask():
    before = os.umask(0)
    yield
    os.umask(before)


def test_a_first_env_file_is_private(tmp_path, open_umask):
    subprocess.run([sys.executable, str(ROOT / "bin" / "make_env.py"), str(tmp_path / ".env")], check=True)
    assert mode(tmp_path / ".env") == 0o600


@pytest.mark.slow
def test_an_installation_leaves_nothing_that_others_can_read(tmp_path, open_umask):
    folder = tmp_path / "made"
    folder.mkdir()
    site = Installation(folder)
    site.log = tmp_path / "processes.log"
    site.run("dbdoctor", "--apply")
    site.run("backup")
    site.run("export_contacts", "--community", "--output", str(folder / "people.csv"))
    try:
        site.start_web(workers=1)
        site.start("manage.py", "worker")
        site.run("create_admin", "ann")
        open_paths = {path.name for path in folder.rglob("*") if mode(path) & 0o077}
    finally:
        site.stop_all()
    assert open_paths == set()


@pytest.mark.slow
@pytest.mark.parametrize("command", [["dbdoctor", "--apply"], ["backup"], ["dbdoctor", "--doctor", "--fix"]])
def test_files_of_an_older_version_are_closed_at_the_start(tmp_path, open_umask, command):
    site = Installation(tmp_path)
    site.run("dbdoctor", "--apply")
    database = Path(tmp_path / "sms.db")
    with closing(sqlite3.connect(database)) as reader:
        reader.execute("SELECT count(*) FROM users").fetchall()
        for path in tmp_path.glob("sms.db*"):
            path.chmod(0o666)
        site.run(*command, check=False)
        assert {path.name: mode(path) for path in tmp_path.glob("sms.db*") if mode(path) & 0o077} == {}


@pytest.mark.slow
def test_static_files_can_be_read_by_the_web_server(tmp_path):
    env = {**Installation(tmp_path).environment, "DEBUG": "false", "DJANGO_SETTINGS_MODULE": "collected_settings"}
    (tmp_path / "collected_settings.py").write_text(
        f"from smsadmin.settings import *\nSTATIC_ROOT = {str(tmp_path / 'static')!r}\n"
    )
    env["PYTHONPATH"] = str(tmp_path)
    subprocess.run([sys.executable, "manage.py", "collectstatic", "--noinput", "-v0"], cwd=ROOT, env=env, check=True)
    found = [*(tmp_path / "static").rglob("*"), tmp_path / "static"]
    assert len(found) > 100
    assert {mode(path) for path in found if path.is_dir()} == {0o755}
    assert {mode(path) for path in found if path.is_file()} == {0o644}
