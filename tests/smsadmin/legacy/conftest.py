import io

import pytest
from django.core.management import CommandError, call_command

from smsadmin.legacy.importing import move_in
from smsadmin.legacy.report import Report

from .old_database import OLDER, Old


@pytest.fixture
def old(tmp_path):
    """An empty database of the replaced system, newest version."""
    return Old(tmp_path / "sms.db")


@pytest.fixture
def older(tmp_path):
    """One of a version that lacks the later tables and columns."""
    return Old(tmp_path / "older.db", OLDER)


@pytest.fixture
def move(db, old):
    """Move in; the report, in which no row is missing."""

    def call(database=None, **options):
        report = Report()
        move_in((database or old).path, report, **options)
        for count in report.counts.values():
            assert count.read == count.taken + count.present + count.refused
        return report

    return call


@pytest.fixture
def run(old):
    """What the command says and its exit code."""

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
    """The lines of a report about the rows of one table: (outcome, reason)."""

    def of(report, table):
        return [(outcome.value, reason) for (name, outcome, reason) in report.groups if name == table]

    return of
