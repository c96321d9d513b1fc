"""Two machines except for the hardware: two web servers and two clusters on one PostgreSQL and one Redis.

Each machine has its own address, to which Twilio reports the texts sent from there. One cluster is killed in the
middle of a blast. The stand-in's own record of what it accepted decides.
"""

import json
import os
import shutil
import signal
import urllib.request
from collections import Counter

import pytest

from tests import twilio_standin
from tests.endtoend.killing import age_calls
from tests.processes import (
    children,
    free_port,
    installation,
    is_listening,
    postgres_database,
    redis_server,
    wait_until,
)

pytestmark = pytest.mark.slow

PEOPLE = 5_000
RATE = 250
CONCURRENCY = 20
FILL = f"""
from contacts.models import CommunityMember
people = (CommunityMember(name=f"Person {{i}}", phone=f"+1720{{2000000 + i}}") for i in range({PEOPLE}))
CommunityMember.objects.bulk_create(people, batch_size=5000)
from messaging.sending import dispatch
from messaging.composing.audience import Audience
dispatch.start("Hi {{first_name}}", Audience("community"))
"""


@pytest.fixture
def site(tmp_path):
    if not (is_listening(5432) and shutil.which("redis-server")):
        pytest.skip("PostgreSQL is not running on 127.0.0.1:5432, or there is no redis-server")
    standin = free_port()
    environment = {
        **twilio_standin.environment(standin),
        "SMS_CONCURRENCY": str(CONCURRENCY),
        "SMS_RATE_PER_SECOND": str(RATE),
        "SMS_SENDERS_PER_BLAST": "4",
        "Q_WORKERS": "2",
    }
    with (
        redis_server() as redis,
        postgres_database() as url,
        installation(tmp_path, url, REDIS_URL=redis, **environment) as made,
    ):
        made.start(
            "-m", "tests.twilio_standin", "--port", str(standin), "--latency", "0.1", "--callbacks", "0.1", "0.5"
        )
        wait_until(lambda: is_listening(standin), 20, "the stand-in")
        made.standin_port = standin
        yield made


def start_machine(site):
    """A web server and a cluster that share only the database and the queue with others."""
    port = free_port()
    address = {"PUBLIC_BASE_URL": f"http://127.0.0.1:{port}"}
    site.start_web(port=port, **address)
    worker = site.start("manage.py", "worker", **address)
    wait_until(lambda: len(children(worker.pid)) >= 3, 60, "the worker")
    return worker


def accepted(site):
    with urllib.request.urlopen(f"http://127.0.0.1:{site.standin_port}/__record") as answer:
        return json.load(answer)["messages"]


def count(site, *states):
    rows = dict(site.query("SELECT status, COUNT(*) FROM deliveries GROUP BY status"))
    return sum(rows.get(state, 0) for state in states)


def test_a_machine_dies_in_the_middle_of_a_blast_and_nobody_is_lost_or_texted_twice(site):
    one, _other = start_machine(site), start_machine(site)
    site.run("shell", "-v", "0", "-c", FILL)
    wait_until(lambda: count(site, "pending") < 0.6 * PEOPLE, 120, "the blast to get going")
    os.killpg(one.pid, signal.SIGKILL)
    age_calls(site)
    assert count(site, "pending") > 0
    wait_until(
        lambda: not count(site, "pending", "sending", "accepted", "sent"), 240, "every text's report", every=0.5
    )

    # The dead machine's calls that never reached Twilio are unconfirmed: Twilio's own list doesn't have them.
    in_doubt = count(site, "unknown")
    assert in_doubt <= 2 * CONCURRENCY
    site.run("reconcile", "--grace", "0", "--send-again", check=False)
    wait_until(lambda: count(site, "delivered") == PEOPLE, 120, "everybody's report", every=0.5)

    record = accepted(site)
    times = Counter(message["to"] for message in record)
    assert len(times) == PEOPLE
    assert [phone for phone, number in times.items() if number > 1] == []
    moments = sorted(message["created_at"] for message in record)
    assert PEOPLE - in_doubt <= 1.05 * RATE * (moments[PEOPLE - in_doubt - 1] - moments[0]) + RATE
