"""`manage.py serve`: the web server and the worker as two children that live and end together.

The listening socket belongs to the parent. A taken port is thus found before anything is started, and while a
web server that died is being replaced, browsers wait instead of being refused.
"""

import errno
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from types import FrameType

from django.conf import settings

from .restarts import Restarts

HOST = "127.0.0.1"
POLL_SECONDS = 0.2
STOP_SECONDS = 90.0


class CannotServe(Exception):
    """Its text is a sentence for the operator."""


class Child:
    """One of the two processes, in a session of its own: Ctrl-C reaches the parent alone, which passes it on.

    A child that ends is started again, at once the first time, then with growing pauses. With `must_live`, one
    that ends by itself right after its first start is not: CannotServe says so.
    """

    def __init__(
        self, name: str, command: Sequence[str], *, fds: Sequence[int] = (), must_live: bool = False
    ) -> None:
        self.name = name
        self._command = command
        self._fds = fds
        self._must_live = must_live
        self._process: subprocess.Popen[bytes] | None = None
        self._restarts = Restarts()

    def start(self) -> None:
        # The pipe is the child's lifeline (see smsadmin.worker.lifeline): it ends when this process does.
        self._process = subprocess.Popen(  # noqa: S603 - a fixed command
            self._command,
            stdin=subprocess.PIPE,
            pass_fds=self._fds,
            cwd=settings.BASE_DIR,
            start_new_session=True,
        )
        self._restarts.started()

    def look_after(self, say: Callable[[str], None]) -> None:
        """Start the child again if it has ended. Raises CannotServe."""
        if self._process is None:
            if self._restarts.is_due():
                self.start()
            return
        code = self._process.poll()
        if code is None:
            return
        self._process = None
        is_quick = self._restarts.ended()
        if self._must_live and is_quick and code > 0:
            raise CannotServe(f"The {self.name} could not start. The reason is above.")
        self._must_live = False
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        say(f"The {self.name} has ended ({how}). It is started again.")

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def signal(self, signum: int) -> None:
        """Send a signal to the child; SIGKILL goes to all that it has started, too."""
        if self._process is None:
            return
        try:
            if signum == signal.SIGKILL:
                os.killpg(self._process.pid, signum)
            else:
                self._process.send_signal(signum)
        except ProcessLookupError:
            pass


def listen(port: int) -> socket.socket:
    """A socket that listens on the port of this machine's loopback address. Raises CannotServe."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            problem = "is taken by another program, perhaps by another SMS Admin"
        else:
            problem = f"cannot be used ({error.strerror})"
        raise CannotServe(
            f"Port {port} {problem}. Set PORT to another number, for example: PORT=8010 make run"
        ) from error
    listener.listen(512)
    return listener


def serve(port: int, say: Callable[[str], None]) -> None:
    """Serve until SIGINT, SIGTERM or SIGHUP; then end both children. Raises CannotServe.

    The first signal waits for requests and tasks in hand, a second one does not.
    """
    listener = listen(port)
    fd = listener.fileno()
    gunicorn = [sys.executable, "-m", "smsadmin.worker.webserver", "--bind", f"fd://{fd}", "--log-level", "warning"]
    web = Child("web server", [*gunicorn, "smsadmin.wsgi"], fds=[fd], must_live=True)
    worker = Child("worker", [sys.executable, str(settings.BASE_DIR / "manage.py"), "worker", "--stop-at-eof"])
    signals: list[int] = []

    def on_signal(signum: int, frame: FrameType | None) -> None:
        signals.append(signum)

    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, on_signal)
    try:
        say(f"SMS Admin is at http://{HOST}:{port}/ (Ctrl-C stops it).")
        while not signals:
            for child in (web, worker):
                child.look_after(say)
            time.sleep(POLL_SECONDS)
        say("Stopping: requests and texts in hand are finished first. Ctrl-C again stops at once.")
    finally:
        _stop([web, worker], signals)
        listener.close()
    say("Stopped.")


def _stop(children: Sequence[Child], signals: Sequence[int]) -> None:
    signals_before = len(signals)
    for child in children:
        child.signal(signal.SIGTERM)
    until = time.monotonic() + STOP_SECONDS
    while any(child.is_running() for child in children):
        if len(signals) > signals_before or time.monotonic() > until:
            for child in children:
                child.signal(signal.SIGKILL)
        time.sleep(0.05)
