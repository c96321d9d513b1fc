"""Parses DATABASE_URL into Django's database settings."""

import re
from pathlib import Path
from typing import Any, Final

import environ

FORMS: Final = "sqlite:////absolute/path/sms.db or postgres://user:password@host:5432/name"


class BadDatabaseUrl(ValueError):
    """`problem` continues a sentence about the address, `remedy` is a sentence. Neither quotes the address."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.remedy = remedy


def parse(url: str, folder: Path) -> dict[str, Any]:
    """Django's settings for the database at that address; a relative SQLite file is in `folder`.

    Raises BadDatabaseUrl.
    """
    if match := re.fullmatch(r"sqlite://(?:/([^?]+)|(:memory:))", url):
        path = match[1] or match[2]
        return sqlite(":memory:" if path == ":memory:" else str(folder / path))
    if re.match(r"(postgres|postgresql)://", url):
        return _postgresql(url)
    raise BadDatabaseUrl("is not a database address that SMS Admin knows", f"Use {FORMS}.")


def sqlite(name: str) -> dict[str, Any]:
    """The settings for the SQLite database in that file, or ":memory:"."""
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": name,
        # WAL lets pages be read while a blast is written. Immediate transactions wait for the write lock at their
        # start, where the busy timeout applies, instead of failing at their first write. FULL makes a commit durable
        # before the call that follows it: if a power outage undid a claim, people would be texted twice.
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 30,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-8000;",
        },
        # Opening and closing a file for each request costs more than most requests do.
        "CONN_MAX_AGE": 60,
    }


def _postgresql(url: str) -> dict[str, Any]:
    try:
        database: dict[str, Any] = environ.Env.db_url_config(url)
    except ValueError:
        database = {"NAME": ""}
    if not database["NAME"]:
        raise BadDatabaseUrl(
            "cannot be read",
            "Write postgres://user:password@host:5432/name. In the password, write % as %25, @ as %40, / as %2F, "
            ": as %3A, # as %23 and ? as %3F.",
        )
    database["CONN_MAX_AGE"] = 60
    database["CONN_HEALTH_CHECKS"] = True
    # If the server disappears silently, that is noticed within half a minute (the last one is in milliseconds).
    database["OPTIONS"] = {
        "connect_timeout": 5,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 25_000,
        **database.get("OPTIONS", {}),
    }
    return database
