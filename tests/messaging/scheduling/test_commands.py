"""Scheduling from the command line: send_blast --at, process_scheduled, list_scheduled."""

import json
import sys
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.utils import timezone

from messaging.models import MessageLog, ScheduledMessage
from messaging.sending import dispatch

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
Status = ScheduledMessage.Status


@pytest.fixture(autouse=True)
def now(monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: NOW)


@pytest.fixture
def run(db, capsys, django_capture_on_commit_callbacks):
    """Runs a command, and returns its output and exit code."""

    def call(*arguments):
        code = 0
        with django_capture_on_commit_callbacks(execute=True):
            try:
                call_command(*arguments, stdout=sys.stdout, stderr=sys.stderr)
            except SystemExit as ended:
                code = ended.code
        return capsys.readouterr().out, code

    return call


@pytest.fixture
def schedule(run, make_member):
    make_member()
    return lambda *arguments: run("send_blast", "Hi {first_name}", "--community", "--yes", *arguments)


@pytest.fixture
def make_message(db):
    def make(body="Hi {first_name}", minutes=0, **fields):
        fields = {"target": "community", **fields}
        return ScheduledMessage.objects.create(
            message_body=body, scheduled_at=NOW + timedelta(minutes=minutes), **fields
        )

    return make


@pytest.mark.parametrize(
    ("arguments", "utc"),
    [
        (["--at", "2026-12-01 18:30"], datetime(2026, 12, 2, 1, 30, tzinfo=UTC)),
        (["--at", "2026-12-01 18:30", "--timezone", "Europe/Berlin"], datetime(2026, 12, 1, 17, 30, tzinfo=UTC)),
        (["--at", "2026-11-01T01:30-07:00"], datetime(2026, 11, 1, 8, 30, tzinfo=UTC)),
        (["--at", "2026-11-01T01:30-06:00"], datetime(2026, 11, 1, 7, 30, tzinfo=UTC)),
    ],
)
def test_a_blast_is_scheduled(schedule, arguments, utc):
    out, _ = schedule(*arguments)
    message = ScheduledMessage.objects.get()
    assert message.scheduled_at == utc
    assert message.message_body == "Hi {first_name}\nReply STOP to unsubscribe."
    assert not message.test_mode
    assert not MessageLog.objects.exists()
    assert f"Blast scheduled ({message.pk})." in out


def test_it_shows_the_scheduled_time(schedule):
    out, _ = schedule("--at", "2026-03-01 08:00")
    assert "Scheduled for:   Mar 1, 2026, 8:00 AM MST, in 3 hours" in out


def test_a_test_stays_a_test(schedule):
    schedule("--at", "2026-12-01 18:30", "--test")
    assert ScheduledMessage.objects.get().test_mode


def test_a_blast_to_an_event_without_registrations_can_be_scheduled(run, make_event):
    run("send_blast", "Hi", "--event", str(make_event().pk), "--at", "2026-12-01 18:30", "--yes")
    assert ScheduledMessage.objects.get().target == "event"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--at", "2026-03-08 02:30"], "--at 2026-03-08T01:30-07:00 or --at 2026-03-08T03:30-06:00"),
        (["--at", "2026-11-01 01:30"], "--at 2026-11-01T01:30-06:00 or --at 2026-11-01T01:30-07:00"),
        (
            ["--at", "2026-03-29 02:30", "--timezone", "Europe/Berlin"],
            r"--at 2026-03-29T01:30\+01:00 or --at 2026-03-29T03:30\+02:00",
        ),
        (
            ["--at", "2026-10-25 02:30", "--timezone", "Europe/Berlin"],
            r"--at 2026-10-25T02:30\+02:00 or --at 2026-10-25T02:30\+01:00",
        ),
        (["--at", "2026-02-01 18:30"], "in the past"),
        (["--at", "2028-02-01 18:30"], "more than a year away"),
        (["--at", "9999-12-31 23:59"], "Choose a time within a year"),
        (["--at", "tomorrow"], "Enter it like 2026-12-01 18:30"),
        (["--at", "2026-12-01"], "Enter it like 2026-12-01 18:30"),
        (["--at", "2026-12-01 18:30", "--timezone", "Mars/Olympus"], "isn't a time zone"),
        (["--timezone", "Europe/Berlin"], "needs --at"),
        (["--at", "2026-12-01 18:30", "--wait"], "doesn't work with --at"),
    ],
)
def test_unclear_or_impossible_times_are_refused_with_a_remedy(schedule, arguments, sentence):
    with pytest.raises(CommandError, match=sentence):
        schedule(*arguments)
    assert not ScheduledMessage.objects.exists()
    assert not MessageLog.objects.exists()


def test_invalid_texts_are_refused_as_in_a_blast(run, make_member):
    make_member()
    with pytest.raises(CommandError, match="is not a field"):
        run("send_blast", "Hi {nmae}", "--community", "--at", "2026-12-01 18:30", "--yes")
    assert not ScheduledMessage.objects.exists()


