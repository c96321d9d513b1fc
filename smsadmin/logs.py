"""What the log shows of an error."""

import logging


class RefusalsInOneLine(logging.Filter):
    """Removes the traceback from the log record of a rejected request (4xx): its message gives the reason.

    Django logs each of them with one, and anyone sending enough of them could fill the disk.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        is_refusal = record.name.startswith("django.security.") or 400 <= getattr(record, "status_code", 0) < 500
        if is_refusal:
            record.exc_info = record.exc_text = None
            record.msg, record.args = " ".join(record.getMessage().split()), ()
        return True
