"""What the tests start and kill: the stand-in for Twilio, and workers."""

from tests.processes import children, is_listening, wait_until


def start_standin(site, *arguments, latency=0.05):
    port = site.standin_port
    site.start("-m", "tests.twilio_standin", "--port", str(port), "--latency", str(latency), *arguments)
    wait_until(lambda: is_listening(port), 20, "the stand-in")


def start_worker(site):
    worker = site.start("manage.py", "worker")
    wait_until(lambda: len(children(worker.pid)) >= 3, 30, "the worker")
    return worker
