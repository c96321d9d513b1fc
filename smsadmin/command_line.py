"""`manage.py`: runs a command, and reports a database failure in one sentence."""

import sys
from collections.abc import Sequence

from django.core.management import execute_from_command_line
from django.db import DatabaseError, InterfaceError, OperationalError, ProgrammingError, connection

from smsadmin.lib.commands import first_line

# PostgreSQL and SQLite errors that an operator can fix, each with what to do.
_REMEDIES = (
    (
        "locked",
        "Another process holds it, such as a shell in a transaction or a tool that copies the file. Stop it and "
        "try again.",
    ),
    ("no such table", "Create it with: manage.py dbdoctor --apply"),
    ("no such column", "Update it with: manage.py dbdoctor --apply"),
    ("does not exist", "Correct DATABASE_URL, or create it with: manage.py dbdoctor --apply"),
    ("readonly", "Make the user that SMS Admin runs as the owner of the file and its folder."),
    ("unable to open", "Correct DATABASE_URL, or make the user that SMS Admin runs as the owner of the folder."),
    ("disk", "Free some space or check the disk, then run: manage.py dbdoctor --doctor"),
    ("not a database", "Correct DATABASE_URL, or restore a backup (docs/backups.md)."),
    ("malformed", "Restore a backup (docs/backups.md)."),
    ("password", "Correct DATABASE_URL."),
)


def main(arguments: Sequence[str]) -> None:
    """Runs `manage.py arguments[1:]`. If the database can't be used, prints one sentence and exits with code 1.

    With --traceback, and for our own errors, Python shows where it happened.
    """
    try:
        execute_from_command_line(list(arguments))
    except (DatabaseError, InterfaceError) as error:
        if "--traceback" in arguments or not _is_about_the_database(error):
            raise
        sys.exit(explain(error))


def explain(error: Exception) -> str:
    """What is wrong with the database and what to do. Contains no row values: only the first line is quoted."""
    reason = first_line(error)
    found = (remedy for sign, remedy in _REMEDIES if sign in reason.lower())
    default = (
        "Start the server, or correct DATABASE_URL."
        if connection.vendor == "postgresql"
        else "Run: manage.py dbdoctor --doctor"
    )
    return f"The database cannot be used: {reason}. {next(found, default)}"


def _is_about_the_database(error: Exception) -> bool:
    """As opposed to our use of it: IntegrityError, DataError and the like are our own mistakes.

    SQLite's damaged files raise DatabaseError itself; missing tables raise ProgrammingError on PostgreSQL.
    """
    return type(error) in {DatabaseError, InterfaceError, OperationalError, ProgrammingError}
