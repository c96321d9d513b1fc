""" "Send me a test" on the compose page: one text to one's own phone, and the message stays as it is."""

import uuid

import pytest

from messaging.models import Draft, MessageLog
from tests.admin_pages import squeeze

COMPOSE = "/admin/messaging/messagelog/compose/"
OWN = "(720) 555-0142"


@pytest.fixture
def try_out(manager_client, django_capture_on_commit_callbacks):
    """Press "Send me a test"; the answer."""

    def run(message_body="Hi {first_name}", test_phone=OWN, **fields):
        form = {"token": str(uuid.uuid4()), "to": "community", "message_body": message_body}
        with django_capture_on_commit_callbacks(execute=True):
            response = manager_client.post(f"{COMPOSE}test/", {**form, "test_phone": test_phone, **fields})
        assert response.status_code == 200
        return response.json()

    return run


def test_the_words_go_to_ones_own_phone_as_the_first_person_gets_them(try_out, make_member, locmem, manager_user):
    make_member(name="Rosa Delgado")
    make_member()
    answer = try_out(has_opt_out_line="on")
    assert answer == {"is_done": True, "sentence": "A test is on its way to (720) 555-0142."}
    assert [(to, body) for to, body, _ in locmem.outbox] == [
        ("+17205550142", "Hi Rosa\nReply STOP to unsubscribe."),
    ]
    log = MessageLog.objects.get()
    assert (log.test_mode, log.created_by, log.audience_name) == (True, manager_user, "Test phone")
    assert not Draft.objects.exists()


def test_a_test_needs_nobody_in_the_audience(try_out, make_event, locmem):
    try_out("Hi {name}", to=f"event:{make_event().pk}")
    assert [body for _, body, _ in locmem.outbox] == ["Hi there"]


@pytest.mark.parametrize(
    ("fields", "field", "sentence"),
    [
        ({"message_body": " "}, "message_body", "Write a message first, then test it."),
        ({"message_body": "Hi {nmae}"}, "message_body", "{nmae} is not a field."),
        ({"test_phone": ""}, "test_phone", "Enter your own number, then send the test."),
        ({"test_phone": "12"}, "test_phone", "12"),
    ],
)
def test_what_cannot_be_tested_is_said_and_nothing_sent(try_out, locmem, fields, field, sentence):
    answer = try_out(**fields)
    assert (answer["is_done"], answer["field"]) == (False, field)
    assert sentence in answer["sentence"]
    assert locmem.outbox == []
    assert not MessageLog.objects.exists()


def test_a_phone_that_opted_out_gets_no_test(try_out, make_unsubscribed, locmem):
    make_unsubscribed(phone="+17205550142")
    assert try_out()["sentence"] == "(720) 555-0142 can’t be texted: opted out."
    assert locmem.outbox == []


def test_the_last_number_is_offered_again_and_at_first_the_configured_one(try_out, manager_client, admin_client):
    def offered(client):
        page = squeeze(client.get(COMPOSE).content.decode())
        return page.partition('id="id_test_phone" value="')[2].partition('"')[0]

    assert offered(manager_client) == "(720) 555-0199"
    try_out()
    assert offered(manager_client) == OWN
    assert offered(admin_client) == "(720) 555-0199"


def test_without_javascript_the_page_says_it_and_the_words_stay(manager_client, make_member, locmem):
    make_member()
    form = {"token": uuid.uuid4(), "to": "community", "message_body": "Hi all", "test_phone": OWN, "test": "1"}
    page = squeeze(manager_client.post(COMPOSE, form).content.decode())
    assert "A test is on its way to (720) 555-0142." in page
    assert "Hi all</textarea>" in page
    assert not Draft.objects.exists()
    assert MessageLog.objects.get().test_mode


def test_get_requests_send_nothing(manager_client):
    assert manager_client.get(f"{COMPOSE}test/").status_code == 405
