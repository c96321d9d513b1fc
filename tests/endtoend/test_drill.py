"""The restore drill next to a running installation, which it doesn't change."""

import hashlib
import os
import shutil
import signal

import psycopg
import pytest
from psycopg import sql

from tests.processes import SERVER, free_port, installation, is_listening, postgres_database, wait_until

pytestmark = pytest.mark.slow
FILL = """
from contacts.models import CommunityMember
from accounts.models import AppUser
CommunityMember.objects.bulk_create(CommunityMember(name="Ada", phone=f"+1720555{100 + i:04}") for i in range(3))
AppUser.objects.create_superuser("ann", password="x")
"""


@pytest.fixture(params=["sqlite", "postgres"])
def site(request, tmp_path):
    """An installation whose Redis is down and whose port is taken: a drill needs neither."""
    environment = {"REDIS_URL": f"redis://127.0.0.1:{free_port()}/0", "TWILIO_ACCOUNT_SID": "AC" + "0" * 32}
    environment |= {"TWILIO_AUTH_TOKEN": "secret", "TWILIO_FROM_NUMBER": "+17205550100"}
    if request.param == "sqlite":
        with installation(tmp_path, **environment) as made:
            yield made
        return
    if not (is_listening(5432) and shutil.which("pg_dump") and shutil.which("psql")):
        pytest.skip("PostgreSQL or its client programs are not there")
    with postgres_database() as url, installation(tmp_path, url, **environment) as made:
        yield made


@pytest.fixture
def backup(site):
    site.run("shell", "-v", "0", "-c", FILL)
    site.run("backup")
    [path] = (site.folder / "backups").iterdir()
    return path


def files(site):
    """Every file of the installation; none of them may change."""
    return {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in site.folder.rglob("*") if path.is_file()}


def scratch_databases(site):
    """The names of all drill databases on the server, including those of other running tests."""
    if site.database_url.startswith("sqlite"):
        return set()
    with psycopg.connect(SERVER) as server:
        return set(server.execute("SELECT datname FROM pg_database WHERE datname LIKE 'smsadmin\\_drill\\_%'"))


def test_a_drill_restores_checks_renders_and_leaves_no_trace(site, backup, tmp_path_factory):
    work = tmp_path_factory.mktemp("work")
    before, databases = files(site), scratch_databases(site)
    said = site.run("drill", str(backup), "--folder", str(work)).stdout
    assert "It holds 3 people, 0 blasts and 0 texts, and was restored in " in said
    assert "4 pages were loaded." in said
    assert "The drill succeeded: this backup can be restored." in said
    assert files(site) == before
    assert list(work.iterdir()) == []
    wait_until(lambda: scratch_databases(site) <= databases, 120, "the scratch databases to be dropped")


def test_a_drill_reports_what_is_wrong_with_the_data(site, tmp_path_factory):
    site.query("INSERT INTO community_members (name, phone, created_at) VALUES ('Ada', '303', '2026-01-01 00:00:00')")
    site.run("backup")
    [path] = (site.folder / "backups").iterdir()
    ended = site.run("drill", str(path), "--folder", str(tmp_path_factory.mktemp("work")), check=False)
    assert ended.returncode == 1
    assert "dbdoctor: community_members has 1 phone not in E.164" in ended.stdout
    assert "it has problems" in ended.stderr


def test_a_damaged_backup_fails_the_drill(site, backup, tmp_path_factory):
    work = tmp_path_factory.mktemp("work")
    content = bytearray(backup.read_bytes())
    content[len(content) // 4 : -100] = b"\xee" * (len(content) - len(content) // 4 - 100)
    backup.write_bytes(content)
    ended = site.run("drill", str(backup), "--folder", str(work), check=False)
    assert ended.returncode == 2
    assert ended.stderr.startswith("CommandError: The drill failed. ")
    assert "Traceback" not in ended.stderr
    assert list(work.iterdir()) == []


def test_a_stopped_drill_removes_what_it_created(site, backup, tmp_path_factory):
    work = tmp_path_factory.mktemp("work")
    databases = scratch_databases(site)
    process = site.start("manage.py", "drill", str(backup), "--folder", str(work))
    wait_until(lambda: list(work.iterdir()), 30, "the drill's folder")
    process.send_signal(signal.SIGTERM)
    process.wait(30)
    assert list(work.iterdir()) == []
    wait_until(lambda: scratch_databases(site) <= databases, 120, "the scratch databases to be dropped")


def test_a_role_that_may_not_create_databases_gets_the_remedy(tmp_path):
    if not (is_listening(5432) and shutil.which("pg_dump")):
        pytest.skip("PostgreSQL is not running on 127.0.0.1:5432")
    role = sql.Identifier(f"smsadmin_test_{os.getpid()}")
    with (
        psycopg.connect(SERVER, autocommit=True) as server,
        postgres_database() as url,
        installation(tmp_path, url) as site,
    ):
        site.run("backup")
        [path] = (tmp_path / "backups").iterdir()
        server.execute(sql.SQL("CREATE ROLE {} LOGIN").format(role))
        try:
            site.environment["DATABASE_URL"] = url.replace("postgres@", f"smsadmin_test_{os.getpid()}@", 1)
            ended = site.run("drill", str(path), check=False)
        finally:
            server.execute(sql.SQL("DROP ROLE {}").format(role))
    assert ended.returncode == 2
    assert "can't create databases, which the drill needs" in ended.stderr
    assert f"ALTER ROLE smsadmin_test_{os.getpid()} CREATEDB;" in ended.stderr
