"""The Twilio backend, with Twilio's SDK on an HTTP client that knows whether a request was sent.

The response decides (Twilio's "Message resource" and its error dictionary, 20429):

    201 with a SID                             accepted
    429, or one of the codes below             TryLater: such requests are never processed
    4xx                                        Refused, by Twilio's error code or the HTTP status
    3xx, 408, 5xx, an unreadable 2xx           OutcomeUnknown

Redirects aren't followed: that would post the text again, perhaps after it was accepted (302, 303). A 408 can come
from a gateway although the text was accepted.
"""

import base64
import logging
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any, NoReturn, TypeVar
from urllib.parse import urlencode

from django.conf import settings
from twilio.base.exceptions import TwilioException
from twilio.http import HttpClient
from twilio.http.response import Response
from twilio.rest import Client

from messaging.backends import twilio_account
from messaging.backends.base import (
    CALLBACK_OVERRIDES,
    AccountReport,
    BaseBackend,
    OutcomeUnknown,
    ReceivedMessage,
    Refused,
    SendError,
    SendResult,
    SentMessage,
    TryLater,
)
from messaging.backends.connections import Answer, ConnectionPool

logger = logging.getLogger(__name__)

T = TypeVar("T")

API_BASE_URL = "https://api.twilio.com"
MESSAGING_BASE_URL = "https://messaging.twilio.com"
#: A number's newest messages are requested in one page, Twilio's maximum. Lists of incoming texts have more pages.
LIST_LIMIT = 1000
#: Temporary refusals, in words for staff: too many requests, the sender's queue is full (it holds ten hours of
#: texts), maintenance.
PASSING_CODES = {
    20429: "Twilio is temporarily limiting requests.",
    21611: "Twilio's queue for the sending number is full. It empties as texts go out.",
    21730: "Twilio is under maintenance.",
}
#: Error codes for responses without Twilio's JSON.
CODES_BY_STATUS = {401: 20003, 403: 20403, 404: 20404}

_SID = re.compile("(SM|MM)[0-9a-fA-F]{32}")


