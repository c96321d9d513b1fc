import pytest
from django.core.management import CommandError, call_command

from contacts.models import CommunityMember
from messaging.models import KeywordAutomationRule, MessageLog, ScheduledMessage
from messaging.sending import dispatch
from smsadmin import demo
from smsadmin.doctor.schema import our_models
from surveys.models import SurveyFlow

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def simulator(settings):
    settings.SMS_BACKEND = "messaging.backends.simulator.SimulatorBackend"


def counts():
    return [model._default_manager.count() for model in our_models()]


def test_nothing_is_sent(monkeypatch, django_capture_on_commit_callbacks):
    monkeypatch.setattr(dispatch, "nudge", lambda log: pytest.fail("A made-up blast was sent."))
    with django_capture_on_commit_callbacks(execute=True):
        demo.add()
    assert not MessageLog.objects.running().exists()


def test_with_real_people_it_refuses_unless_forced():
    CommunityMember.objects.create(phone="+17203832388")
    before = counts()
    with pytest.raises(CommandError, match="1 real number"):
        call_command("demo")
    assert counts() == before
    call_command("demo", "--force", verbosity=0)
    assert CommunityMember.objects.count() == 341


def test_with_a_real_backend_it_refuses(settings):
    settings.SMS_BACKEND = "messaging.backends.locmem.LocmemBackend"
    with pytest.raises(CommandError, match="sends real texts"):
        call_command("demo")


def test_with_real_people_no_sample_data_is_texted():
    CommunityMember.objects.create(phone="+17203832388")
    demo.add()
    assert not ScheduledMessage.objects.exists()
    assert SurveyFlow.objects.count() == 2
    assert not SurveyFlow.objects.filter(is_active=True).exists()
    assert not KeywordAutomationRule.objects.filter(is_active=True).exists()
