"""python -m bench.pacing: whether several task processes keep to SMS_RATE_PER_SECOND, and make full use of it.

For each rate, sends one blast with eight task processes and records when the stand-in received each text. Prints the
mean rate from the first text to the last as a share of the set rate, and the fullest window (ten seconds, or the time
of ten texts at the set rate if that is longer), which may hold one text more than the rate allows. A slow rate takes
a while: at 0.05 a second, 8 texts take two and a half minutes.
"""

import argparse
import json
import urllib.request

from bench.installation import add_people, new_installation, start_blast, start_standin, wait_for_blast
from tests import twilio_standin
from tests.processes import children, free_port, wait_until

# (texts a second, for how many seconds)
RUNS = ((0.05, 160.0), (0.5, 40.0), (1.0, 40.0), (50.0, 30.0), (200.0, 30.0))
WINDOW = 10.0


def fullest_window(times: list[float], seconds: float) -> int:
    """The largest number of `times` (sorted) within `seconds`."""
    most = start = 0
    for end, moment in enumerate(times):
        while times[start] <= moment - seconds:
            start += 1
        most = max(most, end - start + 1)
    return most


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.pacing", description=__doc__)
    parser.add_argument("--rate", type=float, help="texts per second (default: several rates)")
    parser.add_argument("--workers", type=int, default=8, help="task processes")
    parser.add_argument("--seconds", type=float, default=30, help="how long the blast takes at --rate")
    args = parser.parse_args()
    for rate, seconds in RUNS if args.rate is None else ((args.rate, args.seconds),):
        measure(rate, max(3, int(rate * seconds)), args.workers)


def measure(rate: float, count: int, workers: int) -> None:
    port = free_port()
    environment = {
        **twilio_standin.environment(port),
        "SMS_RATE_PER_SECOND": str(rate),
        "SMS_SENDERS_PER_BLAST": str(workers),
        "Q_WORKERS": str(workers),
    }
    with new_installation("pacing", **environment) as site:
        start_standin(site, port)
        add_people(site, count)
        worker = site.start("manage.py", "worker")
        wait_until(lambda: len(children(worker.pid)) >= workers, 30, "the worker")
        start_blast(site)
        wait_for_blast(site, 60 + 3 * count / rate)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/__record") as answer:
            messages = json.load(answer)["messages"]
    times = sorted(message["created_at"] for message in messages)
    span = times[-1] - times[0]
    window = max(WINDOW, 10 / rate)
    print(
        f"{len(times):>5,} texts at {rate:g} per second with {workers} task processes took {span:.0f} s: "
        f"{100 * (len(times) - 1) / span / rate:.1f}% of the rate; the fullest {window:.0f} s held "
        f"{fullest_window(times, window):,}, and the rate allows {window * rate:.0f}",
        flush=True,
    )


if __name__ == "__main__":
    main()
