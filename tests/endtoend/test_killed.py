"""Processes killed in the middle of a blast while Twilio's responses fail, too.

The stand-in's own record of what it accepted decides: it is compared with the database after each kill and at the
end. FAULT_RUNS sets the number of kills (20).
"""

import json
import os
import random
import signal
import urllib.request
from collections import Counter

import pytest

from tests.endtoend.conftest import CONCURRENCY
from tests.endtoend.killing import age_calls, start_standin, start_worker
from tests.processes import children, wait_until

pytestmark = pytest.mark.slow

RUNS = int(os.environ.get("FAULT_RUNS", "20"))
FILL = """
from contacts.models import CommunityMember
people = (CommunityMember(name=f"Person {i}", phone=f"+1720{2000000 + i}") for i in range(COUNT))
CommunityMember.objects.bulk_create(people, batch_size=5000)
from messaging.sending import dispatch
from messaging.composing.audience import Audience
dispatch.start("Hi {first_name}", Audience("community"))
"""
FAULTS = ("--rate-429", "--rate-500", "--rate-503-accepted", "--rate-dropped", "--rate-dropped-accepted")


class Blast:
    """A running blast in an installation, and the stand-in's record of it."""

    def __init__(self, site, standin_port, people):
        self.site = site
        self.standin_port = standin_port
        self.people = people
        site.run("shell", "-v", "0", "-c", FILL.replace("COUNT", str(people)))

    def accepted_by_twilio(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.standin_port}/__record") as answer:
            return Counter(message["to"] for message in json.load(answer)["messages"])

    def states(self):
        return dict(self.site.query("SELECT phone, status FROM deliveries"))

    def count(self, *states):
        return sum(state in states for state in self.states().values())

    def check(self):
        """What must always hold: nobody gets it twice, and nobody who has it is still waiting."""
        accepted = self.accepted_by_twilio()
        assert [phone for phone, times in accepted.items() if times > 1] == []
        waiting = {phone for phone, state in self.states().items() if state == "pending"}
        assert waiting & set(accepted) == set()

    def wait_for_progress(self, by=5):
        before = self.count("pending")
        wait_until(lambda: self.count("pending") <= max(0, before - by), 60, "the blast to go on")

    def wait_for_end(self):
        wait_until(lambda: not self.count("pending", "sending"), 150, "the end of the blast", every=0.5)


def test_whatever_is_killed_nobody_gets_it_twice_and_nobody_is_forgotten(site):
    dice = random.Random(20261122)
    faults = [word for name in FAULTS for word in (name, "0.01")]
    start_standin(site, *faults)
    worker = start_worker(site)
    blast = Blast(site, site.standin_port, 80 * RUNS)
    for _ in range(RUNS):
        blast.wait_for_progress(by=dice.randint(1, 60))
        victim = dice.choice([worker.pid, *children(worker.pid)])
        os.kill(victim, signal.SIGKILL)
        age_calls(site)
        if victim == worker.pid:
            worker.wait()
            worker = start_worker(site)
        blast.check()
    blast.wait_for_end()
    blast.check()

    assert site.run("reconcile", "--grace", "0", "--leave").returncode == 0
    accepted, states = set(blast.accepted_by_twilio()), blast.states()
    assert len(states) == blast.people
    assert set(states.values()) <= {"accepted", "unknown"}
    assert {phone for phone, state in states.items() if state == "accepted"} == accepted
    faults_seen = RUNS * 2 * CONCURRENCY + 0.2 * blast.people
    assert sum(state == "unknown" for state in states.values()) <= faults_seen


def test_delivery_reports_settle_what_a_kill_left_unconfirmed(site):
    start_standin(site, "--callbacks", "0.3", "0.6")
    site.start_web()
    worker = start_worker(site)
    blast = Blast(site, site.standin_port, 300)
    blast.wait_for_progress(by=100)
    os.killpg(worker.pid, signal.SIGKILL)
    age_calls(site)
    start_worker(site)
    accepted = blast.accepted_by_twilio
    wait_until(
        lambda: (
            not blast.count("pending", "sending")
            and {phone for phone, state in blast.states().items() if state == "delivered"} == set(accepted())
        ),
        150,
        "every accepted text to be reported as delivered",
        every=0.5,
    )
    blast.check()
    assert blast.count("delivered", "unknown") == 300
    assert blast.count("unknown") <= 2 * CONCURRENCY
