"""Tests of the stand-in itself, on which all other tests of Twilio rely."""

import base64
import http.client
import json
import socket
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from tests.twilio_standin import ACCOUNT_SID, AUTH_TOKEN, FROM_NUMBER, MESSAGING_SERVICE_SID, TwilioStandin, faults
from tests.twilio_standin.account import is_callback_url, segments

TO = "+17205550123"
PATH = f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages"
VALID = {"To": TO, "From": FROM_NUMBER, "Body": "Hello"}
FIELDS = [
    "account_sid", "api_version", "body", "date_created", "date_sent", "date_updated", "direction", "error_code",
    "error_message", "from", "messaging_service_sid", "num_media", "num_segments", "price", "price_unit", "sid",
    "status", "subresource_uris", "to", "uri",
]  # fmt: skip


@pytest.fixture
def twilio():
    with TwilioStandin() as server:
        yield server


@pytest.fixture
def sdk(twilio):
    """Twilio's unmodified SDK, with its own HTTP client."""
    client = Client(ACCOUNT_SID, AUTH_TOKEN)
    client.api.base_url = twilio.url
    yield client
    client.http_client.session.close()


@pytest.fixture
def webhook():
    """A web server that records posts and responds with `answers`, then 204."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            server.received.append((self.path, dict(self.headers), dict(parse_qs(body, keep_blank_values=True))))
            server.arrived.release()
            self.send_response(server.answers.pop(0) if server.answers else 204)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.received, server.answers, server.arrived = [], [], threading.Semaphore(0)
    server.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def call(twilio, method="POST", path=f"{PATH}.json", fields=VALID, headers=(), login=(ACCOUNT_SID, AUTH_TOKEN)):
    """One plain request: (status, headers, JSON)."""
    connection = http.client.HTTPConnection("127.0.0.1", int(twilio.url.rpartition(":")[2]), timeout=10)
    authorization = base64.b64encode(":".join(login).encode()).decode()
    sent = {"Authorization": f"Basic {authorization}", "Content-Type": "application/x-www-form-urlencoded"}
    connection.request(
        method, path, urlencode(fields, doseq=True) if method == "POST" else None, sent | dict(headers)
    )
    answer = connection.getresponse()
    body = json.loads(answer.read())
    connection.close()
    return answer.status, answer.headers, body


def refusal(twilio, **changes):
    status, _, body = call(twilio, fields={k: v for k, v in (VALID | changes).items() if v is not None})
    assert body["status"] == status
    assert body["more_info"].endswith(str(body["code"]))
    assert twilio.messages == []
    return status, body["code"]


def test_an_accepted_message_is_described_in_full(twilio):
    status, headers, body = call(twilio)
    assert status == 201
    assert sorted(body) == FIELDS
    assert (body["to"], body["from"], body["body"]) == (TO, FROM_NUMBER, "Hello")
    assert (body["status"], body["num_segments"], body["num_media"]) == ("queued", "1", "0")
    assert body["date_sent"] is body["price"] is body["error_code"] is body["messaging_service_sid"] is None
    assert body["uri"] == f"{PATH}/{body['sid']}.json"
    assert headers["Twilio-Request-Id"].startswith("RQ")
    assert headers["Twilio-Concurrent-Requests"] == "1"


def test_a_messaging_service_leaves_sender_and_segments_open(twilio):
    _, _, body = call(twilio, fields={"To": TO, "MessagingServiceSid": MESSAGING_SERVICE_SID, "Body": "Hello"})
    assert (body["from"], body["num_segments"], body["status"]) == (None, "0", "accepted")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"To": None}, 21604),
        ({"To": "12"}, 21211),
        ({"To": "7203"}, 21265),
        ({"To": "(720) 555-0123"}, 21211),
        ({"To": FROM_NUMBER}, 21266),
        ({"To": "+15005550001"}, 21211),
        ({"To": "+15005550002"}, 21612),
        ({"To": "+15005550003"}, 21408),
        ({"To": "+15005550004"}, 21610),
        ({"To": "+15005550009"}, 21614),
        ({"From": None}, 21603),
        ({"From": "7205550100"}, 21212),
        ({"From": "+17205550101"}, 21606),
        ({"From": "+15005550001"}, 21212),
        ({"From": "+15005550007"}, 21606),
        ({"From": "+15005550008"}, 21611),
        ({"MessagingServiceSid": "MG1"}, 21705),
        ({"MessagingServiceSid": MESSAGING_SERVICE_SID, "From": "+17205550101"}, 21711),
        ({"Body": None}, 21602),
        ({"Body": "x" * 1601}, 21617),
        ({"StatusCallback": "sms.example.org/x"}, 21609),
        ({"StatusCallback": "https://my_host.example.org/x"}, 21609),
        ({"ValidityPeriod": "0"}, 21624),
        ({"ValidityPeriod": "36001"}, 21624),
        ({"ScheduleType": "fixed"}, 35118),
        ({"Boddy": "x"}, 20001),
    ],
)
def test_a_bad_parameter_is_refused_with_twilios_code(twilio, changes, code):
    assert refusal(twilio, **changes) == (400, code)


def test_a_service_of_another_account_does_not_exist(twilio):
    assert refusal(twilio, MessagingServiceSid="MG" + "1" * 32) == (404, 21701)


def test_only_forms_are_read(twilio):
    status, _, body = call(twilio, headers={"Content-Type": "application/json"})
    assert (status, body["code"]) == (400, 21604)


@pytest.mark.parametrize("login", [("", ""), (ACCOUNT_SID, "wrong"), ("AC" + "1" * 32, AUTH_TOKEN)])
def test_wrong_credentials_are_refused(twilio, login):
    status, _, body = call(twilio, login=login)
    assert (status, body["code"]) == (401, 20003)


@pytest.mark.parametrize("path", ["/", f"/2010-04-01/Accounts/AC{'1' * 32}/Messages.json", f"{PATH}/SM1.json"])
def test_what_does_not_exist_is_not_found(twilio, path):
    status, _, body = call(twilio, method="GET", path=path)
    assert (status, body["code"]) == (404, 20404)


def test_the_unmodified_sdk_works(twilio, sdk):
    sent = sdk.messages.create(to=TO, from_=FROM_NUMBER, body="Hello")
    assert sdk.messages(sent.sid).fetch().body == "Hello"
    with pytest.raises(TwilioRestException) as refused:
        sdk.messages.create(to="+15005550004", from_=FROM_NUMBER, body="Hello")
    assert (refused.value.status, refused.value.code) == (400, 21610)


def test_the_list_is_paged_newest_first(twilio, sdk):
    for number in range(7):
        call(twilio, fields={**VALID, "Body": str(number)})
    call(twilio, fields={**VALID, "To": "+17205550124"})
    requests = twilio.requests
    assert [m.body for m in sdk.messages.list(to=TO, page_size=3)] == ["6", "5", "4", "3", "2", "1", "0"]
    assert twilio.requests - requests == 3
    assert len(sdk.messages.list(from_=FROM_NUMBER)) == 8
    assert sdk.messages.list(from_="+15005550006") == []


def test_incoming_texts_are_in_the_list_with_their_direction_and_media(twilio, sdk):
    call(twilio)
    twilio.account.receive(TO, "Hi", num_media=2)
    [got] = sdk.messages.list(to=FROM_NUMBER)
    assert (got.direction, got.from_, got.body, got.num_media, got.status) == ("inbound", TO, "Hi", "2", "received")
    assert got.subresource_uris["media"].endswith(f"/Messages/{got.sid}/Media.json")
    assert got.date_sent is not None
    assert [m.direction for m in sdk.messages.list()] == ["inbound", "outbound-api"]
    assert sdk.messages(got.sid).fetch().body == "Hi"
    assert len(twilio.messages) == 1


def test_another_process_can_put_an_incoming_text_on_record(twilio):
    connection = http.client.HTTPConnection("127.0.0.1", int(twilio.url.rpartition(":")[2]))
    connection.request("POST", "/__text", urlencode({"From": TO, "Body": "Hi", "Minutes": "20"}))
    sid = json.loads(connection.getresponse().read())["sid"]
    connection.close()
    [text] = twilio.account.received
    assert (text.sid, text.from_, text.body) == (sid, TO, "Hi")
    assert datetime.now(UTC) - text.created_at >= timedelta(minutes=20)


def test_the_date_sent_filter_only_finds_sent_texts(twilio, sdk):
    for _ in range(2):
        call(twilio)
    twilio.account.messages[0].sent_at = datetime(2026, 7, 1, 12, tzinfo=UTC)
    noon = datetime(2026, 7, 1, 12, tzinfo=UTC)
    assert len(sdk.messages.list(date_sent_after=noon)) == 1
    assert len(sdk.messages.list(date_sent_before=noon)) == 1
    assert len(sdk.messages.list(date_sent=noon)) == 1
    assert sdk.messages.list(date_sent_after=noon + timedelta(seconds=1)) == []


@pytest.mark.parametrize(
    ("query", "code"), [("DateSent=soon", 20001), ("X=1", 20001), ("PageSize=0", 20001), ("PageToken=PA1", 21481)]
)
def test_a_bad_filter_is_refused(twilio, query, code):
    status, _, body = call(twilio, method="GET", path=f"{PATH}.json?{query}")
    assert (status, body["code"]) == (400, code)


def test_more_requests_at_once_than_allowed_are_refused(twilio):
    twilio.concurrency_limit = 0
    status, _, body = call(twilio)
    assert (status, body["code"]) == (429, 20429)


def test_faults_apply_by_number_then_by_order_then_by_chance():
    script = faults.Script()
    first, second, third = faults.server_error(500), faults.server_error(503), faults.garbage()
    script.for_number(TO, first, None)
    script.next(second)
    assert [script.draw(TO) for _ in range(4)] == [first, None, second, None]
    script.at_random({first: 0.3, third: 0.3}, seed=1)
    drawn = [script.draw(TO) for _ in range(1000)]
    again = faults.Script()
    again.at_random({first: 0.3, third: 0.3}, seed=1)
    assert drawn == [again.draw(TO) for _ in range(1000)]
    assert 250 < drawn.count(first) < 350
    assert 250 < drawn.count(third) < 350


def test_callbacks_are_signed_and_formatted_like_twilios(twilio, webhook):
    call(twilio, fields={**VALID, "StatusCallback": f"{webhook.url}/status/7?x=1#rc=3&rp=ct,rt,5xx"})
    assert twilio.post_callbacks() == [204, 204]
    message = twilio.messages[0]
    assert [fields["MessageStatus"] for _, _, fields in webhook.received] == [["sent"], ["delivered"]]
    for path, headers, fields in webhook.received:
        assert path == "/status/7?x=1"
        assert fields["MessageSid"] == fields["SmsSid"] == [message.sid]
        plain = {name: values[0] for name, values in fields.items()}
        validator = RequestValidator(AUTH_TOKEN)
        assert validator.validate(f"{webhook.url}{path}", plain, headers["X-Twilio-Signature"])
    assert message.status == "delivered"
    assert message.sent_at is not None


def test_callbacks_can_report_errors_repeat_and_come_out_of_order(twilio, webhook):
    call(twilio, fields={**VALID, "StatusCallback": f"{webhook.url}/a"})
    call(twilio, fields={**VALID, "To": "+17205550124", "StatusCallback": f"{webhook.url}/b"})
    twilio.post_callbacks(error_codes={TO: 30003}, copies=2, shuffle_seed=3, workers=2)
    assert len(webhook.received) == 8
    final = {
        (fields["To"][0], fields["MessageStatus"][0], *fields.get("ErrorCode", []))
        for _, _, fields in webhook.received
    }
    assert final == {
        (TO, "sent"),
        (TO, "undelivered", "30003"),
        ("+17205550124", "sent"),
        ("+17205550124", "delivered"),
    }


@pytest.mark.parametrize(("fragment", "calls"), [("", 1), ("#rc=3&rp=ct,rt,5xx", 4), ("#rc=2&rp=ct", 1)])
def test_callbacks_are_retried_as_their_url_asks(twilio, webhook, fragment, calls):
    call(twilio, fields={**VALID, "StatusCallback": f"{webhook.url}/x{fragment}"})
    webhook.answers.extend([500] * 9)
    assert twilio.post_callback(twilio.messages[0], "sent") == 500
    assert len(webhook.received) == calls
    assert len({headers["I-Twilio-Idempotency-Token"] for _, headers, _ in webhook.received}) == 1


def test_an_unreachable_callback_url_is_reported(twilio):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/x"
    call(twilio, fields={**VALID, "StatusCallback": url})
    assert twilio.post_callback(twilio.messages[0], "sent") == 0


def test_callbacks_can_be_automatic(webhook):
    with TwilioStandin(callback_delay=(0.0, 0.001)) as twilio:
        call(twilio, fields={**VALID, "StatusCallback": f"{webhook.url}/x"})
        assert webhook.arrived.acquire(timeout=10)
        assert webhook.arrived.acquire(timeout=10)
    assert {fields["MessageStatus"][0] for _, _, fields in webhook.received} == {"sent", "delivered"}


@pytest.mark.parametrize(
    ("body", "count"),
    [("x" * 160, 1), ("x" * 161, 2), ("x" * 306, 2), ("€" * 80, 1), ("€" * 81, 2), ("你" * 70, 1), ("你" * 71, 2)],
)
def test_segments_are_counted_by_the_standard(body, count):
    assert segments(body) == count


@pytest.mark.parametrize(
    "url",
    [
        "ftp://a.example/",
        "https://",
        "https://a b.example/",
        "https://a.example:x/",
        "http://[",
        "http://a.example/ ",
    ],
)
def test_an_invalid_callback_url_is_noticed(url):
    assert not is_callback_url(url)


def test_it_runs_as_its_own_process():
    command = [sys.executable, "-m", "tests.twilio_standin", "--port", "0", "--latency", "0", "--rate-500", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            url = process.stdout.readline().split()[-1]
            connection = http.client.HTTPConnection("127.0.0.1", int(url.rpartition(":")[2]), timeout=10)
            connection.request("GET", "/__record?since=0")
            record = json.load(connection.getresponse())
            connection.close()
        finally:
            process.terminate()
        rest = process.stdout.read()
    assert record["accepted"] == 0
    assert record["messages"] == []
    assert "Accepted 0 messages in 1 requests." in rest
    assert process.returncode == 0
