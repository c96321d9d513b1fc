"""`manage.py dbdoctor`: the operators' tool for the database and everything that depends on it."""

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils import timezone

from accounts import organization
from smsadmin import file_modes
from smsadmin.doctor import checkup, migrating, storage
from smsadmin.doctor.findings import Finding, Level
from smsadmin.lib.plurals import counted
from smsadmin.version import version


class Command(BaseCommand):
    help = (
        "Show the database in use and its migrations (--print), apply pending migrations (--apply), "
        "or examine the whole installation (--doctor, the default). Exit code of --doctor: 0 if nothing needs "
        "fixing, 1 if something does. docs/dbdoctor.md explains every check."
    )
    # Contradictory settings are findings of --doctor, and no reason not to run it.
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        modes = parser.add_mutually_exclusive_group()
        modes.add_argument("--print", action="store_true", help="the database in use, and each migration")
        modes.add_argument("--apply", action="store_true", help="apply pending migrations")
        modes.add_argument("--doctor", action="store_true", help="examine everything")
        parser.add_argument("--fix", action="store_true", help="with --doctor: fix what is safe to fix")
        parser.add_argument(
            "--online", action="store_true", help="with --doctor: ask Twilio about the account and the sender"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        organization.use_zone()
        if (options["print"] or options["apply"]) and (options["fix"] or options["online"]):
            raise CommandError("--fix and --online only work with --doctor.")
        try:
            if options["print"]:
                self._print(options["json"])
            elif options["apply"]:
                self._apply(options["json"], options["verbosity"])
            else:
                self._examine(options)
        except migrating.CannotApply as error:
            raise CommandError(str(error)) from error
        except DatabaseError as error:
            raise CommandError(
                f"The database is not responding: {storage.first_line(error)}. Run: manage.py dbdoctor --doctor"
            ) from error

    def _print(self, is_json: bool) -> None:
        path = storage.sqlite_path()
        if path is not None and not path.exists():
            # Connecting would create an empty file.
            raise CommandError(f"There is no database at {path}. Create one with: manage.py dbdoctor --apply")
        steps = migrating.steps()
        waiting = sum(not step.is_applied for step in steps)
        database = storage.describe()
        if is_json:
            migrations = [
                {
                    "app": step.app,
                    "name": step.name,
                    "applied": step.is_applied,
                    "applied_at": step.applied_at.isoformat() if step.applied_at else None,
                    "known": step.is_known,
                }
                for step in steps
            ]
            self._write_json(
                {"version": version(), "database": database, "pending": waiting, "migrations": migrations}
            )
            return
        self.stdout.write(f"SMS Admin {version()}")
        self.stdout.write("Database: " + ", ".join(f"{name} {value}" for name, value in database.items() if value))
        width = max(len(str(step)) for step in steps)
        for step in steps:
            self.stdout.write(f"  {str(step).ljust(width)}  {_state(step)}")
        self.stdout.write(
            f"{counted(waiting, 'migration is', 'migrations are')} pending. Run: manage.py dbdoctor --apply"
            if waiting
            else "No migrations are pending."
        )

    def _apply(self, is_json: bool, verbosity: int) -> None:
        """With --verbosity 0, prints nothing if nothing was done."""
        self.check(fail_level=40)
        file_modes.close()
        applied = migrating.apply(self.stderr.write)
        if is_json:
            self._write_json({"applied": [str(step) for step in applied.steps], "backup": applied.backup or None})
            return
        if applied.backup:
            self.stdout.write(f"The previous database is in {applied.backup}.")
        if applied.steps:
            self.stdout.write(f"{counted(len(applied.steps), 'migration was', 'migrations were')} applied.")
            for step in applied.steps if verbosity > 1 else ():
                self.stdout.write(f"  {step}")
        elif verbosity:
            self.stdout.write("Nothing to apply: the database is up to date.")

    def _examine(self, options: dict[str, Any]) -> None:
        findings: list[Finding] = []
        fixed: list[tuple[Finding, str]] = []
        topic = ""
        if not options["json"]:
            self.stdout.write(f"SMS Admin {version()}")
        on_failure = self.stderr.write if options["traceback"] else None
        for finding, mending in checkup.examine(
            is_online=options["online"], fix=options["fix"], on_failure=on_failure
        ):
            if mending:
                fixed.append((finding, mending))
            else:
                findings.append(finding)
            if not options["json"]:
                topic = self._write_line(finding, mending, topic)
        is_healthy = checkup.is_healthy(findings)
        if options["json"]:
            self._write_json(
                {
                    "status": "healthy" if is_healthy else "problems",
                    "version": version(),
                    "examined_at": timezone.now().isoformat(),
                    "database": storage.describe(),
                    "findings": [_as_json(finding) for finding in findings],
                    "fixed": [{"check": finding.check, "sentence": sentence} for finding, sentence in fixed],
                }
            )
        else:
            self.stdout.write(_summary(findings, len(fixed)))
        if not is_healthy:
            sys.exit(1)

    def _write_line(self, finding: Finding, mending: str, topic: str) -> str:
        """One line for a finding, prefixed with the name of its topic if that is a new one; returns the topic."""
        now, _, name = finding.check.partition(".")
        if now != topic:
            self.stdout.write(self.style.MIGRATE_HEADING(now.capitalize()))
        word = "fixed" if mending else finding.level.value
        remedy = "" if mending or not finding.remedy else f" → {finding.remedy}"
        line = f"  {word.ljust(7)}  {name.ljust(10)}  {mending or finding.sentence}{remedy}"
        styles = {"problem": self.style.ERROR, "note": self.style.WARNING, "fixed": self.style.SUCCESS}
        self.stdout.write(styles[word](line) if word in styles else line)
        return now

    def _write_json(self, answer: dict[str, Any]) -> None:
        self.stdout.write(json.dumps(answer, ensure_ascii=False, indent=2))


def _state(step: migrating.Step) -> str:
    if not step.is_applied:
        return "pending"
    when = f"applied {timezone.localtime(step.applied_at):%Y-%m-%d %H:%M %Z}" if step.applied_at else "applied"
    return when if step.is_known else f"{when}, but unknown to this version"


def _as_json(finding: Finding) -> dict[str, Any]:
    return {
        "check": finding.check,
        "level": finding.level.value,
        "sentence": finding.sentence,
        "remedy": finding.remedy or None,
        "fixable": finding.fix is not None,
    }


def _summary(findings: list[Finding], fixed: int) -> str:
    problems = sum(finding.level == Level.PROBLEM for finding in findings)
    fixable = sum(finding.level == Level.PROBLEM and finding.fix is not None for finding in findings)
    parts = [f"{counted(fixed, 'finding was', 'findings were')} fixed."] if fixed else []
    if problems:
        parts.append(f"{counted(problems, 'problem needs', 'problems need')} fixing.")
    else:
        parts.append("All is well.")
    if fixable and not fixed:
        parts.append(f"To fix {fixable} of them, run: manage.py dbdoctor --doctor --fix")
    return " ".join(parts)
