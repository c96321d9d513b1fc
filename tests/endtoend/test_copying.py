"""Moving a working installation from SQLite to PostgreSQL and back: nobody is lost, nobody is texted twice."""

import json
import urllib.request

import pytest

from tests import twilio_standin
from tests.endtoend.killing import start_standin, start_worker
from tests.processes import free_port, installation, is_listening, postgres_database, wait_until

pytestmark = pytest.mark.slow

PEOPLE = 300
FILL = f"""
from contacts.models import CommunityMember
people = (CommunityMember(name=f"Person {{i}}", phone=f"+1720{{2000000 + i}}") for i in range({PEOPLE}))
CommunityMember.objects.bulk_create(people)
from messaging.sending import dispatch
from messaging.composing.audience import Audience
dispatch.start("Hi {{first_name}}", Audience("community"))
"""
# While the first rows are copied, something else tries to write to the database in use.
WRITE_MEANWHILE = """
from django.db import DatabaseError, connection, connections
from smsadmin.copying import addresses, rows
refused = []
def write(what, number):
    if refused:
        return
    other = connections.create_connection("default")
    try:
        with other.cursor() as cursor:
            cursor.execute({patience!r})
            cursor.execute("UPDATE community_members SET name = 'Changed'")
    except DatabaseError as error:
        refused.append(str(error))
    finally:
        other.close()
with addresses.opened({url!r}) as target:
    addresses.prepare_target(target, {url!r})
    rows.copy_all(target, write)
print("refused:", refused[0])
"""


@pytest.fixture
def postgres():
    if not is_listening(5432):
        pytest.skip("PostgreSQL is not running on 127.0.0.1:5432")
    with postgres_database(is_empty=True) as url:
        yield url


@pytest.fixture
def site(tmp_path):
    port = free_port()
    environment = {**twilio_standin.environment(port), "SMS_RATE_PER_SECOND": "15"}
    with installation(tmp_path, **environment) as made:
        made.standin_port = port
        yield made


def move(site, url):
    """Make the installation use another database from now on."""
    site.database_url = site.environment["DATABASE_URL"] = url


def taken_by_twilio(site):
    with urllib.request.urlopen(f"http://127.0.0.1:{site.standin_port}/__record") as answer:
        return [message["to"] for message in json.load(answer)["messages"]]


def problems(site):
    ended = site.run("dbdoctor", "--doctor", "--json", check=False)
    found = json.loads(ended.stdout)["findings"]
    # No worker runs here, and reports can't reach the site from outside.
    return [
        one for one in found if one["level"] == "problem" and one["check"] not in ("queue.worker", "settings.agree")
    ]


def test_a_running_blast_continues_in_the_new_database_and_nobody_is_texted_twice(site, postgres):
    start_standin(site)
    site.run("shell", "-v", "0", "-c", FILL)
    worker = start_worker(site)
    accepted = "SELECT count(*) FROM deliveries WHERE status = 'accepted'"
    wait_until(lambda: site.query(accepted)[0][0] > 10, 60, "the blast to begin")
    site.stop(worker)
    assert site.query(accepted)[0][0] < PEOPLE

    said = site.run("copy_database", postgres).stdout
    assert "1 unfinished blast and 0 scheduled messages are now in both databases." in said
    before = sorted(site.query("SELECT id, phone, status, sid FROM deliveries"))
    move(site, postgres)
    assert sorted(site.query("SELECT id, phone, status, sid FROM deliveries")) == before
    assert problems(site) == []

    worker = start_worker(site)
    wait_until(lambda: site.query(accepted)[0][0] == PEOPLE, 120, "the end of the blast", every=0.5)
    site.stop(worker)
    assert len(taken_by_twilio(site)) == len(set(taken_by_twilio(site))) == PEOPLE


def test_copying_there_and_back_changes_nothing(site, postgres):
    site.run("demo", "--force")
    backup = f"sqlite:///{site.folder / 'back.db'}"
    tables = (
        "community_members",
        "deliveries",
        "inbox_messages",
        "message_logs",
        "survey_sessions",
        "consent_records",
    )
    there = {table: sorted(site.query(f"SELECT * FROM {table}")) for table in tables}  # noqa: S608
    site.run("copy_database", postgres)
    move(site, postgres)
    site.run("copy_database", backup)
    assert problems(site) == []
    move(site, backup)
    assert problems(site) == []
    (site.folder / "back.db").replace(site.folder / "sms.db")
    assert {table: sorted(site.query(f"SELECT * FROM {table}")) for table in tables} == there  # noqa: S608


def test_a_text_too_long_for_postgresql_is_reported(site, postgres):
    site.query(
        "INSERT INTO community_members (id, name, phone, created_at) "
        "VALUES (7, ?, '+17205550101', '2026-01-01 00:00:00')",
        "x" * 101,
    )
    ended = site.run("copy_database", postgres, check=False)
    assert ended.returncode == 1
    assert (
        "Nothing was copied. community_members.name of the row with id 7 has 101 characters, and only 100 fit. "
        "Correct it in the database in use, and run this again." in ended.stderr
    )
    move(site, postgres)
    assert site.query("SELECT count(*) FROM community_members") == [(0,)]


@pytest.mark.parametrize("direction", ["from SQLite", "from PostgreSQL"])
def test_nothing_writes_to_the_database_in_use_while_it_is_copied(site, postgres, direction):
    target, patience, reason = postgres, "PRAGMA busy_timeout=0", "database is locked"
    if direction == "from PostgreSQL":
        target, patience, reason = site.database_url + "2", "SET lock_timeout = 50", "lock timeout"
        move(site, postgres)
        site.run("dbdoctor", "--apply")
    site.query("INSERT INTO community_members (name, phone, created_at) VALUES ('Ada', '+17205550101', '2026-01-01')")
    said = site.run("shell", "-v", "0", "-c", WRITE_MEANWHILE.format(url=target, patience=patience)).stdout
    assert "refused: " in said
    assert reason in said
    assert site.query("SELECT name FROM community_members") == [("Ada",)]
