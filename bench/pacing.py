"""python -m bench.pacing: whether SMS_RATE_PER_SECOND holds over several workers, and is used.

Sends one blast with several worker processes, and counts the texts in every window of ten seconds by the time at
which the stand-in took them. Prints the fullest window and the mean of the full ones as shares of the rate.
"""

import argparse
import json
import urllib.request

from bench.blast import FILL, START
from tests import twilio_standin
from tests.processes import children, free_port, installation, is_listening, temporary_folder, wait_until

WINDOW = 10.0


def fullest_window(times: list[float]) -> int:
    """The largest number of `times` (sorted) within ten seconds."""
    most = start = 0
    for end, moment in enumerate(times):
        while times[start] <= moment - WINDOW:
            start += 1
        most = max(most, end - start + 1)
    return most


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.pacing", description=__doc__)
    parser.add_argument("--rate", type=float, default=50)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=30, help="how long the blast takes")
    args = parser.parse_args()
    port = free_port()
    environment = {
        **twilio_standin.environment(port),
        "SMS_RATE_PER_SECOND": str(args.rate),
        "SMS_SENDERS_PER_BLAST": str(args.workers),
        "Q_WORKERS": str(args.workers),
    }
    count = int(args.rate * args.seconds)
    with temporary_folder("bench-pacing") as folder, installation(folder, **environment) as site:
        site.start("-m", "tests.twilio_standin", "--port", str(port), "--latency", "0.1")
        wait_until(lambda: is_listening(port), 20, "the stand-in")
        site.run("shell", "-v", "0", "-c", FILL.replace("{count}", str(count)))
        worker = site.start("manage.py", "worker")
        wait_until(lambda: len(children(worker.pid)) >= args.workers, 30, "the worker")
        site.run("shell", "-v", "0", "-c", START)
        wait_until(
            lambda: site.query("SELECT 1 FROM message_logs WHERE status <> 'processing'"),
            60 + 2 * args.seconds,
            "the end",
        )
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/__record") as answer:
            messages = json.load(answer)["messages"]
    times = sorted(message["created_at"] for message in messages)
    span = times[-1] - times[0]
    print(
        f"{len(times):,} texts at {args.rate:g} a second with {args.workers} workers: the fullest 10 s held "
        f"{100 * fullest_window(times) / (WINDOW * args.rate):.1f} % of the rate, the whole "
        f"{100 * (len(times) - 1) / span / args.rate:.1f} %"
    )


if __name__ == "__main__":
    main()
