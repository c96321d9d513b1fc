"""`manage.py send_blast`."""

import io
import sys
from datetime import UTC, datetime

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from contacts import profile_values
from contacts.models import ProfileField
from messaging.backends import Refused
from messaging.composing import preview
from messaging.composing.audience import Audience
from messaging.management.commands import send_blast
from messaging.models import Delivery, MessageLog, Target


@pytest.fixture
def run(db, capsys, django_capture_on_commit_callbacks):
    """Runs the command without confirmation, and returns its output."""

    def call(*arguments):
        with django_capture_on_commit_callbacks(execute=True):
            call_command("send_blast", *arguments, "--yes", stdout=sys.stdout, stderr=sys.stderr)
        return capsys.readouterr().out

    return call


@pytest.fixture
def queue_runs_at_once(transactional_db):
    """Uses real commits, so that the blast is sent before the command waits for it."""


@pytest.fixture
def wait(queue_runs_at_once, capsys):
    """Runs the command with --wait, and returns its output."""

    def call(*arguments):
        call_command("send_blast", *arguments, "--yes", "--wait", stdout=sys.stdout, stderr=sys.stderr)
        return capsys.readouterr().out

    return call


def test_everyone_in_the_community_gets_it(run, make_member, locmem):
    member = make_member(name="Rosa Delgado")
    out = run("Hi {first_name}", "--community")
    assert [(to, body) for to, body, _ in locmem.outbox] == [(member.phone, "Hi Rosa\nReply STOP to unsubscribe.")]
    assert f"Blast {MessageLog.objects.get().pk} is queued." in out


def test_the_registrants_of_an_event_get_it(run, make_registration, make_member, locmem):
    registration = make_registration()
    make_member()
    run("Hi", "--event", str(registration.event_id), "--no-opt-out-line")
    assert [(to, body) for to, body, _ in locmem.outbox] == [(registration.phone, "Hi")]


def test_a_test_goes_to_the_test_phone(run, make_member, locmem):
    make_member()
    run("Hi", "--community", "--test")
    assert [to for to, _, _ in locmem.outbox] == ["+17205550199"]


def test_it_prints_the_numbers_of_the_confirmation_page(run, make_member, make_unsubscribed):
    for name in ("Ann", "Łukasz", None):
        make_member(name=name)
    make_unsubscribed(phone=make_member().phone)
    text = f"Hi {{name}} {'x' * 60}"
    figures = preview.preview(text, Audience(Target.COMMUNITY), opt_out_line=True).figures
    out = run(text, "--community")
    for figure in figures:
        assert figure.value in out
        assert all(note in out for note in figure.notes)
    assert "Note: Accents in 1 name add" in out
    assert f"How it looks for Ann:\n    Hi Ann {'x' * 60}\n    Reply STOP to unsubscribe.\n" in out


def test_a_link_with_a_public_shortener_gets_a_warning(run, make_member):
    make_member()
    assert "Note: bit.ly is a public link shortener" in run("Sign up: bit.ly/picnic", "--community")


def test_an_alphanumeric_sender_gets_no_opt_out_line(run, make_member, settings, locmem):
    settings.TWILIO_FROM_NUMBER = "CHOIR"
    make_member()
    assert "Note: Nobody can reply to “CHOIR”" in run("Hi", "--community")
    assert [text for _, text, _ in locmem.outbox] == ["Hi"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["Hi", "--event", "99999999"], "There is no event 99999999."),
        (["", "--community"], "Write a message."),
        (["Hi {nmae}", "--community"], "{nmae} is not a field."),
        (["x" * 1601, "--community"], "The text is too long for 1 person"),
    ],
)
def test_invalid_texts_are_refused_with_a_sentence(run, make_member, arguments, sentence):
    make_member()
    with pytest.raises(CommandError, match=sentence):
        run(*arguments)
    assert not MessageLog.objects.exists()


@pytest.fixture
def grade(make_member):
    """A field that one of two members has."""
    field = ProfileField.objects.create(key="grade", label="Grade")
    make_member()
    profile_values.set_value(field, make_member().phone, "5")
    return field


@pytest.mark.parametrize("when", [(), ("--at", "2026-12-01 18:30")])
def test_people_without_a_value_have_to_be_decided_about(run, grade, when, monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: datetime(2026, 11, 1, tzinfo=UTC))
    with pytest.raises(CommandError, match=r"1 person has no Grade\..* add --leave-out-incomplete\."):
        run("Grade {grade}", "--community", *when)
    assert not MessageLog.objects.exists()


def test_people_without_a_value_can_be_left_out(run, grade, locmem):
    out = run("Grade {grade}", "--community", "--leave-out-incomplete", "--no-opt-out-line")
    assert [text for _, text, _ in locmem.outbox] == ["Grade 5"]
    assert "1 person has no Grade" in out


def test_with_nobody_to_text_it_is_refused(run):
    with pytest.raises(CommandError, match="The community is empty"):
        run("Hi", "--community")