class PooledHttpClient(HttpClient):
    """The SDK's HTTP client on our connections: no retries, redirects, cookies, or logged contents."""

    def __init__(self, *pools: ConnectionPool) -> None:
        """With a pool for each host."""
        super().__init__(logger, is_async=False)
        self.pools = pools
        self._last = threading.local()

    @property
    def last_answer(self) -> Answer | None:
        """The response to the calling thread's last request; None if it got none."""
        return getattr(self._last, "answer", None)

    def request(
        self,
        method: str,
        uri: str,
        params: Mapping[str, object] | None = None,
        data: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Response:
        """One request, sent once. Raises what ConnectionPool.request raises."""
        self._last.answer = None
        pool = next(pool for pool in self.pools if uri.startswith(f"{pool.origin}/"))
        target = uri.removeprefix(pool.origin)
        sent_headers = dict(headers or {})
        try:
            if params:
                target = f"{target}?{urlencode(params, doseq=True)}"
            body = urlencode(data or {}, doseq=True).encode("ascii")
            if auth:
                credentials = base64.b64encode(f"{auth[0]}:{auth[1]}".encode()).decode("ascii")
                sent_headers["Authorization"] = f"Basic {credentials}"
        except UnicodeEncodeError:
            raise Refused(None, "The text contains a broken character (half of a surrogate pair).") from None
        answer = self._last.answer = pool.request(method, target, sent_headers, body)
        return Response(answer.status, answer.body.decode("utf-8", "replace"), answer.headers)


class TwilioBackend(BaseBackend):
    """Twilio's Messages API (2010-04-01), with the credentials and the sender of the settings."""

    def __init__(self, concurrency: int) -> None:
        super().__init__(concurrency)
        base_url = settings.TWILIO_API_BASE_URL or API_BASE_URL
        messaging_url = settings.TWILIO_API_BASE_URL or MESSAGING_BASE_URL
        self._http = PooledHttpClient(ConnectionPool(base_url, concurrency), ConnectionPool(messaging_url, 1))
        self._client = Client(
            settings.TWILIO_ACCOUNT_SID,
            settings.TWILIO_AUTH_TOKEN,
            http_client=self._http,
            # Or the SDK would read TWILIO_REGION and TWILIO_EDGE and change the host name.
            environment={"TWILIO_ACCOUNT_SID": settings.TWILIO_ACCOUNT_SID},
        )
        self._client.api.base_url = base_url
        self._client.messaging.base_url = messaging_url
        # The SDK creates this on first use, which isn't thread-safe.
        self._messages = self._client.messages
        self._sender: dict[str, str] = {}
        if settings.TWILIO_MESSAGING_SERVICE_SID:
            self._sender["messaging_service_sid"] = settings.TWILIO_MESSAGING_SERVICE_SID
        if settings.TWILIO_FROM_NUMBER:
            self._sender["from_"] = settings.TWILIO_FROM_NUMBER

    def send(self, to: str, body: str, status_callback: str | None) -> SendResult:
        options = dict(self._sender)
        if status_callback:
            options["status_callback"] = status_callback.partition("#")[0] + CALLBACK_OVERRIDES
        try:
            message = self._messages.create(to=to, body=body, **options)
            if not (isinstance(message.sid, str) and _SID.fullmatch(message.sid)):
                raise OutcomeUnknown("Twilio's response had no message SID.")
            return SendResult(message.sid, str(message.status), _segments(message.num_segments))
        except SendError as error:
            self._log(error)
            raise
        except Exception as error:  # noqa: BLE001 - the text may be accepted, whatever the SDK stumbled over
            self._raise_outcome(error)

    def list_messages(self, to: str, since: datetime) -> list[SentMessage]:
        if since.tzinfo is None:
            raise ValueError("`since` has no time zone")
        # No DateSent filter: a queued message has no such date and would be missing (and the SDK treats the local
        # time of any zone as UTC). Twilio's times are whole seconds.
        least = since.replace(microsecond=0)

        def find() -> list[SentMessage]:
            found = self._messages.list(to=to, limit=LIST_LIMIT)
            return [
                SentMessage(m.sid, m.to, m.body or "", m.status, m.error_code, m.date_created)
                for m in found
                if m.sid and m.date_created and m.date_created >= least
            ]

        return self._ask(find)

    def received(self, since: datetime) -> Iterator[ReceivedMessage]:
        if since.tzinfo is None:
            raise ValueError("`since` has no time zone")
        # The SDK writes the local time of any zone as UTC.
        least = since.astimezone(UTC).replace(microsecond=0)
        return self._read_received(least)

    def _read_received(self, since: datetime) -> Iterator[ReceivedMessage]:
        number, service_sid = settings.TWILIO_FROM_NUMBER, settings.TWILIO_MESSAGING_SERVICE_SID
        for ours in self._ask(lambda: twilio_account.receiving(self._client, number, service_sid)):
            page: Any = self._ask(partial(self._messages.page, to=ours, date_sent_after=since, page_size=LIST_LIMIT))
            while page is not None:
                messages: list[Any] = self._ask(partial(list, page))
                for message in messages:
                    if (found := _as_received(message)) is not None:
                        yield found
                page = self._ask(page.next_page)

    def check_account(self) -> AccountReport:
        report = self._ask(
            lambda: twilio_account.report(
                self._client, settings.TWILIO_FROM_NUMBER, settings.TWILIO_MESSAGING_SERVICE_SID
            )
        )
        answer = self._http.last_answer
        return replace(report, server_time=_http_date(answer.headers.get("date", "")) if answer else None)

    def forward_texts(self, url: str) -> tuple[str, str] | None:
        return self._ask(
            lambda: twilio_account.forward_texts(
                self._client, settings.TWILIO_FROM_NUMBER, settings.TWILIO_MESSAGING_SERVICE_SID, url
            )
        )

    def _ask(self, question: Callable[[], T]) -> T:
        """Make a request that may be repeated without harm. Raises Refused or TryLater."""
        try:
            return question()
        except OutcomeUnknown as error:
            raise TryLater(error.reason) from None
        except SendError:
            raise
        except Exception as error:  # noqa: BLE001 - as in send()
            try:
                self._raise_outcome(error)
            except OutcomeUnknown as unknown:
                raise TryLater(unknown.reason) from None

    def close(self) -> None:
        for pool in self._http.pools:
            pool.close()

    def _raise_outcome(self, error: Exception) -> NoReturn:
        outcome = _outcome(error, self._http.last_answer)
        self._log(outcome)
        raise outcome from None

    def _log(self, error: SendError) -> None:
        answer = self._http.last_answer
        logger.log(
            logging.INFO if isinstance(error, Refused) else logging.WARNING,
            "Twilio: %s (%s). HTTP status %s, request %s",
            type(error).__name__,
            error,
            answer.status if answer else None,
            answer.headers.get("twilio-request-id") if answer else None,
        )


def _as_received(message: Any) -> ReceivedMessage | None:
    """None for what we sent ourselves, such as a test to one of our own numbers."""
    sent_at = message.date_sent or message.date_created
    if message.direction != "inbound" or not message.sid or sent_at is None:
        return None
    count = message.num_media or "0"
    num_media = int(count) if count.isascii() and count.isdigit() else 0
    media = (message.subresource_uris or {}).get("media", "") if num_media else ""
    return ReceivedMessage(
        message.sid, message.from_ or "", message.to or "", message.body or "", num_media, media, sent_at
    )


def _outcome(error: Exception, answer: Answer | None) -> SendError:
    """The error for the SDK's `error` and the response, by the rules in the module's docstring."""
    if answer is None:
        return OutcomeUnknown("Twilio's SDK failed before it got a response.")
    code: Any = getattr(error, "code", None)
    # Without a Twilio code in the response, the SDK uses the HTTP status.
    if not isinstance(code, int) or code < 1000:
        code = CODES_BY_STATUS.get(answer.status)
    if answer.status == 429 or code in PASSING_CODES:
        return TryLater(PASSING_CODES.get(code, PASSING_CODES[20429]), _retry_after(answer))
    if 200 <= answer.status < 300:
        return OutcomeUnknown("Twilio's response couldn't be read.")
    if not 400 <= answer.status < 500 or answer.status == 408:
        return OutcomeUnknown(f"Twilio responded with HTTP status {answer.status}.")
    if not isinstance(error, TwilioException):
        return OutcomeUnknown("Twilio's response couldn't be read.")
    return Refused(code, _message(error, answer))


def _message(error: TwilioException, answer: Answer) -> str:
    text = getattr(error, "detail", None) or getattr(error, "title", None) or getattr(error, "msg", None)
    prefix, separator, detail = str(text or "").partition("record: ")
    if separator and prefix.startswith("Unable to"):
        return detail
    return str(text) if text and not prefix.startswith("Unable to") else f"HTTP status {answer.status}"


def _segments(text: str | None) -> int | None:
    """Twilio's num_segments is a string, "0" until a Messaging Service has chosen the sender."""
    return (int(text) or None) if text and text.isascii() and text.isdigit() else None


def _retry_after(answer: Answer) -> float | None:
    """Seconds from now, given as seconds or as an HTTP date (RFC 9110, 10.2.3); None if neither."""
    text = answer.headers.get("retry-after", "")
    if re.fullmatch(r"[0-9]{1,9}", text):
        return float(text)
    moment = _http_date(text)
    return None if moment is None else max(0.0, (moment - datetime.now(UTC)).total_seconds())


def _http_date(text: str) -> datetime | None:
    """Parse an HTTP date to UTC; None if invalid."""
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
