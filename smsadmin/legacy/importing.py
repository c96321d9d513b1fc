"""The whole import, in one transaction: all of it, or nothing."""

from pathlib import Path

from django.db import transaction
from django.utils import timezone

from smsadmin.lib.locks import lock_bulk_changes

from .blasts import move_blasts
from .inbox import move_messages, move_threads
from .moving import Move
from .people import move_people, move_suppressions
from .reading import LEFT_COLUMNS, LEFT_TABLES, TABLES, OldDatabase, open_old
from .report import Report
from .scheduled import move_scheduled
from .surveys import move_responses, move_rules, move_sessions, move_surveys
from .users import move_security_events, move_users, record_added


def move_in(path: Path, report: Report, *, is_dry_run: bool = False) -> None:
    """Reads the old database in that file and imports its rows; a dry run does the same and rolls it back.

    Raises reading.Unreadable and django.db.DatabaseError; then nothing has changed.
    """
    with open_old(path) as old, transaction.atomic():
        lock_bulk_changes()
        move = Move(old, report, timezone.now())
        _tell_what_stays(old, report)
        added = move_users(move)
        move_security_events(move)
        move_people(move)
        move_blasts(move)
        move_suppressions(move)
        move_surveys(move)
        move_rules(move)
        move_threads(move)
        move_messages(move)
        move_sessions(move)
        move_responses(move)
        move_scheduled(move)
        record_added(added)
        if is_dry_run:
            transaction.set_rollback(True)


def _tell_what_stays(old: OldDatabase, report: Report) -> None:
    for table, columns in sorted(old.columns.items()):
        if table not in TABLES:
            count = old.count(table)
            rows = f"{count:,} {'row' if count == 1 else 'rows'}"
            why = LEFT_TABLES.get(table, "SMS Admin doesn't use this table")
            report.left.append(f"The table {table} ({rows}): {why}.")
            continue
        for column in sorted(set(columns) - TABLES[table]):
            why = LEFT_COLUMNS.get((table, column), "SMS Admin doesn't use this column")
            report.left.append(f"The column {table}.{column}: {why}.")
