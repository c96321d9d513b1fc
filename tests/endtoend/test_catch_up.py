"""Texts that come in while the web server is down: the worker finds them in Twilio's list when it starts."""

import json
import os
import signal
import urllib.request
from collections import Counter
from urllib.parse import urlencode

import pytest

from tests.conftest import fictional_phone
from tests.endtoend.killing import start_standin, start_worker
from tests.processes import wait_until

pytestmark = pytest.mark.slow

FILL = """
from messaging.models import KeywordAutomationRule
KeywordAutomationRule.objects.create(keyword="JOIN", response_body="Welcome!")
"""
STOP, IN_OWN_WORDS, KEYWORD, RECENT_KEYWORD = (fictional_phone(index) for index in range(4))
# In order of time, with how many minutes ago each came.
TEXTS = (
    (STOP, "When does the picnic start?", 90),
    (IN_OWN_WORDS, "please stop texting me", 80),
    (KEYWORD, "join", 70),
    (STOP, "STOP", 60),
    *((fictional_phone(10 + index), f"Hello {index}", 50 - index) for index in range(5)),
    (RECENT_KEYWORD, "join", 1),
)
TAKEN_IN = "SELECT body, phone FROM inbox_messages WHERE direction = 'inbound' ORDER BY id"


def text_while_down(site, phone, body, minutes):
    form = urlencode({"From": phone, "Body": body, "Minutes": minutes}).encode()
    with urllib.request.urlopen(f"http://127.0.0.1:{site.standin_port}/__text", form) as answer:
        return json.load(answer)["sid"]


def sent_by_twilio(site):
    with urllib.request.urlopen(f"http://127.0.0.1:{site.standin_port}/__record") as answer:
        return Counter(message["to"] for message in json.load(answer)["messages"])


def fill(site, *arguments, **options):
    start_standin(site, *arguments, **options)
    site.run("shell", "-v", "0", "-c", FILL)
    for text in TEXTS:
        text_while_down(site, *text)


def check(site):
    """Everything is there once and in order, the opt-outs count, and only the recent keyword is answered, once."""
    assert site.query(TAKEN_IN) == [(body, phone) for phone, body, _ in TEXTS]
    opted_out = {phone for (phone,) in site.query("SELECT phone FROM unsubscribed_contacts")}
    assert opted_out == {STOP, IN_OWN_WORDS}
    late = {phone for (phone,) in site.query("SELECT phone FROM inbox_messages WHERE is_late")}
    assert late == {phone for phone, _, _ in TEXTS} - {RECENT_KEYWORD}
    assert site.query("SELECT SUM(unread_count) FROM inbox_threads") == [(len(TEXTS),)]
    assert sent_by_twilio(site) == {RECENT_KEYWORD: 1}


def is_answered(site):
    return sent_by_twilio(site)[RECENT_KEYWORD]


def test_texts_of_an_outage_are_all_there_once_after_the_start(site):
    fill(site)
    site.start_web()
    start_worker(site)
    wait_until(lambda: is_answered(site), 90, "the recent keyword to be answered")
    check(site)

    assert "No text was missing." in site.run("catch_up").stdout
    check(site)


def test_a_worker_killed_while_it_catches_up_takes_in_nothing_twice(site):
    fill(site, latency=0.3)
    worker = start_worker(site)
    wait_until(lambda: site.query(TAKEN_IN), 90, "the first text to be taken in", every=0.005)
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()
    # The lock of the dead worker keeps nobody from going on.
    assert site.run("catch_up").returncode == 0
    start_worker(site)
    wait_until(lambda: is_answered(site), 90, "the recent keyword to be answered")
    check(site)
