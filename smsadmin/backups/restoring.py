"""Putting a backup in the place of the database in use.

A backup is the past. Whatever it takes for work still to do may have been done since it was taken, and a text that
was sent must not be sent again. So nothing leaves by itself after a restore: blasts under way are paused, every text
that waited or was in a call is in doubt, and scheduled messages whose time has come are called off. Whom a blast had
not reached is not retried: a blast that the backup does not know may have done it. Staff decide, with a sentence that
says why. No id is given out again, so that late reports of Twilio meet nobody else's text. All of this is written by
the restore itself, in columns that the oldest backup has.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from django import db
from django.db import connection

from smsadmin.lib import dates

from .. import migration_state
from ..models import WorkerHeartbeat
from ..worker import heartbeat
from . import backup_files, postgres, sqlite
from .contents import BackupFailed, Contents, Damaged

DELIVERIES: Final = "deliveries"
_RESTORED_AT: Final[migration_state.Migration] = ("messaging", "0007_restored_at")
FIRST_MOMENT: Final = datetime(2020, 1, 1, tzinfo=UTC)
# On average between two restores; a blast takes thousands at once and then seconds a thousand to be sent.
IDS_PER_SECOND: Final = 1000
# Where the clock goes wrong.
SPARE_IDS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did: where the database is kept that was in use before (None where there was none)."""

    kept: Path | None


def check(path: Path) -> Contents:
    """What a backup holds. Raises BackupFailed if it is none, is damaged, or cannot be used here."""
    try:
        with path.open("rb") as file:
            start = file.read(16)
    except OSError as error:
        raise BackupFailed(f"{path} cannot be read: {error.strerror}.") from error
    kinds = {
        sqlite.MAGIC: (sqlite, "SQLite"),
        postgres.MAGIC: (postgres, "PostgreSQL"),
    }
    engine, name = next((kinds[magic] for magic in kinds if start.startswith(magic)), (None, ""))
    if engine is None:
        raise BackupFailed(f"{path} is no backup: it is neither a SQLite database nor a dump of pg_dump.")
    if engine is not backup_files.engine():
        raise BackupFailed(
            f"{path} is a backup of {name}, and the database in use is another one. "
            "Set DATABASE_URL to a database of that kind."
        )
    try:
        contents: Contents = engine.inspect(path)
    except BackupFailed as failed:
        raise BackupFailed(f"{path} cannot be restored. {failed}") from failed
    if migration_state.is_too_old(contents.migrations):
        raise BackupFailed(f"{path} cannot be restored. {migration_state.TOO_OLD}")
    if unknown := contents.unknown:
        raise BackupFailed(
            f"{path} was made by a newer version of SMS Admin: this one does not know its migration "
            f"{unknown[0]}. Install that version first."
        )
    if contents.faults:
        raise BackupFailed(f"{path} cannot be restored. {contents.faults[0]}")
    return contents


def living_workers() -> list[WorkerHeartbeat]:
    """The workers at work on the database in use. A database that cannot be read has none to tell of."""
    if connection.vendor == "sqlite" and not sqlite.database().is_file():
        return []  # to ask would make an empty one
    try:
        return heartbeat.living()
    except db.Error:
        return []
    finally:
        db.connections.close_all()


def restore(path: Path, directory: Path) -> Restored:
    """Put the backup in the place of the database in use, which is backed up into `directory` before.

    A failure in the middle leaves everything as it was. Raises BackupFailed.
    """
    contents = check(path)
    engine = backup_files.engine()
    kept, set_aside = _keep_present(directory)
    last_ids = _last_ids(contents, engine.last_ids(), datetime.now(UTC))
    db.connections.close_all()
    statements = [
        *engine.final_checks(contents),
        *_hold_back(backup_files.taken_at(path), contents),
        *engine.going_on_after(last_ids),
    ]
    try:
        engine.restore(path, statements, set_aside)
    except OSError as error:
        raise BackupFailed(f"The backup could not be restored: {backup_files.explain(error)}") from error
    return Restored(kept or set_aside)


