"""Signed posts from many connections at once, as Twilio makes them: for end-to-end tests and benchmarks.

Requests are prepared beforehand and responses parsed by hand, so that measuring itself costs little.
"""

import socket
import statistics
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from twilio.request_validator import RequestValidator

FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Answer:
    """`seconds` is the time from the first byte out to the last byte in."""

    status: int
    body: bytes
    seconds: float


def signed_post(port: int, token: str, path: str, fields: Mapping[str, str]) -> bytes:
    """The bytes of a form posted to a server on `port`, signed as Twilio would sign it for that address."""
    signature = RequestValidator(token).compute_signature(f"http://127.0.0.1:{port}{path}", fields)
    return request(port, "POST", path, urlencode(fields).encode(), {"X-Twilio-Signature": signature})


def request(port: int, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> bytes:
    """The bytes of a request; its body, if any, is a form."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", f"Content-Length: {len(body)}"]
    lines += [f"Content-Type: {FORM}"] if body else []
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


class Line:
    """One connection, kept open between requests, and opened again if the server has closed it."""

    def __init__(self, port: int, patience: float = 60) -> None:
        self.port = port
        self.patience = patience
        self.socket: socket.socket | None = None

    def ask(self, sent: bytes) -> Answer:
        started = time.perf_counter()
        head, body = self._exchange(sent)
        return Answer(int(head[9:12]), body, time.perf_counter() - started)

    def close(self) -> None:
        if self.socket is not None:
            self.socket.close()
            self.socket = None

    def _exchange(self, sent: bytes) -> tuple[bytes, bytes]:
        is_kept = self.socket is not None
        if self.socket is None:
            self.socket = socket.create_connection(("127.0.0.1", self.port), self.patience)
        try:
            self.socket.sendall(sent)
            return self._read(self.socket)
        except ConnectionError:
            self.close()
            # An idle connection may be closed just as it is used; for a new one that is an error.
            if not is_kept:
                raise
            return self._exchange(sent)

    def _read(self, connection: socket.socket) -> tuple[bytes, bytes]:
        received = b""
        while b"\r\n\r\n" not in received:
            received += _more(connection)
        head, _, body = received.partition(b"\r\n\r\n")
        lowered = head.lower()
        _, _, length = lowered.partition(b"\r\ncontent-length:")
        missing = int(length.split(b"\r\n", 1)[0] or 0) - len(body)
        while missing > 0:
            more = _more(connection)
            body, missing = body + more, missing - len(more)
        if b"\r\nconnection: close" in lowered:
            self.close()
        return head, body


def _more(connection: socket.socket) -> bytes:
    received = connection.recv(65_536)
    if not received:
        raise ConnectionError("The server closed the connection before its answer was complete")
    return received


def post_all(port: int, lanes: Iterable[Iterable[bytes]]) -> tuple[float, list[list[Answer]]]:
    """Send the requests of each lane one after the other, all lanes at once.

    Returns the seconds it took, and each lane's answers in the order of its requests.
    """
    sent = list(lanes)
    answers: list[list[Answer]] = [[] for _ in sent]
    troubles: list[Exception] = []
    start = threading.Barrier(len(sent) + 1)

    def play(number: int) -> None:
        line = Line(port)
        start.wait()
        try:
            answers[number].extend(map(line.ask, sent[number]))
        except Exception as trouble:  # noqa: BLE001 - raised below, in the waiting thread
            troubles.append(trouble)
        finally:
            line.close()

    players = [threading.Thread(target=play, args=(number,), daemon=True) for number in range(len(sent))]
    for player in players:
        player.start()
    start.wait()
    started = time.perf_counter()
    for player in players:
        player.join()
    if troubles:
        raise troubles[0]
    return time.perf_counter() - started, answers


def describe(answers: Iterable[Answer]) -> str:
    """The latencies in milliseconds: "median 12 ms, p95 30 ms, p99 41 ms, worst 80 ms"."""
    seconds = [answer.seconds for answer in answers]
    cuts = statistics.quantiles(seconds, n=100)
    named = {"median": cuts[49], "p95": cuts[94], "p99": cuts[98], "worst": max(seconds)}
    return ", ".join(f"{name} {1000 * value:.0f} ms" for name, value in named.items())
