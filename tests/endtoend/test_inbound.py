"""Inbound texts through a running gunicorn, over real connections, with real signatures, many at once."""

import re
import socket
from html import unescape
from urllib.parse import urlencode

import pytest

from tests import twilio_standin
from tests.conftest import fictional_phone
from tests.messaging.inbound.inbound_texts import FORM, PATH, form
from tests.posting import Line, post_all, request, signed_post
from tests.processes import free_port, installation, is_listening, postgres_database
from tests.twilio_standin import AUTH_TOKEN

pytestmark = pytest.mark.slow

FILL = """
from contacts.models import Event
from surveys.models import SurveyFlow
SurveyFlow.objects.create(
    name="Picnic", trigger_keyword="PICNIC", completion_message="See you there.",
    questions_json='["Who comes?", "What do you bring?", "How many are you?"]',
    linked_event=Event.objects.create(title="Picnic"),
)
"""
# Each one before the tables that it points to.
EMPTIED = (
    *("survey_responses", "survey_sessions", "event_registrations", "inbox_messages", "inbox_threads", "deliveries"),
    *("unsubscribed_contacts", "consent_records"),
)
# The start of a request whose signature gets checked, which requires reading its body.
POST = f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Twilio-Signature: x\r\nContent-Type: {FORM}\r\n".encode()
ADA = fictional_phone(0)


class Site:
    """A running installation; `text` sends one text and returns the answer."""

    def __init__(self, site):
        self.site = site
        self.port = site.port
        self.query = site.query
        site.run("shell", "-v", "0", "-c", FILL)
        site.start_web()

    def signed(self, phone, body, **fields):
        return signed_post(self.port, AUTH_TOKEN, PATH, form(phone, body, **fields))

    def ask(self, sent):
        line = Line(self.port)
        try:
            return line.ask(sent)
        finally:
            line.close()

    def text(self, phone, body, **fields):
        return said(self.ask(self.signed(phone, body, **fields)))

    def at_once(self, *lanes):
        """The answers to lanes of requests sent at the same time."""
        return post_all(self.port, lanes)[1]

    def count(self, table, condition="1 = 1"):
        [(rows,)] = self.query(f"SELECT COUNT(*) FROM {table} WHERE {condition}")  # noqa: S608
        return rows

    def log(self):
        return self.site.log.read_text()


def said(answer):
    """The reply in a TwiML response; "" for none."""
    assert answer.status == 200
    found = re.search("<Response>(?:<Message[^>]*>(.*)</Message>)?</Response>$", answer.body.decode(), re.DOTALL)
    return unescape(found[1] or "")


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def running(request, tmp_path_factory):
    environment = twilio_standin.environment(free_port())
    folder = tmp_path_factory.mktemp("inbound")
    if request.param == "sqlite":
        with installation(folder, **environment) as made:
            yield Site(made)
        return
    if not is_listening(5432):
        pytest.skip("PostgreSQL is not running on 127.0.0.1:5432")
    with postgres_database() as url, installation(folder, url, **environment) as made:
        yield Site(made)


@pytest.fixture
def site(running):
    """The same server for all tests, with the other tests' texts removed."""
    for table in EMPTIED:
        running.query(f"DELETE FROM {table}")  # noqa: S608
    running.query("UPDATE survey_flows SET start_count = 0, completion_count = 0")
    yield running
    assert not re.search("Internal Server Error|Error handling request", running.log())


def test_a_survey_is_answered_to_its_end(site):
    assert site.text(ADA, "picnic") == "Who comes?"
    assert [site.text(ADA, body) for body in ("Ada", "Salad", "2")] == [
        "What do you bring?",
        "How many are you?",
        "See you there.",
    ]
    assert site.query("SELECT start_count, completion_count FROM survey_flows") == [(1, 1)]
    assert site.query("SELECT name, phone FROM event_registrations") == [("Ada", ADA)]


def test_an_opt_out_ends_the_survey_and_is_recorded(site):
    site.text(ADA, "PICNIC")
    assert site.text(ADA, " Stop. ") == ""
    assert site.text(ADA, "PICNIC") == ""
    assert site.query("SELECT phone, source FROM unsubscribed_contacts") == [(ADA, "inbound")]
    assert site.query("SELECT status, end_reason FROM survey_sessions") == [("cancelled", "opted_out")]


def test_a_wrong_signature_is_refused_silently(site):
    fields = form(ADA, "Hello")
    forged = signed_post(site.port, "0" * 32, PATH, fields)
    unsigned = request(site.port, "POST", PATH, urlencode(fields).encode())
    elsewhere = signed_post(site.port, AUTH_TOKEN, PATH + "/", fields).replace(b"inbound/ HTTP", b"inbound HTTP")
    for sent in (forged, unsigned, elsewhere):
        answer = site.ask(sent)
        assert (answer.status, answer.body) == (403, b"")
    assert site.count("inbox_messages") == 0


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS"])
def test_another_method_is_not_allowed(site, method):
    assert site.ask(request(site.port, method, PATH)).status == 405


def test_a_text_that_arrives_ten_times_at_once_takes_effect_once(site):
    for body, answer in (("PICNIC", "Who comes?"), ("Ada", "What do you bring?"), ("Salad", "How many are you?")):
        sent = site.signed(ADA, body)
        answers = [one for [one] in site.at_once(*[[sent]] * 10)]
        assert len({one.body for one in answers}) == 1
        assert said(answers[0]) == answer
    assert site.count("inbox_messages", "direction = 'inbound'") == 3
    assert site.count("deliveries") == 3
    assert site.query("SELECT question_index, answer FROM survey_responses ORDER BY 1") == [(0, "Ada"), (1, "Salad")]
    assert site.query("SELECT start_count FROM survey_flows") == [(1,)]


