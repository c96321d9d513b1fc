"""`python -m smsadmin.worker.webserver ARGUMENTS`: gunicorn, except that it stops with the process that started it.

`manage.py serve` runs this. Under systemd, `gunicorn smsadmin.wsgi` is enough. Both read gunicorn.conf.py.
"""

import logging
from typing import Any

from gunicorn.app.wsgiapp import run  # type: ignore[import-untyped]
from gunicorn.glogging import Logger  # type: ignore[import-untyped]

from ..log_times import LINE, UtcFormatter
from .lifeline import stop_when_cut


class UtcLogger(Logger):
    """gunicorn's own log (gunicorn.conf.py names it), in lines like all others."""

    def _set_handler(self, log: logging.Logger, output: Any, fmt: logging.Formatter, stream: Any = None) -> None:
        is_own = log is self.error_log
        super()._set_handler(log, output, UtcFormatter(LINE, style="{") if is_own else fmt, stream)


if __name__ == "__main__":
    stop_when_cut()
    run()
