"""python -m bench.scale: messages a second with 1, 2 and 4 worker processes.

Each is a cluster of its own with one task process, as if each had a machine to itself, on one PostgreSQL and one
Redis (`--sqlite`: on one SQLite file). The stand-in for Twilio answers after 100 ms and could take far more; what it
can take is measured first, by a client that does nothing else, so that the figures are not the stand-in's.
"""

import argparse
import http.client
import os
import threading
import time
from contextlib import ExitStack

from bench.blast import FILL, START, seconds
from tests import twilio_standin
from tests.processes import (
    Installation,
    children,
    free_port,
    installation,
    is_listening,
    postgres_database,
    redis_server,
    temporary_folder,
    wait_until,
)

SEND_PATH = f"/2010-04-01/Accounts/{twilio_standin.ACCOUNT_SID}/Messages.json"


def send_blast(site: Installation, recipients: int, workers: int) -> float:
    """Messages a second from the first accepted to the last, with that many clusters of one task process."""
    site.run("shell", "-v", "0", "-c", FILL.replace("{count}", str(recipients)))
    clusters = [site.start("manage.py", "worker", Q_WORKERS="1") for _ in range(workers)]
    wait_until(lambda: all(len(children(cluster.pid)) >= 2 for cluster in clusters), 60, "the workers")
    time.sleep(2)
    site.run("shell", "-v", "0", "-c", START)
    wait_until(
        lambda: site.query("SELECT 1 FROM message_logs WHERE status <> 'processing'"), 60 + recipients / 50, "the end"
    )
    [(first, last, count)] = site.query(
        "SELECT MIN(accepted_at), MAX(accepted_at), COUNT(*) FROM deliveries WHERE status = 'accepted'"
    )
    if count != recipients:
        raise RuntimeError(f"{count} of {recipients} texts were accepted.")
    for cluster in clusters:
        site.stop(cluster)
    for table in ("sender_slots", "deliveries", "message_logs", "community_members"):
        site.query(f"DELETE FROM {table}")  # noqa: S608
    return count / (seconds(last) - seconds(first))


def standin_limit(port: int, connections: int, each: int) -> float:
    """Requests a second that the stand-in answers to as many bare keep-alive connections at once."""

    def ask() -> None:
        client = http.client.HTTPConnection("127.0.0.1", port)
        for _ in range(each):
            client.request("GET", SEND_PATH)
            client.getresponse().read()
        client.close()

    threads = [threading.Thread(target=ask) for _ in range(connections)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return connections * each / (time.monotonic() - began)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.scale", description=__doc__)
    parser.add_argument("--recipients", type=int, default=6_000)
    parser.add_argument("--concurrency", type=int, default=30, help="calls at once of each worker process")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--sqlite", action="store_true")
    args = parser.parse_args()
    port = free_port()
    environment = {
        **twilio_standin.environment(port),
        "SMS_CONCURRENCY": str(args.concurrency),
        "SMS_SENDERS_PER_BLAST": str(max(args.workers)),
        "DEBUG": "false",
    }
    with ExitStack() as stack:
        folder = stack.enter_context(temporary_folder("bench-scale"))
        url = ""
        if not args.sqlite:
            url = stack.enter_context(postgres_database())
            environment["REDIS_URL"] = stack.enter_context(redis_server())
        site = stack.enter_context(installation(folder, url, **environment))
        site.start("-m", "tests.twilio_standin", "--port", str(port), "--latency", "0.1")
        wait_until(lambda: is_listening(port), 20, "the stand-in")
        print(
            f"{os.cpu_count()} cores for everything; the stand-in answers up to "
            f"{standin_limit(port, 200, 20):.0f} requests/s"
        )
        first = 0.0
        for workers in args.workers:
            rate = send_blast(site, args.recipients, workers)
            first = first or rate
            print(
                f"{workers} worker processes: {rate:6.0f} messages/s, {rate / first:4.2f} times the first", flush=True
            )


if __name__ == "__main__":
    main()
