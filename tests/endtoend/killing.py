"""Starting and killing the stand-in for Twilio and workers, and handling what a kill leaves behind."""

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
    """Age the calls in flight so that the sweep treats them as abandoned, instead of waiting until it does.

    A call that a living process is still making is unconfirmed until it is answered. Each update is a separate write,
    so as not to hold up a process that records several answers at once.
    """
    began_at = (datetime.now(UTC) - timedelta(seconds=90)).isoformat(" ", "seconds")
    for (delivery,) in site.query("SELECT id FROM deliveries WHERE status = 'sending'"):
        site.query("UPDATE deliveries SET claimed_at = ? WHERE id = ? AND status = 'sending'", began_at, delivery)
