"""python -m bench.callbacks: signed delivery reports from Twilio while a blast runs.

gunicorn with 2 workers receives two reports ("sent", "delivered") on each text of a blast as soon as it is accepted.
Prints reports per second, latencies, the rate as a share of the same server's bare rate (its 405 response to a GET,
in the same run), and whether every report was recorded.
"""

import argparse
import os
import queue
import threading
import time
from collections.abc import Callable

from bench.installation import add_people, new_installation, start_blast, start_standin
from tests import twilio_standin
from tests.posting import Answer, describe, post_all, request, signed_post
from tests.processes import Installation, children, cpu_seconds, free_port
from tests.twilio_standin import ACCOUNT_SID, AUTH_TOKEN

SENDERS = 20
# Requests, and None for each sender at the end.
Queue = queue.SimpleQueue[bytes | None]


def report(port: int, feed: Callable[[Queue], None]) -> tuple[float, list[Answer]]:
    """Post everything that `feed(work)` puts into a queue: (total seconds, answers)."""
    work: Queue = queue.SimpleQueue()
    feeder = threading.Thread(target=_feed, args=(feed, work), daemon=True)
    feeder.start()
    span, answers = post_all(port, [iter(work.get, None) for _ in range(SENDERS)])
    feeder.join()
    return span, [answer for lane in answers for answer in lane]


def _feed(feed: Callable[[Queue], None], work: Queue) -> None:
    feed(work)
    for _ in range(SENDERS):
        work.put(None)


def measure(site: Installation, recipients: int, standin_port: int) -> None:
    add_people(site, recipients)
    start_standin(site, standin_port)
    site.start_web()
    site.start("manage.py", "worker")
    ask = request(site.port, "GET", "/webhooks/twilio/status/1")
    span, _ = post_all(site.port, [[ask] * (2_000 // SENDERS)] * SENDERS)
    bare = 2_000 / span
    start_blast(site)

    def feed(work: Queue) -> None:
        """Queue two reports on each text once it is accepted."""
        seen: set[int] = set()
        [(first,)] = site.query("SELECT MIN(id) FROM deliveries")
        while len(seen) < recipients:
            # What is reported already need not be read again.
            while first in seen:
                first += 1
            rows = site.query(f"SELECT id, sid, phone FROM deliveries WHERE sid <> '' AND id >= {first}")  # noqa: S608
            for pk, sid, phone in rows:
                if pk in seen:
                    continue
                seen.add(pk)
                for status in ("sent", "delivered"):
                    fields = {
                        "MessageSid": sid,
                        "SmsSid": sid,
                        "AccountSid": ACCOUNT_SID,
                        "MessageStatus": status,
                        "To": phone,
                    }
                    work.put(signed_post(site.port, AUTH_TOKEN, f"/webhooks/twilio/status/{pk}", fields))
            time.sleep(0.2)

    server = children(site.processes[1].pid)
    busy = cpu_seconds(server)
    span, answers = report(site.port, feed)
    busy = cpu_seconds(server) - busy
    [(delivered,)] = site.query("SELECT COUNT(*) FROM deliveries WHERE status = 'delivered'")
    rate = len(answers) / span
    bad = sum(answer.status != 204 for answer in answers)
    print(
        f"{len(answers):,} reports in {span:.0f} s: {rate:.0f} per second ({rate / bare:.2f} of the bare rate), "
        f"{describe(answers)}, {1000 * busy / len(answers):.2f} ms of the server's CPU each, load "
        f"{os.getloadavg()[0]:.1f}, {bad} not answered with 204, {recipients - delivered} of {recipients:,} not "
        "recorded as delivered"
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.callbacks", description=__doc__)
    parser.add_argument("--recipients", type=int, default=10_000)
    parser.add_argument("--postgres", action="store_true")
    args = parser.parse_args()
    port = free_port()
    environment = {**twilio_standin.environment(port), "SMS_CONCURRENCY": "50"}
    with new_installation("callbacks", postgres=args.postgres, **environment) as site:
        measure(site, args.recipients, port)


if __name__ == "__main__":
    main()
