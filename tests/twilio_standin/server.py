"""The HTTP server: an asyncio protocol on its own thread, about a tenth of a millisecond per request."""

import asyncio
import base64
import json
import queue
import random
import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http import HTTPStatus
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, parse_qsl

from tests.twilio_standin import resources
from tests.twilio_standin.account import API_VERSION, Account, Message, Refusal
from tests.twilio_standin.callbacks import Poster
from tests.twilio_standin.faults import Fault, Script

MAX_REQUEST = 1 << 20


class Connection(asyncio.Protocol):
    """One client connection: keep-alive, one request after the other."""

    transport: asyncio.Transport

    def __init__(self, server: "TwilioStandin") -> None:
        self.server = server
        self.buffer = b""
        self.busy = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]
        self.server.opened += 1
        self.server.connections.add(self)
        if self.server.hang_up:
            self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self.server.connections.discard(self)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if not self.busy:
            self.take_request()

    def take_request(self) -> None:
        head, end, rest = self.buffer.partition(b"\r\n\r\n")
        if not head[:1].isalpha():
            # Not HTTP: TLS, for example, starts with another byte.
            self.transport.abort()
        if not end:
            return
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        length = int(headers.get("content-length", "0"))
        if length > MAX_REQUEST or first.count(" ") != 2:
            self.transport.abort()
            return
        if len(rest) < length:
            return
        self.buffer, body = rest[length:], rest[:length]
        self.busy = True
        method, target, _ = first.split(" ")
        self.server.serve(self, method, target, headers, body)

    def answer(self, status: int, headers: Mapping[str, str], body: bytes, fault: Fault | None) -> None:
        """Write as much of the response as `fault` allows, then continue with the next request."""
        if self.transport.is_closing():
            return
        if fault and fault.answer == "none":
            self.transport.close()
            return
        phrase = HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else ""
        head = f"HTTP/1.1 {status} {phrase}\r\nContent-Length: {len(body)}\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        whole = head.encode("latin-1") + b"\r\n" + body
        if fault and fault.answer == "cut":
            self.transport.write(whole[: len(whole) - len(body) // 2])
            self.transport.close()
            return
        self.transport.write(whole)
        self.busy = False
        if self.buffer:
            self.take_request()


class TwilioStandin:
    """The stand-in as a context manager; `url` is what TWILIO_API_BASE_URL takes.

    `latency` is in seconds. With `concurrency_limit`, more requests at once are answered 429 with 20429. With
    `callback_delay` (least, most seconds) every accepted message calls back "sent" and then "delivered" by
    itself.
    """

    def __init__(
        self,
        *,
        account: Account | None = None,
        port: int = 0,
        latency: float = 0.0,
        concurrency_limit: int | None = None,
        callback_delay: tuple[float, float] | None = None,
        callback_workers: int = 2,
    ) -> None:
        self.account = account or Account()
        self.faults = Script()
        self.latency = latency
        self.concurrency_limit = concurrency_limit
        self.hang_up = False
        self.clock_ahead = timedelta()
        self.requests = 0
        self.opened = 0
        self.in_flight = 0
        self.most_in_flight = 0
        self.last_headers: dict[str, str] = {}
        self.connections: set[Connection] = set()
        self.poster = Poster(self.account)
        self._port = port
        self._callback_delay = callback_delay
        self._callback_workers = callback_workers if callback_delay else 0
        self._due: queue.SimpleQueue[tuple[Message, str] | None] = queue.SimpleQueue()
        self._authorization = (
            "Basic " + base64.b64encode(f"{self.account.sid}:{self.account.token}".encode()).decode()
        )
        self._messages_path = f"/{API_VERSION}/Accounts/{self.account.sid}/Messages"
        self._numbers_path = f"/{API_VERSION}/Accounts/{self.account.sid}/IncomingPhoneNumbers/"
        self._random = random.Random(0)
        self._ready = threading.Event()
        self._threads: list[threading.Thread] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def messages(self) -> list[Message]:
        """The accepted messages, oldest first, as a copy that no thread changes."""
        return list(self.account.messages)

    def __enter__(self) -> Self:
        self._threads = [threading.Thread(target=self._run, name="twilio-standin", daemon=True)]
        self._threads += [
            threading.Thread(target=self._call_back, daemon=True) for _ in range(self._callback_workers)
        ]
        for thread in self._threads:
            thread.start()
        self._ready.wait(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for _ in range(self._callback_workers):
            self._due.put(None)
        self._loop.call_soon_threadsafe(self._stop.set)
        for thread in self._threads:
            thread.join(10)
        self.poster.close()

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        server = await self._loop.create_server(lambda: Connection(self), "127.0.0.1", self._port, backlog=512)
        self._port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        self._abort_connections()
        await asyncio.sleep(0)

    def _abort_connections(self) -> None:
        for connection in list(self.connections):
            connection.transport.abort()

    def close_connections(self) -> None:
        """Close every open connection, as servers do with idle ones, and wait until they are closed."""

        async def close() -> None:
            for connection in list(self.connections):
                connection.transport.close()
            while self.connections:
                await asyncio.sleep(0)

        asyncio.run_coroutine_threadsafe(close(), self._loop).result(10)

    # One request ---------------------------------------------------------------------------------------------

    def serve(self, connection: Connection, method: str, target: str, headers: dict[str, str], body: bytes) -> None:
        self.requests += 1
        self.last_headers = headers
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        answer_headers = {
            "Content-Type": "application/json;charset=utf-8",
            "Twilio-Concurrent-Requests": str(self.in_flight),
            "Twilio-Request-Id": f"RQ{self.requests:032x}",
            "Twilio-Request-Duration": f"{self.latency:.3f}",
            "X-Home-Region": "us1",
            "X-API-Domain": "api.twilio.com",
            "Date": format_datetime(datetime.now(UTC) + self.clock_ahead, usegmt=True),
            "Strict-Transport-Security": "max-age=31536000",
        }
        path, _, query = target.partition("?")
        fault: Fault | None = None
        try:
            if path == "/__record":
                status, answer = 200, self._record(query)
            elif path == "/__text":
                status, answer = 200, self._take_text(body)
            else:
                self._check(path, headers)
                status, answer, fault = self._route(method, path, query, headers, body)
        except Refusal as refusal:
            status, answer = refusal.status, refusal.body()
        if fault:
            answer_headers.update(fault.headers)
            status = fault.status
            if fault.body is not None:
                answer = fault.body
            elif fault.code:
                answer = Refusal(status, fault.code, f"Error {fault.code}").body()
        delay = self.latency + (fault.delay if fault else 0)
        if delay:
            self._loop.call_later(delay, self._finish, connection, status, answer_headers, answer, fault)
        else:
            self._finish(connection, status, answer_headers, answer, fault)

    def _finish(
        self,
        connection: Connection,
        status: int,
        headers: Mapping[str, str],
        body: bytes,
        fault: Fault | None,
    ) -> None:
        self.in_flight -= 1
        connection.answer(status, headers, body, fault)

    def _check(self, path: str, headers: Mapping[str, str]) -> None:
        if headers.get("authorization") != self._authorization:
            raise Refusal(401, 20003, "Authenticate")
        if resources.find(self.account, path, "") is None and not path.startswith(
            (f"{self._messages_path}.json", f"{self._messages_path}/", self._numbers_path)
        ):
            raise Refusal(404, 20404, f"The requested resource {path} was not found")
        if self.concurrency_limit is not None and self.in_flight > self.concurrency_limit:
            raise Refusal(429, 20429, "Too Many Requests")

    def _route(
        self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, bytes, Fault | None]:
        if method == "GET" and (found := resources.find(self.account, path, query)) is not None:
            return 200, json.dumps(found).encode(), None
        if method == "POST" and not path.startswith(self._messages_path):
            form = dict(parse_qsl(body.decode(), keep_blank_values=True))
            if (changed := resources.change(self.account, path, form)) is not None:
                return 200, json.dumps(changed).encode(), None
        if path == f"{self._messages_path}.json":
            if method == "POST":
                return self._create(headers, body)
            if method == "GET":
                return 200, json.dumps(self.account.list_page(query)).encode(), self.faults.draw("")
        elif method == "GET":
            sid = path.removeprefix(f"{self._messages_path}/").removesuffix(".json")
            return 200, json.dumps(self.account.as_json(self.account.fetch(sid))).encode(), None
        raise Refusal(405, 20004, "Method not allowed")

    def _create(self, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes, Fault | None]:
        params = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
        message = self.account.create(params, headers.get("content-type", ""))
        fault = self.faults.draw(message.to)
        if fault and not fault.accepted:
            return 201, b"", fault
        message.request_id = f"RQ{self.requests:032x}"
        self.account.messages.append(message)
        if self._callback_delay and message.status_callback:
            wait = self._random.uniform(*self._callback_delay)
            self._loop.call_later(wait, self._due.put, (message, "sent"))
            self._loop.call_later(2 * wait, self._due.put, (message, "delivered"))
        return 201, json.dumps(self.account.as_json(message)).encode(), fault

    def _take_text(self, body: bytes) -> bytes:
        """A text from another process's form: From, Body, and how many Minutes ago."""
        form = dict(parse_qsl(body.decode(), keep_blank_values=True))
        at = datetime.now(UTC) - timedelta(minutes=float(form.get("Minutes", "0")))
        return json.dumps({"sid": self.account.receive(form["From"], form["Body"], at=at).sid}).encode()

    def _record(self, query: str) -> bytes:
        """The record for other processes: counts, and the messages from `?since=INDEX` on, in short form."""
        since = int(parse_qs(query).get("since", ["0"])[0])
        return json.dumps(
            {
                "requests": self.requests,
                "connections": self.opened,
                "in_flight": self.in_flight - 1,
                "most_in_flight": self.most_in_flight,
                "accepted": len(self.account.messages),
                "messages": [
                    {
                        "sid": m.sid,
                        "to": m.to,
                        "status": m.status,
                        "status_callback": m.status_callback,
                        "created_at": m.created_at.timestamp(),
                    }
                    for m in self.account.messages[since:]
                ],
            }
        ).encode()

    # Callbacks -----------------------------------------------------------------------------------------------

    def _call_back(self) -> None:
        while (due := self._due.get()) is not None:
            self.poster.post(*due)

    def post_callback(self, message: Message, status: str, error_code: int | None = None) -> int:
        """Call back for one message; returns the HTTP status, or 0 without a response."""
        return self.poster.post(message, status, error_code)

    def post_callbacks(
        self,
        statuses: Iterable[str] = ("sent", "delivered"),
        *,
        error_codes: Mapping[str, int] | None = None,
        messages: Iterable[Message] | None = None,
        workers: int = 1,
        copies: int = 1,
        shuffle_seed: int | None = None,
    ) -> list[int]:
        """Call back with each of `statuses` for `messages` (default: all); returns the HTTP statuses.

        A number in `error_codes` gets "undelivered" with that code in place of "delivered". `copies` and
        `shuffle_seed` bring them more than once and out of order.
        """
        bad = error_codes or {}
        calls = []
        for message in self.messages if messages is None else messages:
            for status in statuses:
                code = bad.get(message.to) if status in {"delivered", "undelivered", "failed"} else None
                final = "undelivered" if code and status == "delivered" else status
                calls += [(message, final, code)] * copies
        if shuffle_seed is not None:
            random.Random(shuffle_seed).shuffle(calls)
        with closing(Poster(self.account)) as poster, ThreadPoolExecutor(workers) as pool:
            return list(pool.map(lambda call: poster.post(*call), calls))
