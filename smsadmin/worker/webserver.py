"""`python -m smsadmin.worker.webserver ARGUMENTS`: gunicorn that stops when its parent process does.

`manage.py serve` runs this. Under systemd, `gunicorn smsadmin.wsgi` is enough. Both read gunicorn.conf.py.
"""

import gc
import logging
from typing import Any

from django.urls import get_resolver
from gunicorn.app.wsgiapp import run  # type: ignore[import-untyped]
from gunicorn.glogging import Logger  # type: ignore[import-untyped]

from ..log_times import LINE, UtcFormatter
from .lifeline import stop_when_cut


class UtcLogger(Logger):
    """Formats gunicorn's log like all others. Named in gunicorn.conf.py."""

    def _set_handler(self, log: logging.Logger, output: Any, fmt: logging.Formatter, stream: Any = None) -> None:
        is_own = log is self.error_log
        super()._set_handler(log, output, UtcFormatter(LINE, style="{") if is_own else fmt, stream)


def preload() -> None:
    """Loads what requests need before gunicorn forks, once for all processes and threads.

    Otherwise, each thread that gets one of the first texts loads the opt-out phrases itself, while Twilio waits.
    """
    # Can only be imported once the apps are ready.
    from messaging.consent import classifier

    get_resolver().url_patterns  # noqa: B018 - the access loads them
    classifier.load()
    # Keeps the garbage collector from scanning permanent objects, which would copy their pages in each process.
    gc.collect()
    gc.freeze()


if __name__ == "__main__":
    stop_when_cut()
    run()
