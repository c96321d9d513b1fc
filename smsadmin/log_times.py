"""The time of a log line, alike for the web server, the worker and commands, wherever the machine is."""

import logging
from datetime import UTC, datetime

LINE = "{asctime} {levelname} {name} {message}"


class UtcFormatter(logging.Formatter):
    """Writes times as ISO 8601 has them, in UTC: 2026-11-29T19:43:20.123Z."""

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802 - logging's name
        return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
