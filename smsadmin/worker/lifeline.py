"""Lets a process notice that its parent is gone, even if the parent was killed.

`manage.py serve` holds the other end of its children's standard input and never writes to it. However it dies, the
system closes that end, and the children read end-of-file.
"""

import os
import select
import signal
import threading

STDIN = 0


def is_cut() -> bool:
    """Whether standard input has ended. Doesn't block."""
    readable, _, _ = select.select([STDIN], [], [], 0)
    return bool(readable) and os.read(STDIN, 1024) == b""


def stop_when_cut() -> None:
    """Starts a thread that waits for standard input to end, then sends this process SIGTERM."""

    def watch() -> None:
        while os.read(STDIN, 1024):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="lifeline", daemon=True).start()