def test_an_opt_out_that_arrives_ten_times_at_once_is_recorded_once(site):
    answers = site.at_once(*[[site.signed(ADA, "STOP")]] * 10)
    assert {said(one) for [one] in answers} == {""}
    assert (site.count("unsubscribed_contacts"), site.count("consent_records")) == (1, 1)


def test_twenty_phones_at_once_each_get_their_own_answers(site):
    phones = [fictional_phone(index) for index in range(20)]
    bodies = ("PICNIC", "Ada", "PICNIC", "Grace", "Salad", "2", "Thanks!")
    lanes = [[site.signed(phone, body) for body in bodies] for phone in phones]
    # Each text twice, as after a timeout.
    talks = site.at_once(*[[sent for sent in lane for _ in range(2)] for lane in lanes])
    questions = ["Who comes?", "What do you bring?", "Who comes?", "What do you bring?", "How many are you?"]
    for talk in talks:
        assert [said(answer) for answer in talk[::2]] == [*questions, "See you there.", ""]
        assert [answer.body for answer in talk[::2]] == [answer.body for answer in talk[1::2]]
    assert site.count("inbox_messages", "direction = 'inbound'") == 20 * len(bodies)
    assert site.query("SELECT start_count, completion_count FROM survey_flows") == [(40, 20)]
    assert site.count("survey_sessions", "status = 'cancelled' AND end_reason = 'restarted'") == 20
    assert site.count("event_registrations", "name = 'Grace'") == 20
    assert site.query("SELECT DISTINCT unread_count FROM inbox_threads") == [(1,)]


def test_two_texts_from_one_phone_are_handled_one_after_the_other(site):
    phones = [fictional_phone(index) for index in range(20)]
    for phone in phones:
        site.text(phone, "PICNIC")
        answers = site.at_once([site.signed(phone, "One")], [site.signed(phone, "Two")])
        assert {said(one) for [one] in answers} == {"What do you bring?", "How many are you?"}
    assert site.count("survey_sessions", "current_question_index = 2 AND status = 'active'") == 20
    order = "SELECT answer FROM survey_responses WHERE phone = ? ORDER BY question_index"
    for phone in phones:
        assert sorted(site.query(order, phone)) == [("One",), ("Two",)]


def test_an_answer_and_an_opt_out_at_once_end_the_survey(site):
    for index in range(20):
        phone = fictional_phone(index)
        site.text(phone, "PICNIC")
        [[answer], [stop]] = site.at_once([site.signed(phone, "Ada")], [site.signed(phone, "STOP")])
        assert said(stop) == ""
        assert said(answer) in {"", "What do you bring?"}
    assert site.count("survey_sessions", "status = 'active'") == 0
    assert site.count("unsubscribed_contacts") == 20
    assert site.count("survey_responses") == site.count(
        "inbox_messages", "matched_keyword IS NULL AND direction = 'outbound'"
    )


def test_new_phones_and_one_new_phone_at_once_get_a_thread_each(site):
    sent = [[site.signed(fictional_phone(index // 2), f"Hello {index}")] for index in range(20)]
    assert {said(one) for [one] in site.at_once(*sent)} == {""}
    assert site.query("SELECT DISTINCT unread_count FROM inbox_threads") == [(2,)]
    assert site.count("inbox_threads") == 10


def test_a_text_of_a_megabyte_is_stored(site):
    assert site.text(ADA, "x" * 1_000_000) == ""
    [(body,)] = site.query("SELECT body FROM inbox_messages")
    assert body == "x" * 1_000_000


def test_characters_that_no_database_accepts_are_replaced(site):
    assert site.text(ADA, "a\0b", **{"X\0": "\0"}) == ""
    assert site.query("SELECT body FROM inbox_messages") == [("a\N{REPLACEMENT CHARACTER}b",)]


@pytest.mark.parametrize(
    "sent",
    [
        b"\0\0\0\0\r\n\r\n",
        b"POST\r\n\r\n",
        POST + b"Transfer-Encoding: chunked\r\n\r\nnonsense\r\n",
        POST + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nBody=a\r\n",
        POST + b"Transfer-Encoding: chunked\r\n\r\n6\r\nBody=a",
        POST + b"Content-Length: -1\r\n\r\n",
        POST + b"Content-Length: many\r\n\r\nBody=a",
        POST + b"Content-Length: 99\r\n\r\nBody=a",
        POST + b"X-Other: a\0b\r\nContent-Length: 6\r\n\r\nBody=a",
        POST.replace(b": x", b": \xff\xfe") + b"Content-Length: 6\r\n\r\nBody=a",
        POST.replace(b"urlencoded", b"urlencoded; charset*=utf-8''%00") + b"Content-Length: 6\r\n\r\nBody=a",
        POST.replace(b"inbound", b"inbound?%ff%00") + b"Content-Length: 0\r\n\r\n",
    ],
)
def test_a_garbage_request_is_refused_and_the_next_text_is_accepted(site, sent):
    with socket.create_connection(("127.0.0.1", site.port), 20) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while more := connection.recv(65_536):
            answer += more
    assert re.match(rb"HTTP/1\.1 4\d\d |$", answer)
    assert site.text(ADA, "Hello") == ""
    assert site.count("inbox_messages") == 1
