"""What the log shows of an error."""

import logging


class RefusalsInOneLine(logging.Filter):
    """Takes the traceback from the record of a request that was refused (4xx): the reason is in its sentence.

    Django logs each of them with one, and whoever sends enough of them would fill the disk.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        is_refusal = record.name.startswith("django.security.") or 400 <= getattr(record, "status_code", 0) < 500
        if is_refusal:
            record.exc_info = record.exc_text = None
            record.msg, record.args = " ".join(record.getMessage().split()), ()
        return True
