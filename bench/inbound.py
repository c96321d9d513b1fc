"""python -m bench.inbound: many people text back at once.

gunicorn with 2 workers receives signed texts over 20 connections: ordinary ones, surveys from the keyword to the last
answer, keywords, opt-outs, and one text in twenty a second time. Prints texts per second, latencies, the rate as a
share of the same server's bare rate (signed reports that change nothing, in the same run), the server's CPU time per
text, and whether every text was stored once and took effect once.
"""

import argparse
import itertools
import os
import random
from collections.abc import Iterator

from bench.installation import new_installation, run_script
from tests import twilio_standin
from tests.posting import describe, post_all, signed_post
from tests.processes import Installation, children, cpu_seconds, free_port
from tests.twilio_standin import ACCOUNT_SID, AUTH_TOKEN

SID = "SM" + "0" * 32
FILL = """
from contacts.models import CommunityMember, Event
from messaging.models import Delivery, KeywordAutomationRule
from surveys.models import SurveyFlow
people = (CommunityMember(name=f"Person {i}", phone=f"+1720{2000000 + i}") for i in range(20_000))
CommunityMember.objects.bulk_create(people, batch_size=5000)
KeywordAutomationRule.objects.create(keyword="HOURS", response_body="We are open from 9 to 5.")
SurveyFlow.objects.create(
    name="Picnic", trigger_keyword="PICNIC", intro_message="Come to the picnic!", completion_message="See you there.",
    questions_json='["Who is coming?", "What will you bring?", "How many of you?"]',
    linked_event=Event.objects.create(title="Picnic"),
)
Delivery.objects.create(pk=999_999_999, phone="+17205550100", sid="{sid}", status="delivered")
""".replace("{sid}", SID)
PATH = "/webhooks/twilio/inbound"
SENDERS = 20
BARE_REPORTS = 2_000
PLAIN = "When does it start, and is there room for one more car?"
# What one phone texts, in order; most are in a survey or just chat.
SURVEY = ("PICNIC", "Ada and Grace", "Salad", "2", "Thanks!")
CHAT = (PLAIN, "Great", "Can I bring my neighbor along?", "She is new here", "See you on Saturday")
ASKS = ("Hours", PLAIN, "hours?", "Thank you", "Bye")
LEAVES = (PLAIN, "picnic", "Ada", "STOP", "Hello?")
TALKS = (SURVEY,) * 9 + (CHAT,) * 8 + (ASKS,) * 2 + (LEAVES,)
REPEATED = 0.05


def talks(phones: int, port: int) -> tuple[list[list[bytes]], dict[str, int]]:
    """The requests of each sender, and what the database must contain afterwards.

    Each phone belongs to one sender, which goes from phone to phone, so a person's texts stay in order.
    """
    dice = random.Random(20261122)
    numbers = itertools.count(1)
    lanes: list[list[bytes]] = [[] for _ in range(SENDERS)]
    chosen = [TALKS[i % len(TALKS)] for i in range(phones)]
    for step in range(len(SURVEY)):
        for i, talk in enumerate(chosen):
            # Every second one is on our lists.
            fields = _fields(f"+1720{2_000_000 + 19_900 * (i % 2) + i}", talk[step], next(numbers))
            lane = lanes[i % SENDERS]
            lane.append(signed_post(port, AUTH_TOKEN, PATH, fields))
            if dice.random() < REPEATED:
                lane.append(lane[-1])
    times = {talk: chosen.count(talk) for talk in (SURVEY, CHAT, ASKS, LEAVES)}
    return lanes, {
        "texts": len(SURVEY) * phones,
        "threads": phones,
        "answers": 4 * times[SURVEY] + 2 * times[ASKS] + 2 * times[LEAVES],
        "deliveries": 4 * times[SURVEY] + 2 * times[ASKS] + 2 * times[LEAVES],
        "unread": times[SURVEY] + 5 * times[CHAT] + 3 * times[ASKS] + 2 * times[LEAVES],
        "started": times[SURVEY] + times[LEAVES],
        "sessions": times[SURVEY] + times[LEAVES],
        "completed": times[SURVEY],
        "counted as completed": times[SURVEY],
        "given answers": 3 * times[SURVEY] + times[LEAVES],
        "registrations": times[SURVEY],
        "keyword replies": 2 * times[ASKS],
        "opt-outs": times[LEAVES],
    }


