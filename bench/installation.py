"""What the benchmarks share: a new installation, a stand-in for Twilio, people, and a blast to them."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime

from tests.processes import (
    Installation,
    installation,
    is_listening,
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


@contextmanager
def new_installation(name: str, *, postgres: bool = False, **environment: str) -> Iterator[Installation]:
    """An installation in a temporary folder, on SQLite or on a PostgreSQL database of its own."""
    with ExitStack() as stack:
        folder = stack.enter_context(temporary_folder(f"bench-{name}"))
        url = stack.enter_context(postgres_database()) if postgres else ""
        yield stack.enter_context(installation(folder, url, **environment))


def run_script(site: Installation, script: str) -> str:
    """What a Python script prints when it runs in the installation."""
    return site.run("shell", "-v", "0", "-c", script).stdout


def start_standin(site: Installation, port: int, latency: float = 0.1) -> None:
    """Start the stand-in for Twilio, which answers after `latency` seconds."""
    site.start("-m", "tests.twilio_standin", "--port", str(port), "--latency", str(latency))
    wait_until(lambda: is_listening(port), 20, "the stand-in")


def add_people(site: Installation, count: int) -> None:
    """Add that many people to the community."""
    run_script(site, FILL.replace("{count}", str(count)))


def start_blast(site: Installation) -> float:
    """Start a blast to the community; when, in seconds since 1970."""
    return float(run_script(site, START))


def wait_for_blast(site: Installation, patience: float) -> None:
    """Wait for at most so many seconds until the blast is over."""
    wait_until(lambda: site.query("SELECT 1 FROM message_logs WHERE status <> 'processing'"), patience, "the end")


def remove_all(site: Installation) -> None:
    """Remove the blast and the people."""
    for table in ("sender_slots", "deliveries", "message_logs", "community_members"):
        site.query(f"DELETE FROM {table}")  # noqa: S608


def seconds(moment: str | datetime) -> float:
    """A database's timestamp (SQLite: text in UTC) in seconds since 1970."""
    if isinstance(moment, str):
        moment = datetime.fromisoformat(f"{moment}+00:00")
    return moment.timestamp()