def test_a_test_without_a_test_phone_is_refused(run, make_member, settings):
    settings.ADMIN_TEST_PHONE = ""
    make_member()
    with pytest.raises(CommandError, match="set ADMIN_TEST_PHONE"):
        run("Hi", "--community", "--test")
    assert not MessageLog.objects.exists()


def test_an_audience_is_required(run):
    with pytest.raises(CommandError, match="--community --event"):
        run("Hi")


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def ask(make_member, monkeypatch, capsys):
    """Runs the command for one member, with `answer` typed at the prompt; None: without a terminal."""
    make_member()

    def call(answer):
        monkeypatch.setattr(sys, "stdin", io.StringIO() if answer is None else Terminal(f"{answer}\n"))
        call_command("send_blast", "Hi", "--community", stdout=sys.stdout, stderr=sys.stderr)
        return capsys.readouterr().out

    return call


@pytest.mark.parametrize("answer", ["y", "YES"])
def test_it_asks_before_it_sends(ask, answer):
    assert "Send? [y/N]" in ask(answer)
    assert MessageLog.objects.count() == 1


@pytest.mark.parametrize("answer", ["", "n", "what?"])
def test_anything_but_yes_sends_nothing(ask, answer):
    with pytest.raises(CommandError, match="Nothing was sent"):
        ask(answer)
    assert not MessageLog.objects.exists()


def test_without_a_terminal_it_requires_yes(ask):
    with pytest.raises(CommandError, match="Add --yes"):
        ask(None)
    assert not MessageLog.objects.exists()


def test_waiting_succeeds_if_nobody_failed(wait, make_member):
    make_member()
    assert "is finished: nobody failed." in wait("Hi", "--community")


def test_waiting_exits_with_an_error_if_somebody_failed(wait, make_member, locmem):
    member, _ = make_member(), make_member()
    locmem.script[member.phone] = [Refused(21211, "No valid number")]
    with pytest.raises(CommandError, match="1 reached, 1 failed, 0 unconfirmed") as error:
        wait("Hi", "--community")
    assert error.value.returncode == 1


def test_waiting_shows_the_reason_if_the_blast_was_stopped(wait, make_member, locmem):
    member = make_member()
    locmem.script[member.phone] = [Refused(20003, "Authenticate")]
    with pytest.raises(CommandError, match=r"was stopped\. Twilio didn't accept our credentials"):
        wait("Hi", "--community")


@pytest.fixture
def idle_queue(queue_runs_at_once, monkeypatch):
    """A queue without a worker. The functions in the list are called with the blast while the command waits."""
    monkeypatch.setattr("messaging.sending.dispatch.nudge", lambda log: 0)
    happenings = []
    monkeypatch.setattr(send_blast.time, "sleep", lambda seconds: happenings.pop(0)(MessageLog.objects.get()))
    return happenings


def test_waiting_ends_when_the_blast_is_canceled(idle_queue, wait, make_member):
    make_member()
    idle_queue.append(lambda log: log.cancel())
    with pytest.raises(CommandError, match="The blast was canceled"):
        wait("Hi", "--community")


def test_unconfirmed_deliveries_exit_with_an_error(idle_queue, wait, make_member):
    make_member()
    idle_queue.append(lambda log: (log.deliveries.update(status=Delivery.Status.UNKNOWN), log.settle()))
    with pytest.raises(CommandError, match="0 reached, 0 failed, 1 unconfirmed"):
        wait("Hi", "--community")


def test_without_a_worker_it_says_so_once(idle_queue, wait, make_member, monkeypatch, capsys):
    make_member()
    monkeypatch.setattr(send_blast, "NO_WORKER_AFTER", -1.0)
    idle_queue += [lambda log: None, lambda log: None, lambda log: log.cancel()]
    with pytest.raises(CommandError):
        wait("Hi", "--community")
    assert capsys.readouterr().err.count("No worker has picked this up. Start one with manage.py worker.") == 1


def test_a_paused_blast_is_not_blamed_on_the_worker(idle_queue, wait, make_member, monkeypatch, capsys):
    make_member()
    monkeypatch.setattr(send_blast, "NO_WORKER_AFTER", -1.0)
    monkeypatch.setattr("messaging.sending.dispatch.nudge", lambda log: log.pause())
    idle_queue.append(lambda log: log.cancel())
    with pytest.raises(CommandError):
        wait("Hi", "--community")
    assert "No worker" not in capsys.readouterr().err


def test_interrupting_the_wait_does_not_stop_the_blast(idle_queue, wait, make_member, capsys):
    make_member()

    def interrupt(log):
        raise KeyboardInterrupt

    idle_queue.append(interrupt)
    with pytest.raises(SystemExit) as ended:
        wait("Hi", "--community")
    assert ended.value.code == 130
    assert "is still sending" in capsys.readouterr().err
    assert MessageLog.objects.get().is_running
