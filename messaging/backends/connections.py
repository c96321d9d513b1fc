"""HTTP/1.1 to one server over persistent connections, distinguishing "not sent" from "outcome unknown".

    no connection, no TLS, first write failed       TryLater: the server can't have a complete request
    later failures, or an unreadable response       OutcomeUnknown: the server may have acted on the request

Why not urllib3, which is installed anyway:

    It raises the same ProtocolError whether the connection broke before or after the request was sent. For us, that
    is the difference between retrying and texting someone twice.
    Its timeouts apply to each read. A server that trickles its response byte by byte can hold a call for hours; here,
    the whole call has a deadline.
    It takes 0.19 ms of CPU time per request, this 0.02 ms. With urllib3, a text would take a fifth more than the
    0.9 ms that bench.blast shows.

Proxy settings in the environment are ignored; use TWILIO_API_BASE_URL instead.
"""

import re
import select
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urlsplit

import certifi

from messaging.backends.base import OutcomeUnknown, Refused, TryLater

CONNECT_TIMEOUT = 5.0
ANSWER_TIMEOUT = 15.0
#: A connection that has been idle for longer isn't reused, because the server may be about to close it.
MAX_IDLE = 5.0
MAX_HEAD = 65_536
MAX_BODY = 32 * 1024 * 1024

