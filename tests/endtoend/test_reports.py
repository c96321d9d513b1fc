"""Delivery reports that reach a running gunicorn long after their texts: after a restore, and after a resume."""

import shutil
from itertools import pairwise

import pytest

from tests.endtoend.killing import start_standin, start_worker
from tests.posting import Line, signed_post
from tests.processes import wait_until
from tests.twilio_standin import ACCOUNT_SID, AUTH_TOKEN

pytestmark = pytest.mark.slow

PEOPLE = 40
FILL = f"""
from contacts.models import CommunityMember
people = (CommunityMember(name=f"Person {{i}}", phone=f"+1720{{2000000 + i}}") for i in range({PEOPLE}))
CommunityMember.objects.bulk_create(people)
"""
START = """
from messaging.sending import dispatch
from messaging.composing.audience import Audience
dispatch.start("Hi {first_name}", Audience("community"))
"""
RESUME = """
from messaging.models import MessageLog
assert MessageLog.objects.get().resume()
"""


class Reports:
    """Twilio's reports to a site that sends through the stand-in."""

    def __init__(self, site):
        self.site = site
        if not site.database_url.startswith("sqlite") and not (shutil.which("pg_dump") and shutil.which("psql")):
            pytest.skip("The client programs of PostgreSQL are not installed")
        start_standin(site, latency=0.05)
        site.run("shell", "-v", "0", "-c", FILL)
        site.start_web()
        self.worker = start_worker(site)

    def start(self):
        self.site.run("shell", "-v", "0", "-c", START)

    def texts(self, since=0):
        """(delivery, phone, SID) for each text that Twilio has accepted."""
        return self.site.query(
            "SELECT id, phone, sid FROM deliveries WHERE status = 'accepted' AND sid <> '' AND id > ? ORDER BY id",
            since,
        )

    def all_texts(self, since=0):
        def done():
            texts = self.texts(since)
            return texts if len(texts) == PEOPLE else None

        return wait_until(done, 60, "the end of the blast")

    def post(self, texts, status, code):
        """Send the same report on each text; every one is answered with 204."""
        line = Line(self.site.port)
        for delivery, phone, sid in texts:
            fields = {
                "AccountSid": ACCOUNT_SID,
                "MessageSid": sid,
                "MessageStatus": status,
                "To": phone,
                "ErrorCode": str(code),
            }
            path = f"/webhooks/twilio/status/{delivery}"
            assert line.ask(signed_post(self.site.port, AUTH_TOKEN, path, fields)).status == 204
        line.close()

    def blast(self):
        return self.site.query("SELECT paused_at IS NULL, stop_code FROM message_logs")


@pytest.fixture
def reports(site):
    return Reports(site)


def test_after_a_restore_reports_on_texts_since_the_backup_change_nothing(reports):
    site = reports.site
    site.run("backup")
    [backup] = (site.folder / "backups").iterdir()
    reports.start()
    before = reports.all_texts()
    site.stop(reports.worker)
    site.run("restore", "--no-input", str(backup))
    start_worker(site)
    reports.start()
    after = reports.all_texts(since=max(pk for pk, _, _ in before))

    reports.post(before, "undelivered", 30006)
    # As if the ids had been reused, for the same people and for others.
    mixed = [(pk, phone, sid) for (pk, _, _), (_, phone, sid) in zip(after, before, strict=True)]
    reports.post(mixed, "failed", 21610)
    reports.post([(pk, phone, sid) for (pk, _, sid), (_, phone, _) in pairwise(after)], "sent", "")

    assert reports.texts() == after
    for table in ("suppressed_contacts", "unsubscribed_contacts"):
        assert site.query(f"SELECT count(*) FROM {table}") == [(0,)]  # noqa: S608 - our own words
    assert site.query("SELECT sum(count) FROM unmatched_reports") == [(3 * PEOPLE - 1,)]
    said = site.run("dbdoctor", "--doctor", check=False).stdout
    assert f"{3 * PEOPLE - 1} delivery reports matched no text" in said
    reports.post(after[:1], "delivered", "")
    assert len(reports.texts()) == PEOPLE - 1


def test_late_reports_do_not_undo_a_resume_and_fresh_ones_do(reports):
    site = reports.site
    site.environment["SMS_RATE_PER_SECOND"] = "4"
    site.stop(reports.worker)
    worker = start_worker(site)
    reports.start()
    old = wait_until(lambda: len(texts := reports.texts()) >= 4 and texts, 60, "the first texts")
    reports.post(old[:1], "failed", 30002)
    assert reports.blast() == [(False, 30002)]
    wait_until(lambda: site.query("SELECT 1 FROM deliveries WHERE status = 'sending'") == [], 30, "the calls to end")
    old = reports.texts()
    site.run("shell", "-v", "0", "-c", RESUME)
    reports.post(old[:-1], "failed", 30002)
    wait_until(lambda: len(reports.texts()) > 2, 30, "texts after the resume")
    assert [(bool(running), code) for running, code in reports.blast()] == [(True, None)]
    fresh = [text for text in reports.texts() if text not in old]
    reports.post(fresh[:1], "failed", 30002)
    assert [(bool(running), code) for running, code in reports.blast()] == [(False, 30002)]
    site.stop(worker)
