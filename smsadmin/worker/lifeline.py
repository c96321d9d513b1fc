"""How a process learns that the one which started it is gone, even when that was killed.

`manage.py serve` holds the other end of its children's standard input and never writes to it. When it dies, in
whatever way, the system closes that end, and the children read the end of the file.
"""

import os
import select
import signal
import threading

STDIN = 0


def is_cut() -> bool:
    """Whether standard input has ended. Does not wait."""
    readable, _, _ = select.select([STDIN], [], [], 0)
    return bool(readable) and os.read(STDIN, 1024) == b""


def stop_when_cut() -> None:
    """From a thread: wait for standard input to end, then send this process SIGTERM."""

    def watch() -> None:
        while os.read(STDIN, 1024):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="lifeline", daemon=True).start()