def _keep_present(directory: Path) -> tuple[Path | None, Path | None]:
    """(the backup of the database in use, the name that its file gets): one of them, or neither if there is none."""
    if connection.vendor == "sqlite":
        live = sqlite.database()
        if not live.is_file() or not live.stat().st_size:
            return None, None
        try:
            return backup_files.back_up(directory, is_as_found=True).path, None
        except Damaged:
            return None, live.with_name(f"{live.name}.damaged-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
    try:
        is_empty = not connection.introspection.table_names()
    except db.Error as error:
        raise BackupFailed(f"The database does not answer: {str(error).strip().splitlines()[0]}") from error
    return (None, None) if is_empty else (backup_files.back_up(directory, is_as_found=True).path, None)


def _last_ids(contents: Contents, present: Mapping[str, int], now: datetime) -> dict[str, int]:
    """From which id each table is to count on: none is given out again that either database has given out.

    The ids of deliveries leave the house, in addresses to which Twilio reports for days. The database that gave out
    the last ones may be lost, so these go on from an id that the clock makes: a later restore always gets a higher
    one, as long as fewer than IDS_PER_SECOND are given out between the two.
    """
    tables = {*contents.last_ids, *present}
    last = {table: max(contents.last_ids.get(table, 0), present.get(table, 0)) for table in tables}
    by_clock = int((now - FIRST_MOMENT).total_seconds()) * IDS_PER_SECOND
    last[DELIVERIES] = max(last.get(DELIVERIES, 0) + SPARE_IDS, by_clock)
    return last


def _hold_back(taken_at: datetime, contents: Contents) -> list[str]:
    """SQL, for both databases, that lets nothing leave by itself after the restore."""
    moment = dates.moment(taken_at)
    blasts = (
        f"Restored from the backup of {moment}. Whoever waited then may have been texted since, so they are in doubt "
        "until a delivery report or Twilio's list shows the text, or you decide. "
    )
    scheduled = (
        f"It was restored from the backup of {moment} and may have left since. If it has not, schedule it anew."
    )
    statements = [
        f"UPDATE message_logs SET paused_at = COALESCE(paused_at, CURRENT_TIMESTAMP), "  # noqa: S608 - our own words
        f"stop_reason = TRIM({_quote(blasts)} || stop_reason) WHERE status = 'processing' AND cancelled_at IS NULL",
        f"UPDATE scheduled_messages SET status = 'failed', error_message = {_quote(scheduled)} "  # noqa: S608
        "WHERE status = 'pending' AND scheduled_at <= CURRENT_TIMESTAMP",
        *_doubt_texts(moment),
        # The queue's tasks are of then; what is left to do is found by the recurring ones.
        "DELETE FROM django_q_ormq",
        # Who has logged out since then stays logged out.
        "DELETE FROM django_session",
        "DELETE FROM worker_heartbeats",
    ]
    if _RESTORED_AT in contents.migrations:
        # After the calls of those in doubt, which are dated now: only who is called from here on can be retried.
        now = "clock_timestamp()" if connection.vendor == "postgresql" else "strftime('%Y-%m-%d %H:%M:%f', 'now')"
        statements.append(f"UPDATE message_logs SET restored_at = {now}")  # noqa: S608
    return statements


def _doubt_texts(moment: str) -> list[str]:
    """SQL by which nobody is texted who may have been texted since the backup, whatever is pressed.

    Who waited is in doubt: called at any time from the blast's beginning up to now, as `reconciling` looks for it.
    Whom a blast did not reach is kept from retries.
    """
    doubt = _quote(f"Restored from the backup of {moment}: it may have been sent since then.")
    retry = _quote(f" Restored from the backup of {moment}: may have been retried since then.")
    opted_out = "phone IN (SELECT phone FROM unsubscribed_contacts)"
    is_open = "message_log_id IS NULL OR message_log_id IN (SELECT id FROM message_logs WHERE cancelled_at IS NULL)"
    not_reached = "status IN ('failed', 'undelivered') OR (status = 'skipped' AND skip_reason = 'cancelled')"
    return [
        # No sender would have taken them.
        "UPDATE deliveries SET status = 'skipped', skip_reason = 'opted_out', updated_at = CURRENT_TIMESTAMP "  # noqa: S608
        f"WHERE status = 'pending' AND {opted_out}",
        f"UPDATE deliveries SET status = 'unknown', error_message = {doubt} "  # noqa: S608
        f"WHERE status = 'sending' OR (status = 'pending' AND ({is_open}))",
        f"UPDATE deliveries SET is_left = TRUE, error_message = TRIM(error_message || {retry}) "  # noqa: S608
        f"WHERE NOT is_left AND message_log_id IS NOT NULL AND ({not_reached})",
        # Who opted out was called before that, and not since.
        f"UPDATE deliveries SET claimed_at = CASE WHEN {opted_out} THEN claimed_at ELSE CURRENT_TIMESTAMP END, "  # noqa: S608
        "updated_at = CURRENT_TIMESTAMP WHERE status = 'unknown' AND NOT is_left",
    ]


def _quote(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def count_held() -> tuple[int, int]:
    """After a restore: how many blasts are paused by it or before it, and how many scheduled messages still wait.

    Counted without the models, whose columns an older backup may lack.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM message_logs WHERE status = 'processing' AND paused_at IS NOT NULL")
        blasts = cursor.fetchone()[0]
        cursor.execute("SELECT count(*) FROM scheduled_messages WHERE status = 'pending'")
        return blasts, cursor.fetchone()[0]
