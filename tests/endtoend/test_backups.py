"""A backup taken in the middle of a blast and restored: nobody is lost, and nobody is texted twice."""

import json
import shutil
import urllib.error
import urllib.request

import pytest

from tests import twilio_standin
from tests.endtoend.killing import start_standin, start_worker
from tests.processes import free_port, installation, is_listening, postgres_database, wait_until

pytestmark = pytest.mark.slow

PEOPLE = 600
FILL = f"""
from contacts.models import CommunityMember
people = (CommunityMember(name=f"Person {{i}}", phone=f"+1720{{2000000 + i}}") for i in range({PEOPLE}))
CommunityMember.objects.bulk_create(people)
from messaging.sending import dispatch
from messaging.composing.audience import Audience
dispatch.start("Hi {{first_name}}", Audience("community"))
"""


@pytest.fixture(params=["sqlite", "postgres"])
def site(request, tmp_path):
    port = free_port()
    # Slow enough for the blast to last longer than a command takes to start.
    environment = {**twilio_standin.environment(port), "SMS_RATE_PER_SECOND": "25"}
    if request.param == "sqlite":
        with installation(tmp_path, **environment) as made:
            made.standin_port = port
            yield made
        return
    if not is_listening(5432):
        pytest.skip("PostgreSQL is not running on 127.0.0.1:5432")
    if not (shutil.which("pg_dump") and shutil.which("psql")):
        pytest.skip("The client programs of PostgreSQL are not installed")
    with postgres_database() as url, installation(tmp_path, url, **environment) as made:
        made.standin_port = port
        yield made


def taken_by_twilio(site):
    with urllib.request.urlopen(f"http://127.0.0.1:{site.standin_port}/__record") as answer:
        return [message["to"] for message in json.load(answer)["messages"]]


def states(site):
    return dict(site.query("SELECT phone, status FROM deliveries"))


def count(site, *wanted):
    return sum(state in wanted for state in states(site).values())


def ask(address):
    try:
        with urllib.request.urlopen(f"{address}/health/ready", timeout=20) as answer:  # noqa: S310 - our own
            return answer.status, json.load(answer)["checks"]
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)["checks"]


def test_a_backup_of_a_running_blast_is_complete_and_texts_nobody_again(site):
    start_standin(site, latency=0.2)
    site.run("shell", "-v", "0", "-c", FILL)
    worker = start_worker(site)
    wait_until(lambda: count(site, "accepted") > 50, 60, "the blast to begin")
    said = site.run("backup").stdout
    assert f"{PEOPLE} people and 1 blast" in said
    assert "A worker is running" in site.run("restore", "--no-input", newest(site), check=False).stderr
    wait_until(lambda: count(site, "accepted") == PEOPLE, 120, "the end of the blast", every=0.5)
    site.stop(worker)
    assert site.query("SELECT count(*) FROM worker_heartbeats") == [(0,)]

    said = site.run("restore", "--no-input", newest(site)).stdout
    assert "1 blast was unfinished then. It is paused, and people who were waiting are unconfirmed" in said
    restored = states(site)
    assert len(restored) == PEOPLE
    assert set(restored.values()) == {"unknown", "accepted"}
    assert 50 < count(site, "accepted") < PEOPLE
    assert site.query("SELECT count(*) FROM community_members") == [(PEOPLE,)]
    assert site.query("SELECT count(*) FROM deliveries WHERE status = 'accepted' AND sid = ''") == [(0,)]
    if site.database_url.startswith("sqlite"):
        assert site.query("PRAGMA integrity_check") == [("ok",)]
        assert site.query("PRAGMA foreign_key_check") == []
    assert site.run("migrate", "--check", check=False).returncode == 0

    start_worker(site)
    wait_until(lambda: site.query("SELECT 1 FROM worker_heartbeats"), 20, "the worker's sign of life")
    # Twilio's list has everybody who was texted since the backup, however long ago.
    site.run("reconcile")
    assert count(site, "accepted") == PEOPLE
    assert len(taken_by_twilio(site)) == len(set(taken_by_twilio(site))) == PEOPLE
    [(paused_at, reason)] = site.query("SELECT paused_at, stop_reason FROM message_logs")
    assert paused_at
    assert reason.startswith("Restored from the backup of")


def newest(site):
    return str(sorted((site.folder / "backups").iterdir())[-1])


def test_health_follows_a_worker_that_starts_and_stops(site):
    address = site.start_web()
    status, checks = ask(address)
    assert status == 503
    assert [name for name, check in checks.items() if not check["ok"]] == ["worker"]
    worker = start_worker(site)
    wait_until(lambda: ask(address)[0] == 200, 20, "the installation to be ready")
    site.stop(worker)
    assert ask(address)[0] == 503


def test_health_reports_a_missing_database_server(tmp_path):
    port = free_port()
    with installation(tmp_path, SMS_BACKEND="") as site:
        site.environment["DATABASE_URL"] = f"postgres://nobody:secret@127.0.0.1:{port}/nothing"
        address = site.start_web()
        status, checks = ask(address)
        assert status == 503
        assert checks["database"] == {"ok": False, "problem": "The database is not responding."}
        with urllib.request.urlopen(f"{address}/health") as answer:  # noqa: S310 - our own
            assert answer.status == 200
