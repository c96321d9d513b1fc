"""Sending into a list, for tests: as mail goes to django.core.mail.outbox."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import ClassVar

from messaging.backends.base import AccountReport, BaseBackend, OutcomeUnknown, SendError, SendResult, SentMessage

Outcome = SendError | Callable[[str, str, str | None], SendResult] | None
"""What becomes of one text: raised, asked for (with the arguments of send), or None for accepted."""


class LocmemBackend(BaseBackend):
    """Accepts everything, unless `script` says otherwise for the number, or for "*" (all others).

    A list of outcomes is used up one text after the other; anything else stands for every text:

        LocmemBackend.script["+17205550123"] = Refused(21610, "…")
        LocmemBackend.script["*"] = [TryLater("…"), None]
        LocmemBackend.script["+17205550124"] = LocmemBackend.accept_and_lose   # accepted, then OutcomeUnknown
    """

    #: What was accepted: (to, body, status_callback), oldest first.
    outbox: ClassVar[list[tuple[str, str, str | None]]] = []
    #: The same as the provider's list shows it; tests may take lines out or change them.
    listed: ClassVar[list[SentMessage]] = []
    script: ClassVar[dict[str, Outcome | list[Outcome]]] = {}
    #: What check_account() answers, or raises.
    account: ClassVar[AccountReport | SendError] = AccountReport()

    def send(self, to: str, body: str, status_callback: str | None) -> SendResult:
        outcome = self.script.get(to, self.script.get("*"))
        if isinstance(outcome, list):
            outcome = outcome.pop(0) if outcome else None
        if isinstance(outcome, SendError):
            raise outcome
        return (outcome or self.accept)(to, body, status_callback)

    @classmethod
    def accept(cls, to: str, body: str, status_callback: str | None) -> SendResult:
        """Put one text into the outbox."""
        sid = f"SM{uuid.uuid4().hex}"
        cls.listed.append(SentMessage(sid, to, body, "queued", None, datetime.now(UTC)))
        cls.outbox.append((to, body, status_callback))
        return SendResult(sid, "queued", None)

    @classmethod
    def accept_and_lose(cls, to: str, body: str, status_callback: str | None) -> SendResult:
        """Accept a text, but let its answer get lost."""
        cls.accept(to, body, status_callback)
        raise OutcomeUnknown("The answer got lost.")

    @classmethod
    def reset(cls) -> None:
        cls.outbox.clear()
        cls.listed.clear()
        cls.script.clear()
        cls.account = AccountReport()

    def check_account(self) -> AccountReport:
        if isinstance(self.account, SendError):
            raise self.account
        return self.account

    def list_messages(self, to: str, since: datetime) -> list[SentMessage]:
        if since.tzinfo is None:
            raise ValueError("`since` has no time zone")
        least = since.replace(microsecond=0)
        return [m for m in reversed(self.listed) if m.to == to and m.created_at >= least]
