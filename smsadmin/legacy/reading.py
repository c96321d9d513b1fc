"""The database file of the replaced system: opened read-only, in one snapshot."""

import sqlite3
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

from .values import OldRow

BATCH: Final = 1000
BUSY_SECONDS: Final = 10
MAGIC: Final = b"SQLite format 3\0"
NAME_IT: Final = "Specify the old database file, usually instance/sms.db of the old system."
# Databases of other programs also have tables with these names.
COMMON_NAMES: Final = frozenset({"users", "events"})

# The columns that are read. Older versions lack some tables and columns.
TABLES: Final[Mapping[str, frozenset[str]]] = {
    table: frozenset(columns.split())
    for table, columns in {
        "users": "id username password_hash phone role must_change_password created_at",
        "user_password_history": "id user_id password_hash created_at",
        "auth_events": "id event_type outcome user_id username client_ip metadata_json created_at",
        "events": "id title date created_at",
        "community_members": "id name phone created_at",
        "event_registrations": "id event_id name phone created_at",
        "unsubscribed_contacts": "id name phone reason source created_at",
        "message_logs": (
            "id created_at message_body target event_id status total_recipients success_count failure_count details"
        ),
        "suppressed_contacts": (
            "id phone reason category source source_type source_message_log_id created_at updated_at"
        ),
        "survey_flows": (
            "id name trigger_keyword intro_message questions_json completion_message linked_event_id is_active "
            "start_count completion_count created_at updated_at"
        ),
        "keyword_automation_rules": (
            "id keyword response_body is_active match_count last_matched_at created_at updated_at"
        ),
        "inbox_threads": (
            "id phone contact_name unread_count last_message_at last_message_preview last_direction created_at "
            "updated_at"
        ),
        "inbox_messages": (
            "id thread_id phone direction body message_sid automation_source automation_source_id matched_keyword "
            "delivery_status delivery_error raw_payload created_at"
        ),
        "survey_sessions": (
            "id survey_id thread_id phone status current_question_index started_at last_activity_at completed_at"
        ),
        "survey_responses": "id session_id survey_id phone question_index question_prompt answer created_at",
        "scheduled_messages": (
            "id created_at scheduled_at message_body target event_id status test_mode attempt_count "
            "processing_started_at sent_at error_message message_log_id"
        ),
    }.items()
}

# What is not imported on purpose, and why.
LEFT_TABLES: Final[Mapping[str, str]] = {
    "login_attempts": "failed sign-ins only count for minutes",
    "schema_migrations": "it only tracks how the old tables were created",
    "schema_migration_lock": "it only tracks how the old tables were created",
}
LEFT_COLUMNS: Final[Mapping[tuple[str, str], str]] = {
    ("users", "session_nonce"): "everyone signs in again",
    ("scheduled_messages", "last_attempt_at"): "attempts are counted from zero",
    ("scheduled_messages", "next_retry_at"): "attempts are counted from zero",
}


