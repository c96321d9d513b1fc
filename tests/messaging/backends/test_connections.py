import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.backends import OutcomeUnknown, Refused, TryLater, connections
from messaging.backends.connections import ConnectionPool, read_answer
from tests.twilio_standin import TwilioStandin


def answer_to(raw, seconds=5.0):
    """Reads the response `raw`, after which the server closes the connection."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(raw)
        theirs.shutdown(socket.SHUT_WR)
        return read_answer(ours, time.monotonic() + seconds)


@pytest.fixture
def server():
    with TwilioStandin() as server:
        yield server


@pytest.fixture
def make_pool():
    pools = []

    def make(url, size=2):
        pools.append(ConnectionPool(url, size))
        return pools[-1]

    yield make
    for pool in pools:
        pool.close()


def fetch(pool):
    return pool.request("GET", "/__record", {}, b"")


def test_a_response_with_a_length_is_read_and_the_connection_kept():
    answer, reusable = answer_to(b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\nRetry-After:  7 \r\n\r\nhi")
    assert (answer.status, answer.body, answer.headers["retry-after"]) == (201, b"hi", "7")
    assert reusable


def test_a_chunked_response_is_read():
    answer, reusable = answer_to(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: 1\r\n\r\n"
    )
    assert answer.body == b"abcde"
    assert reusable


def test_interim_responses_are_skipped():
    answer, _ = answer_to(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n")
    assert answer.status == 204


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nwhat is this?",
    ],
)
def test_a_closing_or_out_of_sync_connection_is_not_kept(raw):
    answer, reusable = answer_to(raw)
    assert answer.status == 200
    assert not reusable


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"HTTP/1.1 201 Cre",
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 201 Created\r\nContent-Length: 9\r\n\r\nhalf",
        b"HTTP/1.1 201 Created\r\nContent-Length: nine\r\n\r\n",
        b"HTTP/1.1 201 Created\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 201 Created\r\nContent-Length: 99999999999999\r\n\r\n",
        b"HTTP/1.1 201 Created\r\n\r\n",
        b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\n",
        b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"HTTP/1.1 201 Created\r\n" + b"X: " + b"y" * 100_000,
    ],
)
def test_an_unreadable_response_leaves_the_outcome_unknown(raw):
    with pytest.raises(OutcomeUnknown):
        answer_to(raw)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_response_or_an_unknown_outcome(tail):
    try:
        answer, _ = answer_to(b"HTTP/1.1 200 OK\r\n" + tail)
    except OutcomeUnknown:
        return
    assert answer.status == 200


def test_the_deadline_is_for_the_whole_response():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(b"HTTP/1.1 201 Created\r\n")
        with pytest.raises(OutcomeUnknown, match="in time"):
            read_answer(ours, time.monotonic() + 0.01)


def test_one_connection_serves_many_requests(server, make_pool):
    pool = make_pool(server.url)
    assert [fetch(pool).status for _ in range(5)] == [200] * 5
    assert server.opened == 1


def test_a_connection_closed_by_the_server_is_not_reused(server, make_pool):
    pool = make_pool(server.url)
    fetch(pool)
    server.close_connections()
    assert fetch(pool).status == 200
    assert server.opened == 2


def test_a_long_idle_connection_is_not_reused(server, make_pool, monkeypatch):
    pool = make_pool(server.url)
    fetch(pool)
    monkeypatch.setattr(connections, "MAX_IDLE", -1.0)
    assert fetch(pool).status == 200
    assert server.opened == 2


def test_there_are_never_more_connections_than_allowed(server, make_pool):
    server.latency = 0.01
    pool = make_pool(server.url, size=3)
    with ThreadPoolExecutor(12) as threads:
        assert [answer.status for answer in threads.map(lambda _: fetch(pool), range(24))] == [200] * 24
    assert server.opened == server.most_in_flight == 3


def test_a_refused_connection_is_certainly_not_accepted(make_pool):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(TryLater, match="couldn't be reached"):
        fetch(make_pool(f"http://127.0.0.1:{port}"))


def test_an_unknown_host_is_certainly_not_accepted(make_pool, monkeypatch):
    def fail(*args, **kwargs):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(TryLater, match=r"api\.example couldn't be reached \(Name or service not known\)"):
        fetch(make_pool("http://api.example"))


def test_a_connect_timeout_is_certainly_not_accepted(make_pool, monkeypatch):
    def hang(*args):
        raise TimeoutError

    monkeypatch.setattr(connections, "_open_socket", hang)
    with pytest.raises(TryLater, match="timed out"):
        fetch(make_pool("http://127.0.0.1"))


def test_the_next_address_is_tried_if_the_first_refuses(server, make_pool, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        closed = listener.getsockname()
    opened = ("127.0.0.1", int(server.url.rpartition(":")[2]))
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", address) for address in (closed, opened)]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: found)
    assert fetch(make_pool("http://two.example")).status == 200


def test_a_failed_tls_handshake_is_certainly_not_accepted(server, make_pool):
    with pytest.raises(TryLater, match="couldn't be reached"):
        fetch(make_pool(server.url.replace("http:", "https:")))
    assert server.requests == 0


def test_a_tls_handshake_timeout_is_certainly_not_accepted(make_pool, monkeypatch):
    monkeypatch.setattr(connections, "CONNECT_TIMEOUT", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(TryLater, match="timed out"):
        fetch(make_pool(f"https://127.0.0.1:{silent.getsockname()[1]}"))


def test_a_first_write_that_fails_is_certainly_not_accepted(make_pool, monkeypatch):
    pool = make_pool("http://127.0.0.1")
    ours, theirs = socket.socketpair()
    theirs.close()
    monkeypatch.setattr(pool, "_take", lambda: ours)
    with pytest.raises(TryLater, match="before the request was sent"):
        pool.request("POST", "/", {}, b"To=1")


def test_a_write_that_fails_halfway_has_an_unknown_outcome(make_pool, monkeypatch):
    monkeypatch.setattr(connections, "ANSWER_TIMEOUT", 0.05)
    pool = make_pool("http://127.0.0.1")
    ours, theirs = socket.socketpair()
    monkeypatch.setattr(pool, "_take", lambda: ours)
    with theirs, pytest.raises(OutcomeUnknown, match="while sending"):
        pool.request("POST", "/", {}, b"x" * 8_000_000)


@pytest.mark.parametrize(
    ("target", "headers"), [("/a b", {}), ("/", {"X": "a\r\nEvil: 1"}), ("/", {"X": "ü"}), ("/\n", {})]
)
def test_a_request_with_invalid_characters_is_refused_unsent(server, make_pool, target, headers):
    with pytest.raises(Refused):
        make_pool(server.url).request("GET", target, headers, b"")
    assert server.requests == 0


def test_an_interrupted_call_frees_its_connection_slot(server, make_pool):
    pool = make_pool(server.url, size=1)
    server.hang_up = True
    with pytest.raises((OutcomeUnknown, TryLater)):
        fetch(pool)
    server.hang_up = False
    assert fetch(pool).status == 200
