import logging
import re
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone

import pytest

from messaging import backends
from messaging.backends import OutcomeUnknown, Refused, SendError, SendResult, TryLater, connections, get_backend
from messaging.backends.base import CALLBACK_OVERRIDES
from tests.twilio_standin import ACCOUNT_SID, AUTH_TOKEN, FROM_NUMBER, MESSAGING_SERVICE_SID, TwilioStandin, faults
from tests.twilio_standin.account import Account

TO = "+17205550123"
CALLBACK = "https://sms.example.org/webhooks/twilio/status/7"


@pytest.fixture(autouse=True)
def twilio(settings):
    """The stand-in, and settings that make it the provider."""
    settings.SMS_BACKEND = "messaging.backends.twilio.TwilioBackend"
    settings.TWILIO_ACCOUNT_SID = ACCOUNT_SID
    settings.TWILIO_AUTH_TOKEN = AUTH_TOKEN
    settings.TWILIO_FROM_NUMBER = FROM_NUMBER
    settings.TWILIO_MESSAGING_SERVICE_SID = ""
    with TwilioStandin() as server:
        settings.TWILIO_API_BASE_URL = server.url
        yield server


def send(to=TO, body="Hello", status_callback=None):
    return get_backend().send(to, body, status_callback)


def sent_to(twilio):
    return [message.to for message in twilio.messages]


def test_a_text_is_accepted_with_its_sid_status_and_segments(twilio):
    result = send(body="[" * 81)
    [message] = twilio.messages
    assert result == SendResult(message.sid, "queued", 2)
    assert (message.to, message.from_, message.body) == (TO, FROM_NUMBER, "[" * 81)
    assert message.messaging_service_sid is None
    assert message.status_callback is None


@pytest.mark.parametrize("body", ["Grüße, 你好 😀 & = + % \r\n\0", "x" * 1600, "😀" * 800])
def test_any_text_arrives_unchanged(twilio, body):
    send(body=body)
    assert twilio.messages[0].body == body


def test_the_status_callback_asks_twilio_to_retry(twilio):
    send(status_callback=CALLBACK)
    assert twilio.messages[0].status_callback == f"{CALLBACK}{CALLBACK_OVERRIDES}"


def test_a_messaging_service_chooses_the_sender_and_reports_no_segments(twilio, settings):
    settings.TWILIO_FROM_NUMBER = ""
    settings.TWILIO_MESSAGING_SERVICE_SID = MESSAGING_SERVICE_SID
    result = send()
    assert (result.status, result.segments) == ("accepted", None)
    assert (twilio.messages[0].from_, twilio.messages[0].messaging_service_sid) == (None, MESSAGING_SERVICE_SID)


def test_a_number_set_besides_a_messaging_service_is_sent_too(twilio, settings):
    settings.TWILIO_MESSAGING_SERVICE_SID = MESSAGING_SERVICE_SID
    send()
    assert (twilio.messages[0].from_, twilio.messages[0].messaging_service_sid) == (
        FROM_NUMBER,
        MESSAGING_SERVICE_SID,
    )


@pytest.mark.parametrize(
    ("to", "code"),
    [
        ("+15005550001", 21211),
        ("+15005550002", 21612),
        ("+15005550003", 21408),
        ("+15005550004", 21610),
        ("+15005550009", 21614),
        ("720", 21265),
        ("", 21604),
        (FROM_NUMBER, 21266),
    ],
)
def test_a_number_refused_by_twilio_has_its_error_code(twilio, to, code):
    with pytest.raises(Refused) as refusal:
        send(to=to)
    assert refusal.value.code == code
    assert refusal.value.message
    assert not refusal.value.message.startswith("Unable to create")
    assert twilio.messages == []


@pytest.mark.parametrize(("body", "code"), [("", 21602), ("x" * 1601, 21617)])
def test_a_text_refused_by_twilio_has_its_error_code(body, code):
    with pytest.raises(Refused) as refusal:
        send(body=body)
    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("number", "code"), [("+15005550001", 21212), ("+15005550007", 21606), ("+17205550101", 21606)]
)
def test_a_sender_refused_by_twilio_has_its_error_code(settings, number, code):
    settings.TWILIO_FROM_NUMBER = number
    with pytest.raises(Refused) as refusal:
        send()
    assert refusal.value.code == code


