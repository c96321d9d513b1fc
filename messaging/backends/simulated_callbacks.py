"""The simulator's status callbacks: signed form posts through this installation's own request handling."""

import heapq
import io
import itertools
import logging
import sys
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote_to_bytes, urlencode, urlsplit

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.db import close_old_connections, connections

from messaging.webhooks import signatures

logger = logging.getLogger(__name__)

#: A callback that got an error (5xx) is retried, as Twilio does if the URL asks for it.
RETRIES = 3
RETRY_AFTER = 1.0


class CallbackPlayer:
    """Posts scheduled callbacks from a single thread, started with the first one.

    `on_played(sid, status, error_code)` is called just before each post.
    """

    def __init__(self, on_played: Callable[[str, str, int | None], None]) -> None:
        self._on_played = on_played
        self._due: list[tuple[float, int, str, Mapping[str, str], int]] = []
        self._order = itertools.count()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._stopped = False
        self._handler: WSGIHandler | None = None

    def plan(self, after: float, url: str, fields: Mapping[str, str], retries: int = RETRIES) -> None:
        """Post `fields` to `url` in `after` seconds."""
        with self._changed:
            heapq.heappush(self._due, (time.monotonic() + after, next(self._order), url, fields, retries))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="simulated-callbacks", daemon=True)
                self._thread.start()
            self._changed.notify()

    def stop(self) -> None:
        """Drop pending callbacks and stop the thread."""
        with self._changed:
            self._stopped = True
            self._due.clear()
            self._changed.notify()
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def _run(self) -> None:
        while not self._stopped:
            with self._changed:
                wait = self._due[0][0] - time.monotonic() if self._due else None
                if (wait is None or wait > 0) and not self._stopped:
                    self._changed.wait(wait)
            self.play(time.monotonic())
        connections.close_all()

    def play(self, now: float) -> int:
        """Post all that are due at `now` (time.monotonic()). Returns how many."""
        played = 0
        while (entry := self._next(now)) is not None:
            played += 1
            _, _, url, fields, retries = entry
            try:
                code = fields.get("ErrorCode")
                self._on_played(fields["MessageSid"], fields["MessageStatus"], int(code) if code else None)
                status = self.post(url, fields)
            except Exception:
                # An error must not stop the thread or the other callbacks.
                logger.exception("Simulated callback for %s failed", fields["MessageSid"])
                continue
            if status >= 500 and retries > 0:
                self.plan(RETRY_AFTER, url, fields, retries - 1)
            elif status >= 300:
                logger.warning("Simulated callback for %s got HTTP status %s", fields["MessageSid"], status)
        if played:
            close_old_connections()
        return played

    def _next(self, now: float) -> tuple[float, int, str, Mapping[str, str], int] | None:
        with self._changed:
            return heapq.heappop(self._due) if self._due and self._due[0][0] <= now else None

    def post(self, url: str, fields: Mapping[str, str]) -> int:
        """Run one signed form post through Django's handler. Returns the HTTP status."""
        if self._handler is None:
            self._handler = WSGIHandler()
        response = self._handler(_environ(url, fields), _start_response)
        response.close()
        return response.status_code


def _start_response(
    status: str, headers: list[tuple[str, str]], exc_info: Any = None, /
) -> Callable[[bytes], object]:
    """WSGI's start_response, unused because Django's response object has the status."""
    return len


def _environ(url: str, fields: Mapping[str, str]) -> dict[str, Any]:
    """The WSGI environment (PEP 3333) of Twilio's post of `fields` to `url`."""
    parts = urlsplit(url)
    body = urlencode(fields).encode()
    environ = {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(parts.path or "/").decode("latin-1"),
        "QUERY_STRING": parts.query,
        "CONTENT_TYPE": "application/x-www-form-urlencoded; charset=UTF-8",
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_HOST": parts.netloc,
        "HTTP_USER_AGENT": "TwilioProxy/1.1 (simulator)",
        "HTTP_X_TWILIO_SIGNATURE": signatures.sign(url, fields),
        "REMOTE_ADDR": "127.0.0.1",
        "SERVER_NAME": parts.hostname or "localhost",
        "SERVER_PORT": str(parts.port or (443 if parts.scheme == "https" else 80)),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": parts.scheme,
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    if parts.scheme == "https" and settings.SECURE_PROXY_SSL_HEADER:
        # If a proxy header sets the scheme, Django ignores wsgi.url_scheme and would redirect.
        name, value = settings.SECURE_PROXY_SSL_HEADER
        environ[name] = value
    return environ
