"""`python -m smsadmin.worker.webserver ARGUMENTS`: gunicorn, except that it stops with the process that started it.

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
    """gunicorn's own log (gunicorn.conf.py names it), in lines like all others."""

    def _set_handler(self, log: logging.Logger, output: Any, fmt: logging.Formatter, stream: Any = None) -> None:
        is_own = log is self.error_log
        super()._set_handler(log, output, UtcFormatter(LINE, style="{") if is_own else fmt, stream)


def load_ahead() -> None:
    """Load what requests need before gunicorn forks, once for all processes and threads.

    Otherwise each thread that gets one of the first texts reads the opt-out phrases for itself, while Twilio waits.
    """
    # Only once the apps are ready.
    from messaging.consent import classifier

    get_resolver().url_patterns  # noqa: B018 - asking loads them
    classifier.load()
    # What stays for good needs no looking through by the collector, which would also copy it for each process.
    gc.collect()
    gc.freeze()


if __name__ == "__main__":
    stop_when_cut()
    run()
