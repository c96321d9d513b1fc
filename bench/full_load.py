"""python -m bench.full_load: everything at once on one machine, as on the evening of a large event.

gunicorn with two processes and a worker with two task processes share one SQLite file (PostgreSQL with --postgres).
A blast goes out at a set rate, Twilio makes three status callbacks for each text, people text back, and one staff
member loads the home page, lists, a search and the blast's page without a pause.

Prints texts per second from the first one accepted to the last, how long after the last text the last callback was
answered, and the latencies of callbacks, inbound texts and pages. Page times are also compared with those of the same
pages on the idle server in the same run.
"""

import argparse
import http.client
import itertools
import json
import os
import queue
import threading
import time
from collections.abc import Iterator
from urllib.parse import urldefrag, urlsplit

from bench.installation import add_people, new_installation, run_script, seconds, start_blast, start_standin
from tests import twilio_standin
from tests.posting import Answer, Line, describe, request, signed_post
from tests.processes import Installation, free_port
from tests.twilio_standin import ACCOUNT_SID, AUTH_TOKEN, FROM_NUMBER

LOG_IN = """
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from accounts.models import AppUser
from accounts.roles import Role
user = AppUser.objects.create_user("ann", role=Role.ADMIN)
session = SessionStore()
session[SESSION_KEY] = str(user.pk)
session[BACKEND_SESSION_KEY] = "accounts.backends.LimitedBackend"
session[HASH_SESSION_KEY] = user.get_session_auth_hash()
session.save()
print(session.session_key)
"""
PAGES = (
    "/admin/",
    "/admin/contacts/communitymember/",
    "/admin/contacts/communitymember/?q=person+12",
    "/admin/messaging/messagelog/",
    "/admin/messaging/messagelog/{log}/change/",
    "/admin/messaging/inboxthread/",
)
STATUSES = ("queued", "sent", "delivered")
REPORTERS = 20
IDLE_ROUNDS = 5


class Reporter:
    """Twilio's status callbacks: three for each text that the stand-in has accepted, in order."""

    def __init__(self, site: Installation, standin_port: int) -> None:
        self.site = site
        self.standin = http.client.HTTPConnection("127.0.0.1", standin_port)
        self.answers: list[Answer] = []
        self.last_answered = 0.0
        self._work: queue.SimpleQueue[list[bytes] | None] = queue.SimpleQueue()
        self._threads = [threading.Thread(target=self._post, daemon=True) for _ in range(REPORTERS)]

    def report_all(self, texts: int) -> None:
        """Report on `texts` texts as they are accepted; return when the last report has been answered."""
        for thread in self._threads:
            thread.start()
        seen = 0
        while seen < texts:
            for message in self._accepted_since(seen):
                self._work.put([self._callback(message, status) for status in STATUSES])
                seen += 1
            time.sleep(0.1)
        for _ in self._threads:
            self._work.put(None)
        for thread in self._threads:
            thread.join()

    def _accepted_since(self, seen: int) -> list[dict[str, str]]:
        self.standin.request("GET", f"/__record?since={seen}")
        messages: list[dict[str, str]] = json.loads(self.standin.getresponse().read())["messages"]
        return messages

    def _callback(self, message: dict[str, str], status: str) -> bytes:
        url, _ = urldefrag(message["status_callback"])
        parts = urlsplit(url)
        fields = {
            "AccountSid": ACCOUNT_SID,
            "ApiVersion": "2010-04-01",
            "From": FROM_NUMBER,
            "MessageSid": message["sid"],
            "MessageStatus": status,
            "SmsSid": message["sid"],
            "SmsStatus": status,
            "To": message["to"],
        }
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        return signed_post(self.site.port, AUTH_TOKEN, target, fields)

    def _post(self) -> None:
        line = Line(self.site.port)
        for posts in iter(self._work.get, None):
            for post in posts:
                self.answers.append(line.ask(post))
                self.last_answered = time.time()
        line.close()


def text_in(site: Installation, rate: float, stopped: threading.Event, answers: list[Answer]) -> None:
    """Text as people who answer, `rate` times a second, each on time however long the one before took."""
    lanes = [threading.Thread(target=_texts_of_a_lane, args=(site, i, rate, stopped, answers)) for i in range(4)]
    for lane in lanes:
        lane.start()
    for lane in lanes:
        lane.join()


