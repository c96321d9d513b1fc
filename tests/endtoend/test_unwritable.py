"""A database that can't be written for a while: Twilio has to try again, and monitors see why."""

import json
import select
import socket
import sqlite3
import threading
import urllib.error
import urllib.request
from contextlib import closing, contextmanager
from urllib.parse import urlsplit

import psycopg
import pytest

from tests import twilio_standin
from tests.messaging.inbound.inbound_texts import PATH, form
from tests.posting import Line, signed_post
from tests.processes import free_port, installation, is_listening, postgres_database, wait_until
from tests.twilio_standin import AUTH_TOKEN

pytestmark = pytest.mark.slow

PHONE = "+17205550123"
# After this, Twilio's own limit of 15 seconds leaves no time for a second try.
PATIENCE = 10
# More than the threads of one web process.
AT_ONCE = 6
ACCEPTED = f"from messaging.models import Delivery; Delivery.objects.create(pk=1, phone='{PHONE}', status='accepted')"


class Wire:
    """A connection to PostgreSQL that can be stalled without closing, as by a server that hangs."""

    def __init__(self, url):
        self._server = (urlsplit(url).hostname, urlsplit(url).port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = urlsplit(url)._replace(netloc=f"postgres@127.0.0.1:{self._listener.getsockname()[1]}").geturl()
        self.is_open = threading.Event()
        self.is_open.set()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._pass_on, args=(near,), daemon=True).start()

    def _pass_on(self, near):
        self.is_open.wait()
        with near, socket.create_connection(self._server) as far:
            other = {near: far, far: near}
            while True:
                for ready in select.select([near, far], [], [])[0]:
                    try:
                        data = ready.recv(65_536)
                        self.is_open.wait()
                        if not data:
                            return
                        other[ready].sendall(data)
                    except OSError:
                        return

    def close(self):
        self.is_open.set()
        self._listener.close()


@contextmanager
def write_lock(site):
    with closing(sqlite3.connect(site.folder / "sms.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


@contextmanager
def table_locks(site):
    with psycopg.connect(site.database_url) as other:
        other.execute("LOCK TABLE inbox_messages, inbox_threads, deliveries, write_probe IN EXCLUSIVE MODE")
        yield
        other.rollback()


@contextmanager
def hanging_server(site):
    site.wire.is_open.clear()
    yield
    site.wire.is_open.set()


OBSTACLES = {"SQLite": write_lock, "PostgreSQL": table_locks, "PostgreSQL that hangs": hanging_server}


@pytest.fixture(params=OBSTACLES)
def site(request, tmp_path):
    environment = {
        **twilio_standin.environment(free_port()),
        "SMS_BACKEND": "messaging.backends.locmem.LocmemBackend",
    }
    if request.param == "SQLite":
        with installation(tmp_path, **environment) as made:
            made.obstacle = lambda: write_lock(made)
            yield made
        return
    if not is_listening(5432):
        pytest.skip("PostgreSQL is not running on 127.0.0.1:5432")
    with postgres_database() as url:
        wire = Wire(url)
        with installation(tmp_path, url, **environment) as made:
            made.environment["DATABASE_URL"] = wire.url
            made.wire = wire
            made.obstacle = lambda: OBSTACLES[request.param](made)
            yield made
        wire.close()


def ask_ready(site):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{site.port}/health/ready", timeout=PATIENCE) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def post_at_once(site, requests):
    """The statuses of the answers. One that takes longer than PATIENCE is an error."""
    statuses, threads = [], []

    def post(sent):
        with closing(Line(site.port, PATIENCE)) as line:
            statuses.append(line.ask(sent).status)

    for sent in requests:
        threads.append(threading.Thread(target=post, args=(sent,)))
        threads[-1].start()
    for thread in threads:
        thread.join()
    return statuses


def texts(site):
    forms = [form(PHONE, f"Text {n}", MessageSid=f"SM{n:032x}") for n in range(AT_ONCE)]
    return [signed_post(site.port, AUTH_TOKEN, PATH, fields) for fields in forms]


def report(site, pk):
    fields = {"MessageSid": "SM" + "a" * 32, "MessageStatus": "delivered", "To": PHONE}
    return signed_post(site.port, AUTH_TOKEN, f"/webhooks/twilio/status/{pk}", fields)


def stored(site):
    rows = site.query("SELECT body FROM inbox_messages WHERE direction = 'inbound' ORDER BY body")
    return [body for (body,) in rows]


def test_requests_that_cannot_be_stored_get_503_in_time_and_are_stored_once_when_repeated(site):
    site.start_web(workers=1, threads=AT_ONCE + 2)
    site.run("text_in", PHONE, "Hello")
    site.run("shell", "-v0", "-c", ACCEPTED)
    # Afterwards all threads have a connection.
    assert post_at_once(site, [report(site, 999)] * AT_ONCE) == [204] * AT_ONCE
    with site.obstacle():
        assert post_at_once(site, [*texts(site), report(site, 1)]) == [503] * (AT_ONCE + 1)
    assert stored(site) == ["Hello"]
    assert site.query("SELECT status FROM deliveries WHERE id = 1") == [("accepted",)]

    wait_until(lambda: post_at_once(site, [report(site, 1)]) == [204], 30, "the database to be back")
    assert post_at_once(site, texts(site) * 2) == [200] * (2 * AT_ONCE)
    assert stored(site) == ["Hello", *(f"Text {n}" for n in range(AT_ONCE))]
    assert site.query("SELECT status FROM deliveries WHERE id = 1") == [("delivered",)]


def test_a_monitor_gets_its_answer_in_time(site):
    site.start_web(workers=1, threads=2)
    assert ask_ready(site)[1]["checks"]["writing"] == {"ok": True}
    with site.obstacle():
        # A result from a moment ago is still reported.
        wait_until(lambda: not ask_ready(site)[1]["checks"]["writing"]["ok"], 5, "the answer")
        code, answer = ask_ready(site)
    assert code == 503
    assert not answer["checks"]["writing"]["ok"]
    wait_until(lambda: ask_ready(site)[1]["checks"]["writing"]["ok"], 30, "the database to be back")
