"""Direct access to SQLite files for tests of backups, without Django: the test database is only in memory."""

import sqlite3
from contextlib import closing

from smsadmin.backups import sqlite


def execute(path, statement, *parameters):
    with closing(sqlite3.connect(path, timeout=5)) as file, file:
        return file.execute(statement, parameters).fetchall()


def add_member(path, name):
    """Adds a member; the phone is the next fictional number."""
    [(count,)] = execute(path, "SELECT count(*) FROM community_members")
    names = [column for _, column, *_ in execute(path, "PRAGMA table_info(community_members)")]
    values = {"name": name, "phone": f"+1720555{100 + count:04}", "created_at": "2026-01-01 00:00:00"}
    columns = [column for column in names if column in values]
    marks = ", ".join("?" * len(columns))
    execute(
        path,
        f"INSERT INTO community_members ({', '.join(columns)}) VALUES ({marks})",  # noqa: S608 - our own words
        *(values[column] for column in columns),
    )


def members(path):
    return [name for (name,) in execute(path, "SELECT name FROM community_members ORDER BY id")]


def damage(path):
    """Overwrites the middle of the file; its beginning still looks like a database."""
    execute(path, "PRAGMA wal_checkpoint(TRUNCATE)")
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(size // 4)
        file.write(b"\xff" * (size // 2))


def unseal(path):
    """Turns a backup into an earlier version's, without a checksum."""
    execute(path, f"DROP TABLE {sqlite.SEAL}")
