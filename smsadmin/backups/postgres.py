"""Backups of PostgreSQL with its own programs: pg_dump, pg_restore and psql.

pg_dump reads one snapshot and blocks nobody. The programs get the password in a file, never as an argument, which
every user of the machine could read.

A backup carries its own checksum, so that it stays a single file: the dump is followed by a line with its SHA-256,
which pg_restore doesn't read.
"""

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final

import psycopg
from django.db import Error, connection

from ..migration_state import Migration, as_current, schema_after
from .contents import ALTERED, TABLES, BackupFailed, Contents, Damaged, find_missing

suffix: Final = ".pgdump"
MAGIC: Final = b"PGDMP"
LOCK_SECONDS: Final = 60
_SEAL: Final = b"\nsmsadmin-sha256:"
_SEAL_SIZE: Final = len(_SEAL) + 65
_SETVAL: Final = re.compile(r"SELECT pg_catalog\.setval\('(?:\S+\.)?(\w+)_id_seq', (\d+), (true|false)\);\n")
_COPY: Final = re.compile(r'COPY (?:\S+\.)?"?(\w+)"? \((.*)\) FROM stdin;\n')
# Otherwise tables that an older backup lacks would stay, and be in the way of the migrations that create them.
_DROP_ALL: Final = """
DO $$ DECLARE found record; BEGIN
  FOR found IN SELECT schemaname, tablename FROM pg_tables WHERE schemaname = current_schema() LOOP
    EXECUTE format('DROP TABLE IF EXISTS %I.%I CASCADE', found.schemaname, found.tablename);
  END LOOP;
END $$;
"""


def write(target: Path) -> None:
    """Dumps the database in use into the file `target`. Raises BackupFailed."""
    program = _program("pg_dump")
    with _conninfo() as conninfo:
        _check_version(program)
        _run(
            [
                program,
                "--format=custom",
                f"--lock-wait-timeout={LOCK_SECONDS}s",
                "--no-password",
                f"--file={target}",
                f"--dbname={conninfo}",
            ],
            "The database could not be dumped",
        )
    with target.open("r+b") as file:
        checksum = hashlib.file_digest(file, "sha256").hexdigest()
        file.write(_SEAL + checksum.encode() + b"\n")


def _check_seal(path: Path) -> bool:
    """Whether it has a checksum. Raises Damaged if that is wrong."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - _SEAL_SIZE))
        seal = file.read()
        if not seal.startswith(_SEAL):
            return False
        digest = hashlib.sha256()
        file.seek(0)
        left = size - _SEAL_SIZE
        while left and (chunk := file.read(min(left, 1 << 20))):
            digest.update(chunk)
            left -= len(chunk)
    if seal != _SEAL + digest.hexdigest().encode() + b"\n":
        raise Damaged(ALTERED)
    return True


def inspect(path: Path) -> Contents:
    """Reads a whole backup and returns its contents. Raises Damaged."""
    is_sealed = _check_seal(path)
    program = _program("pg_restore")
    try:
        listed = _run([program, "--list", str(path)], "The file is damaged")
        if any(not re.search(rf" TABLE DATA \S+ {table} ", listed) for table in TABLES):
            raise Damaged("This is not an SMS Admin database: its tables are missing.")
        read = _read(program, path)
    except Damaged:
        raise
    except BackupFailed as failed:
        raise Damaged(str(failed)) from failed
    migrations = frozenset(read.migrations)
    faults = find_missing(migrations, read.columns)
    return Contents(
        read.rows["community_members"], read.rows["message_logs"], migrations, read.last_ids, tuple(faults), is_sealed
    )


@dataclass(slots=True)
class _Read:
    """What a dump contains: rows and columns of each table, the last id of each that counts, the migrations."""

    rows: Counter[str] = field(default_factory=Counter)
    columns: dict[str, set[str]] = field(default_factory=dict)
    last_ids: dict[str, int] = field(default_factory=dict)
    migrations: set[Migration] = field(default_factory=set)


def _read(program: str, path: Path) -> _Read:
    """Reads a dump from beginning to end. Raises BackupFailed."""
    read = _Read()
    with tempfile.TemporaryFile() as errors:
        reader = _start([program, "--file=-", str(path)], stdout=subprocess.PIPE, stderr=errors)
        with reader:
            table, columns = "", [""]
            for raw in reader.stdout or ():
                line = raw.decode(errors="replace")
                if table:
                    if line == "\\.\n":
                        table = ""
                        continue
                    read.rows[table] += 1
                    if table == "django_migrations":
                        row = dict(zip(columns, line.rstrip("\n").split("\t"), strict=False))
                        read.migrations.add((row["app"], row["name"]))
                elif match := _COPY.fullmatch(line):
                    table, columns = match[1], match[2].replace('"', "").split(", ")
                    read.columns[table] = set(columns)
                elif (match := _SETVAL.fullmatch(line)) and match[3] == "true":
                    read.last_ids[match[1]] = int(match[2])
        if reader.returncode:
            raise BackupFailed(f"The file is damaged: {_first_complaint(errors)}")
    return read


def last_ids() -> dict[str, int]:
    """The last id issued by each table of the database in use; {} if it can't be read."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT left(sequencename, -length('_id_seq')), last_value FROM pg_sequences "
                "WHERE schemaname = current_schema() AND sequencename LIKE '%\\_id\\_seq' AND last_value IS NOT NULL"
            )
            return dict(cursor.fetchall())
    except Error:
        return {}


