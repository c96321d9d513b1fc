"""Which phone a user tests with."""

import pytest

from messaging.composing.own_phone import describe_default, own_test_phone
from messaging.models import Delivery

pytestmark = pytest.mark.django_db

OWN, TESTED, EVERYBODYS = "+17205550142", "+13035550150", "+17205550199"


@pytest.fixture
def has_tested(make_log):
    """Lets a user have sent a test."""

    def run(user):
        log = make_log(test_mode=True, created_by=user, status="sent")
        Delivery.objects.create(message_log=log, phone=TESTED)

    return run


def test_the_phone_of_the_account_comes_first(make_user, has_tested):
    user = make_user(test_phone=OWN)
    has_tested(user)
    assert own_test_phone(user) == OWN


def test_next_comes_the_one_of_the_latest_test(make_user, has_tested):
    user = make_user()
    has_tested(user)
    assert own_test_phone(user) == TESTED
    assert describe_default(user) == "Empty: (303) 555-0150, the number of the latest test."


def test_others_tests_do_not_count(make_user, has_tested):
    user, other = make_user(), make_user()
    has_tested(other)
    has_tested(None)
    assert own_test_phone(user) == EVERYBODYS


def test_the_environments_comes_last(make_user):
    assert own_test_phone(make_user()) == own_test_phone(None) == EVERYBODYS
    assert describe_default(make_user()) == "Empty: (720) 555-0199, from the environment (ADMIN_TEST_PHONE)."


def test_there_may_be_none(make_user, settings):
    settings.ADMIN_TEST_PHONE = ""
    assert own_test_phone(make_user()) == ""
    assert describe_default(make_user()) == "Empty: you are asked for a number each time."