def test_processing_starts_due_blasts_once(run, make_message, make_member, locmem):
    make_member()
    due, later = make_message(minutes=-1), make_message("Later", minutes=180)
    out, code = run("process_scheduled")
    due.refresh_from_db()
    assert code == 0
    assert f"Started: {due.pk} “Hi {{first_name}}”" in out
    assert f"Next: {later.pk} “Later”, Mar 1, 2026, 8:00 AM MST, in 3 hours." in out
    assert MessageLog.objects.get() == due.message_log
    out, code = run("process_scheduled")
    assert code == 0
    assert "Left" not in out
    assert len(locmem.outbox) == 1


def test_processing_updates_statuses(run, make_message, make_log):
    done = make_message(status="processing", message_log=make_log(status="sent", finished_at=NOW))
    out, code = run("process_scheduled")
    assert (f"Sent: {done.pk}" in out, code) == (True, 0)
    done.refresh_from_db()
    assert (done.status, done.sent_at) == ("sent", NOW)


def test_with_nothing_to_do_it_says_so(run):
    assert run("process_scheduled") == ("Nothing is due.\n", 0)


def test_blasts_queued_by_a_worker_are_started_too(run, make_message, make_member):
    make_member()
    make_message(minutes=-1, next_attempt_at=NOW + timedelta(seconds=30))
    assert "Started: " in run("process_scheduled")[0]


@pytest.mark.parametrize(
    ("fields", "word", "reason"),
    [
        ({"minutes": -61}, "Expired", "It couldn’t be sent within 60 minutes"),
        ({"minutes": -1, "target": "event"}, "Failed", "The event was deleted."),
    ],
)
def test_blasts_that_could_not_be_sent_exit_with_an_error(
    run, make_message, make_member, settings, fields, word, reason
):
    settings.SCHEDULED_MESSAGE_MAX_LAG = 60
    make_member()
    message = make_message(**fields)
    out, code = run("process_scheduled")
    assert f"{word}: {message.pk}" in out
    assert reason in out
    assert code == 1


def test_a_blast_that_reached_nobody_exits_with_an_error(run, make_message, make_log):
    make_message(status="processing", message_log=make_log(status="failed", finished_at=NOW))
    out, code = run("process_scheduled")
    assert "Failed: " in out
    assert code == 1


def test_blasts_that_cannot_start_yet_exit_with_an_error(run, make_message, make_member, monkeypatch):
    def fail(*args):
        raise OperationalError("database is locked")

    make_member()
    make_message(minutes=-1)
    monkeypatch.setattr(dispatch, "start", fail)
    out, code = run("process_scheduled")
    assert "Couldn't start yet: " in out
    assert "database is locked" in out
    assert code == 1


def test_a_dry_run_previews_and_changes_nothing(run, make_message, make_member, settings):
    settings.SCHEDULED_MESSAGE_MAX_LAG = 60
    make_member()
    late, lost, due = make_message(minutes=-61), make_message(minutes=-1, target="event"), make_message(minutes=-1)
    before = list(ScheduledMessage.objects.values())
    out, code = run("process_scheduled", "--dry-run")
    assert code == 0
    assert f"Would expire: {late.pk}" in out
    assert f"Would fail: {lost.pk}" in out
    assert "The event was deleted." in out
    assert f"Would start: {due.pk}" in out
    assert list(ScheduledMessage.objects.values()) == before
    assert not MessageLog.objects.exists()


def test_the_list_shows_upcoming_blasts(run, make_message, make_member):
    make_member()
    later, soon = make_message("Later", 180), make_message("Soon", 5)
    gone = make_message("Gone", -60, status="sent")
    lines = run("list_scheduled")[0].splitlines()
    width = max(len(str(message.pk)) for message in (soon, later))
    assert lines == [
        f"{soon.pk:<{width}}  2026-03-01 05:05 MST  in 5 minutes  Community (1 person)  Scheduled  Soon",
        f"{later.pk:<{width}}  2026-03-01 08:00 MST  in 3 hours    Community (1 person)  Scheduled  Later",
    ]
    assert "Gone" in run("list_scheduled", "--all")[0].splitlines()[2]
    assert gone.pk


def test_an_empty_list_says_so(run):
    assert run("list_scheduled") == ("Nothing is scheduled.\n", 0)
    assert run("list_scheduled", "--json") == ("[]\n", 0)


def test_the_list_is_available_as_json(run, make_message, make_member):
    make_member()
    waiting = make_message(minutes=5)
    make_message(minutes=-61, status="expired", error_message="Too late.")
    first, second = json.loads(run("list_scheduled", "--json", "--all")[0])
    assert first == {
        "id": waiting.pk,
        "scheduled_at": "2026-03-01T12:05:00+00:00",
        "local": "2026-03-01T05:05:00-07:00",
        "seconds_left": 300,
        "audience": "Community",
        "recipients": 1,
        "status": "pending",
        "test_mode": False,
        "message": "Hi {first_name}",
        "reason": None,
        "message_log_id": None,
        "repeats": None,
    }
    assert (second["status"], second["reason"], second["recipients"]) == ("expired", "Too late.", None)


def test_deleted_audiences_are_listed_as_such(run, make_message):
    make_message(minutes=5, target="event")
    assert "People registered for an event (since deleted) (0 people)" in run("list_scheduled")[0]


def test_control_characters_are_not_printed(run, make_message):
    make_message("Hi \x1b[31m", 5)
    assert "\x1b" not in run("list_scheduled")[0]
