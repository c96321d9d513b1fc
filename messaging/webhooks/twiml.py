"""The TwiML response to an inbound text (Twilio: "TwiML for Programmable Messaging")."""

import re
from typing import Final
from xml.sax.saxutils import escape, quoteattr

CONTENT_TYPE: Final = "text/xml; charset=utf-8"

# Characters that XML 1.0 can't represent (W3C, section 2.2).
_FORBIDDEN: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def message(body: str, status_callback: str | None) -> str:
    """Replies to the sender, or sends nothing if the body is empty. Twilio sends reports to `status_callback`."""
    if not body:
        return '<?xml version="1.0" encoding="UTF-8"?><Response></Response>'
    attribute = f" statusCallback={quoteattr(status_callback)}" if status_callback else ""
    words = escape(_FORBIDDEN.sub("", body))
    return f'<?xml version="1.0" encoding="UTF-8"?><Response><Message{attribute}>{words}</Message></Response>'
