"""Replaces the database in use with a backup.

A backup is the past. Whatever it considers unfinished may have been done since, and a text that was sent must not be
sent again. So nothing is sent by itself after a restore: running blasts are paused, every text that was waiting or
being sent becomes unconfirmed, and scheduled messages that are due are canceled. People whom a blast hadn't reached
aren't retried: a blast that the backup doesn't know of may have reached them. Staff decide, and a sentence says why.
No id is issued again, so late reports from Twilio can't hit someone else's text. The restore itself writes all of
this, into columns that even the oldest backup has.
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
# On average between two restores; a blast issues thousands at once and then takes seconds per thousand to send.
IDS_PER_SECOND: Final = 1000
# In case the clock is wrong.
SPARE_IDS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did: where the previous database was kept (None if there was none)."""

    kept: Path | None


def check(path: Path) -> Contents:
    """The contents of a backup. Raises BackupFailed if it isn't one, is damaged, or can't be used here."""
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
        raise BackupFailed(f"{path} is not a backup: it is neither a SQLite database nor a pg_dump file.")
    if engine is not backup_files.engine():
        raise BackupFailed(
            f"{path} is a backup of {name}, but the database in use is of a different kind. "
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
            f"{path} was made by a newer version of SMS Admin: this version doesn't know the migration "
            f"{unknown[0]}. Install that version first."
        )
    if contents.faults:
        raise BackupFailed(f"{path} cannot be restored. {contents.faults[0]}")
    return contents


def living_workers() -> list[WorkerHeartbeat]:
    """The running workers on the database in use. A database that can't be read reports none."""
    if connection.vendor == "sqlite" and not sqlite.database().is_file():
        return []  # connecting would create an empty one
    try:
        return heartbeat.living()
    except db.Error:
        return []
    finally:
        db.connections.close_all()


def restore(path: Path, directory: Path) -> Restored:
    """Replaces the database in use with the backup, after backing up the database into `directory`.

    A failure halfway leaves everything unchanged. Raises BackupFailed.
    """
    contents = check(path)
    engine = backup_files.engine()
    kept, set_aside = _keep_present(directory)
    last_ids = _last_ids(contents, engine.last_ids(), datetime.now(UTC))
    db.connections.close_all()
    statements = [
        *engine.final_checks(contents),
        *_hold_back(backup_files.taken_at(path), contents),
        *engine.continue_ids_after(last_ids),
    ]
    try:
        engine.restore(path, statements, set_aside)
    except OSError as error:
        raise BackupFailed(f"The backup could not be restored: {backup_files.explain(error)}") from error
    return Restored(kept or set_aside)


def _keep_present(directory: Path) -> tuple[Path | None, Path | None]:
    """(the backup of the database in use, the new name of its file): one of them, or neither if there is none."""
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
        raise BackupFailed(f"The database is not responding: {str(error).strip().splitlines()[0]}") from error
    return (None, None) if is_empty else (backup_files.back_up(directory, is_as_found=True).path, None)


def _last_ids(contents: Contents, present: Mapping[str, int], now: datetime) -> dict[str, int]:
    """The id after which each table continues: neither database has issued a higher one.

    Delivery ids leave the system in callback addresses, to which Twilio reports for days. The database that issued
    the last ones may be lost, so these continue from an id derived from the clock: a later restore always gets a
    higher one, as long as fewer than IDS_PER_SECOND are issued between the two.
    """
    tables = {*contents.last_ids, *present}
    last = {table: max(contents.last_ids.get(table, 0), present.get(table, 0)) for table in tables}
    by_clock = int((now - FIRST_MOMENT).total_seconds()) * IDS_PER_SECOND
    last[DELIVERIES] = max(last.get(DELIVERIES, 0) + SPARE_IDS, by_clock)
    return last


def _hold_back(taken_at: datetime, contents: Contents) -> list[str]:
    """SQL, for both databases, that keeps anything from being sent by itself after the restore."""
    moment = dates.moment(taken_at)
    blasts = (
        f"Restored from the backup of {moment}. People who were waiting then may have been texted since, so they "
        "stay unconfirmed until a delivery report or Twilio's records show the text, or you decide. "
    )
    scheduled = (
        f"It was restored from the backup of {moment} and may have been sent since. If not, schedule it again."
    )
    statements = [
        f"UPDATE message_logs SET paused_at = COALESCE(paused_at, CURRENT_TIMESTAMP), "  # noqa: S608 - our own words
        f"stop_reason = TRIM({_quote(blasts)} || stop_reason) WHERE status = 'processing' AND cancelled_at IS NULL",
        f"UPDATE scheduled_messages SET status = 'failed', error_message = {_quote(scheduled)} "  # noqa: S608
        "WHERE status = 'pending' AND scheduled_at <= CURRENT_TIMESTAMP",
        *_doubt_texts(moment),
        # The queue's tasks are outdated; the recurring ones find what is left to do.
        "DELETE FROM django_q_ormq",
        # Whoever has logged out since then stays logged out.
        "DELETE FROM django_session",
        "DELETE FROM worker_heartbeats",
    ]
    if _RESTORED_AT in contents.migrations:
        # After the calls of the unconfirmed, which are dated now: only calls made from here on can be retried.
        now = "clock_timestamp()" if connection.vendor == "postgresql" else "strftime('%Y-%m-%d %H:%M:%f', 'now')"
        statements.append(f"UPDATE message_logs SET restored_at = {now}")  # noqa: S608
    return statements


def _doubt_texts(moment: str) -> list[str]:
    """SQL that keeps anyone from being texted twice who may have been texted since the backup, whatever is clicked.

    Those who were waiting become unconfirmed: called at some time between the blast's start and now, which is where
    `reconciling` searches. Those whom a blast did not reach can't be retried.
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
        # Those who opted out were called before that, and not since.
        f"UPDATE deliveries SET claimed_at = CASE WHEN {opted_out} THEN claimed_at ELSE CURRENT_TIMESTAMP END, "  # noqa: S608
        "updated_at = CURRENT_TIMESTAMP WHERE status = 'unknown' AND NOT is_left",
    ]


def _quote(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def count_held() -> tuple[int, int]:
    """After a restore: how many blasts are paused, by it or before it, and how many scheduled messages are waiting.

    Counted without the models, whose columns an older backup may lack.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM message_logs WHERE status = 'processing' AND paused_at IS NOT NULL")
        blasts = cursor.fetchone()[0]
        cursor.execute("SELECT count(*) FROM scheduled_messages WHERE status = 'pending'")
        return blasts, cursor.fetchone()[0]
