import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as configured
from django.core.management import CommandError, call_command
from django.utils import timezone
from django_q.models import Schedule

from messaging.models import Delivery
from smsadmin import migration_state
from smsadmin.doctor import checkup, indexes
from smsadmin.doctor.findings import Check, Needs, ok, problem
from smsadmin.version import version

from .conftest import execute, on_postgresql

# Messaging's migrations.
LAST = max(name for app, name in migration_state.known() if app == "messaging")

pytestmark = pytest.mark.django_db
DOCS = Path(configured.BASE_DIR) / "docs" / "dbdoctor.md"


@pytest.fixture
def run(capsys):
    """Runs the command, and returns its output and exit code."""

    def call(*arguments, **options):
        try:
            call_command("dbdoctor", *arguments, no_color=True, **options)
            code = 0
        except SystemExit as end:
            code = end.code
        return capsys.readouterr().out, code

    return call


@pytest.fixture
def with_checks(monkeypatch):
    def choose(*checks):
        monkeypatch.setattr(checkup, "CHECKS", checks)

    return choose


def test_a_new_installation_is_healthy(run):
    said, code = run("--doctor")
    assert code == 0
    assert said.endswith("All is well.\n")
    assert "problem" not in said


def test_an_installation_in_use_is_healthy(run, living_worker, make_user, make_member, make_log, make_delivery):
    Schedule.objects.update(next_run=timezone.now() + timedelta(minutes=1))
    make_user()
    log = make_log(total_recipients=2, success_count=1, delivered_count=1)
    make_delivery(log, phone=make_member().phone, updated_at=timezone.now() - timedelta(hours=1))
    make_delivery(log, Delivery.Status.SKIPPED, updated_at=timezone.now() - timedelta(hours=1))
    said, code = run()
    assert ("problem" in said, code) == (False, 0)


def test_a_finding_is_one_line_with_its_remedy_and_the_exit_code_is_1(run, with_checks):
    with_checks(Check("rows.phones", lambda: [problem("Two\nlines.", "Do this.")], Needs.NOTHING))
    assert run("--doctor") == (
        f"SMS Admin {version()}\nRows\n  problem  phones      Two lines. → Do this.\n1 problem needs fixing.\n",
        1,
    )


def test_a_failing_check_is_a_finding_and_the_others_still_run(run, with_checks):
    def fail():
        yield ok("So far.")
        raise KeyError("+17205550123")

    with_checks(
        Check("rows.phones", fail, Needs.NOTHING), Check("queue.worker", lambda: [ok("Well.")], Needs.NOTHING)
    )
    said, code = run()
    assert code == 1
    assert "So far." in said
    assert "This could not be checked: KeyError." in said
    assert "+17205550123" not in said
    assert "Well." in said


def test_a_failing_checks_traceback_can_be_shown(with_checks, capsys):
    with_checks(Check("rows.phones", lambda: [][0], Needs.NOTHING))
    with pytest.raises(SystemExit):
        call_command("dbdoctor", traceback=True)
    assert "IndexError" in capsys.readouterr().err


def test_fix_repairs_what_it_can_and_says_so(run, monkeypatch, make_log, make_delivery):
    monkeypatch.setattr(indexes, "our_models", list)
    log = make_log(total_recipients=7)
    make_delivery(log, updated_at=timezone.now() - timedelta(hours=1))
    Schedule.objects.filter(name="Clean up").delete()
    _, before = run("--doctor")
    said, after = run("--doctor", "--fix")
    assert (before, after) == (1, 1)  # no worker runs: that is not for a command to mend
    assert "  fixed    blasts      Recounted 1 blast.\n" in said
    assert "2 findings were fixed. 1 problem needs fixing.\n" in said
    again, _ = run("--fix")
    assert "mended." not in again


def test_without_fix_nothing_is_changed(run, monkeypatch, make_log, make_delivery):
    monkeypatch.setattr(indexes, "our_models", list)
    log = make_log(total_recipients=7)
    make_delivery(log, updated_at=timezone.now() - timedelta(hours=1))
    run("--doctor", "--online")
    log.refresh_from_db()
    assert log.total_recipients == 7


def test_a_fix_that_fails_is_reported(run, with_checks):
    def fail():
        raise ValueError

    with_checks(Check("rows.phones", lambda: [problem("Bad.", "Mend it.", fail)], Needs.NOTHING))
    said, code = run("--fix")
    assert "This could not be fixed: ValueError." in said
    assert code == 1


def test_json_has_every_finding(run):
    execute("DELETE FROM django_migrations WHERE app = 'messaging' AND name = %s", LAST)
    said, code = run("--doctor", "--json")
    answer = json.loads(said)
    assert code == 1
    assert set(answer) == {"status", "version", "examined_at", "database", "findings", "fixed"}
    assert answer["status"] == "problems"
    [finding] = [one for one in answer["findings"] if one["check"] == "schema.migrations"]
    assert finding == {
        "check": "schema.migrations",
        "level": "problem",
        "sentence": f"1 migration is pending: messaging.{LAST}.",
        "remedy": "Run: manage.py dbdoctor --apply",
        "fixable": False,
    }


def test_print_says_the_database_and_each_migration(run):
    execute("DELETE FROM django_migrations WHERE app = 'messaging' AND name = %s", LAST)
    said, code = run("--print")
    assert code == 0
    assert said.startswith(f"SMS Admin {version()}\nDatabase: ")
    assert re.search(r"accounts.0001_initial +applied \d{4}-\d\d-\d\d", said)
    assert re.search(rf"messaging.{LAST} +pending\n", said)
    assert said.endswith("1 migration is pending. Run: manage.py dbdoctor --apply\n")


def test_print_for_machines(run):
    answer = json.loads(run("--print", "--json")[0])
    assert answer["pending"] == 0
    assert set(answer["migrations"][0]) == {"app", "name", "applied", "applied_at", "known"}


@on_postgresql
def test_no_password_is_printed(run, monkeypatch):
    from django.db import connection

    monkeypatch.setitem(connection.settings_dict, "PASSWORD", "a-secret-of-the-database")
    for arguments in (["--print"], ["--print", "--json"], ["--doctor"], ["--doctor", "--json"]):
        assert "a-secret-of-the-database" not in run(*arguments)[0]


@pytest.mark.parametrize("arguments", [["--print", "--fix"], ["--apply", "--online"]])
def test_contradictory_options_are_refused(arguments):
    with pytest.raises(CommandError, match="only work with --doctor"):
        call_command("dbdoctor", *arguments)


def test_the_documentation_explains_every_check():
    explained = re.findall(r"^\| `([a-z_]+\.[a-z_]+)` \|", DOCS.read_text("utf-8"), re.MULTILINE)
    assert explained == [check.name for check in (*checkup.CHECKS, *checkup.ONLINE)]