def test_a_missing_sender_has_its_error_code(settings):
    settings.TWILIO_FROM_NUMBER = ""
    with pytest.raises(Refused) as refusal:
        send()
    assert refusal.value.code == 21603


def test_a_wrong_token_has_its_error_code(settings):
    settings.TWILIO_AUTH_TOKEN = "wrong"
    with pytest.raises(Refused) as refusal:
        send()
    assert refusal.value.code == 20003


def test_a_wrong_account_has_its_error_code(twilio):
    backend = get_backend()
    backend._messages._uri = backend._messages._uri.replace(ACCOUNT_SID, "AC" + "9" * 32)
    with pytest.raises(Refused) as refusal:
        send()
    assert refusal.value.code == 20404


def test_a_callback_url_refused_by_twilio_has_its_error_code():
    with pytest.raises(Refused) as refusal:
        send(status_callback="http://under_score.example/x")
    assert refusal.value.code == 21609


def test_a_broken_character_is_refused_unsent(twilio):
    with pytest.raises(Refused, match="code None"):
        send(body="\ud83d")
    assert twilio.requests == 0


@pytest.mark.parametrize(("status", "code"), [(401, 20003), (403, 20403), (404, 20404), (400, None), (413, None)])
def test_a_refusal_without_json_is_recognized_by_its_http_status(twilio, status, code):
    twilio.faults.next(faults.bare(status))
    with pytest.raises(Refused) as refusal:
        send()
    assert refusal.value.code == code
    assert refusal.value.message == f"HTTP status {status}"


def test_a_refusal_in_rfc_9457_format_is_understood(twilio):
    body = b'{"type": "about:blank", "title": "Bad", "status": 400, "code": 21614, "detail": "A landline."}'
    twilio.faults.next(faults.Fault(accepted=False, status=400, body=body))
    with pytest.raises(Refused) as refusal:
        send()
    assert (refusal.value.code, refusal.value.message) == (21614, "A landline.")


def test_a_429_is_retried_later(twilio):
    twilio.faults.next(faults.too_many_requests())
    with pytest.raises(TryLater) as later:
        send()
    assert later.value.retry_after is None


@pytest.mark.parametrize(
    ("retry_after", "seconds"), [("7", 7.0), ("soon", None), ("-1", None), ("Sun, 06 Nov 1994 08:49:37 GMT", 0.0)]
)
def test_retry_after_is_passed_on(twilio, retry_after, seconds):
    twilio.faults.next(faults.too_many_requests(retry_after))
    with pytest.raises(TryLater) as later:
        send()
    assert later.value.retry_after == seconds


def test_retry_after_may_be_a_date(twilio):
    moment = datetime.now(UTC) + timedelta(hours=1)
    twilio.faults.next(faults.too_many_requests(f"{moment:%a, %d %b %Y %H:%M:%S} GMT"))
    with pytest.raises(TryLater) as later:
        send()
    assert 3500 < later.value.retry_after <= 3600


def test_a_429_without_json_is_retried_later(twilio):
    twilio.faults.next(faults.bare(429, headers=(("Retry-After", "3"),)))
    with pytest.raises(TryLater) as later:
        send()
    assert later.value.retry_after == 3.0


def test_exceeding_the_accounts_concurrency_is_retried_later(twilio):
    twilio.concurrency_limit = 0
    with pytest.raises(TryLater):
        send()


def test_an_earlier_retry_after_is_forgotten(twilio):
    twilio.faults.next(faults.too_many_requests("7"), faults.too_many_requests())
    with pytest.raises(TryLater):
        send()
    with pytest.raises(TryLater) as later:
        send()
    assert later.value.retry_after is None


def test_a_full_sender_queue_is_retried_later(settings):
    settings.TWILIO_FROM_NUMBER = "+15005550008"
    with pytest.raises(TryLater, match="queue"):
        send()


@pytest.mark.parametrize("accepted", [True, False])
@pytest.mark.parametrize(
    "fault",
    [
        lambda accepted: faults.server_error(500, accepted),
        lambda accepted: faults.server_error(503, accepted),
        lambda accepted: faults.bare(502, accepted),
        lambda accepted: faults.bare(408, accepted),
        lambda accepted: faults.bare(302, accepted, headers=(("Location", "/elsewhere"),)),
        lambda accepted: faults.dropped(accepted),
    ],
    ids=["500", "503", "502 without JSON", "408", "redirect", "dropped"],
)
def test_whether_a_text_was_accepted_is_unknown(twilio, fault, accepted):
    twilio.faults.next(fault(accepted))
    with pytest.raises(OutcomeUnknown):
        send()
    assert sent_to(twilio) == ([TO] if accepted else [])
    assert twilio.requests == 1


