"""Retry and Resume through the pages of a running installation, with a worker, and Twilio's signed reports."""

from collections import Counter

import pytest

from tests.endtoend.killing import start_worker
from tests.endtoend.staff import Staff
from tests.processes import wait_until
from tests.twilio_standin import TwilioStandin, faults

pytestmark = pytest.mark.slow

PEOPLE = 30
UNREACHED = 20
FILL = f"""
from contacts.models import CommunityMember
people = (CommunityMember(name=f"Person {{i}}", phone=f"+1720{{2000000 + i}}") for i in range({PEOPLE}))
CommunityMember.objects.bulk_create(people)
"""


@pytest.fixture
def twilio(site):
    with TwilioStandin(port=site.standin_port, latency=0.05) as server:
        yield server


@pytest.fixture
def staff(site, twilio):
    """With a worker that calls Twilio for everybody at once, and people to text."""
    site.environment |= {"SMS_CONCURRENCY": "40", "SMS_SENDERS_PER_BLAST": "1"}
    site.run("shell", "-v", "0", "-c", FILL)
    start_worker(site)
    return Staff(site, site.start_web())


def wait_for_end(site, blasts, seconds=60):
    def are_over():
        states = [status for (status,) in site.query("SELECT status FROM message_logs")]
        return len(states) == blasts and "processing" not in states

    wait_until(are_over, seconds, f"the end of {blasts} blasts")


def texts(twilio):
    return Counter(message.to for message in twilio.messages)


def test_after_a_wrong_password_resend_and_resume_text_everybody_once(site, twilio, staff):
    twilio.faults.next(*[faults.refused(401, 20003)] * PEOPLE)
    blast = staff.send_to_community("Hi {first_name}")
    wait_for_end(site, 1)
    assert site.query("SELECT status, stop_code FROM message_logs") == [("failed", 20003)]
    assert not twilio.messages
    staff.read(f"{blast}change/")
    assert 'value="Resume"' in staff.html

    staff.retry(blast)
    wait_for_end(site, 2)
    staff.read(f"{blast}change/")
    assert 'value="Resume"' not in staff.html
    assert "temporary failure" not in staff.html

    # As from a page that is out of date.
    staff.post(f"{blast}resume/")
    assert "There was nothing to resume" in staff.html
    staff.post(f"{blast}retry/unreached/")
    assert "There’s nobody left to resend this to." in staff.html
    wait_for_end(site, 2)
    assert sorted(texts(twilio).values()) == [1] * PEOPLE


def test_people_reached_by_the_second_resend_are_offered_by_none_of_the_three_blasts(site, twilio, staff):
    def report(messages, missed):
        answers = twilio.post_callbacks(error_codes=dict.fromkeys(missed, 30003), messages=messages, workers=4)
        assert set(answers) == {204}

    first = staff.send_to_community("Hi {first_name}")
    wait_for_end(site, 1)
    missed = sorted(texts(twilio))[:UNREACHED]
    report(twilio.messages, missed)

    second = staff.retry(first)
    wait_for_end(site, 2)
    report(twilio.messages[PEOPLE:], missed)
    third = staff.retry(second)
    wait_for_end(site, 3)
    report(twilio.messages[PEOPLE + UNREACHED :], [])

    before = texts(twilio)
    assert Counter(before.values()) == {3: UNREACHED, 1: PEOPLE - UNREACHED}
    for blast in (first, second, third):
        staff.read(f"{blast}change/")
        assert "Resend to" not in staff.html
        for whom in ("failed", "unreached"):
            staff.post(f"{blast}retry/{whom}/")
            assert "There’s nobody left to resend this to." in staff.html
    wait_for_end(site, 3)
    assert texts(twilio) == before