def continue_ids_after(last_ids: Mapping[str, int]) -> list[str]:
    """SQL that makes each existing table among these continue after an id."""
    return [
        f"SELECT setval(to_regclass('{table}_id_seq'), greatest(nextval(to_regclass('{table}_id_seq')), {last})) "
        f"WHERE to_regclass('{table}_id_seq') IS NOT NULL"
        for table, last in sorted(last_ids.items())
    ]


def final_checks(contents: Contents) -> list[str]:
    """SQL that fails if the restored database isn't sound: rows that refer to nothing, even if the dump has lost the
    foreign key. It runs within the restore's transaction, before anyone can see the result."""
    return [
        f'DO $$ BEGIN IF EXISTS (SELECT 1 FROM "{one.table}" AS child WHERE child."{one.column}" IS NOT NULL '  # noqa: S608
        f'AND NOT EXISTS (SELECT 1 FROM "{one.parent}" AS parent '
        f'WHERE parent."{one.parent_column}" = child."{one.column}")) THEN '
        f"RAISE EXCEPTION 'Rows of {one.table} refer to rows of {one.parent} that do not exist.'; END IF; END $$"
        for one in schema_after(as_current(contents.migrations)).references
    ]


def restore(path: Path, statements: Sequence[str], set_aside: Path | None) -> None:
    """Replaces the database in use with a checked backup and runs `statements` on it: all in one transaction.

    Until it ends, and after a failure, everyone sees the previous state. Raises BackupFailed.
    """
    reader_command = [_program("pg_restore"), "--no-owner", "--no-privileges", "--clean", "--if-exists", "--file=-"]
    psql = [
        _program("psql"),
        "--no-psqlrc",
        "--quiet",
        "--no-password",
        "--set=ON_ERROR_STOP=1",
        "--output=/dev/null",
    ]
    with _conninfo() as conninfo, tempfile.TemporaryFile() as read_errors, tempfile.TemporaryFile() as errors:
        reader = _start([*reader_command, str(path)], stdout=subprocess.PIPE, stderr=read_errors)
        writer = _start(
            [*psql, f"--dbname={conninfo}", "--file=-"], stdin=subprocess.PIPE, stdout=errors, stderr=errors
        )
        assert reader.stdout is not None  # noqa: S101 - for the type checker
        assert writer.stdin is not None  # noqa: S101
        try:
            begin = f"BEGIN;\nSET LOCAL lock_timeout = '{LOCK_SECONDS}s';\n"
            writer.stdin.write((begin + _DROP_ALL).encode())
            shutil.copyfileobj(reader.stdout, writer.stdin)
            if reader.wait():
                # psql ends without having been told to commit.
                raise BackupFailed(f"The backup could not be read: {_first_complaint(read_errors)}")
            # pg_restore leaves the search path empty.
            writer.stdin.write(b"".join(f"{line};\n".encode() for line in ("RESET search_path", *statements)))
            writer.stdin.write(b"COMMIT;\n")
        except BrokenPipeError:
            pass  # psql's own message is the reason
        finally:
            reader.stdout.close()
            _close(writer.stdin)
            reader.wait()
            code = writer.wait()
        if code:
            raise BackupFailed(f"The backup could not be restored: {_first_complaint(errors)}")