@pytest.mark.parametrize(
    "fault",
    [
        faults.truncated(),
        faults.garbage(),
        faults.garbage(b""),
        faults.garbage(b"null"),
        faults.garbage(b"[1]"),
        faults.garbage(b'"text"'),
        faults.garbage(b"{}"),
        faults.garbage(b"[" * 100_000),
        faults.garbage(b'{"sid": 7}'),
        faults.garbage(b'{"sid": "SM1"}'),
        faults.garbage(b'{"sid": "SM00000000000000000000000000000001", "date_created": 7}'),
        faults.without_sid(),
        faults.bare(200, accepted=True),
    ],
    ids=lambda fault: f"{fault.answer} {fault.status} {(fault.body or b'')[:30]!r}",
)
def test_an_unreadable_response_leaves_the_outcome_unknown(twilio, fault):
    twilio.faults.next(fault)
    with pytest.raises(OutcomeUnknown):
        send()
    assert sent_to(twilio) == [TO]
    assert twilio.requests == 1


@pytest.mark.parametrize("accepted", [True, False])
def test_a_slow_response_leaves_the_outcome_unknown(twilio, monkeypatch, accepted):
    monkeypatch.setattr(connections, "ANSWER_TIMEOUT", 0.05)
    twilio.faults.next(faults.slow(30, accepted))
    with pytest.raises(OutcomeUnknown, match="in time"):
        send()
    assert sent_to(twilio) == ([TO] if accepted else [])


def test_a_response_dropped_on_a_reused_connection_leaves_the_outcome_unknown(twilio):
    twilio.faults.next(None, faults.dropped(accepted=True))
    send()
    with pytest.raises(OutcomeUnknown):
        send()
    assert twilio.opened == 1


def test_a_connection_closed_while_idle_costs_nothing(twilio):
    send()
    twilio.close_connections()
    assert send().status == "queued"
    assert len(twilio.messages) == 2


def test_an_unreachable_server_is_retried_later(settings):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        settings.TWILIO_API_BASE_URL = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with pytest.raises(TryLater, match=r"127\.0\.0\.1 couldn't be reached"):
        send()


def test_a_server_without_tls_is_retried_later(twilio, settings):
    settings.TWILIO_API_BASE_URL = twilio.url.replace("http:", "https:")
    with pytest.raises(TryLater):
        send()
    assert twilio.requests == 0


def test_the_region_in_the_environment_does_not_change_the_url(twilio, monkeypatch):
    monkeypatch.setenv("TWILIO_REGION", "ie1")
    monkeypatch.setenv("TWILIO_EDGE", "dublin")
    assert send().status == "queued"


def test_the_default_url_is_twilios(settings):
    settings.TWILIO_API_BASE_URL = ""
    origins = [pool.origin for pool in get_backend()._http.pools]
    assert origins == ["https://api.twilio.com", "https://messaging.twilio.com"]


def test_logs_contain_sids_but_no_texts_numbers_or_tokens(twilio, caplog):
    caplog.set_level(logging.DEBUG)
    for fault in (None, faults.server_error(), faults.too_many_requests(), faults.dropped(accepted=True)):
        twilio.faults.next(fault)
        with suppress(SendError):
            send(body="A secret text")
    with pytest.raises(Refused):
        send(to="+15005550009", body="A secret text")
    assert re.search(r"request RQ[0-9a-f]{32}", caplog.text)
    for private in ("secret", TO, "+1500", AUTH_TOKEN, FROM_NUMBER):
        assert private not in caplog.text


