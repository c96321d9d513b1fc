"""What can go wrong between a sender and Twilio, and a script of when it does."""

import random
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Fault:
    """One way for a valid request to end badly.

    `accepted` says whether the message is on record all the same. `answer` is what is sent: a full answer,
    one cut short, or nothing at all before the connection is closed ("whole", "cut", "none").
    """

    accepted: bool
    answer: str = "whole"
    status: int = 201
    code: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    delay: float = 0.0


def too_many_requests(retry_after: str | None = None) -> Fault:
    """429 with code 20429, never processed; `retry_after` is the header's text (seconds or an HTTP date)."""
    headers = (("Retry-After", retry_after),) if retry_after is not None else ()
    return Fault(accepted=False, status=429, code=20429, headers=headers)


def refused(status: int, code: int) -> Fault:
    """A refusal with Twilio's JSON."""
    return Fault(accepted=False, status=status, code=code)


def bare(status: int, accepted: bool = False, headers: tuple[tuple[str, str], ...] = ()) -> Fault:
    """A response with an HTML page instead of JSON, as from proxies and gateways."""
    return Fault(accepted=accepted, status=status, headers=headers, body=b"<html><body>Oops</body></html>")


def server_error(status: int = 500, accepted: bool = False) -> Fault:
    """A 5xx response; the client can't tell whether the message was accepted before."""
    return Fault(accepted=accepted, status=status, code=20500 if status == 500 else 20503)


def dropped(accepted: bool) -> Fault:
    """The connection is closed without a response."""
    return Fault(accepted=accepted, answer="none")


def truncated() -> Fault:
    """Accepted; the response breaks off in the middle."""
    return Fault(accepted=True, answer="cut")


def garbage(body: bytes = b"\x00\xff not json") -> Fault:
    """Accepted, 201, and an unreadable response."""
    return Fault(accepted=True, body=body)


def without_sid() -> Fault:
    """Accepted, 201, readable JSON without a SID."""
    return Fault(accepted=True, body=b'{"status": "queued"}')


def slow(seconds: float, accepted: bool = True) -> Fault:
    """A response delayed by `seconds`: the client may have given up by then."""
    return Fault(accepted=accepted, delay=seconds) if accepted else Fault(False, "none", delay=seconds)


@dataclass
class Script:
    """When each fault occurs: by phone number first, then by turn, then by chance. Scripted ones occur once."""

    _by_number: dict[str, deque[Fault | None]] = field(default_factory=lambda: defaultdict(deque))
    _in_turn: deque[Fault | None] = field(default_factory=deque)
    _chances: Mapping[Fault, float] = field(default_factory=dict)
    _random: random.Random = field(default_factory=random.Random)

    def for_number(self, to: str, *faults: Fault | None) -> None:
        """The next requests for `to` meet these faults in turn; None means no fault."""
        self._by_number[to].extend(faults)

    def next(self, *faults: Fault | None) -> None:
        """The next requests, for any number, meet these faults."""
        self._in_turn.extend(faults)

    def at_random(self, chances: Mapping[Fault, float], seed: int) -> None:
        """From now on each request meets each fault with its probability; `seed` makes a run repeatable."""
        self._chances, self._random = dict(chances), random.Random(seed)

    def draw(self, to: str) -> Fault | None:
        if self._by_number.get(to):
            return self._by_number[to].popleft()
        if self._in_turn:
            return self._in_turn.popleft()
        point = self._random.random() if self._chances else 1.0
        for fault, chance in self._chances.items():
            if point < chance:
                return fault
            point -= chance
        return None