class Unreadable(Exception):
    """A file that is not a database of the replaced system, or can't be read now; `sentence` is for operators."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class OldDatabase:
    """An open old database. `columns` has the columns of each existing table."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        names = [
            row[0]
            for row in connection.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!'"
            )
        ]
        self.columns: dict[str, list[str]] = {
            name: [row[1] for row in connection.execute(f"PRAGMA table_info({_quoted(name)})")] for name in names
        }

    def count(self, table: str) -> int:
        """The number of rows in a table."""
        found: int = self._connection.execute(f"SELECT COUNT(*) FROM {_quoted(table)}").fetchone()[0]  # noqa: S608
        return found

    def batches(self, table: str, without: Iterable[str] = ()) -> Iterator[list[OldRow]]:
        """All rows ordered by id, BATCH at a time; nothing if there is no such table.

        The columns in `without` are left for `value`.
        """
        if table not in self.columns:
            return
        key = self._key(table)
        names = [name for name in self.columns[table] if name in TABLES[table] and name not in set(without)]
        selected = ", ".join([key, *map(_quoted, names)])
        rows = self._connection.execute(f"SELECT {selected} FROM {_quoted(table)} ORDER BY {key}")  # noqa: S608
        while found := rows.fetchmany(BATCH):
            yield [OldRow(table, row[0], dict(zip(names, row[1:], strict=True))) for row in found]

    def value(self, row: OldRow, column: str) -> Any:
        """One value of a row; None if there is no such column."""
        if column not in self.columns[row.table]:
            return None
        sql = f"SELECT {_quoted(column)} FROM {_quoted(row.table)} WHERE {self._key(row.table)} = ?"  # noqa: S608
        return self._connection.execute(sql, [row.id]).fetchone()[0]

    def rows(self, table: str, ids: Iterable[int]) -> list[OldRow]:
        """The existing rows with these ids, with the columns that tell them from others with the same id."""
        wanted = list(ids)
        if table not in self.columns or not wanted:
            return []
        key = self._key(table)
        names = [name for name in ("created_at", "started_at") if name in self.columns[table]]
        selected, marks = ", ".join([key, *names]), ", ".join("?" * len(wanted))
        sql = f"SELECT {selected} FROM {_quoted(table)} WHERE {key} IN ({marks})"  # noqa: S608
        return [
            OldRow(table, row[0], dict(zip(names, row[1:], strict=True)))
            for row in self._connection.execute(sql, wanted)
        ]

    def _key(self, table: str) -> str:
        return '"id"' if "id" in self.columns[table] else "rowid"


@contextmanager
def open_old(path: Path) -> Iterator[OldDatabase]:
    """The database in that file, as it is right now. Raises Unreadable, even while it is being read."""
    _look_at(path)
    try:
        connection = sqlite3.connect(
            f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=BUSY_SECONDS, isolation_level=None
        )
        with closing(connection):
            # What is not UTF-8 becomes lone surrogates, which `values` finds and fixes.
            connection.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
            connection.execute("BEGIN")
            old = OldDatabase(connection)
            _check(path, old)
            yield old
    except sqlite3.Error as error:
        raise Unreadable(_explain(path, error)) from error


def _look_at(path: Path) -> None:
    """Checks the file before SQLite opens it. Raises Unreadable."""
    try:
        mode = path.stat().st_mode
        if stat.S_ISREG(mode):
            with path.open("rb") as file:
                start = file.read(len(MAGIC))
    except (FileNotFoundError, NotADirectoryError):
        raise Unreadable(f"{path} does not exist. {NAME_IT}") from None
    except PermissionError:
        raise Unreadable(
            f"{path} cannot be read: the user that runs this command has no access to it or its folder. "
            "Copy it, along with its -wal or -journal file if there is one, into a folder of that user "
            "(and chown the copies), then specify the copy."
        ) from None
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise Unreadable(f"{path} cannot be read: {reason}. {NAME_IT}") from None
    if stat.S_ISDIR(mode):
        raise Unreadable(f"{path} is a folder. {NAME_IT}")
    if not stat.S_ISREG(mode):
        raise Unreadable(f"{path} is not a file. {NAME_IT}")
    if not start:
        raise Unreadable(f"{path} is empty: it has none of the old system's tables. {NAME_IT}")
    if start != MAGIC:
        raise Unreadable(f"{path} is not an SQLite database. {NAME_IT}")


def _check(path: Path, old: OldDatabase) -> None:
    if "django_migrations" in old.columns:
        raise Unreadable(
            f"{path} is an SMS Admin database, not one of the old system. Specify the old system's file."
        )
    if not set(TABLES) & set(old.columns) - COMMON_NAMES:
        raise Unreadable(
            f"{path} is a database of another program: it has none of the old system's tables. {NAME_IT}"
        )


def _explain(path: Path, error: sqlite3.Error) -> str:
    said = str(error)
    if "not a database" in said:
        return f"{path} is not an SQLite database, or is encrypted. {NAME_IT}"
    if "locked" in said or "busy" in said:
        return f"{path} is in use by another program. Stop the old system, then try again."
    if "malformed" in said:
        return f"{path} is damaged ({said}). Use an intact backup, or repair it with sqlite3's .recover."
    return (
        f"{path} cannot be read: {said}. Check its permissions. If there is a file of the same name ending in "
        "-wal or -journal, it belongs to the database: copy both into a folder of your own and specify the copy."
    )


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
