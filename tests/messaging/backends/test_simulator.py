import math
import re
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from django.http import HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from messaging.backends import Refused, get_backend, simulator
from messaging.backends.simulated_callbacks import RETRIES, CallbackPlayer
from messaging.webhooks import signatures

# Django closes old database connections at the start and end of each request.
pytestmark = pytest.mark.django_db

TO = "+17205550123"
CALLBACK = "http://testserver/status/7?x=1"
received = []
answers = []


@csrf_exempt
def status_view(request, number):
    received.append((number, signatures.is_genuine(request), request.POST.dict(), request.GET.dict()))
    return HttpResponse(status=answers.pop(0) if answers else 204)


urlpatterns = [path("status/<int:number>", status_view)]


@pytest.fixture(autouse=True)
def simulated(settings, monkeypatch, tmp_path):
    """The simulator without waits or its thread: tests trigger the callbacks."""
    settings.SMS_BACKEND = "messaging.backends.simulator.SimulatorBackend"
    settings.ROOT_URLCONF = __name__
    settings.STATIC_ROOT = str(tmp_path)
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    monkeypatch.setattr(CallbackPlayer, "_run", lambda player: None)
    received.clear()
    answers.clear()


def play():
    return get_backend().player.play(math.inf)


def statuses():
    return [(fields["MessageStatus"], fields.get("ErrorCode")) for _, _, fields, _ in received]


def test_it_identifies_itself_as_simulated():
    assert get_backend().is_simulated


def test_a_text_is_accepted_with_a_sid_like_twilios():
    result = get_backend().send(TO, "Hello", None)
    assert re.fullmatch("SM[0-9a-f]{32}", result.sid)
    assert result.status == "queued"


def test_responses_take_a_realistic_time(monkeypatch):
    waits = []
    monkeypatch.setattr(time, "sleep", waits.append)
    for _ in range(20):
        get_backend().send(TO, "Hello", None)
    assert all(0.06 <= wait <= 0.18 for wait in waits)
    assert len(waits) == 20


@pytest.mark.parametrize(
    ("to", "code"),
    [
        ("+15005550001", 21211),
        ("+15005550002", 21612),
        ("+15005550003", 21408),
        ("+15005550004", 21610),
        ("+15005550009", 21614),
    ],
)
def test_twilios_magic_numbers_are_refused(to, code):
    with pytest.raises(Refused) as refusal:
        get_backend().send(to, "Hello", CALLBACK)
    assert refusal.value.code == code
    assert play() == 0


def test_a_text_is_reported_as_sent_and_then_delivered_through_the_real_urls():
    result = get_backend().send(TO, "Hello", f"{CALLBACK}#rc=3")
    assert play() == 2
    assert statuses() == [("sent", None), ("delivered", None)]
    for number, is_genuine, fields, query in received:
        assert (number, is_genuine, query) == (7, True, {"x": "1"})
        assert (fields["MessageSid"], fields["SmsSid"], fields["To"]) == (result.sid, result.sid, TO)
        assert fields["SmsStatus"] == fields["MessageStatus"]
        assert {"AccountSid", "ApiVersion", "From"} <= fields.keys()


@pytest.mark.parametrize(
    ("to", "code"), [("+13035550199", "30003"), ("+17205550198", "30005"), (TO[:-2] + "97", "30007")]
)
def test_some_fictional_numbers_are_unreachable(to, code):
    get_backend().send(to, "Hello", CALLBACK)
    play()
    assert statuses() == [("sent", None), ("undelivered", code)]


def test_a_real_number_with_such_an_ending_is_reachable():
    get_backend().send("+17203830199", "Hello", CALLBACK)
    play()
    assert statuses()[-1] == ("delivered", None)


def test_nothing_is_reported_without_a_callback_url():
    get_backend().send(TO, "Hello", None)
    assert play() == 0


def test_nothing_is_reported_early():
    get_backend().send(TO, "Hello", CALLBACK)
    assert get_backend().player.play(time.monotonic()) == 0
    assert received == []


def test_a_report_that_got_an_error_is_retried_but_not_forever():
    answers.extend([500] * 20)
    get_backend().send(TO, "Hello", CALLBACK)
    played = [play() for _ in range(10)]
    assert sum(played) == len(received) == 2 * (1 + RETRIES)
    assert played[-1] == 0


def test_a_rejected_report_is_logged_and_harms_nothing(caplog):
    get_backend().send(TO, "Hello", "http://testserver/nowhere")
    get_backend().send(TO, "Hello", "http://other.example/status/7")
    assert play() == 4
    assert caplog.text.count("HTTP status 404") == 2
    assert caplog.text.count("HTTP status 400") == 2


def test_a_failing_view_harms_nothing(settings, monkeypatch, caplog):
    settings.DEBUG_PROPAGATE_EXCEPTIONS = True
    monkeypatch.setattr(signatures, "is_genuine", lambda request: 1 / 0)
    get_backend().send(TO, "Hello", CALLBACK)
    assert play() == 2
    assert "Simulated callback for SM" in caplog.text


def test_behind_a_proxy_with_https_the_report_is_no_redirect(settings):
    settings.PUBLIC_BASE_URL = "https://testserver"
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    get_backend().send(TO, "Hello", CALLBACK.replace("http:", "https:"))
    play()
    assert [is_genuine for _, is_genuine, _, _ in received] == [True, True]


def test_the_list_shows_sent_texts_with_their_status():
    start = datetime.now(UTC)
    first = get_backend().send(TO, "one", None)
    second = get_backend().send("+17205550198", "two", CALLBACK)
    play()
    [found] = get_backend().list_messages(TO, start)
    assert (found.sid, found.body, found.status) == (first.sid, "one", "queued")
    [found] = get_backend().list_messages("+17205550198", start)
    assert (found.sid, found.status, found.error_code) == (second.sid, "undelivered", 30005)
    assert get_backend().list_messages(TO, start + timedelta(minutes=1)) == []


def test_memory_does_not_grow_with_sent_texts(monkeypatch):
    monkeypatch.setattr(simulator, "REMEMBERED", 3)
    for number in range(5):
        get_backend().send(TO, str(number), None)
    found = get_backend().list_messages(TO, datetime.now(UTC) - timedelta(minutes=1))
    assert [message.body for message in found] == ["4", "3", "2"]


def test_one_thread_makes_all_reports_until_stopped(monkeypatch):
    monkeypatch.undo()
    played = []
    done = threading.Event()

    def note(sid, status, error_code):
        played.append((sid, threading.current_thread()))
        if len(played) == 3:
            done.set()

    player = CallbackPlayer(note)
    monkeypatch.setattr(player, "post", lambda url, fields: 204)
    for number in range(3):
        player.plan(0.0, CALLBACK, {"MessageSid": f"SM{number}", "MessageStatus": "sent"})
    assert done.wait(10)
    thread = played[0][1]
    assert [played_by for _, played_by in played] == [thread] * 3
    assert thread.daemon
    player.stop()
    assert not thread.is_alive()
