"""The database as a file or a server: is it there, can it be used, is it sound?"""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from django.db import DatabaseError, connection, transaction
from django.template.defaultfilters import filesizeformat

from smsadmin.checks import find_sqlite_problem
from smsadmin.lib.commands import first_line
from smsadmin.lib.plurals import counted

from .findings import Finding, note, ok, problem, some

# What must be free beside room for one copy of the database: a backup, and a journal that grows during a blast.
SPARE_BYTES: Final = 200 * 1024 * 1024
LONG_JOURNAL_BYTES: Final = 512 * 1024 * 1024
NETWORK_FILE_SYSTEMS: Final = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "afs", "ceph", "glusterfs", "fuse.glusterfs"}
)
OLDEST_POSTGRESQL: Final = 140_000
CONNECTIONS_SHARE: Final = 0.9
RESTORE: Final = "Stop SMS Admin, keep a copy of the database, and restore the last backup (docs/backups.md)."


def sqlite_path() -> Path | None:
    """The file of the database; None on PostgreSQL, and where the database is in memory."""
    name = str(connection.settings_dict["NAME"])
    # As Django's own is_in_memory_db() has it.
    if connection.vendor != "sqlite" or name == ":memory:" or "mode=memory" in name:
        return None
    return Path(name)


def describe() -> dict[str, Any]:
    """The database in use: its kind, and where it is. Never its password."""
    configured = connection.settings_dict
    if connection.vendor == "sqlite":
        path = sqlite_path()
        return {"kind": "SQLite", "name": str(path) if path else ":memory:"}
    return {
        "kind": "PostgreSQL",
        "name": configured["NAME"],
        "host": configured["HOST"] or "local socket",
        "port": str(configured["PORT"] or 5432),
        "user": configured["USER"] or "",
    }


def find_file_trouble() -> Iterator[Finding]:
    path = sqlite_path()
    if path is None:
        return
    trouble, hint = find_sqlite_problem(path)
    if trouble:
        yield problem(f"The database cannot be used: {trouble}.", hint, blocks=True)
    elif not path.exists():
        yield problem(
            f"There is no database at {path}.",
            "Correct DATABASE_URL, restore a backup, or make a new one: manage.py dbdoctor --apply",
            blocks=True,
        )
    else:
        yield ok(f"{path} can be read and written ({filesizeformat(path.stat().st_size)}).")
    if path.parent.is_dir() and (kind := _file_system(path.parent)) in NETWORK_FILE_SYSTEMS:
        yield problem(
            f"The database is on a network file system ({kind}), on which SQLite's locks do not hold.",
            "Move it to a disk of this machine, or use PostgreSQL (DATABASE_URL).",
        )


def _file_system(folder: Path) -> str:
    """The type of the file system that a folder is on; "" where the system does not say (not Linux)."""
    try:
        lines = Path("/proc/self/mounts").read_text("utf-8", "replace").splitlines()
    except OSError:
        return ""
    mounts = [(fields[1], fields[2]) for line in lines if len(fields := line.split()) > 2]
    above = [mount for mount in mounts if folder.resolve().is_relative_to(mount[0])]
    # Of two mounts at one place the later one is seen.
    return max(enumerate(above), key=lambda entry: (len(entry[1][0]), entry[0]))[1][1] if above else ""


def find_want_of_space() -> Iterator[Finding]:
    path = sqlite_path()
    if path is None or not path.parent.is_dir():
        return
    journal = path.with_name(f"{path.name}-wal")
    journal_size = journal.stat().st_size if journal.exists() else 0
    size = (path.stat().st_size if path.exists() else 0) + journal_size
    free = shutil.disk_usage(path.parent).free
    if free < size + SPARE_BYTES:
        yield problem(
            f"The disk of the database has {filesizeformat(free)} left, less than a backup of it needs.",
            f"Make room until {filesizeformat(size + SPARE_BYTES)} are free.",
        )
    else:
        yield ok(f"{filesizeformat(free)} are free on the disk of the database.")
    if journal_size > LONG_JOURNAL_BYTES:
        yield note(
            f"The journal beside the database has grown to {filesizeformat(journal_size)}.",
            "Some process reads without end and keeps SQLite from emptying it: restart SMS Admin.",
        )


