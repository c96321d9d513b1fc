"""An in-memory backend for tests, like django.core.mail.outbox."""

import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import ClassVar

from messaging.backends.base import (
    AccountReport,
    BaseBackend,
    OutcomeUnknown,
    ReceivedMessage,
    SendError,
    SendResult,
    SentMessage,
)

Outcome = SendError | Callable[[str, str, str | None], SendResult] | None
"""The result of one text: an error to raise, a function called with the arguments of send, or None for accepted."""


class LocmemBackend(BaseBackend):
    """Accepts everything, unless `script` has an outcome for the number, or for "*" (all others).

    A list of outcomes is used up one by one; anything else applies to every text:

        LocmemBackend.script["+17205550123"] = Refused(21610, "…")
        LocmemBackend.script["*"] = [TryLater("…"), None]
        LocmemBackend.script["+17205550124"] = LocmemBackend.accept_and_lose   # accepted, then OutcomeUnknown
    """

    #: Accepted texts: (to, body, status_callback), oldest first.
    outbox: ClassVar[list[tuple[str, str, str | None]]] = []
    #: The provider's log, which tests may change.
    listed: ClassVar[list[SentMessage]] = []
    #: The provider's log of incoming texts, or the error of reading it.
    incoming: ClassVar[list[ReceivedMessage] | SendError] = []
    script: ClassVar[dict[str, Outcome | list[Outcome]]] = {}
    #: What check_account() returns or raises.
    account: ClassVar[AccountReport | SendError] = AccountReport()
    #: Where incoming texts are forwarded to.
    forwarded_to: ClassVar[str] = ""

    def send(self, to: str, body: str, status_callback: str | None) -> SendResult:
        outcome = self.script.get(to, self.script.get("*"))
        if isinstance(outcome, list):
            outcome = outcome.pop(0) if outcome else None
        if isinstance(outcome, SendError):
            raise outcome
        return (outcome or self.accept)(to, body, status_callback)

    @classmethod
    def accept(cls, to: str, body: str, status_callback: str | None) -> SendResult:
        """Add one text to the outbox."""
        sid = f"SM{uuid.uuid4().hex}"
        cls.listed.append(SentMessage(sid, to, body, "queued", None, datetime.now(UTC)))
        cls.outbox.append((to, body, status_callback))
        return SendResult(sid, "queued", None)

    @classmethod
    def accept_and_lose(cls, to: str, body: str, status_callback: str | None) -> SendResult:
        """Accept a text, but lose the response."""
        cls.accept(to, body, status_callback)
        raise OutcomeUnknown("The response was lost.")

    @classmethod
    def reset(cls) -> None:
        cls.outbox.clear()
        cls.listed.clear()
        cls.incoming = []
        cls.script.clear()
        cls.account = AccountReport()
        cls.forwarded_to = ""

    def check_account(self) -> AccountReport:
        if isinstance(self.account, SendError):
            raise self.account
        return self.account

    def forward_texts(self, url: str) -> tuple[str, str] | None:
        self.check_account()
        LocmemBackend.forwarded_to = url
        return None

    def list_messages(self, to: str, since: datetime) -> list[SentMessage]:
        if since.tzinfo is None:
            raise ValueError("`since` has no time zone")
        least = since.replace(microsecond=0)
        return [m for m in reversed(self.listed) if m.to == to and m.created_at >= least]

    def received(self, since: datetime) -> Iterator[ReceivedMessage]:
        if since.tzinfo is None:
            raise ValueError("`since` has no time zone")
        if isinstance(self.incoming, SendError):
            raise self.incoming
        least = since.replace(microsecond=0)
        return iter([m for m in reversed(self.incoming) if m.sent_at >= least])
