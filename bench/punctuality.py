"""python -m bench.punctuality: how late the first text of a scheduled blast goes out.

Ten scheduled blasts come due over 20 seconds while workers are idle: one worker on SQLite, then two at once on
PostgreSQL. Prints the lateness (median, worst) and whether each became exactly one blast.
"""

import argparse
import statistics

from bench.installation import new_installation, run_script, seconds, start_standin
from tests import twilio_standin
from tests.processes import Installation, children, free_port, wait_until

SCHEDULE = """
from datetime import timedelta
from django.utils import timezone
from contacts.models import CommunityMember
from messaging.composing.audience import Audience
from messaging.scheduling.scheduled_messages import schedule
CommunityMember.objects.create(name="Rosa Delgado", phone="+13035550150")
start = timezone.now() + timedelta(seconds=3)
for number in range(COUNT):
    schedule(f"Message {number}", Audience("community"), start + timedelta(seconds=number * SPAN / COUNT))
"""


def measure(site: Installation, clusters: int, count: int, span: float, standin_port: int) -> list[float]:
    """How many seconds late each scheduled blast's first text was accepted."""
    start_standin(site, standin_port, latency=0)
    for _ in range(clusters):
        worker = site.start("manage.py", "worker")
        wait_until(lambda pid=worker.pid: len(children(pid)) >= 3, 30, "the worker")
    run_script(site, SCHEDULE.replace("COUNT", str(count)).replace("SPAN", str(span)))
    wait_until(
        lambda: site.query("SELECT COUNT(*) FROM scheduled_messages WHERE status = 'sent'") == [(count,)],
        span + 60,
        "the last scheduled blast",
        every=0.5,
    )
    rows = site.query(
        "SELECT s.scheduled_at, MIN(d.accepted_at) FROM scheduled_messages s "
        "JOIN deliveries d ON d.message_log_id = s.message_log_id GROUP BY s.id, s.scheduled_at"
    )
    return [seconds(accepted_at) - seconds(scheduled_at) for scheduled_at, accepted_at in rows]


def run(postgres: bool, count: int = 10, span: float = 20.0) -> None:
    port = free_port()
    environment = twilio_standin.environment(port)
    with new_installation("punctuality", postgres=postgres, **environment) as site:
        late = measure(site, 2 if postgres else 1, count, span, port)
        [(blasts,)] = site.query("SELECT COUNT(*) FROM message_logs")
    name = "PostgreSQL, 2 workers" if postgres else "SQLite, 1 worker"
    print(
        f"{name}: {count} scheduled blasts due over {span:.0f} s became {blasts} blasts; first text "
        f"{statistics.median(late):.2f} s late (median), {max(late):.2f} s at worst, {min(late):.2f} s at best",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.punctuality", description=__doc__)
    parser.add_argument("--sqlite", action="store_true", help="only on SQLite")
    args = parser.parse_args()
    run(postgres=False)
    if not args.sqlite:
        run(postgres=True)


if __name__ == "__main__":
    main()
