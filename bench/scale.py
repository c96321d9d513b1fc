"""python -m bench.scale: texts per second with 1, 2 and 4 worker processes.

Each is a separate cluster with one task process, as if each had its own machine, on one PostgreSQL and one Redis
(`--sqlite`: on one SQLite file). The stand-in for Twilio answers after 100 ms and could handle far more. Its limit is
measured first, by a client that does nothing else, so that it is clear that the figures are not the stand-in's.
"""

import argparse
import http.client
import os
import threading
import time
from contextlib import ExitStack

from bench.installation import (
    add_people,
    new_installation,
    remove_all,
    seconds,
    start_blast,
    start_standin,
    wait_for_blast,
)
from tests import twilio_standin
from tests.processes import Installation, children, free_port, redis_server, wait_until

SEND_PATH = f"/2010-04-01/Accounts/{twilio_standin.ACCOUNT_SID}/Messages.json"


def send_blast(site: Installation, recipients: int, workers: int) -> float:
    """Texts per second from the first one accepted to the last, with that many clusters of one task process."""
    add_people(site, recipients)
    clusters = [site.start("manage.py", "worker", Q_WORKERS="1") for _ in range(workers)]
    wait_until(lambda: all(len(children(cluster.pid)) >= 2 for cluster in clusters), 60, "the workers")
    time.sleep(2)
    start_blast(site)
    wait_for_blast(site, 60 + recipients / 50)
    [(first, last, count)] = site.query(
        "SELECT MIN(accepted_at), MAX(accepted_at), COUNT(*) FROM deliveries WHERE status = 'accepted'"
    )
    if count != recipients:
        raise RuntimeError(f"{count} of {recipients} texts were accepted.")
    for cluster in clusters:
        site.stop(cluster)
    remove_all(site)
    return count / (seconds(last) - seconds(first))


def standin_limit(port: int, connections: int, each: int) -> float:
    """Requests per second that the stand-in answers over that many plain keep-alive connections at once."""

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
    parser.add_argument("--concurrency", type=int, default=30, help="concurrent calls of each worker process")
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
        if not args.sqlite:
            environment["REDIS_URL"] = stack.enter_context(redis_server())
        site = stack.enter_context(new_installation("scale", postgres=not args.sqlite, **environment))
        start_standin(site, port)
        print(
            f"{os.cpu_count()} cores for everything; the stand-in answers up to "
            f"{standin_limit(port, 200, 20):.0f} requests/s"
        )
        first = 0.0
        for workers in args.workers:
            rate = send_blast(site, args.recipients, workers)
            first = first or rate
            print(f"{workers} worker processes: {rate:6.0f} texts/s, {rate / first:4.2f} times the first", flush=True)


if __name__ == "__main__":
    main()
