"""Workers killed while they send replies, and replies written while workers are busy with a blast.

The stand-in's own record of what it accepted decides.
"""

import json
import os
import signal
import urllib.request
from collections import Counter

import pytest

from tests.endtoend.killing import age_calls, start_standin, start_worker
from tests.processes import wait_until

pytestmark = pytest.mark.slow

KILLS = 3
REPLIES = 24
WRITE = """
import uuid
from accounts.models import AppUser
from messaging.models import InboxThread
from messaging.inbox.replies import reply
user, _ = AppUser.objects.get_or_create(username="sam")
for number in range(COUNT):
    thread, _ = InboxThread.objects.get_or_create(phone=f"+1720{3000000 + number}")
    reply(thread, f"Reply {number}", user, uuid.uuid4())
"""
BLAST = """
from contacts.models import CommunityMember
people = (CommunityMember(name=f"Person {i}", phone=f"+1720{2000000 + i}") for i in range(2000))
CommunityMember.objects.bulk_create(people)
from messaging.sending import dispatch
from messaging.composing.audience import Audience
dispatch.start("Hi {first_name}", Audience("community"))
"""


def write_replies(site, count):
    site.run("shell", "-v", "0", "-c", WRITE.replace("COUNT", str(count)))


def states(site, *wanted):
    """The state of each reply by phone, or only of those in one of these states."""
    found = dict(site.query("SELECT phone, status FROM deliveries WHERE message_log_id IS NULL"))
    return {phone: state for phone, state in found.items() if not wanted or state in wanted}


def accepted_by_twilio(site):
    with urllib.request.urlopen(f"http://127.0.0.1:{site.standin_port}/__record") as answer:
        return Counter(message["to"] for message in json.load(answer)["messages"])


def check(site):
    """What must always hold: nobody gets it twice, and nobody who has it is still waiting."""
    accepted = accepted_by_twilio(site)
    assert [phone for phone, times in accepted.items() if times > 1] == []
    assert set(states(site, "pending")) & set(accepted) == set()


def test_a_worker_killed_during_a_call_sends_no_reply_twice_and_leaves_none_behind(site):
    site.environment["SMS_CONCURRENCY"] = "2"
    start_standin(site, latency=1.0)
    write_replies(site, REPLIES)
    worker = start_worker(site)
    for _ in range(KILLS):
        worker = kill_in_a_call(site, worker)
    wait_until(lambda: not states(site, "pending", "sending"), 90, "the last reply to leave")
    check(site)

    assert site.run("reconcile", "--grace", "0", "--leave").returncode == 0
    assert len(states(site, "accepted", "unknown")) == len(states(site)) == REPLIES
    assert set(states(site, "accepted")) == set(accepted_by_twilio(site))
    assert len(states(site, "unknown")) <= 2 * KILLS


def kill_in_a_call(site, worker):
    """Kill the whole worker during a reply's call, and have the next worker settle it; returns that one.

    The call is aged so that the sweep treats it as abandoned.
    """
    wait_until(lambda: states(site, "sending"), 60, "a reply to be in a call")
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()
    check(site)
    in_hand = set(states(site, "sending"))
    age_calls(site)
    worker = start_worker(site)
    wait_until(lambda: not in_hand & set(states(site, "sending")), 60, "what was in hand to be in doubt")
    return worker


def test_a_reply_goes_out_while_a_blast_uses_all_workers(site):
    site.environment["SMS_RATE_PER_SECOND"] = "10"
    start_standin(site)
    site.run("shell", "-v", "0", "-c", BLAST)
    start_worker(site)
    wait_until(lambda: sum(accepted_by_twilio(site).values()) >= 10, 60, "the blast to begin")
    write_replies(site, 3)
    wait_until(lambda: set(states(site).values()) == {"accepted"}, 60, "the replies to leave")
    waiting = "SELECT COUNT(*) FROM deliveries WHERE message_log_id IS NOT NULL AND status = 'pending'"
    assert site.query(waiting)[0][0] > 0
    assert max(accepted_by_twilio(site).values()) == 1
