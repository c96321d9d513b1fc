"""The database as a file or a server: does it exist, can it be used, is it intact?"""

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

# Free space needed besides one copy of the database: for a backup, and for the journal, which grows during a blast.
SPARE_BYTES: Final = 200 * 1024 * 1024
LONG_JOURNAL_BYTES: Final = 512 * 1024 * 1024
NETWORK_FILE_SYSTEMS: Final = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "afs", "ceph", "glusterfs", "fuse.glusterfs"}
)
OLDEST_POSTGRESQL: Final = 140_000
CONNECTIONS_SHARE: Final = 0.9
RESTORE: Final = "Stop SMS Admin, keep a copy of the database, and restore the last backup (docs/backups.md)."


def sqlite_path() -> Path | None:
    """The file of the database; None on PostgreSQL and for a database in memory."""
    name = str(connection.settings_dict["NAME"])
    # Like Django's own is_in_memory_db().
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
            "Correct DATABASE_URL, restore a backup, or create a new one: manage.py dbdoctor --apply",
            blocks=True,
        )
    else:
        yield ok(f"{path} can be read and written ({filesizeformat(path.stat().st_size)}).")
    if path.parent.is_dir() and (kind := _file_system(path.parent)) in NETWORK_FILE_SYSTEMS:
        yield problem(
            f"The database is on a network file system ({kind}), where SQLite's locks don't work.",
            "Move it to a local disk, or use PostgreSQL (DATABASE_URL).",
        )


def _file_system(folder: Path) -> str:
    """The type of the file system of a folder; "" if the system doesn't say (not Linux)."""
    try:
        lines = Path("/proc/self/mounts").read_text("utf-8", "replace").splitlines()
    except OSError:
        return ""
    mounts = [(fields[1], fields[2]) for line in lines if len(fields := line.split()) > 2]
    above = [mount for mount in mounts if folder.resolve().is_relative_to(mount[0])]
    # If two are mounted at the same place, the later one is visible.
    return max(enumerate(above), key=lambda entry: (len(entry[1][0]), entry[0]))[1][1] if above else ""


def find_low_space() -> Iterator[Finding]:
    path = sqlite_path()
    if path is None or not path.parent.is_dir():
        return
    journal = path.with_name(f"{path.name}-wal")
    journal_size = journal.stat().st_size if journal.exists() else 0
    size = (path.stat().st_size if path.exists() else 0) + journal_size
    free = shutil.disk_usage(path.parent).free
    if free < size + SPARE_BYTES:
        yield problem(
            f"The database's disk has {filesizeformat(free)} free, less than a backup needs.",
            f"Free up space until {filesizeformat(size + SPARE_BYTES)} are available.",
        )
    else:
        yield ok(f"{filesizeformat(free)} are free on the database's disk.")
    if journal_size > LONG_JOURNAL_BYTES:
        yield note(
            f"The database's journal has grown to {filesizeformat(journal_size)}.",
            "A process that never stops reading keeps SQLite from emptying it. Restart SMS Admin.",
        )


def find_connection_trouble() -> Iterator[Finding]:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM sqlite_master" if connection.vendor == "sqlite" else "SELECT 1")
        # On SQLite this takes the write lock and releases it.
        with transaction.atomic():
            pass
    except DatabaseError as error:
        yield problem(f"The database is not responding: {first_line(error)}.", _remedy(error), blocks=True)
        return
    if connection.vendor == "postgresql":
        yield from _find_postgresql_trouble()


def _remedy(error: DatabaseError) -> str:
    if connection.vendor == "postgresql":
        return "Start the server, or correct DATABASE_URL."
    if "locked" in str(error):
        return "Some process has held the lock for half a minute. Find it with fuser and stop it."
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
    yield ok(f"PostgreSQL {version.split()[0]} is responding ({filesizeformat(size)}, {used} of {most} connections).")
    if number < OLDEST_POSTGRESQL:
        yield problem(f"PostgreSQL {version} is too old.", "Upgrade the server to version 14 or later.")
    if read_only == "on":
        yield problem(
            "The database is read-only: the server may be a standby.",
            "Point DATABASE_URL at the primary server.",
        )
    if encoding != "UTF8":
        yield problem(
            f"The database uses the encoding {encoding}, which lacks many characters.",
            "Create a new one with ENCODING 'UTF8' and move the data there with pg_dump.",
        )
    if commit == "off":
        yield note(
            "synchronous_commit is off: after a power outage, people may be texted twice.",
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
            f"The journal mode is {mode}, so pages wait while a blast is written.",
            "Put the database on a local disk. SMS Admin asks for WAL on each connection.",
        )
    if level < 2:
        yield problem(
            "Commits are not flushed to disk: after a power outage, people may be texted twice.",
            "Keep PRAGMA synchronous=FULL in smsadmin/database_urls.py.",
        )


def find_damage() -> Iterator[Finding]:
    """On SQLite, reads all pages: a few seconds for a million rows."""
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
            "Check the disk, then restore a backup.",
        )


def _without_values(line: str) -> str:
    """A line of integrity_check, of which nothing may be quoted from rows but their numbers."""
    return line.removeprefix("*** in database main ***").strip().rstrip(".") or "damaged page"


def find_broken_references() -> Iterator[Finding]:
    """Rows that point to missing rows. PostgreSQL prevents them; its constraints are checked instead."""
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
            "that don't exist.",
            "Another program left them. Delete them with SQL, or restore a backup.",
        )
    if not found:
        yield ok("All references between rows are valid.")
