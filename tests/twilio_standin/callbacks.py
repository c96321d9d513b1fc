"""Status callbacks, posted and signed as Twilio does (page "Track the message status of outbound messages")."""

import base64
import hashlib
import hmac
import http.client
import threading
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import parse_qs, urldefrag, urlencode, urlsplit

from tests.twilio_standin.account import API_VERSION, Account, Message

TERMINAL = frozenset(["delivered", "undelivered", "failed"])


def signature(token: str, url: str, params: Mapping[str, str]) -> str:
    """Twilio's X-Twilio-Signature of a form: base64 of HMAC-SHA1 over the URL and the sorted fields."""
    text = url + "".join(name + params[name] for name in sorted(params))
    return base64.b64encode(hmac.digest(token.encode(), text.encode(), hashlib.sha1)).decode()


def callback_params(account: Account, message: Message, status: str) -> dict[str, str]:
    params = {
        "AccountSid": account.sid,
        "ApiVersion": API_VERSION,
        "From": message.from_ or account.numbers[0],
        "MessageSid": message.sid,
        "MessageStatus": status,
        "SmsSid": message.sid,
        "SmsStatus": status,
        "To": message.to,
    }
    if message.messaging_service_sid:
        params["MessagingServiceSid"] = message.messaging_service_sid
    if status in {"failed", "undelivered"} and message.error_code:
        params["ErrorCode"] = str(message.error_code)
    if status in {"delivered", "undelivered"}:
        params["RawDlrDoneDate"] = f"{datetime.now(UTC):%y%m%d%H%M}"
    return params


class Poster:
    """Posts callbacks, with one persistent connection per calling thread."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self._local = threading.local()
        self._kept: list[http.client.HTTPConnection] = []

    def post(self, message: Message, status: str, error_code: int | None = None) -> int:
        """Move `message` on to `status` and call its StatusCallback. Returns the HTTP status, 0 without a response.

        Repeated as the URL's own `#rc=…&rp=…` says (Twilio's connection overrides); by default once, and
        only if no connection could be made.
        """
        if status in {"sent", *TERMINAL} and status != "failed":
            message.sent_at = message.sent_at or datetime.now(UTC)
        message.status, message.error_code = status, error_code
        if not message.status_callback:
            return 0
        url, fragment = urldefrag(message.status_callback)
        overrides = parse_qs(fragment)
        retries = int(overrides.get("rc", ["1"])[0])
        policy = overrides.get("rp", ["ct"])[0].split(",")
        params = callback_params(self.account, message, status)
        token = uuid.uuid4().hex
        for _ in range(retries + 1):
            result, outcome = self._post_once(url, params, token)
            if outcome not in policy and "all" not in policy:
                break
        return result

    def _post_once(self, url: str, params: Mapping[str, str], token: str) -> tuple[int, str]:
        parts = urlsplit(url)
        connection = self._connection(parts.netloc)
        try:
            connection.connect()
        except OSError:
            return 0, "ct"
        target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        headers = {
            "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
            "User-Agent": "TwilioProxy/1.1",
            "I-Twilio-Idempotency-Token": token,
            "X-Twilio-Signature": signature(self.account.token, url, params),
        }
        try:
            connection.request("POST", target, urlencode(params), headers)
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            return 0, "rt"
        return answer.status, f"{answer.status // 100}xx"

    def _connection(self, netloc: str) -> http.client.HTTPConnection:
        kept: http.client.HTTPConnection | None = getattr(self._local, "connection", None)
        if kept is None or self._local.netloc != netloc:
            if kept is not None:
                kept.close()
            kept = self._local.connection = KeptConnection(netloc, timeout=15)
            self._kept.append(kept)
            self._local.netloc = netloc
        return kept

    def close(self) -> None:
        """Close the connections of all threads; none of them may be posting."""
        for kept in self._kept:
            kept.close()


class KeptConnection(http.client.HTTPConnection):
    """A connection that connects only if it isn't connected."""

    def connect(self) -> None:
        if self.sock is None:
            super().connect()
