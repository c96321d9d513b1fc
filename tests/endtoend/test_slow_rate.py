"""A rate below one text a second, with more task processes than needed: fully used, and never exceeded."""

import json
import urllib.request

import pytest

from tests import twilio_standin
from tests.endtoend.killing import start_standin, start_worker
from tests.processes import free_port, installation, is_listening, postgres_database, wait_until

pytestmark = pytest.mark.slow

RATE = 0.25
PEOPLE = 7
FILL = f"""
from contacts.models import CommunityMember
people = (CommunityMember(name=f"Person {{i}}", phone=f"+1720{{2000000 + i}}") for i in range({PEOPLE}))
CommunityMember.objects.bulk_create(people)
from messaging.sending import dispatch
from messaging.composing.audience import Audience
dispatch.start("Hi {{first_name}}", Audience("community"))
"""


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_eight_task_processes_send_at_the_rate(tmp_path, database):
    port = free_port()
    environment = {**twilio_standin.environment(port), "SMS_RATE_PER_SECOND": str(RATE), "Q_WORKERS": "8"}

    def check(site):
        site.standin_port = port
        start_standin(site)
        start_worker(site)
        site.run("shell", "-v", "0", "-c", FILL)
        wait_until(lambda: site.query("SELECT 1 FROM message_logs WHERE status = 'sent'"), 90, "the end", every=0.5)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/__record") as answer:
            times = sorted(message["created_at"] for message in json.load(answer)["messages"])
        assert len(times) == PEOPLE
        assert times[-1] - times[0] <= (PEOPLE - 1) / RATE / 0.9
        assert times[-1] - times[0] >= (PEOPLE - 1) / RATE * 0.95

    if database == "sqlite":
        with installation(tmp_path, **environment) as site:
            check(site)
    elif not is_listening(5432):
        pytest.skip("PostgreSQL is not running on 127.0.0.1:5432")
    else:
        with postgres_database() as url, installation(tmp_path, url, **environment) as site:
            check(site)
