"""What a check is, and what it finds."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import IntEnum, StrEnum


class Level(StrEnum):
    """How serious a finding is: only a problem makes the exit code 1."""

    OK = "ok"
    NOTE = "note"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report.

    `remedy` says what to do about it, "" if there is nothing to do. `fix`, if there is one, fixes it and
    returns a sentence about what it fixed; it is safe while the site is running. If a finding `blocks`,
    checks that need more than this one are skipped. `check` is the name of the check, filled in by the checkup.
    """

    level: Level
    sentence: str
    remedy: str = ""
    fix: Callable[[], str] | None = None
    blocks: bool = False
    check: str = ""


class Needs(IntEnum):
    """What a check requires before it can run."""

    NOTHING = 0
    FILE = 1
    DATABASE = 2
    TABLES = 3


@dataclass(frozen=True, slots=True)
class Check:
    """`name` is "topic.what", as explained in docs/dbdoctor.md. A check that finds nothing passes silently."""

    name: str
    find: Callable[[], Iterable[Finding]]
    needs: Needs = Needs.TABLES


def ok(sentence: str) -> Finding:
    return Finding(Level.OK, sentence)


def note(sentence: str, remedy: str = "", fix: Callable[[], str] | None = None) -> Finding:
    return Finding(Level.NOTE, sentence, remedy, fix)


def problem(sentence: str, remedy: str, fix: Callable[[], str] | None = None, *, blocks: bool = False) -> Finding:
    return Finding(Level.PROBLEM, sentence, remedy, fix, blocks)


def some(items: Iterable[object], most: int = 5) -> str:
    """The first few, separated by commas, and how many more there are."""
    names = [str(item) for item in items]
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
