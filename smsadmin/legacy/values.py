"""One row of the old database: its values converted to ours, and what had to be fixed."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Final

from contacts import phones

from ..lib.storable import UNSTORABLE, clean

_TRUE: Final = frozenset({"1", "true", "t", "yes", "y", "on"})
_FALSE: Final = frozenset({"0", "false", "f", "no", "n", "off"})
_LARGEST: Final = 2**31 - 1
_SHOWN: Final = 200


class Refused(Exception):
    """A row that can't be imported. `reason` is the same for all such rows, `detail` has this one's value."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail


@dataclass(slots=True)
class OldRow:
    """A row of a table, or one entry of a blast's details (then `line` counts from 1).

    Each reading method returns a value that our columns accept, and notes in `mends`, as (reason, detail), if it
    differs from the stored one. `links` has the new ids of the rows that columns point to.
    """

    table: str
    id: int
    values: Mapping[str, Any]
    line: int = 0
    mends: list[tuple[str, str]] = field(default_factory=list)
    links: dict[str, int] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """How an operator finds it: its id, and the line of the details."""
        return f"{self.id}, line {self.line}" if self.line else str(self.id)

    @property
    def stamp(self) -> str:
        """What distinguishes the row from an earlier one with the same id: its own time, as stored."""
        raw = self.values.get("created_at", self.values.get("started_at"))
        return "" if raw is None else clean(as_text(raw))[:40]

    def mend(self, reason: str, detail: object = "") -> None:
        self.mends.append((reason, shown(detail)))

    def text(self, column: str, limit: int | None = None) -> str:
        """The text without characters that databases reject, at most `limit` characters; "" if there is none."""
        raw = self.values.get(column)
        if raw is None:
            return ""
        text = as_text(raw)
        if UNSTORABLE.search(text):
            self.mend(f"{column} had characters that can't be stored: removed or replaced")
            text = clean(text)
        if limit is not None and len(text) > limit:
            self.mend(f"{column} was longer than {limit} characters: cut", text)
            text = text[:limit]
        return text

    def name(self, column: str = "name") -> str | None:
        """A person's name with single spaces; None if there is none."""
        raw = " ".join(self.text(column).split())
        if len(raw) > 100:
            self.mend(f"{column} was longer than 100 characters: cut", raw)
        return raw[:100].rstrip() or None

    def phone(self, column: str = "phone") -> str:
        """The number in E.164. Raises Refused if it can't be texted."""
        raw = self.values.get(column)
        try:
            phone = phones.normalize(raw)
        except phones.InvalidPhone as problem:
            raise Refused("the phone number can't be texted", problem.sentence) from None
        if phone != raw:
            self.mend("the phone number was converted to E.164", f"{as_text(raw)} → {phone}")
        return phone

    def past_phone(self, column: str = "phone") -> str:
        """The number of a past event: anything in the form of E.164 is kept, even an impossible number.

        The blast that failed because of it is part of history. Raises Refused for anything else.
        """
        raw = self.values.get(column)
        return raw if isinstance(raw, str) and phones.E164.fullmatch(raw) else self.phone(column)

    def moment(self, column: str) -> datetime | None:
        """A time, stored in UTC; None if there is none that can be read."""
        raw = self.values.get(column)
        if raw is None or raw == "":
            return None
        try:
            at = datetime.fromisoformat(as_text(raw).strip())
            at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
        except (ValueError, OverflowError):
            self.mend(f"{column} is not a readable time: left empty", raw)
            return None
        if not 1900 <= at.year <= 9000:
            self.mend(f"{column} is not a plausible time: left empty", raw)
            return None
        return at

    def moment_or(self, column: str, default: datetime, meaning: str = "the time of the import") -> datetime:
        """Like `moment`, or `default` if there is none: `meaning` describes the default."""
        at = self.moment(column)
        if at is None:
            self.mend(f"{column} is missing: set to {meaning}")
        return at or default

    def day(self, column: str) -> date | None:
        raw = self.values.get(column)
        if raw is None or raw == "":
            return None
        try:
            return date.fromisoformat(as_text(raw).strip()[:10])
        except ValueError:
            self.mend(f"{column} is not a readable date: left empty", raw)
            return None

    def whole(self, column: str, default: int = 0) -> int:
        """A number from 0 to the largest that our columns accept."""
        raw = self.values.get(column)
        if raw is None:
            return default
        try:
            number = int(raw)
        except (ValueError, OverflowError, TypeError):
            number = -1
        if not 0 <= number <= _LARGEST:
            self.mend(f"{column} is not a valid number: set to {default}", raw)
            return default
        return number

    def flag(self, column: str, default: bool) -> bool:
        raw = self.values.get(column)
        found = read_flag(raw)
        if found is None:
            if raw is not None:
                self.mend(f"{column} is neither yes nor no: set to {'yes' if default else 'no'}", raw)
            return default
        if not isinstance(raw, int):
            self.mend(f"{column} was text: converted to yes or no", raw)
        return found

    def choice(self, column: str, values: Collection[str], default: str) -> str:
        """One of `values`, however it is spelled there; `default` for anything else."""
        raw = self.values.get(column)
        if raw in values:
            return str(raw)
        found = as_text(raw).strip().lower() if raw is not None else ""
        is_known = found in values
        chosen = found if is_known else default
        self.mend(
            f"{column} is unknown: set to “{chosen}”" if not is_known else f"{column} was normalized",
            raw,
        )
        return chosen

    def link(self, column: str, what: str) -> int | None:
        """The new id of the row that a column points to; None if it points nowhere. `what` completes the sentence."""
        if self.values.get(column) is None:
            return None
        new_id = self.links.get(column)
        if new_id is None:
            self.mend(f"{column} points to {what} that was not imported: left empty", self.values[column])
        return new_id

    def needed_link(self, column: str, what: str) -> int:
        """Like `link`. Raises Refused if it points nowhere."""
        new_id = self.links.get(column)
        if new_id is None:
            raise Refused(f"it belongs to {what} that was not imported", f"{column} {shown(self.values.get(column))}")
        return new_id


def read_flag(raw: object) -> bool | None:
    """Yes or no, even if written as text; None for anything else."""
    if isinstance(raw, int):
        return bool(raw) if raw in (0, 1) else None
    word = as_text(raw).strip().lower() if raw is not None else ""
    return True if word in _TRUE else False if word in _FALSE else None


def as_text(raw: object) -> str:
    return raw.decode("utf-8", "surrogateescape") if isinstance(raw, bytes) else str(raw)


def shown(value: object) -> str:
    """The value in a form that fits into a line of the report."""
    text = as_text(value)[: _SHOWN + 1]
    readable = "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in text)
    return readable if len(readable) <= _SHOWN else f"{readable[:_SHOWN]}…"
