"""Workers under bad conditions: a clock set back, hours without any worker, a database file that goes away."""

import json
import os
import shutil
import signal
import time
import urllib.request
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from tests.endtoend.killing import start_standin, start_worker
from tests.processes import wait_until

pytestmark = pytest.mark.slow

PEOPLE = 200
FILL = f"""
from contacts.models import CommunityMember
people = (CommunityMember(name=f"Person {{i}}", phone=f"+1720{{2000000 + i}}") for i in range({PEOPLE}))
CommunityMember.objects.bulk_create(people)
from messaging.sending import dispatch
from messaging.composing.audience import Audience
dispatch.start("Hi {{first_name}}", Audience("community"))
"""
TIMES = {
    "sender_slots": ("leased_at", "leased_until", "sender_seen_at"),
    "deliveries": ("claimed_at", "accepted_at", "updated_at"),
    "message_logs": ("created_at",),
    "worker_heartbeats": ("started_at", "beat_at"),
    "django_q_schedule": ("next_run",),
}


@pytest.fixture
def slow_site(site):
    site.environment["SMS_RATE_PER_SECOND"] = "20"
    start_standin(site)
    return site


def count(site, *wanted):
    rows = dict(site.query("SELECT status, COUNT(*) FROM deliveries GROUP BY status"))
    return sum(rows.get(state, 0) for state in wanted)


def taken(site):
    with urllib.request.urlopen(f"http://127.0.0.1:{site.standin_port}/__record") as answer:
        return Counter(message["to"] for message in json.load(answer)["messages"])


def shift(site, by):
    """Shift every time in the database, as if the clock had been changed since."""
    for table, names in TIMES.items():
        key = "token" if table == "worker_heartbeats" else "id"
        for name in names:
            for pk, at in site.query(f"SELECT {key}, {name} FROM {table} WHERE {name} IS NOT NULL"):  # noqa: S608
                moment = datetime.fromisoformat(f"{at}+00:00") if isinstance(at, str) else at
                text = (moment.astimezone(UTC) + by).strftime("%Y-%m-%d %H:%M:%S.%f")
                site.query(
                    f"UPDATE {table} SET {name} = ? WHERE {key} = ?",  # noqa: S608
                    text if isinstance(at, str) else f"{text}+00",
                    pk,
                )


def kill_in_the_middle(site):
    worker = start_worker(site)
    site.run("shell", "-v", "0", "-c", FILL)
    wait_until(lambda: count(site, "accepted") >= 20, 60, "the blast to begin")
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()


def test_a_blast_continues_after_a_kill_and_a_clock_set_back_an_hour(slow_site):
    kill_in_the_middle(slow_site)
    shift(slow_site, timedelta(hours=1))
    start_worker(slow_site)
    wait_until(lambda: not count(slow_site, "pending", "sending"), 60, "the end of the blast", every=0.5)
    assert count(slow_site, "accepted", "unknown") == PEOPLE
    assert max(taken(slow_site).values()) == 1


def test_a_blast_without_a_worker_for_hours_waits_for_staff(slow_site):
    kill_in_the_middle(slow_site)
    shift(slow_site, timedelta(hours=-3))
    before = taken(slow_site)
    start_worker(slow_site)
    [(reason,)] = wait_until(
        lambda: slow_site.query("SELECT stop_reason FROM message_logs WHERE paused_at IS NOT NULL"), 30, "the pause"
    )
    assert f"{count(slow_site, 'pending')} people haven’t been texted yet." in reason
    time.sleep(3)
    assert taken(slow_site) == before


@pytest.mark.parametrize("how", ["replaced", "deleted"])
def test_senders_send_nothing_once_the_database_file_is_replaced(slow_site, how):
    if not slow_site.database_url.startswith("sqlite"):
        pytest.skip("PostgreSQL has no such file")
    start_worker(slow_site)
    slow_site.run("shell", "-v", "0", "-c", FILL)
    wait_until(lambda: count(slow_site, "accepted") >= 20, 60, "the blast to begin")
    path = slow_site.folder / "sms.db"
    if how == "replaced":
        shutil.copyfile(path, path.with_name("copy.db"))
        path.with_name("copy.db").rename(path)
    else:
        path.unlink()
    time.sleep(3)
    then = sum(taken(slow_site).values())
    time.sleep(3)
    assert sum(taken(slow_site).values()) == then < PEOPLE
    said = "was replaced by another file" if how == "replaced" else "is gone"
    assert said in slow_site.log.read_text()