def _fields(phone: str, body: str, number: int) -> dict[str, str]:
    sid = f"SM{number:032x}"
    return {
        "MessageSid": sid,
        "SmsSid": sid,
        "SmsMessageSid": sid,
        "AccountSid": ACCOUNT_SID,
        "From": phone,
        "To": twilio_standin.FROM_NUMBER,
        "Body": body,
        "NumMedia": "0",
        "NumSegments": "1",
        "SmsStatus": "received",
        "FromCity": "DENVER",
        "FromState": "CO",
        "FromZip": "80202",
        "FromCountry": "US",
        "ApiVersion": "2010-04-01",
    }


COUNTS = {
    "texts": "SELECT COUNT(DISTINCT message_sid) FROM inbox_messages WHERE direction = 'inbound'",
    "threads": "SELECT COUNT(*) FROM inbox_threads",
    "answers": "SELECT COUNT(*) FROM inbox_messages WHERE direction = 'outbound'",
    "deliveries": "SELECT COUNT(*) FROM deliveries WHERE id <> 999999999",
    "unread": "SELECT SUM(unread_count) FROM inbox_threads",
    "started": "SELECT start_count FROM survey_flows",
    "sessions": "SELECT COUNT(*) FROM survey_sessions",
    "completed": "SELECT COUNT(*) FROM survey_sessions WHERE status = 'completed'",
    "counted as completed": "SELECT completion_count FROM survey_flows",
    "given answers": "SELECT COUNT(*) FROM survey_responses",
    "registrations": "SELECT COUNT(*) FROM event_registrations",
    "keyword replies": "SELECT match_count FROM keyword_automation_rules",
    "opt-outs": "SELECT COUNT(*) FROM unsubscribed_contacts",
}


def differences(site: Installation, expected: dict[str, int]) -> Iterator[str]:
    for what, statement in COUNTS.items():
        [(found,)] = site.query(statement)
        if found != expected[what]:
            yield f"{what}: {found} instead of {expected[what]}"


def reports(port: int) -> list[list[bytes]]:
    """Signed reports that come too late: one lookup each, and nothing written."""
    fields = {"MessageSid": SID, "AccountSid": ACCOUNT_SID, "MessageStatus": "sent", "To": "+17205550100"}
    one = signed_post(port, AUTH_TOKEN, "/webhooks/twilio/status/999999999", fields)
    return [[one] * (BARE_REPORTS // SENDERS)] * SENDERS


def measure(site: Installation, texts: int) -> None:
    run_script(site, FILL)
    site.start_web()
    lanes, expected = talks(texts // len(SURVEY), site.port)
    post_all(site.port, reports(site.port))
    span, _ = post_all(site.port, reports(site.port))
    bare = BARE_REPORTS / span
    server = children(site.processes[0].pid)
    busy = cpu_seconds(server)
    span, answered = post_all(site.port, lanes)
    busy = cpu_seconds(server) - busy
    answers = [answer for lane in answered for answer in lane]
    rate = len(answers) / span
    bad = sum(answer.status != 200 for answer in answers)
    wrong = "; ".join(differences(site, expected))
    print(
        f"{len(answers):,} texts from {SENDERS} senders in {span:.1f} s: {rate:.0f} per second ({rate / bare:.2f} "
        f"of the bare {bare:.0f}), {describe(answers)}, {1000 * busy / len(answers):.1f} ms of CPU per text, load "
        f"{os.getloadavg()[0]:.1f}, {bad} not answered with 200, {wrong or 'every text stored once'}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.inbound", description=__doc__)
    parser.add_argument("--texts", type=int, default=5_000)
    parser.add_argument("--postgres", action="store_true")
    args = parser.parse_args()
    environment = {**twilio_standin.environment(free_port()), "DEBUG": "false"}
    with new_installation("inbound", postgres=args.postgres, **environment) as site:
        measure(site, args.texts)


if __name__ == "__main__":
    main()
