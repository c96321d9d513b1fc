import io

import pytest
from django.core.management import CommandError, call_command

from smsadmin.legacy.importing import move_in
from smsadmin.legacy.report import Report

from .old_database import OLDER, Old


@pytest.fixture
def old(tmp_path):
    """An empty database of the previous system, newest version."""
    return Old(tmp_path / "sms.db")


@pytest.fixture
def older(tmp_path):
    """A database of an older version without the later tables and columns."""
    return Old(tmp_path / "older.db", OLDER)


@pytest.fixture
def move(db, old):
    """Imports, and returns the report after checking that it includes every row."""

    def call(database=None, **options):
        report = Report()
        move_in((database or old).path, report, **options)
        for count in report.counts.values():
            assert count.read == count.taken + count.present + count.refused
        return report

    return call


@pytest.fixture
def run(old):
    """Runs the command, and returns its output and exit code."""

    def call(*arguments):
        out = io.StringIO()
        try:
            call_command("import_legacy", *map(str, arguments or [old.path]), stdout=out)
        except CommandError as error:
            return f"{out.getvalue()}{error}", error.returncode
        return out.getvalue(), 0

    return call


@pytest.fixture
def told():
    """A report's lines about one table's rows: (outcome, reason)."""

    def of(report, table):
        return [(outcome.value, reason) for (name, outcome, reason) in report.groups if name == table]

    return of
