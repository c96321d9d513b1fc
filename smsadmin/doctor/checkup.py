"""The list of checks, and how they are run."""

import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from django.db import DatabaseError

from smsadmin.lib.plurals import counted

from . import (
    access,
    configuration,
    copies,
    counters,
    indexes,
    migrating,
    online,
    queue,
    rows,
    schema,
    sending,
    storage,
)
from .findings import Check, Finding, Level, Needs, note, problem
from .storage import first_line

CHECKS: Final = (
    Check("storage.file", storage.find_file_trouble, Needs.NOTHING),
    Check("storage.space", storage.find_low_space, Needs.NOTHING),
    Check("storage.answers", storage.find_connection_trouble, Needs.FILE),
    Check("storage.access", access.find_open_files, Needs.FILE),
    Check("storage.backups", copies.find_backup_trouble, Needs.FILE),
    Check("storage.journal", storage.find_journal_trouble, Needs.DATABASE),
    Check("storage.integrity", storage.find_damage, Needs.DATABASE),
    Check("storage.references", storage.find_broken_references, Needs.DATABASE),
    Check("settings.agree", configuration.find_contradictions, Needs.NOTHING),
    Check("schema.migrations", migrating.find_migration_trouble, Needs.DATABASE),
    Check("schema.tables", schema.find_table_drift, Needs.TABLES),
    Check("schema.indexes", indexes.find_index_drift),
    Check("schema.search", indexes.find_search_trouble),
    Check("schema.sequences", indexes.find_sequence_trouble),
    Check("rows.phones", rows.find_bad_phones),
    Check("rows.values", rows.find_unknown_values),
    Check("rows.opt_outs", rows.find_opt_outs_not_kept),
    Check("counters.blasts", counters.find_wrong_counters),
    Check("counters.surveys", counters.find_wrong_surveys),
    Check("counters.threads", counters.find_wrong_threads),
    Check("counters.keywords", counters.find_keywords_claimed_twice),
    Check("sending.blasts", sending.find_blasts_without_sender),
    Check("sending.doubt", sending.find_doubt),
    Check("sending.scheduled", sending.find_late_messages),
    Check("sending.reports", sending.find_silence),
    Check("sending.unmatched", sending.find_unmatched_reports),
    Check("queue.worker", queue.find_dead_worker),
    Check("queue.waiting", queue.find_long_wait),
    Check("queue.strangers", queue.find_unknown_tasks),
    Check("queue.schedules", queue.find_schedule_trouble),
    Check("queue.failures", queue.find_failures),
    Check("queue.imports", queue.find_stalled_imports),
    Check("clock.agrees", configuration.find_clock_trouble),
)
ONLINE: Final = (Check("online.twilio", online.find_account_trouble, Needs.NOTHING),)

AGAIN: Final = "Run it again with --traceback and report the output."


def examine(
    *, is_online: bool = False, fix: bool = False, on_failure: Callable[[str], None] | None = None
) -> Iterator[tuple[Finding, str]]:
    """Yields each finding in the order of the checks, and what was fixed ("" for nothing).

    Raises nothing: a check that fails is itself a finding, and its traceback goes to `on_failure`. With `fix`,
    whatever can be fixed is, and its check runs again: what it still finds follows.
    """
    available = Needs.TABLES
    left_out = []
    for check in (*CHECKS, *(ONLINE if is_online else ())):
        if check.needs > available:
            left_out.append(check.name)
            continue
        found = run(check, on_failure)
        fixed = 0
        if fix:
            for finding in found:
                if finding.fix is not None:
                    fixed += 1
                    yield finding, _mend(finding, on_failure)
            if fixed:
                found = run(check, on_failure)
        for finding in found:
            yield finding, ""
        if any(finding.blocks for finding in found):
            available = min(available, check.needs, Needs.DATABASE)
    if left_out:
        missing = "the database cannot be used" if available < Needs.DATABASE else "its tables are wrong"
        sentence = f"{counted(len(left_out), 'check was', 'checks were')} skipped because {missing}."
        yield replace(note(sentence, "Fix the problems above, then run this again."), check="checkup"), ""


def run(check: Check, on_failure: Callable[[str], None] | None = None) -> list[Finding]:
    """The findings of one check, labeled with its name. Raises nothing."""
    found: list[Finding] = []
    try:
        found.extend(_named(check, finding) for finding in check.find())
    except Exception as error:  # noqa: BLE001 - the other checks are made all the same
        if on_failure is not None:
            on_failure(traceback.format_exc())
        # Only database errors are quoted, and only their first line: the rest may contain rows.
        reason = first_line(error) if isinstance(error, DatabaseError) else type(error).__name__
        found.append(_named(check, problem(f"This could not be checked: {reason}.", AGAIN)))
    return found


def _named(check: Check, finding: Finding) -> Finding:
    """Adds the check's name, and puts anything quoted on one line."""
    return replace(finding, check=check.name, sentence=" ".join(finding.sentence.split()))


def _mend(finding: Finding, on_failure: Callable[[str], None] | None) -> str:
    assert finding.fix is not None  # noqa: S101 - for the type checker: the caller has looked
    try:
        return finding.fix()
    except Exception as error:  # noqa: BLE001 - the rest is fixed all the same
        if on_failure is not None:
            on_failure(traceback.format_exc())
        reason = first_line(error) if isinstance(error, DatabaseError) else type(error).__name__
        return f"This could not be fixed: {reason}."


def is_healthy(findings: list[Finding]) -> bool:
    return not any(finding.level == Level.PROBLEM for finding in findings)
