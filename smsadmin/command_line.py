"""`manage.py`: runs a command, and says in one sentence when the database is what fails."""

import sys
from collections.abc import Sequence

from django.core.management import execute_from_command_line
from django.db import DatabaseError, InterfaceError, OperationalError, ProgrammingError, connection

from smsadmin.lib.commands import first_line

# Of what PostgreSQL and SQLite say, what an operator can do something about; each with what to do.
_REMEDIES = (
    (
        "locked",
        "Another process keeps it, such as a shell in a transaction or a tool that copies the file: end that, and "
        "try again.",
    ),
    ("no such table", "Make it with: manage.py dbdoctor --apply"),
    ("no such column", "Bring it up to date with: manage.py dbdoctor --apply"),
    ("does not exist", "Correct DATABASE_URL, or make it with: manage.py dbdoctor --apply"),
    ("readonly", "Give the file and its folder to the user that SMS Admin runs as."),
    ("unable to open", "Correct DATABASE_URL, or give the folder to the user that SMS Admin runs as."),
    ("disk", "Make room, or look after the disk, then run: manage.py dbdoctor --doctor"),
    ("not a database", "Correct DATABASE_URL, or restore a backup (docs/backups.md)."),
    ("malformed", "Restore a backup (docs/backups.md)."),
    ("password", "Correct DATABASE_URL."),
)


def main(arguments: Sequence[str]) -> None:
    """Run `manage.py arguments[1:]`. A database that cannot be used ends it with one sentence and exit code 1.

    With --traceback, and for errors that are ours, Python says where it happened.
    """
    try:
        execute_from_command_line(list(arguments))
    except (DatabaseError, InterfaceError) as error:
        if "--traceback" in arguments or not _is_about_the_database(error):
            raise
        sys.exit(explain(error))


def explain(error: Exception) -> str:
    """What is wrong with the database and what to do. Holds no value of a row: only the first line is quoted."""
    reason = first_line(error)
    found = (remedy for sign, remedy in _REMEDIES if sign in reason.lower())
    default = (
        "Start the server, or correct DATABASE_URL."
        if connection.vendor == "postgresql"
        else "Run: manage.py dbdoctor --doctor"
    )
    return f"The database cannot be used: {reason}. {next(found, default)}"


def _is_about_the_database(error: Exception) -> bool:
    """Rather than about what we asked of it: IntegrityError, DataError and the like are faults of ours.

    SQLite's damaged files raise DatabaseError itself; tables that are missing a ProgrammingError on PostgreSQL.
    """
    return type(error) in {DatabaseError, InterfaceError, OperationalError, ProgrammingError}
