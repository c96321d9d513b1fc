"""python -m bench.callbacks: signed delivery reports from Twilio while a blast runs.

gunicorn with 2 workers takes two reports ("sent", "delivered") on each text of a blast as soon as it is accepted.
Prints reports a second, latencies, the share of the same server's bare rate (its 405 answer to a GET, in the same
run), and whether every report arrived.
"""

import argparse
import http.client
import queue
import statistics
import threading
import time
from urllib.parse import urlencode

from twilio.request_validator import RequestValidator

from tests import twilio_standin
from tests.processes import (
    Installation,
    free_port,
    installation,
    is_listening,
    postgres_database,
    temporary_folder,
    wait_until,
)
from tests.twilio_standin import ACCOUNT_SID, AUTH_TOKEN

FILL = """
from contacts.models import CommunityMember
people = (CommunityMember(name=f"Person {i}", phone=f"+1720{2000000 + i}") for i in range({count}))
CommunityMember.objects.bulk_create(people, batch_size=5000)
"""
START = """
from messaging import sending
from messaging.audience import Audience
sending.start("Hi {first_name}", Audience("community"))
"""
SENDERS = 20


class Reporter(threading.Thread):
    """One of Twilio's connections: posts what it finds in the queue, and keeps the seconds of each answer."""

    def __init__(self, port: int, work: "queue.Queue[tuple[str, str, dict[str, str]] | None]") -> None:
        super().__init__(daemon=True)
        self.port = port
        self.work = work
        self.seconds: list[float] = []
        self.answers: list[int] = []
        self.validator = RequestValidator(AUTH_TOKEN)

    def run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        while (item := self.work.get()) is not None:
            method, path, fields = item
            signature = self.validator.compute_signature(f"http://127.0.0.1:{self.port}{path}", fields)
            headers = {"X-Twilio-Signature": signature, "Content-Type": "application/x-www-form-urlencoded"}
            started = time.perf_counter()
            connection.request(method, path, urlencode(fields), headers)
            answer = connection.getresponse()
            answer.read()
            self.seconds.append(time.perf_counter() - started)
            self.answers.append(answer.status)


def report(port: int, feed) -> tuple[float, list[float], list[int]]:  # type: ignore[no-untyped-def]
    """Post all that `feed(work)` puts into a queue: (seconds in all, seconds of each, status codes)."""
    work: queue.Queue[tuple[str, str, dict[str, str]] | None] = queue.Queue()
    reporters = [Reporter(port, work) for _ in range(SENDERS)]
    for reporter in reporters:
        reporter.start()
    started = time.perf_counter()
    feed(work)
    for _ in reporters:
        work.put(None)
    for reporter in reporters:
        reporter.join()
    span = time.perf_counter() - started
    return (
        span,
        [seconds for reporter in reporters for seconds in reporter.seconds],
        [answer for reporter in reporters for answer in reporter.answers],
    )


def measure(site: Installation, recipients: int, standin_port: int) -> None:
    site.run("shell", "-v", "0", "-c", FILL.replace("{count}", str(recipients)))
    site.start("-m", "tests.twilio_standin", "--port", str(standin_port), "--latency", "0.1")
    wait_until(lambda: is_listening(standin_port), 20, "the stand-in")
    site.start_web()
    site.start("manage.py", "worker")
    span, _, _ = report(
        site.port, lambda work: [work.put(("GET", "/webhooks/twilio/status/1", {})) for _ in range(2_000)]
    )
    bare = 2_000 / span
    site.run("shell", "-v", "0", "-c", START)

    def feed(work: "queue.Queue[tuple[str, str, dict[str, str]] | None]") -> None:
        """Two reports on each text, once it is accepted."""
        seen: set[int] = set()
        while len(seen) < recipients:
            rows = site.query("SELECT id, sid FROM deliveries WHERE sid <> ''")
            for pk, sid in rows:
                if pk in seen:
                    continue
                seen.add(pk)
                for status in ("sent", "delivered"):
                    fields = {"MessageSid": sid, "SmsSid": sid, "AccountSid": ACCOUNT_SID, "MessageStatus": status}
                    work.put(("POST", f"/webhooks/twilio/status/{pk}", fields))
            time.sleep(0.2)

    span, seconds, answers = report(site.port, feed)
    [(delivered,)] = site.query("SELECT COUNT(*) FROM deliveries WHERE status = 'delivered'")
    rate = len(answers) / span
    p99 = statistics.quantiles(seconds, n=100)[98]
    bad = sum(answer != 204 for answer in answers)
    print(
        f"{len(answers):,} reports in {span:.0f} s: {rate:.0f} a second ({rate / bare:.2f} of the bare rate), median "
        f"{1000 * statistics.median(seconds):.0f} ms, p99 {1000 * p99:.0f} ms, worst {1000 * max(seconds):.0f} ms, "
        f"{bad} not answered 204, {recipients - delivered} of {recipients:,} not recorded as delivered"
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.callbacks", description=__doc__)
    parser.add_argument("--recipients", type=int, default=10_000)
    parser.add_argument("--postgres", action="store_true")
    args = parser.parse_args()
    port = free_port()
    environment = {
        **twilio_standin.environment(port),
        "SMS_CONCURRENCY": "50",
    }
    with temporary_folder("bench-callbacks") as folder:
        if args.postgres:
            with postgres_database() as url, installation(folder, url, **environment) as site:
                measure(site, args.recipients, port)
        else:
            with installation(folder, **environment) as site:
                measure(site, args.recipients, port)


if __name__ == "__main__":
    main()