@contextmanager
def _conninfo() -> Iterator[str]:
    """What libpq needs to connect to the database in use, with the password in a file for this block."""
    keywords = {option.keyword.decode() for option in psycopg.pq.Conninfo.get_defaults()}
    parameters = {
        name: value
        for name, value in connection.get_connection_params().items()
        if name in keywords and value is not None
    }
    password = parameters.pop("password", "")
    with tempfile.TemporaryDirectory(prefix="smsadmin-") as folder:
        if password:
            passfile = Path(folder) / "passfile"
            passfile.touch(mode=0o600)
            passfile.write_text("*:*:*:*:{}\n".format(re.sub(r"([\\:])", r"\\\1", password)))
            parameters["passfile"] = str(passfile)
        yield psycopg.conninfo.make_conninfo(**parameters)


def _program(name: str) -> str:
    if found := shutil.which(name):
        return found
    raise BackupFailed(
        f"The program {name} is not installed on this machine. Install the client programs of PostgreSQL, of the "
        "server's version or a later one (in Debian and Ubuntu the package postgresql-client)."
    )


def _check_version(program: str) -> None:
    """pg_dump refuses a server newer than itself, but with a less helpful message."""
    said = _run([program, "--version"], "pg_dump does not run")
    match = re.search(r"\) (\d+)", said)
    try:
        connection.ensure_connection()
        server = connection.pg_version // 10_000  # type: ignore[attr-defined]
    except Error as error:
        raise BackupFailed(f"The database is not responding: {str(error).strip().splitlines()[0]}") from error
    if match and int(match[1]) < server:
        raise BackupFailed(
            f"pg_dump has version {match[1]}, but the server has version {server}. Install the client programs of "
            f"version {server} (in Debian and Ubuntu the package postgresql-client-{server})."
        )


def _start(command: list[str], **streams: Any) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, **streams)  # noqa: S603 - programs of PostgreSQL, without a shell


def _run(command: list[str], problem: str) -> str:
    """The output of the command. Raises BackupFailed with the first error."""
    ended = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - as above
    if ended.returncode:
        said = ended.stderr.decode(errors="replace").strip().splitlines() or [f"exit code {ended.returncode}"]
        if any("No space left" in line for line in said):
            raise BackupFailed("The disk is full. Free some space and try again.")
        raise BackupFailed(f"{problem}: {said[0]}")
    return ended.stdout.decode(errors="replace")


def _first_complaint(file: IO[bytes]) -> str:
    """The first error in a program's output; the later ones are consequences."""
    file.seek(0)
    lines = file.read().decode(errors="replace").strip().splitlines()
    said = next((line for line in lines if "error" in line.lower()), lines[0] if lines else "no reason given")
    return re.sub(r"^psql:\S+: ERROR: +", "", said)


def _close(pipe: IO[bytes]) -> None:
    with suppress(BrokenPipeError):
        pipe.close()
