"""What every way of sending a text has in common: its results, its three failures, its interface.

The three failures divide the world by what may be done next, and a backend raises nothing else:

    Refused         the provider said no, and why: do not send this again as it is
    TryLater        proven not accepted: may be sent again, later
    OutcomeUnknown  may or may not have been accepted: never send again without evidence
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

#: Ask Twilio to repeat a status callback that we could not take, up to three times (its "connection
#: overrides"); by itself it repeats none that we answered with an error. Neither sent to us nor signed.
CALLBACK_OVERRIDES: Final = "#rc=3&rp=ct,rt,5xx"


class SendError(Exception):
    """A text that was not, or perhaps not, accepted."""


class Refused(SendError):
    """The provider refused the text.

    `code` is Twilio's error code, None where the answer had none; `message` is the provider's own wording,
    which may hold the phone number and is therefore left out of str().
    """

    def __init__(self, code: int | None, message: str) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message

    def __str__(self) -> str:
        return f"refused with code {self.code}"


class TryLater(SendError):
    """The text was certainly not accepted. `retry_after` is in seconds, None where nobody said how long."""

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason, retry_after)
        self.reason = reason
        self.retry_after = retry_after

    def __str__(self) -> str:
        return self.reason


class OutcomeUnknown(SendError):
    """Nobody can tell from here whether the text was accepted.

    `reason` is a sentence for staff, the same one for all texts to which the same happened: pages count by it.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return self.reason


@dataclass(frozen=True, slots=True)
class SendResult:
    """An accepted text: its SID (SM or MM and 32 hex digits), its first status, its billed parts if known."""

    sid: str
    status: str
    segments: int | None


@dataclass(frozen=True, slots=True)
class SentMessage:
    """One line of the provider's own list of messages; `created_at` is in UTC."""

    sid: str
    to: str
    body: str
    status: str
    error_code: int | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class AccountReport:
    """What the provider says about our account and our sender.

    `status` is the provider's word for the account's state, "active" where all is well. `sender_problems` are
    (problem, remedy) in sentences; `is_sender_asked` is False for senders that cannot be asked about.
    `inbound_url` is where incoming texts are passed on to, "" for nowhere, None where nobody can tell.
    `server_time` is the provider's clock (aware), to the second.
    """

    status: str = "active"
    is_trial: bool = False
    is_sender_asked: bool = True
    sender_problems: tuple[tuple[str, str], ...] = ()
    inbound_url: str | None = None
    server_time: datetime | None = None


class BaseBackend:
    """A way of sending texts. One instance serves a process, and any number of its threads at once."""

    #: True where nothing leaves this machine: every page then says so.
    is_simulated = False

    def __init__(self, concurrency: int) -> None:
        self.concurrency = concurrency

    def send(self, to: str, body: str, status_callback: str | None) -> SendResult:
        """Hand one text to the provider. `to` is in E.164; `status_callback` is an absolute URL.

        Raises Refused, TryLater or OutcomeUnknown, and nothing else.
        """
        raise NotImplementedError

    def list_messages(self, to: str, since: datetime) -> list[SentMessage]:
        """What the provider knows of texts to `to` created at or after `since` (aware), newest first.

        The list may lag some minutes behind: that a text is missing from it proves nothing yet. Raises
        Refused (for example wrong credentials) or TryLater, and ValueError for a naive `since`.
        """
        raise NotImplementedError

    def check_account(self) -> AccountReport:
        """Ask the provider about credentials and sender. Raises Refused (wrong credentials) or TryLater."""
        raise NotImplementedError

    def close(self) -> None:
        """Let go of connections and threads."""
