"""A simulator for practice mode: no texts are really sent, and everything else is as with Twilio.

The default without Twilio credentials. A call takes 60 to 180 ms. Then the status callbacks follow, "sent" after 0.3
to 1.5 s and the final one at most half a second later, as signed form posts through the installation's own URLs,
middleware and webhook view. They are lost if the process ends first, as Twilio's can be.

The outcome depends only on the number. Twilio's own magic numbers (its page "Test credentials") are refused:

    +15005550001  21211  no valid number          +15005550004  21610  opted out
    +15005550002  21612  no route                 +15005550009  21614  no mobile number
    +15005550003  21408  region not enabled

Numbers reserved for fiction (555-01XX in any area code) with these endings are accepted and then not delivered:

    …555-0197     30007  filtered by a carrier
    …555-0198     30005  unknown phone
    …555-0199     30003  unreachable phone

All others are delivered.
"""

import random
import re
import threading
import time
import uuid
from collections import OrderedDict
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from django.conf import settings

from messaging.backends.base import AccountReport, BaseBackend, Refused, SendResult, SentMessage
from messaging.backends.simulated_callbacks import CallbackPlayer

REFUSED: Final = {
    "+15005550001": (21211, "Invalid 'To' phone number"),
    "+15005550002": (21612, "The message cannot be routed to this number"),
    "+15005550003": (21408, "Texts to this region are not enabled"),
    "+15005550004": (21610, "The recipient has unsubscribed"),
    "+15005550009": (21614, "The 'To' number is not a mobile number"),
}
UNDELIVERED: Final = {"97": 30007, "98": 30005, "99": 30003}
LATENCY: Final = (0.06, 0.18)
#: Twilio's magic sender, if the settings name none.
SENDER: Final = "+15005550006"
ACCOUNT_SID: Final = "AC" + "0" * 32
#: How many messages list_messages() remembers.
REMEMBERED: Final = 10_000


class SimulatorBackend(BaseBackend):
    """Accepts texts and plays their callbacks (see the module's docstring)."""

    is_simulated = True

    def __init__(self, concurrency: int) -> None:
        super().__init__(concurrency)
        self.player = CallbackPlayer(self._note_status)
        self._messages: OrderedDict[str, SentMessage] = OrderedDict()
        self._lock = threading.Lock()

    def send(self, to: str, body: str, status_callback: str | None) -> SendResult:
        time.sleep(random.uniform(*LATENCY))
        if to in REFUSED:
            raise Refused(*REFUSED[to])
        sid = f"SM{uuid.uuid4().hex}"
        with self._lock:
            self._messages[sid] = SentMessage(sid, to, body, "queued", None, datetime.now(UTC))
            if len(self._messages) > REMEMBERED:
                self._messages.popitem(last=False)
        if status_callback:
            self._plan_callbacks(sid, to, status_callback.partition("#")[0])
        return SendResult(sid, "queued", None)

    def _plan_callbacks(self, sid: str, to: str, url: str) -> None:
        fields = {
            "AccountSid": settings.TWILIO_ACCOUNT_SID or ACCOUNT_SID,
            "ApiVersion": "2010-04-01",
            "From": settings.TWILIO_FROM_NUMBER or SENDER,
            "MessageSid": sid,
            "SmsSid": sid,
            "To": to,
        }
        if settings.TWILIO_MESSAGING_SERVICE_SID:
            fields["MessagingServiceSid"] = settings.TWILIO_MESSAGING_SERVICE_SID
        sent_after = random.uniform(0.3, 1.5)
        done_after = sent_after + random.uniform(0.1, 0.5)
        done = {"MessageStatus": "delivered", "RawDlrDoneDate": f"{datetime.now(UTC):%y%m%d%H%M}"}
        fiction = re.fullmatch(r"\+1\d{3}55501(\d\d)", to)
        if fiction and fiction[1] in UNDELIVERED:
            done |= {"MessageStatus": "undelivered", "ErrorCode": str(UNDELIVERED[fiction[1]])}
        for after, news in ((sent_after, {"MessageStatus": "sent"}), (done_after, done)):
            self.player.plan(after, url, {**fields, **news, "SmsStatus": news["MessageStatus"]})

    def _note_status(self, sid: str, status: str, error_code: int | None) -> None:
        with self._lock:
            if message := self._messages.get(sid):
                self._messages[sid] = replace(message, status=status, error_code=error_code)

    def list_messages(self, to: str, since: datetime) -> list[SentMessage]:
        if since.tzinfo is None:
            raise ValueError("`since` has no time zone")
        least = since.replace(microsecond=0)
        with self._lock:
            known = list(self._messages.values())
        return [m for m in reversed(known) if m.to == to and m.created_at >= least]

    def check_account(self) -> AccountReport:
        return AccountReport(server_time=datetime.now(UTC))

    def close(self) -> None:
        self.player.stop()
