"""What Twilio's Messages API accepts and refuses, with its error texts and codes; no sockets here.

Shapes, limits and error codes are those of Twilio's API reference of 2010-04-01 (Messages), of its page on
test credentials (the numbers from +15005550000 on) and of its error dictionary.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import count
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit

API_VERSION = "2010-04-01"
ACCOUNT_SID = "AC" + "0123456789abcdef" * 2
AUTH_TOKEN = "fedcba9876543210" * 2
FROM_NUMBER = "+17205550100"
MESSAGING_SERVICE_SID = "MG" + "0f1e2d3c4b5a6978" * 2

E164 = re.compile(r"\+[1-9]\d{6,14}")
MAGIC_TO = {
    "+15005550001": (21211, "Invalid 'To' Phone Number: +15005550001"),
    "+15005550002": (21612, "The Message From/To pair violates a blacklist rule or cannot be routed."),
    "+15005550003": (21408, "Permission to send an SMS has not been enabled for the region of the 'To' number."),
    "+15005550004": (21610, "Attempt to send to unsubscribed recipient"),
    "+15005550009": (21614, "To number: +15005550009, is not a mobile number"),
}
MAGIC_FROM = {
    "+15005550001": (21212, "Invalid 'From' Phone Number: +15005550001"),
    "+15005550007": (21606, "The 'From' phone number +15005550007 is not a valid, message-capable number."),
    "+15005550008": (21611, "This 'From' number has exceeded the maximum number of queued messages"),
}
PARAMETERS = frozenset([
    "To", "From", "MessagingServiceSid", "Body", "MediaUrl", "ContentSid", "StatusCallback", "ApplicationSid",
    "MaxPrice", "ProvideFeedback", "Attempt", "ValidityPeriod", "ForceDelivery", "ContentRetention",
    "AddressRetention", "SmartEncoded", "PersistentAction", "TrafficType", "ShortenUrls", "ScheduleType",
    "SendAt", "SendAsMms", "ContentVariables", "RiskCheck", "FallbackFrom", "MessageIntent",
])  # fmt: skip
LIST_PARAMETERS = frozenset(["To", "From", "DateSent", "DateSent<", "DateSent>", "PageSize", "Page", "PageToken"])

GSM_ONE = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_TWO = frozenset("^{}\\[~]|€\f")


class Refusal(Exception):
    """A response with HTTP `status` and Twilio's error `code`."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message

    def body(self) -> bytes:
        return json.dumps(
            {
                "code": self.code,
                "message": self.message,
                "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
                "status": self.status,
            }
        ).encode()


@dataclass(slots=True)
class Message:
    """One accepted message, or a text to one of our numbers.

    `sent_at` is None until a callback reports it as sent.
    """

    sid: str
    to: str
    from_: str | None
    messaging_service_sid: str | None
    body: str
    status_callback: str | None
    num_segments: int
    created_at: datetime
    status: str
    sent_at: datetime | None = None
    error_code: int | None = None
    request_id: str = ""
    is_inbound: bool = False
    num_media: int = 0


