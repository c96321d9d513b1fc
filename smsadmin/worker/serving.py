"""`manage.py serve`: runs the web server and the worker as two child processes that start and stop together.

The listening socket belongs to the parent. That way, a port in use is noticed before anything starts, and while a
dead web server is being replaced, browsers wait instead of getting an error.
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
    """str() is a sentence for the operator."""


class Child:
    """One of the two processes, in a session of its own: Ctrl-C only reaches the parent, which passes it on.

    A child that ends is restarted, immediately the first time, then after growing pauses. With `must_start`, a child
    that exits right after its first start isn't restarted, and CannotServe is raised.
    """

    def __init__(
        self, name: str, command: Sequence[str], *, fds: Sequence[int] = (), must_start: bool = False
    ) -> None:
        self.name = name
        self._command = command
        self._fds = fds
        self._must_start = must_start
        self._process: subprocess.Popen[bytes] | None = None
        self._restarts = Restarts()

    def start(self) -> None:
        # The pipe is the child's lifeline (see smsadmin.worker.lifeline): it closes when this process ends.
        self._process = subprocess.Popen(  # noqa: S603 - a fixed command
            self._command,
            stdin=subprocess.PIPE,
            pass_fds=self._fds,
            cwd=settings.BASE_DIR,
            start_new_session=True,
        )
        self._restarts.started()

    def restart_if_ended(self, say: Callable[[str], None]) -> None:
        """Restarts the child if it has ended and its restart is due. Raises CannotServe."""
        if self._process is None:
            if self._restarts.is_due():
                self.start()
            return
        code = self._process.poll()
        if code is None:
            return
        self._process = None
        is_quick = self._restarts.ended()
        if self._must_start and is_quick and code > 0:
            raise CannotServe(f"The {self.name} couldn't start. The reason is above.")
        self._must_start = False
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        say(f"The {self.name} ended ({how}). Restarting it.")

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def signal(self, signum: int) -> None:
        """Sends the child a signal. SIGKILL also goes to all processes that it started."""
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
    """A socket that listens on this port of the loopback address. Raises CannotServe."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            problem = "is in use by another program, maybe another SMS Admin"
        else:
            problem = f"can't be used ({error.strerror})"
        raise CannotServe(
            f"Port {port} {problem}. Set PORT to another number, for example: PORT=8010 make run"
        ) from error
    listener.listen(512)
    return listener


def serve(port: int, say: Callable[[str], None]) -> None:
    """Serves until SIGINT, SIGTERM or SIGHUP, then stops both children. Raises CannotServe.

    The first signal waits for running requests and tasks, a second one doesn't.
    """
    listener = listen(port)
    fd = listener.fileno()
    gunicorn = [sys.executable, "-m", "smsadmin.worker.webserver", "--bind", f"fd://{fd}", "--log-level", "warning"]
    web = Child("web server", [*gunicorn, "smsadmin.wsgi"], fds=[fd], must_start=True)
    worker = Child("worker", [sys.executable, str(settings.BASE_DIR / "manage.py"), "worker", "--stop-at-eof"])
    signals: list[int] = []

    def on_signal(signum: int, frame: FrameType | None) -> None:
        signals.append(signum)

    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, on_signal)
    try:
        say(f"SMS Admin is at http://{HOST}:{port}/ (press Ctrl-C to stop).")
        while not signals:
            for child in (web, worker):
                child.restart_if_ended(say)
            time.sleep(POLL_SECONDS)
        say("Stopping after the current requests and texts. Press Ctrl-C again to stop now.")
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
