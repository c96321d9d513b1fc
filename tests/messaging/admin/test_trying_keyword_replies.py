"""Keyword replies on the practice phone, before anyone texts them."""

import uuid

import pytest

from contacts.models import UnsubscribedContact
from messaging.models import Delivery, InboxMessage, InboxThread
from messaging.practice_numbers import number_of
from surveys import questions
from surveys.models import SurveyFlow, SurveySession

from ..conversations import read
from .pages import inline_code

pytestmark = pytest.mark.django_db
RULES = "/admin/messaging/keywordautomationrule/"


def phone_page(rule):
    return f"{RULES}{rule.pk}/phone/"


@pytest.fixture(autouse=True)
def simulator(settings):
    settings.SMS_BACKEND = "messaging.backends.simulator.SimulatorBackend"


@pytest.fixture
def chat(manager_client):
    """Text these in on the keyword's page; the page then."""

    def run(rule, *bodies):
        for body in bodies:
            manager_client.post(phone_page(rule), {"body": body, "token": uuid.uuid4()})
        return read(manager_client, phone_page(rule))

    return run


def test_a_keyword_is_answered_on_the_practice_phone(make_rule, chat):
    rule = make_rule("PARKING", "Behind the hall")
    assert "Text <strong>PARKING</strong> to get the reply." in chat(rule)
    page = chat(rule, "parking please")
    assert "Behind the hall" in page
    assert "A conversation in the inbox." in page
    assert inline_code(page) == []
    assert not Delivery.objects.exists()


def test_a_test_is_not_counted(make_rule, chat):
    rule = make_rule("PARKING")
    chat(rule, "PARKING")
    rule.refresh_from_db()
    assert (rule.match_count, rule.last_matched_at) == (0, None)


def test_an_inactive_reply_says_so(make_rule, chat):
    assert "This keyword reply isn’t active" in chat(make_rule("PARKING", is_active=False))


def test_starting_over_deletes_what_the_phone_created(make_rule, chat, manager_client, manager_user):
    rule = make_rule("PARKING")
    asked = questions.dump([questions.Question("Your name?", questions.Kind.TEXT)])
    SurveyFlow.objects.create(name="Picnic", trigger_keyword="PICNIC", questions_json=asked)
    page = chat(rule, "PARKING", "PICNIC", "STOP")
    assert "A response to" in page
    assert UnsubscribedContact.objects.get().phone == number_of(manager_user.pk)
    manager_client.post(phone_page(rule), {"start_over": "1"})
    for model in (InboxThread, InboxMessage, SurveySession, UnsubscribedContact):
        assert not model.objects.exists()
    assert "Nothing yet." in chat(rule)


def test_the_page_of_a_reply_leads_there_as_saving_does(make_rule, manager_client):
    rule = make_rule("PARKING")
    assert phone_page(rule) in read(manager_client, f"{RULES}{rule.pk}/change/")
    data = {"keyword": "parking", "response_body": "In front of it", "is_active": "on", "_try": "1"}
    response = manager_client.post(f"{RULES}{rule.pk}/change/", data)
    assert response.headers["location"] == phone_page(rule)
    added = manager_client.post(f"{RULES}add/", data | {"keyword": "hours"})
    assert added.headers["location"].endswith("/phone/")


def test_with_a_real_backend_there_is_no_phone(make_rule, manager_client, settings):
    settings.SMS_BACKEND = "messaging.backends.locmem.LocmemBackend"
    rule = make_rule("PARKING")
    response = manager_client.post(phone_page(rule), {"body": "PARKING"}, follow=True)
    assert "text PARKING from your own phone" in response.text
    assert "_try" not in response.text
    assert not InboxMessage.objects.exists()


def test_a_reply_that_is_gone_leads_to_the_list(manager_client, db):
    response = manager_client.get(f"{RULES}12345/phone/", follow=True)
    assert "This keyword reply no longer exists." in response.text
