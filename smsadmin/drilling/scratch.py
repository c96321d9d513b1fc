"""A folder and, on PostgreSQL, a database for one drill. Both are removed afterward, if necessary by the next one."""

import fcntl
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode

import psycopg
from django.db import connection
from psycopg import sql

from ..backups.contents import BackupFailed

PREFIX: Final = "smsadmin-drill-"
DATABASE_PREFIX: Final = "smsadmin_drill_"


@contextmanager
def folder(parent: Path) -> Iterator[Path]:
    """A new folder in `parent` that nobody else can read. Raises BackupFailed."""
    try:
        _remove_abandoned(parent)
        made = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
    except OSError as error:
        raise BackupFailed(f"The drill cannot work in {parent}: {error.strerror}. Choose another folder.") from error
    descriptor = os.open(made, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)
        os.close(descriptor)


def _remove_abandoned(parent: Path) -> None:
    """Removes the leftovers of killed drills, on which nobody holds the lock any longer."""
    for left in parent.glob(f"{PREFIX}*"):
        with suppress(OSError):
            descriptor = os.open(left, os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(left, ignore_errors=True)
            finally:
                os.close(descriptor)


@contextmanager
def postgresql_database() -> Iterator[str]:
    """The address of a new, empty database on the server of the database in use. Raises BackupFailed."""
    if connection.vendor != "postgresql":
        raise BackupFailed(
            "This is a PostgreSQL backup, and the drill needs a PostgreSQL server to create a database on. "
            "For this command, set DATABASE_URL to any database on such a server. It won't be changed."
        )
    parameters: dict[str, Any] = connection.get_connection_params()
    name = f"{DATABASE_PREFIX}{uuid.uuid4().hex[:12]}"
    with _server(parameters) as server:
        _drop_abandoned(server)
        create = sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'").format(sql.Identifier(name))
        try:
            server.execute(create)
        except psycopg.errors.InsufficientPrivilege:
            role = server.info.user
            raise BackupFailed(
                f"The role {role} can't create databases, which the drill needs. As a PostgreSQL superuser: "
                f"ALTER ROLE {role} CREATEDB; afterwards, if you like, ALTER ROLE {role} NOCREATEDB;"
            ) from None
        except psycopg.Error as error:
            raise BackupFailed(
                f"PostgreSQL could not create a database for the drill: {_first_line(error)}."
            ) from error
        try:
            # While this connection is open, no other drill takes the database for a leftover.
            with psycopg.connect(**_plain(parameters, name), autocommit=True):
                yield _address(parameters, name)
        finally:
            server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def _server(parameters: dict[str, Any]) -> Iterator[psycopg.Connection[Any]]:
    """A connection to the server through whichever database lets us in: the one in use may be what was lost."""
    failure: psycopg.Error | None = None
    for name in ("postgres", parameters.get("dbname")):
        try:
            server = psycopg.connect(**_plain(parameters, name), autocommit=True)
        except psycopg.Error as error:
            failure = error
            continue
        with server:
            yield server
            return
    raise BackupFailed(f"The PostgreSQL server is not responding: {_first_line(failure)}.") from failure


def _drop_abandoned(server: psycopg.Connection[Any]) -> None:
    left = server.execute(
        "SELECT datname FROM pg_database WHERE datname LIKE %s AND NOT EXISTS "
        "(SELECT 1 FROM pg_stat_activity WHERE pg_stat_activity.datname = pg_database.datname)",
        [DATABASE_PREFIX.replace("_", r"\_") + "%"],
    ).fetchall()
    for (name,) in left:
        with suppress(psycopg.Error):  # it belongs to another role, or has just been put to use
            server.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(name)))


def _plain(parameters: dict[str, Any], name: str | None) -> dict[str, Any]:
    """The connection parameters of Django in libpq's form, for another database on the server."""
    known = {option.keyword.decode() for option in psycopg.pq.Conninfo.get_defaults()}
    return {**{key: value for key, value in parameters.items() if key in known and value}, "dbname": name}


def _address(parameters: dict[str, Any], name: str) -> str:
    """In the form of DATABASE_URL."""
    user, password = quote(parameters.get("user") or "", safe=""), quote(parameters.get("password") or "", safe="")
    login = f"{user}:{password}@" if password else f"{user}@" if user else ""
    host, port = str(parameters.get("host") or ""), parameters.get("port")
    if host.startswith("/"):
        host = quote(host, safe="")
    elif ":" in host:
        host = f"[{host}]"
    place = f"{host}:{port}" if port else host
    ours = ("dbname", "user", "password", "host", "port", "client_encoding")
    rest = {key: value for key, value in _plain(parameters, None).items() if value and key not in ours}
    return f"postgres://{login}{place}/{name}" + (f"?{urlencode(rest)}" if rest else "")


def _first_line(error: Exception | None) -> str:
    return (str(error).strip().splitlines() or ["no reason given"])[0].rstrip(".")
