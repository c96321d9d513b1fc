import pytest
from django.core.management import CommandError, call_command

from contacts.models import (
    CommunityMember,
    Event,
    EventRegistration,
    SuppressedContact,
    UnsubscribedContact,
)
from messaging import sending
from messaging.models import Delivery, MessageLog
from smsadmin import demo
from smsadmin.demo import blasts, people

LISTS = (CommunityMember, Event, EventRegistration, UnsubscribedContact, SuppressedContact, MessageLog, Delivery)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def simulator(settings):
    settings.SMS_BACKEND = "messaging.backends.simulator.SimulatorBackend"


def counts():
    return [model.objects.count() for model in LISTS]


def test_there_is_something_to_look_at_in_every_list():
    added = demo.add()
    assert all(counts())
    assert CommunityMember.objects.count() == added.members == 340
    assert MessageLog.objects.count() == len(blasts.BLASTS)


def test_every_number_is_kept_for_fiction():
    demo.add()
    for model in (CommunityMember, EventRegistration, UnsubscribedContact, SuppressedContact, Delivery):
        assert not model.objects.exclude(phone__regex=people.FICTIONAL.pattern).exists()
    assert people.count_real_people() == 0


def test_blasts_show_every_end(settings):
    demo.add()
    assert set(Delivery.objects.values_list("status", flat=True)) >= {
        "delivered",
        "undelivered",
        "failed",
        "skipped",
        "pending",
    }
    assert MessageLog.objects.exclude(cancelled_at=None).count() == 1
    stopped = MessageLog.objects.get(stop_code__isnull=False)
    assert stopped.paused_at is not None
    assert stopped.failure_count >= settings.SMS_BREAKER_SAMPLE


def test_counters_say_what_the_rows_say():
    demo.add()
    for log in MessageLog.objects.all():
        before = (log.total_recipients, log.success_count, log.failure_count)
        log.write_totals()
        assert (log.total_recipients, log.success_count, log.failure_count) == before


def test_what_failed_for_good_is_skipped_from_then_on():
    demo.add()
    dead = Delivery.objects.filter(error_code__in=(21610, 21614)).values_list("phone", flat=True)
    assert dead
    assert not CommunityMember.objects.textable().filter(phone__in=dead).exists()


def test_adding_again_changes_nothing(capsys):
    call_command("demo")
    before = counts()
    call_command("demo")
    assert counts() == before
    assert capsys.readouterr().out.endswith("Nothing was added.\n")


def test_it_is_the_same_each_time():
    demo.add()
    first = list(CommunityMember.objects.order_by("phone").values_list("phone", "name"))
    CommunityMember.objects.all().delete()
    demo.add()
    assert list(CommunityMember.objects.order_by("phone").values_list("phone", "name")) == first


def test_nothing_is_sent(monkeypatch, django_capture_on_commit_callbacks):
    monkeypatch.setattr(sending, "nudge", lambda log: pytest.fail("A made-up blast was sent."))
    with django_capture_on_commit_callbacks(execute=True):
        demo.add()
    assert not MessageLog.objects.running().exists()


def test_beside_real_people_it_is_refused_unless_forced():
    CommunityMember.objects.create(phone="+17203832388")
    with pytest.raises(CommandError, match="1 numbers of real people"):
        call_command("demo")
    assert counts() == [1, 0, 0, 0, 0, 0, 0]
    call_command("demo", "--force", verbosity=0)
    assert CommunityMember.objects.count() == 341


def test_where_texts_are_real_it_is_refused(settings):
    settings.SMS_BACKEND = "messaging.backends.locmem.LocmemBackend"
    with pytest.raises(CommandError, match="sends real texts"):
        call_command("demo")