def _texts_of_a_lane(
    site: Installation, lane: int, rate: float, stopped: threading.Event, answers: list[Answer]
) -> None:
    line = Line(site.port)
    interval = 4 / rate
    began = time.monotonic() + lane * interval / 4
    for number in itertools.count():
        if stopped.wait(max(0.0, began + number * interval - time.monotonic())):
            break
        sid = f"SM{lane:02x}{number:030x}"
        fields = {
            "AccountSid": ACCOUNT_SID,
            "Body": "When does it start, and is there room for one more car?",
            "From": f"+1720{2_000_000 + 4 * number + lane}",
            "MessageSid": sid,
            "NumMedia": "0",
            "SmsSid": sid,
            "To": FROM_NUMBER,
        }
        answers.append(line.ask(signed_post(site.port, AUTH_TOKEN, "/webhooks/twilio/inbound", fields)))
    line.close()


def visits(site: Installation, cookie: str, log: int) -> Iterator[bytes]:
    """The pages that a staff member loads, over and over."""
    for page in itertools.cycle(PAGES):
        yield request(site.port, "GET", page.format(log=log), headers={"Cookie": f"sessionid={cookie}"})


def visit(
    site: Installation,
    cookie: str,
    log: int,
    stopped: threading.Event,
    answers: list[Answer],
    most: int | None = None,
) -> None:
    line = Line(site.port)
    for asked in itertools.islice(visits(site, cookie, log), most):
        if stopped.is_set():
            break
        answers.append(line.ask(asked))
    line.close()


def measure(site: Installation, args: argparse.Namespace, standin_port: int) -> None:
    site.run("collectstatic", "--noinput", "--verbosity", "0")
    add_people(site, args.recipients)
    cookie = run_script(site, LOG_IN).strip()
    start_standin(site, standin_port)
    site.start_web(workers=2)
    site.start("manage.py", "worker")
    stopped = threading.Event()
    idle: list[Answer] = []
    visit(site, cookie, 0, stopped, [], len(PAGES))
    visit(site, cookie, 0, stopped, idle, IDLE_ROUNDS * len(PAGES))
    start_blast(site)
    [(log,)] = site.query("SELECT MAX(id) FROM message_logs")
    texts: list[Answer] = []
    pages: list[Answer] = []
    others = [
        threading.Thread(target=text_in, args=(site, args.inbound, stopped, texts)),
        threading.Thread(target=visit, args=(site, cookie, log, stopped, pages)),
    ]
    for other in others:
        other.start()
    reporter = Reporter(site, standin_port)
    reporter.report_all(args.recipients)
    stopped.set()
    for other in others:
        other.join()
    [(first, last, delivered)] = site.query(
        "SELECT MIN(accepted_at), MAX(accepted_at), COUNT(*) FROM deliveries "
        "WHERE status = 'delivered' AND message_log_id IS NOT NULL"
    )
    rate = (delivered - 1) / (seconds(last) - seconds(first))
    bad = {
        "callbacks": sum(answer.status != 204 for answer in reporter.answers),
        "inbound texts": sum(answer.status != 200 for answer in texts),
        "pages": sum(answer.status not in {200, 302} for answer in pages),
    }
    median = sorted(answer.seconds for answer in pages)[len(pages) // 2]
    bare = sorted(answer.seconds for answer in idle)[len(idle) // 2]
    print(f"{delivered:,} of {args.recipients:,} texts delivered: {rate:.0f} per second (set to {args.rate:g})")
    print(f"last callback answered {reporter.last_answered - seconds(last):.1f} s after the last text")
    print(f"{len(reporter.answers):,} callbacks: {describe(reporter.answers)}")
    print(f"{len(texts):,} inbound texts: {describe(texts)}")
    print(f"{len(pages):,} pages: {describe(pages)}; median {median / bare:.1f} times the idle server's")
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; wrong responses: {bad}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.full_load", description=__doc__)
    parser.add_argument("--recipients", type=int, default=9_000)
    parser.add_argument("--rate", type=float, default=300.0, help="texts per second")
    parser.add_argument("--inbound", type=float, default=20.0, help="inbound texts per second")
    parser.add_argument("--postgres", action="store_true")
    args = parser.parse_args()
    port = free_port()
    environment = {
        **twilio_standin.environment(port),
        "DEBUG": "false",
        "Q_WORKERS": "2",
        "SMS_CONCURRENCY": "50",
        "SMS_RATE_PER_SECOND": str(args.rate),
    }
    with new_installation("full-load", postgres=args.postgres, **environment) as site:
        measure(site, args, port)


if __name__ == "__main__":
    main()
