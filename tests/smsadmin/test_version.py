"""The version is defined in one place, and the docs agree with it."""

import re
import subprocess
import sys
from datetime import date
from io import StringIO

import pytest
from django.core.management import call_command

from smsadmin.version import version
from tests.processes import ROOT

CHANGES = (ROOT / "CHANGELOG.md").read_text()
RELEASES = re.findall(r"(?m)^## (\d+\.\d+\.\d+) \((\d{4}-\d\d-\d\d)\)$", CHANGES)


def test_the_newest_release_of_the_changelog_is_the_version():
    assert RELEASES[0][0] == version()


def test_every_release_has_a_number_and_a_date_and_they_descend():
    headings = re.findall(r"(?m)^## (.*)$", CHANGES)
    assert headings == ["Unreleased", *(f"{number} ({day})" for number, day in RELEASES)]
    numbers = [tuple(map(int, number.split("."))) for number, _ in RELEASES]
    days = [date.fromisoformat(day) for _, day in RELEASES]
    assert (numbers, days) == (sorted(set(numbers), reverse=True), sorted(days, reverse=True))


def test_the_page_on_upgrading_has_each_release():
    page = (ROOT / "docs" / "upgrading.md").read_text()
    assert re.findall(r"(?m)^### (\S+)$", page) == [number for number, _ in RELEASES]
    assert f"such as v{version()}" in page


@pytest.mark.parametrize("argument", ["--version", "version"])
def test_manage_py_says_the_version_whatever_the_settings_are(argument):
    ended = subprocess.run(
        [sys.executable, "manage.py", argument],
        cwd=ROOT,
        env={"ENV_FILE": "", "SECRET_KEY": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout == f"SMS Admin {version()}\n"


def test_dbdoctor_says_the_version(db, monkeypatch):
    monkeypatch.setattr("smsadmin.doctor.storage.sqlite_path", lambda: None)
    out = StringIO()
    call_command("dbdoctor", "--print", stdout=out)
    assert out.getvalue().startswith(f"SMS Admin {version()}\n")
