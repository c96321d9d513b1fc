"""python -m bench.blast: how fast a blast goes out, and how much CPU time and memory it takes.

Two worker processes with 50 concurrent calls each, a stand-in for Twilio that answers after 100 ms, SQLite.
`--recipients` may be given several times; memory is then compared with the first.
"""

import argparse
import time

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
from tests.processes import Installation, children, cpu_seconds, free_port, peak_memory, wait_until


def send_blast(site: Installation, recipients: int, workers: int) -> float:
    """Send one blast, print its figures, and return a worker's peak memory in MB."""
    add_people(site, recipients)
    worker = site.start("manage.py", "worker", Q_WORKERS=str(workers))
    wait_until(lambda: len(children(worker.pid)) >= workers + 1, 30, "the worker")
    time.sleep(2)
    pids = [worker.pid, *children(worker.pid)]
    idle = cpu_seconds(pids)
    clicked = start_blast(site)
    wait_for_blast(site, 60 + recipients / 50)
    used = cpu_seconds(pids) - idle
    memory = max(peak_memory(pid) for pid in pids)
    [(first, last, count)] = site.query(
        "SELECT MIN(accepted_at), MAX(accepted_at), COUNT(*) FROM deliveries WHERE status IN "
        "('accepted', 'sent', 'delivered')"
    )
    span = seconds(last) - seconds(first)
    print(
        f"{recipients:>8,} recipients: {count / span:6.0f} texts/s, {1000 * used / count:5.2f} ms of CPU each, "
        f"first accepted {seconds(first) - clicked:4.1f} s after the click, worker memory {memory:.0f} MB",
        flush=True,
    )
    site.stop(worker)
    remove_all(site)
    return memory


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.blast", description=__doc__)
    parser.add_argument("--recipients", type=int, action="append")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--concurrency", type=int, default=50)
    parser.add_argument("--latency", type=float, default=0.1, help="seconds")
    parser.add_argument("--postgres", action="store_true")
    args = parser.parse_args()
    port = free_port()
    environment = {
        **twilio_standin.environment(port),
        "SMS_CONCURRENCY": str(args.concurrency),
        "SMS_SENDERS_PER_BLAST": str(args.workers),
        "DEBUG": "false",
    }
    counts = args.recipients or [1_000, 20_000]
    with new_installation("blast", postgres=args.postgres, **environment) as site:
        start_standin(site, port, args.latency)
        memory = [send_blast(site, count, args.workers) for count in counts]
    for count, peak in zip(counts[1:], memory[1:], strict=True):
        print(f"Memory at {count:,} recipients: {peak - memory[0]:+.0f} MB, {peak / memory[0]:.2f} times the first")


if __name__ == "__main__":
    main()