def find_connection_trouble() -> Iterator[Finding]:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM sqlite_master" if connection.vendor == "sqlite" else "SELECT 1")
        # On SQLite this takes the lock for writing and gives it back.
        with transaction.atomic():
            pass
    except DatabaseError as error:
        yield problem(f"The database does not answer: {first_line(error)}.", _remedy(error), blocks=True)
        return
    if connection.vendor == "postgresql":
        yield from _find_postgresql_trouble()


def _remedy(error: DatabaseError) -> str:
    if connection.vendor == "postgresql":
        return "Start the server, or correct DATABASE_URL."
    if "locked" in str(error):
        return "Some process has kept the lock for half a minute: find it with fuser, and end it."
    return RESTORE


def _find_postgresql_trouble() -> Iterator[Finding]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('server_version_num')::int, current_setting('server_version'), "
            "current_setting('transaction_read_only'), current_setting('server_encoding'), "
            "current_setting('synchronous_commit'), pg_database_size(current_database()), "
            "(SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'), "
            "current_setting('max_connections')::int"
        )
        number, version, read_only, encoding, commit, size, used, most = cursor.fetchone()
    yield ok(f"PostgreSQL {version.split()[0]} answers ({filesizeformat(size)}, {used} of {most} connections).")
    if number < OLDEST_POSTGRESQL:
        yield problem(f"PostgreSQL {version} is too old.", "Upgrade the server to version 14 or later.")
    if read_only == "on":
        yield problem(
            "The database takes no writes: the server is a standby, or read-only.",
            "Let DATABASE_URL name the primary server.",
        )
    if encoding != "UTF8":
        yield problem(
            f"The database is in the encoding {encoding}, which has no place for many characters.",
            "Make a new one with ENCODING 'UTF8', and move the data there with pg_dump.",
        )
    if commit == "off":
        yield note(
            "synchronous_commit is off: what a power cut makes the server forget may be texted twice.",
            "Set it to on, for the server or for the user of this database.",
        )
    if used > CONNECTIONS_SHARE * most:
        yield problem(
            f"{used} of the server's {most} connections are in use.",
            "Raise max_connections, or run fewer web and worker processes.",
        )


def find_journal_trouble() -> Iterator[Finding]:
    if sqlite_path() is None:
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA journal_mode")
        mode = cursor.fetchone()[0]
        cursor.execute("PRAGMA synchronous")
        level = cursor.fetchone()[0]
    if mode.lower() != "wal":
        yield problem(
            f"The journal mode is {mode}: pages wait while a blast is written.",
            "Put the database on a disk of this machine; SMS Admin asks for WAL at each connection.",
        )
    if level < 2:
        yield problem(
            "Commits are not written through to the disk: after a power cut people may be texted twice.",
            "Leave PRAGMA synchronous=FULL in smsadmin/settings.py.",
        )


def find_damage() -> Iterator[Finding]:
    """On SQLite all pages are read: a few seconds for a million rows."""
    if connection.vendor == "sqlite":
        try:
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA integrity_check(20)")
                lines = [str(line) for (line,) in cursor.fetchall()]
        except DatabaseError as error:
            lines = [first_line(error)]
        if lines == ["ok"]:
            yield ok("SQLite finds no damage.")
        else:
            kinds = sorted({_without_values(line) for text in lines for line in text.splitlines()})
            yield problem(f"The database is damaged: {some(kinds, 2)}.", RESTORE)
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT checksum_failures FROM pg_stat_database WHERE datname = current_database()")
        failures = cursor.fetchone()[0]
    if failures:
        yield problem(
            f"PostgreSQL has read {counted(failures, 'damaged page', 'damaged pages')}.",
            "Look after the disk, and restore a backup.",
        )


def _without_values(line: str) -> str:
    """A line of integrity_check, which may quote nothing of rows but their numbers."""
    return line.removeprefix("*** in database main ***").strip().rstrip(".") or "damaged page"


def find_broken_references() -> Iterator[Finding]:
    """Rows that point to rows that are not there. PostgreSQL does not let them arise; its constraints are checked."""
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA foreign_key_check")
        found: dict[tuple[str, str], int] = {}
        for table, _, parent, _ in cursor.fetchall():
            found[table, parent] = found.get((table, parent), 0) + 1
    for (table, parent), number in sorted(found.items()):
        yield problem(
            f"{counted(number, 'row', 'rows')} of {table} {'points' if number == 1 else 'point'} to rows of {parent} "
            "that do not exist.",
            "They were left by a program that wrote past SMS Admin: delete them by SQL, or restore a backup.",
        )
    if not found:
        yield ok("No row points to a row that does not exist.")
