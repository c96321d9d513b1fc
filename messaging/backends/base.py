"""The interface of SMS backends: results, errors, and the base class.

A backend raises only these three errors, which differ in what may be done next:

    Refused         the provider refused it and said why: don't send it again as it is
    TryLater        certainly not accepted: may be sent again later
    OutcomeUnknown  may or may not have been accepted: never send again without evidence
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

#: Asks Twilio to retry a status callback up to three times (its "connection overrides"); by default it doesn't retry
#: after an error response. This part of the URL is neither sent to us nor signed.
CALLBACK_OVERRIDES: Final = "#rc=3&rp=ct,rt,5xx"


class SendError(Exception):
    """The text wasn't accepted, or perhaps wasn't."""


class Refused(SendError):
    """The provider refused the text.

    `code` is Twilio's error code, None if the response had none. `message` is the provider's wording, which may
    contain the phone number and is therefore left out of str().
    """

    def __init__(self, code: int | None, message: str) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message

    def __str__(self) -> str:
        return f"refused with code {self.code}"


class TryLater(SendError):
    """The text was certainly not accepted. `retry_after` is in seconds, None if unknown."""

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason, retry_after)
        self.reason = reason
        self.retry_after = retry_after

    def __str__(self) -> str:
        return self.reason


class OutcomeUnknown(SendError):
    """The text may or may not have been accepted.

    `reason` is a sentence for staff. Pages group by it, so it is the same for all texts with the same problem.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return self.reason


@dataclass(frozen=True, slots=True)
class SendResult:
    """An accepted text: its SID (SM or MM and 32 hex digits), its first status, and its segments if known."""

    sid: str
    status: str
    segments: int | None


@dataclass(frozen=True, slots=True)
class SentMessage:
    """One entry of the provider's message log. `created_at` is in UTC."""

    sid: str
    to: str
    body: str
    status: str
    error_code: int | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ReceivedMessage:
    """One incoming text of the provider's message log. `sent_at` is in UTC, to the second.

    `sender` and `to` are numbers as the provider writes them. `media` is the address of the list of its media below
    the provider's API, "" if there is none.
    """

    sid: str
    sender: str
    to: str
    body: str
    num_media: int
    media: str
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class AccountReport:
    """What the provider says about our account and our sender.

    `status` is the provider's word for the account's status, "active" if all is well. `sender_problems` are (problem,
    remedy) in sentences; `is_sender_asked` is False for senders that can't be checked. `inbound_url` is where
    incoming texts are sent, "" for nowhere, None if unknown. `server_time` is the provider's clock (aware), to the
    second.
    """

    status: str = "active"
    is_trial: bool = False
    is_sender_asked: bool = True
    sender_problems: tuple[tuple[str, str], ...] = ()
    inbound_url: str | None = None
    server_time: datetime | None = None


class BaseBackend:
    """Base class of SMS backends. One instance serves all threads of a process."""

    #: True if texts are only simulated, which every page then says.
    is_simulated = False

    def __init__(self, concurrency: int) -> None:
        self.concurrency = concurrency

    def send(self, to: str, body: str, status_callback: str | None) -> SendResult:
        """Send one text. `to` is in E.164; `status_callback` is an absolute URL.

        Raises Refused, TryLater or OutcomeUnknown, and nothing else.
        """
        raise NotImplementedError

    def list_messages(self, to: str, since: datetime) -> list[SentMessage]:
        """The provider's log of texts to `to` created at or after `since` (aware), newest first.

        The log may lag by some minutes, so a missing text proves nothing yet. Raises Refused (for example wrong
        credentials) or TryLater, and ValueError for a naive `since`.
        """
        raise NotImplementedError

    def received(self, since: datetime) -> Iterator[ReceivedMessage]:
        """The provider's log of texts that our senders got at or after `since` (aware), read page by page.

        Newest first for each of our senders. A backend without such a log has none. Raises as `list_messages`, also
        on the way.
        """
        return iter(())

    def check_account(self) -> AccountReport:
        """Check credentials and sender. Raises Refused (wrong credentials) or TryLater."""
        raise NotImplementedError

    def forward_texts(self, url: str) -> tuple[str, str] | None:
        """Have the provider pass incoming texts to our sender on to `url`, by POST. May be repeated.

        (problem, remedy), in sentences, where it cannot be told to; None once it is. Raises as `check_account`.
        """
        raise NotImplementedError

    def close(self) -> None:
        """Release connections and threads."""
