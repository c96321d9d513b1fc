"""python -m bench.blast: how fast a blast leaves, and what it costs in CPU time and memory.

Two worker processes with 50 calls at once each, a stand-in for Twilio that answers after 100 ms, SQLite.
`--recipients` may be given several times: memory is then set beside that of the first.
"""

import argparse
import time
from datetime import datetime

from tests import twilio_standin
from tests.processes import (
    Installation,
    children,
    cpu_seconds,
    free_port,
    installation,
    is_listening,
    peak_memory,
    postgres_database,
    temporary_folder,
    wait_until,
)

FILL = """
from contacts.models import CommunityMember
people = (CommunityMember(name=f"Person {i}", phone=f"+1720{2000000 + i}") for i in range({count}))
CommunityMember.objects.bulk_create(people, batch_size=5000)
"""
START = """
import time
from messaging.sending import dispatch
from messaging.composing.audience import Audience
clicked = time.time()
dispatch.start("Hi {first_name}, the hall opens at six.", Audience("community"))
print(clicked)
"""


def seconds(moment: str | datetime) -> float:
    """A database's timestamp (SQLite: text in UTC) in seconds since 1970."""
    if isinstance(moment, str):
        moment = datetime.fromisoformat(f"{moment}+00:00")
    return moment.timestamp()


def send_blast(site: Installation, recipients: int, workers: int) -> float:
    """Send one blast, print its figures, and give the peak memory of a worker in MB."""
    site.run("shell", "-v", "0", "-c", FILL.replace("{count}", str(recipients)))
    worker = site.start("manage.py", "worker", Q_WORKERS=str(workers))
    wait_until(lambda: len(children(worker.pid)) >= workers + 1, 30, "the worker")
    time.sleep(2)
    pids = [worker.pid, *children(worker.pid)]
    idle = cpu_seconds(pids)
    clicked = float(site.run("shell", "-v", "0", "-c", START).stdout)
    wait_until(
        lambda: site.query("SELECT 1 FROM message_logs WHERE status <> 'processing'"), 60 + recipients / 50, "the end"
    )
    used = cpu_seconds(pids) - idle
    memory = max(peak_memory(pid) for pid in pids)
    [(first, last, count)] = site.query(
        "SELECT MIN(accepted_at), MAX(accepted_at), COUNT(*) FROM deliveries WHERE status IN "
        "('accepted', 'sent', 'delivered')"
    )
    span = seconds(last) - seconds(first)
    print(
        f"{recipients:>8,} recipients: {count / span:6.0f} messages/s, {1000 * used / count:5.2f} ms of CPU each, "
        f"first accepted {seconds(first) - clicked:4.1f} s after the click, worker memory {memory:.0f} MB",
        flush=True,
    )
    site.stop(worker)
    for table in ("sender_slots", "deliveries", "message_logs", "community_members"):
        site.query(f"DELETE FROM {table}")  # noqa: S608
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
    with temporary_folder("bench-blast") as folder:
        if args.postgres:
            with postgres_database() as url, installation(folder, url, **environment) as site:
                measure(site, args, port)
        else:
            with installation(folder, **environment) as site:
                measure(site, args, port)


def measure(site: Installation, args: argparse.Namespace, port: int) -> None:
    site.start("-m", "tests.twilio_standin", "--port", str(port), "--latency", str(args.latency))
    wait_until(lambda: is_listening(port), 20, "the stand-in")
    memory = [send_blast(site, count, args.workers) for count in args.recipients or [1_000, 20_000]]
    for count, peak in zip((args.recipients or [1_000, 20_000])[1:], memory[1:], strict=True):
        print(f"Memory at {count:,} recipients: {peak - memory[0]:+.0f} MB, {peak / memory[0]:.2f} times the first")


if __name__ == "__main__":
    main()
