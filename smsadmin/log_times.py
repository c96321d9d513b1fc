"""The time format of log lines, the same for the web server, the worker and commands, wherever the machine is."""

import logging
from datetime import UTC, datetime

LINE = "{asctime} {levelname} {name} {message}"


class UtcFormatter(logging.Formatter):
    """Formats times as ISO 8601 in UTC: 2026-11-29T19:43:20.123Z."""

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802 - logging's name
        return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