_STATUS_LINE = re.compile(rb"HTTP/1\.([01]) (\d{3})(?: |$)")


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP response, with header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class ConnectionPool:
    """At most `size` connections to the server of `base_url`. A call waits until one is free."""

    def __init__(self, base_url: str, size: int) -> None:
        parts = urlsplit(base_url)
        self.origin = f"{parts.scheme}://{parts.netloc}"
        self._host_header = parts.netloc.rpartition("@")[2]
        self._host = parts.hostname or ""
        self._is_tls = parts.scheme == "https"
        self._port = parts.port or (443 if self._is_tls else 80)
        self._slots = threading.BoundedSemaphore(size)
        self._lock = threading.Lock()
        self._idle: list[tuple[socket.socket, float]] = []

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        # Also trusts the system's certificate authorities, so that a company's proxy works.
        context = ssl.create_default_context()
        context.load_verify_locations(certifi.where())
        return context

    def request(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Sends one request, once, and returns the response, whatever its status.

        Raises Refused if the request contains invalid characters, and TryLater and OutcomeUnknown as above.
        """
        lines = [f"{method} {target} HTTP/1.1", f"Host: {self._host_header}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if method != "GET":
            lines.append(f"Content-Length: {len(body)}")
        if " " in target or not all(line.isascii() and line.isprintable() for line in lines):
            raise Refused(None, "The request contains characters that HTTP doesn't allow. Check the Twilio settings.")
        data = "\r\n".join([*lines, "", ""]).encode("ascii") + body
        with self._slots:
            connection = self._take() or self._connect()
            deadline = time.monotonic() + ANSWER_TIMEOUT
            try:
                self._write(connection, data)
                answer, reusable = read_answer(connection, deadline)
            except BaseException:
                connection.close()
                raise
            if reusable:
                self._keep(connection)
            else:
                connection.close()
        return answer

    def _take(self) -> socket.socket | None:
        """The most recently used connection that the server hasn't closed."""
        oldest = time.monotonic() - MAX_IDLE
        with self._lock:
            while self._idle:
                connection, since = self._idle.pop()
                # If an idle connection is readable, the server has closed it.
                if since > oldest and not _is_readable(connection):
                    return connection
                connection.close()
        return None

    def _keep(self, connection: socket.socket) -> None:
        now = time.monotonic()
        with self._lock:
            while self._idle and self._idle[0][1] < now - MAX_IDLE:
                self._idle.pop(0)[0].close()
            self._idle.append((connection, now))

    def _connect(self) -> socket.socket:
        try:
            connection = _open_socket(self._host, self._port, time.monotonic() + CONNECT_TIMEOUT)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._is_tls:
                connection = self._tls.wrap_socket(connection, server_hostname=self._host)
        except (OSError, UnicodeError) as error:
            raise TryLater(f"{self._host} couldn't be reached ({_describe(error)}).") from None
        return connection

    def _write(self, connection: socket.socket, data: bytes) -> None:
        connection.settimeout(ANSWER_TIMEOUT)
        try:
            written = connection.send(data)
        except OSError as error:
            # If the first write fails, no byte was sent (over TLS: no complete record).
            raise TryLater(
                f"The connection to {self._host} was lost before the request was sent ({_describe(error)})."
            ) from None
        try:
            if written < len(data):
                connection.sendall(data[written:])
        except OSError as error:
            raise OutcomeUnknown(
                f"The connection to {self._host} was lost while sending ({_describe(error)})."
            ) from None

    def close(self) -> None:
        """Closes the idle connections. Those in use close when their calls end."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection, _ in idle:
            connection.close()


def _open_socket(host: str, port: int, deadline: float) -> socket.socket:
    """Connects to the first address of `host` that responds.

    Unlike the timeout of socket.create_connection, `deadline` is for all addresses together, so that a call has a
    known maximum duration. Raises OSError or UnicodeError.
    """
    addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    for index, (family, kind, protocol, _, address) in enumerate(addresses):
        connection = socket.socket(family, kind, protocol)
        try:
            left = deadline - time.monotonic()
            connection.settimeout(max(0.1, left / (len(addresses) - index)))
            connection.connect(address)
            connection.settimeout(max(0.1, deadline - time.monotonic()))
        except OSError as error:
            connection.close()
            failure = error
        except BaseException:
            connection.close()
            raise
        else:
            return connection
    raise failure


def _is_readable(connection: socket.socket) -> bool:
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    return bool(poll.poll(0))


def _describe(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "timed out"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate isn't trusted: {error.verify_message}"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


class _Reader:
    """Reads bytes from a socket until a deadline. Raises OutcomeUnknown if they end too early for any reason."""

    def __init__(self, connection: socket.socket, deadline: float) -> None:
        self.connection = connection
        self.deadline = deadline
        self.buffer = b""

    def more(self) -> None:
        remaining = self.deadline - time.monotonic()
        try:
            if remaining <= 0:
                raise TimeoutError
            self.connection.settimeout(remaining)
            data = self.connection.recv(65_536)
        except TimeoutError:
            raise OutcomeUnknown("Twilio didn't respond in time.") from None
        except OSError as error:
            raise OutcomeUnknown(f"The connection was lost before Twilio responded ({_describe(error)}).") from None
        if not data:
            raise OutcomeUnknown("The connection was closed before Twilio's response was complete.")
        self.buffer += data

    def until(self, end: bytes, limit: int) -> bytes:
        while (at := self.buffer.find(end)) < 0:
            if len(self.buffer) > limit:
                raise OutcomeUnknown("Twilio's response couldn't be read: it is too long.")
            self.more()
        found, self.buffer = self.buffer[:at], self.buffer[at + len(end) :]
        return found

    def exactly(self, length: int) -> bytes:
        if length > MAX_BODY:
            raise OutcomeUnknown("Twilio's response couldn't be read: it is too long.")
        chunks, missing = [self.buffer], length - len(self.buffer)
        while missing > 0:
            self.buffer = b""
            self.more()
            chunks.append(self.buffer)
            missing -= len(self.buffer)
        whole = b"".join(chunks)
        self.buffer = whole[length:]
        return whole[:length]


def read_answer(connection: socket.socket, deadline: float) -> tuple[Answer, bool]:
    """The response, and whether the connection can be reused (RFC 9112).

    `deadline` is a time.monotonic() value for the whole response. Raises OutcomeUnknown.
    """
    reader = _Reader(connection, deadline)
    while True:
        first, *lines = reader.until(b"\r\n\r\n", MAX_HEAD).split(b"\r\n")
        matched = _STATUS_LINE.match(first)
        if not matched:
            raise OutcomeUnknown("Twilio's response couldn't be read: it isn't HTTP.")
        status = int(matched[2])
        if status >= 200:
            break
    headers: dict[str, str] = {}
    for line in lines:
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.lower()] = value.strip()
    length = headers.get("content-length", "")
    reusable = matched[1] == b"1" and "close" not in headers.get("connection", "").lower()
    try:
        if status in {204, 304}:
            body = b""
        elif "chunked" in headers.get("transfer-encoding", "").lower():
            body = _read_chunks(reader)
        elif length.isascii() and length.isdigit():
            body = reader.exactly(int(length))
        else:
            raise ValueError(length)
    except ValueError:
        raise OutcomeUnknown("Twilio's response couldn't be read: its length is missing.") from None
    return Answer(status, headers, body), reusable and not reader.buffer


def _read_chunks(reader: _Reader) -> bytes:
    chunks: list[bytes] = []
    total = 0
    while length := int(reader.until(b"\r\n", MAX_HEAD).partition(b";")[0], 16):
        total += length
        if total > MAX_BODY or length < 0:
            raise ValueError(length)
        chunks.append(reader.exactly(length + 2)[:-2])
    while reader.until(b"\r\n", MAX_HEAD):
        pass
    return b"".join(chunks)