@dataclass
class Account:
    """One Twilio account: its credentials, its senders, and its messages, oldest first, those it got in `received`.

    `list_delay` is the time for which a new message is missing from the list, as Twilio's can lag.
    """

    sid: str = ACCOUNT_SID
    token: str = AUTH_TOKEN
    numbers: tuple[str, ...] = (FROM_NUMBER, "+15005550006")
    services: tuple[str, ...] = (MESSAGING_SERVICE_SID,)
    list_delay: timedelta = timedelta()
    status: str = "active"
    type: str = "Full"
    inbound_url: str = ""
    inbound_method: str = ""
    sms_application_sid: str = ""
    can_text: bool = True
    use_inbound_webhook_on_number: bool = False
    pool: tuple[str, ...] = (FROM_NUMBER,)
    short_codes: tuple[str, ...] = ()
    messages: list[Message] = field(default_factory=list)
    received: list[Message] = field(default_factory=list)
    _serial: count = field(default_factory=lambda: count(1))

    def create(self, params: Mapping[str, list[str]], content_type: str) -> Message:
        """The message that `params` describe, checked but not yet on record. Raises Refusal."""
        if content_type.partition(";")[0].strip() != "application/x-www-form-urlencoded":
            params = {}
        if unknown := params.keys() - PARAMETERS:
            raise Refusal(400, 20001, f"Unknown parameters: {', '.join(sorted(unknown))}")
        one = {name: values[-1] for name, values in params.items()}
        to, sender, service = one.get("To", ""), one.get("From", ""), one.get("MessagingServiceSid", "")
        self._check_to(to)
        self._check_sender(to, sender, service)
        body = one.get("Body", "")
        if not (body or "MediaUrl" in one or "ContentSid" in one):
            raise Refusal(400, 21602, "Message body is required.")
        if len(body) > 1600:
            raise Refusal(400, 21617, "The concatenated message body exceeds the 1600 character limit.")
        self._check_options(one, service)
        return Message(
            sid=f"SM{next(self._serial):032x}",
            to=to,
            from_=sender or None,
            messaging_service_sid=service or None,
            body=body,
            status_callback=one.get("StatusCallback"),
            num_segments=0 if service else segments(body),
            created_at=datetime.now(UTC),
            status="accepted" if service else "queued",
        )

    def receive(
        self, sender: str, body: str, to: str = FROM_NUMBER, at: datetime | None = None, num_media: int = 0
    ) -> Message:
        """Put a text to one of our numbers on record; no webhook is called."""
        at = at or datetime.now(UTC)
        message = Message(
            sid=f"{'MM' if num_media else 'SM'}{next(self._serial):032x}",
            to=to,
            from_=sender,
            messaging_service_sid=None,
            body=body,
            status_callback=None,
            num_segments=segments(body),
            created_at=at,
            status="received",
            sent_at=at,
            is_inbound=True,
            num_media=num_media,
        )
        self.received.append(message)
        return message

    def _check_to(self, to: str) -> None:
        if not to:
            raise Refusal(400, 21604, "A 'To' phone number is required.")
        if to in MAGIC_TO:
            raise Refusal(400, *MAGIC_TO[to])
        if not E164.fullmatch(to):
            code = 21265 if re.fullmatch(r"\d{3,6}", to) else 21211
            raise Refusal(400, code, f"Invalid 'To' Phone Number: {to}")

    def _check_sender(self, to: str, sender: str, service: str) -> None:
        if not (sender or service):
            raise Refusal(400, 21603, "A 'From' or 'MessagingServiceSid' parameter is required.")
        if service and not re.fullmatch("MG[0-9a-fA-F]{32}", service):
            raise Refusal(400, 21705, "The Messaging Service is invalid.")
        if service and service not in self.services:
            raise Refusal(404, 21701, "The Messaging Service does not exist.")
        if sender in MAGIC_FROM:
            raise Refusal(400, *MAGIC_FROM[sender])
        if sender and not E164.fullmatch(sender):
            raise Refusal(400, 21212, f"Invalid 'From' Phone Number: {sender}")
        if sender and sender not in self.numbers:
            if service:
                raise Refusal(400, 21711, "The 'From' number is not associated with the Messaging Service.")
            raise Refusal(400, 21606, f"The 'From' phone number {sender} is not a valid, message-capable number.")
        if sender == to:
            raise Refusal(400, 21266, "'To' and 'From' number cannot be the same.")

    def _check_options(self, one: Mapping[str, str], service: str) -> None:
        if "StatusCallback" in one and not is_callback_url(one["StatusCallback"]):
            raise Refusal(400, 21609, "The 'StatusCallback' URL is not a valid URL.")
        validity = one.get("ValidityPeriod", "36000")
        if not (validity.isascii() and validity.isdigit() and 1 <= int(validity) <= 36_000):
            raise Refusal(400, 21624, "The 'ValidityPeriod' must be from 1 to 36000.")
        if "ScheduleType" in one and not service:
            raise Refusal(400, 35118, "MessagingServiceSid is required to schedule a message.")
        if "ScheduleType" in one and "SendAt" not in one:
            raise Refusal(400, 35111, "The 'SendAt' timestamp is missing.")

    def fetch(self, sid: str) -> Message:
        for message in reversed([*self.messages, *self.received]):
            if message.sid == sid:
                return message
        raise Refusal(404, 20404, f"The requested resource /{API_VERSION}/.../Messages/{sid}.json was not found")

    def list_page(self, query: str) -> dict[str, object]:
        """One page of the list, newest first, with all paging keys. Raises Refusal (20001, 21481)."""
        params = {unquote(name): values[-1] for name, values in parse_qs(query).items()}
        if unknown := params.keys() - LIST_PARAMETERS:
            raise Refusal(400, 20001, f"Unknown parameters: {', '.join(sorted(unknown))}")
        size, page = params.get("PageSize", "50"), params.get("Page", "0")
        if not (size.isdecimal() and page.isdecimal() and int(size) >= 1):
            raise Refusal(400, 20001, "PageSize and Page must be numbers.")
        found = self._matching(params)
        start = 0
        if token := params.get("PageToken"):
            sids = [message.sid for message in found]
            if token.removeprefix("PA") not in sids:
                raise Refusal(400, 21481, "Invalid PageToken")
            start = sids.index(token.removeprefix("PA"))
        shown = found[start : start + min(int(size), 1000)]
        path = f"/{API_VERSION}/Accounts/{self.sid}/Messages.json"
        more = start + len(shown) < len(found)
        following = (
            {**params, "Page": str(int(page) + 1), "PageToken": "PA" + found[start + len(shown)].sid} if more else {}
        )
        first = {name: value for name, value in params.items() if name != "PageToken"}
        return {
            "end": start + len(shown) - 1,
            "first_page_uri": f"{path}?{urlencode({**first, 'PageSize': size, 'Page': '0'})}",
            "next_page_uri": f"{path}?{urlencode(following)}" if more else None,
            "page": int(page),
            "page_size": int(size),
            "previous_page_uri": None,
            "messages": [self.as_json(message) for message in shown],
            "start": start,
            "uri": f"{path}?{query}",
        }

    def _matching(self, params: Mapping[str, str]) -> list[Message]:
        visible = datetime.now(UTC) - self.list_delay
        newest_first = sorted([*self.messages, *self.received], key=lambda m: m.created_at)[::-1]
        found = [m for m in newest_first if m.created_at <= visible]
        if "To" in params:
            found = [m for m in found if m.to == params["To"]]
        if "From" in params:
            found = [m for m in found if m.from_ == params["From"]]
        # A message that has not gone out yet has no date_sent, and no filter on that date finds it.
        if "DateSent" in params:
            day = parse_date(params["DateSent"]).date()
            found = [m for m in found if m.sent_at and m.sent_at.date() == day]
        if "DateSent>" in params:
            least = parse_date(params["DateSent>"])
            found = [m for m in found if m.sent_at and m.sent_at >= least]
        if "DateSent<" in params:
            most = parse_date(params["DateSent<"])
            found = [m for m in found if m.sent_at and m.sent_at <= most]
        return found

    def as_json(self, message: Message) -> dict[str, object]:
        created = format_datetime(message.created_at)
        uri = f"/{API_VERSION}/Accounts/{self.sid}/Messages/{message.sid}"
        return {
            "account_sid": self.sid,
            "api_version": API_VERSION,
            "body": message.body,
            "date_created": created,
            "date_sent": format_datetime(message.sent_at) if message.sent_at else None,
            "date_updated": created,
            "direction": "inbound" if message.is_inbound else "outbound-api",
            "error_code": message.error_code,
            "error_message": f"Error {message.error_code}" if message.error_code else None,
            "from": message.from_,
            "messaging_service_sid": message.messaging_service_sid,
            "num_media": str(message.num_media),
            "num_segments": str(message.num_segments),
            "price": None,
            "price_unit": "USD",
            "sid": message.sid,
            "status": message.status,
            "subresource_uris": {"media": f"{uri}/Media.json"},
            "to": message.to,
            "uri": f"{uri}.json",
        }


def is_callback_url(url: str) -> bool:
    """Twilio requires a public host without underscores; loopback is allowed here for tests."""
    try:
        parts = urlsplit(url)
        port_ok = parts.port is None or parts.port > 0
    except ValueError:
        return False
    host = parts.hostname or ""
    return (
        parts.scheme in {"http", "https"}
        and port_ok
        and re.fullmatch(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", host) is not None
        and ("." in host or host in {"localhost", "testserver"})
        and quote(url, safe="%:/?#[]@!$&'()*+,;=~") == url
    )


def parse_date(text: str) -> datetime:
    """A GMT day (YYYY-MM-DD) or an ISO 8601 time. Raises Refusal 20001 for anything else."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Refusal(400, 20001, f"Invalid date: {text}") from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def segments(body: str) -> int:
    """The number of SMS parts of `body`: 160/153 septets in GSM 03.38, otherwise 70/67 UTF-16 units."""
    if all(c in GSM_ONE or c in GSM_TWO for c in body):
        length, single, part = len(body) + sum(c in GSM_TWO for c in body), 160, 153
    else:
        length, single, part = len(body.encode("utf-16-le")) // 2, 70, 67
    return 1 if length <= single else -(-length // part)