@pytest.mark.parametrize("seed", range(3))
def test_each_outcome_is_true_with_many_threads_and_faults(twilio, settings, seed, make_phone):
    settings.SMS_CONCURRENCY = 8
    chances = {
        faults.too_many_requests("1"): 0.1,
        faults.refused(400, 21614): 0.1,
        faults.server_error(500): 0.05,
        faults.server_error(503, accepted=True): 0.05,
        faults.dropped(accepted=False): 0.05,
        faults.dropped(accepted=True): 0.05,
        faults.truncated(): 0.05,
        faults.garbage(): 0.05,
    }
    twilio.faults.at_random(chances, seed)

    def outcome(to):
        try:
            return to, send(to)
        except SendError as error:
            return to, error

    numbers = [make_phone() for _ in range(300)]
    with ThreadPoolExecutor(16) as threads:
        outcomes = dict(threads.map(outcome, numbers))
    on_record = {message.to: message.sid for message in twilio.messages}
    assert len(on_record) == len(twilio.messages)
    assert twilio.requests == len(numbers)
    assert twilio.most_in_flight <= 8
    for to, result in outcomes.items():
        if isinstance(result, SendResult):
            assert on_record[to] == result.sid
        elif not isinstance(result, OutcomeUnknown):
            assert to not in on_record
    assert {type(result) for result in outcomes.values()} == {SendResult, Refused, TryLater, OutcomeUnknown}


def test_the_list_shows_what_was_sent_to_a_number_newest_first(twilio):
    start = datetime.now(UTC)
    first, second = send(body="one"), send(body="two")
    send(to="+17205550124", body="other")
    found = get_backend().list_messages(TO, start)
    assert [(m.sid, m.to, m.body, m.status, m.error_code) for m in found] == [
        (second.sid, TO, "two", "queued", None),
        (first.sid, TO, "one", "queued", None),
    ]
    assert all(m.created_at.tzinfo is UTC for m in found)


def test_the_list_shows_errors(twilio):
    send()
    twilio.post_callback(twilio.messages[0], "undelivered", 30003)
    [found] = get_backend().list_messages(TO, datetime.now(UTC) - timedelta(minutes=1))
    assert (found.status, found.error_code) == ("undelivered", 30003)


@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=-7)), timezone(timedelta(hours=9))])
def test_the_list_starts_at_the_given_time_in_any_zone(twilio, zone):
    send()
    twilio.account.messages[0].created_at = datetime(2026, 7, 1, 12, 0, 0, 400_000, tzinfo=UTC)
    backend = get_backend()
    before = datetime(2026, 7, 1, 12, 0, 0, 900_000, tzinfo=UTC).astimezone(zone)
    assert len(backend.list_messages(TO, before)) == 1
    assert backend.list_messages(TO, before + timedelta(seconds=1)) == []


def test_the_list_requires_a_time_with_a_zone():
    with pytest.raises(ValueError, match="time zone"):
        get_backend().list_messages(TO, datetime(2026, 7, 1))


@pytest.mark.parametrize(
    "fault",
    [
        faults.server_error(),
        faults.too_many_requests(),
        faults.dropped(accepted=True),
        faults.garbage(),
        faults.truncated(),
        faults.bare(302),
        faults.Fault(accepted=True, status=200, body=b"[]"),
    ],
)
def test_an_unavailable_list_is_retried_later(twilio, fault):
    twilio.faults.next(fault)
    with pytest.raises(TryLater):
        get_backend().list_messages(TO, datetime.now(UTC))


def test_a_list_with_wrong_credentials_is_refused(settings):
    settings.TWILIO_AUTH_TOKEN = "wrong"
    with pytest.raises(Refused) as refusal:
        get_backend().list_messages(TO, datetime.now(UTC))
    assert refusal.value.code == 20003


def test_a_list_that_lags_is_empty_for_a_while(twilio):
    twilio.account.list_delay = timedelta(minutes=10)
    send()
    assert get_backend().list_messages(TO, datetime.now(UTC) - timedelta(minutes=1)) == []


def test_a_process_has_one_backend_until_the_settings_change(settings):
    first = get_backend()
    assert get_backend() is first
    assert first.concurrency == settings.SMS_CONCURRENCY
    settings.SMS_CONCURRENCY = 7
    assert get_backend() is not first
    assert get_backend().concurrency == 7


def test_a_forked_process_creates_its_own_backend():
    first = get_backend()
    backends._forget_in_child()
    assert get_backend() is not first
    first.close()


def test_the_stand_in_can_be_another_account(settings):
    account = Account(sid="AC" + "7" * 32, token="t" * 32, numbers=("+17205550177",))
    with TwilioStandin(account=account) as other:
        settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = account.sid, account.token
        settings.TWILIO_FROM_NUMBER, settings.TWILIO_API_BASE_URL = "+17205550177", other.url
        assert send().status == "queued"
