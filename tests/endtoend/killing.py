"""What the tests start and kill: the stand-in for Twilio, and workers; and what a kill leaves behind."""

from datetime import UTC, datetime, timedelta

from tests.processes import children, is_listening, wait_until


def start_standin(site, *arguments, latency=0.05):
    port = site.standin_port
    site.start("-m", "tests.twilio_standin", "--port", str(port), "--latency", str(latency), *arguments)
    wait_until(lambda: is_listening(port), 20, "the stand-in")


def start_worker(site):
    worker = site.start("manage.py", "worker")
    wait_until(lambda: len(children(worker.pid)) >= 3, 30, "the worker")
    return worker


def age_calls(site):
    """Give the calls under way the age at which the sweep takes them for abandoned: nobody waits for it to come.

    One that a living process still makes is in doubt until it is answered. Each is a write of its own, which holds up
    no process that records several answers at once.
    """
    began_at = (datetime.now(UTC) - timedelta(seconds=90)).isoformat(" ", "seconds")
    for (delivery,) in site.query("SELECT id FROM deliveries WHERE status = 'sending'"):
        site.query("UPDATE deliveries SET claimed_at = ? WHERE id = ? AND status = 'sending'", began_at, delivery)
