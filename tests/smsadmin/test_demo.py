import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import override_settings

from contacts.models import CommunityMember
from messaging.models import KeywordAutomationRule, ScheduledMessage
from smsadmin.doctor.schema import our_models
from surveys.models import SurveyFlow

REAL = "+17203832388"
SIMULATOR = "messaging.backends.simulator.SimulatorBackend"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def simulator(settings):
    settings.SMS_BACKEND = SIMULATOR


def counts():
    return [model._default_manager.count() for model in our_models()]


@pytest.fixture(scope="module")
def forced(django_db_setup, django_db_blocker):
    """The data that was added where there is a real person: each test is a savepoint inside this transaction."""
    with django_db_blocker.unblock(), transaction.atomic():
        CommunityMember.objects.create(phone=REAL)
        with override_settings(SMS_BACKEND=SIMULATOR):
            call_command("demo", "--force", verbosity=0)
        yield
        transaction.set_rollback(True)


def test_with_real_people_it_refuses_unless_forced():
    CommunityMember.objects.get_or_create(phone=REAL)
    before = counts()
    with pytest.raises(CommandError, match="1 real number"):
        call_command("demo")
    assert counts() == before


def test_it_can_be_forced(forced):
    assert CommunityMember.objects.count() == 341


def test_with_a_real_backend_it_refuses(settings):
    settings.SMS_BACKEND = "messaging.backends.locmem.LocmemBackend"
    with pytest.raises(CommandError, match="sends real texts"):
        call_command("demo")


def test_with_real_people_no_sample_data_is_texted(forced):
    assert not ScheduledMessage.objects.exists()
    assert SurveyFlow.objects.count() == 2
    assert not SurveyFlow.objects.filter(is_active=True).exists()
    assert not KeywordAutomationRule.objects.filter(is_active=True).exists()
