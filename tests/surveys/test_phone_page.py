import uuid

import pytest

from contacts import phones
from contacts.models import ConsentRecord, EventRegistration, UnsubscribedContact
from messaging.inbox import conversations
from messaging.models import Delivery, InboxMessage, InboxThread
from messaging.practice_numbers import is_try, number_of
from messaging.practice_phone import forget
from surveys.models import SurveyResponse, SurveySession
from tests.conftest import AREA_CODES
from tests.messaging.admin.pages import inline_code

from .pages import address, show

pytestmark = pytest.mark.usefixtures("simulator")


@pytest.fixture
def phone(manager_user):
    return number_of(manager_user.pk)


@pytest.fixture
def chat(manager_client):
    """Text these in on the survey's page; the page then."""

    def run(survey, *bodies):
        for body in bodies:
            manager_client.post(address(survey, "phone/"), {"body": body, "token": uuid.uuid4()})
        return show(manager_client, address(survey, "phone/"))

    return run


def test_a_survey_is_played_to_its_end(make_survey, chat):
    survey = make_survey()
    assert "Text <strong>JOIN1</strong> to start the survey." in chat(survey)
    assert "Hi from the club! What is your name?" in chat(survey, "join1")
    page = chat(survey, "Ada", "Cake")
    assert "Thank you!" in page
    assert "completed, 2 answers." in page
    assert Delivery.objects.count() == 0


def test_a_test_is_counted_nowhere(make_survey, chat):
    survey = make_survey()
    chat(survey, "JOIN1", "Ada", "Cake")
    survey.refresh_from_db()
    assert (survey.start_count, survey.completion_count) == (0, 0)


def test_a_test_is_labeled_in_the_inbox_and_stays_read(manager_client, make_survey, chat, phone, answer):
    chat(make_survey(), "JOIN1", "Ada", "Cake", "Is there parking?")
    answer(make_survey(), "Bob")
    thread = InboxThread.objects.get(phone=phone)
    assert thread.unread_count == 0
    assert show(manager_client, "/admin/messaging/inboxthread/").count('<span class="tag">Test</span>') == 1
    page = show(manager_client, f"/admin/messaging/inboxthread/{thread.pk}/change/")
    assert '<span class="tag">Test</span>' in page


def test_a_test_with_unclear_words_asks_nobody_to_decide(make_survey, chat, phone):
    chat(make_survey(), "who is this?? stop it", "JOIN1", "who is this?? stop it")
    thread = InboxThread.objects.get(phone=phone)
    assert (thread.unread_count, thread.flagged_at) == (0, None)
    assert not InboxMessage.objects.flagged().exists()
    assert conversations.waiting() == conversations.Waiting(0, 0, 0)


def test_a_text_of_somebody_is_counted(make_survey, answer):
    survey = make_survey()
    answer(survey, "Ada", "Cake")
    survey.refresh_from_db()
    assert (survey.start_count, survey.completion_count) == (1, 1)


def test_a_test_registers_like_a_real_response(make_survey, make_event, chat, phone):
    survey = make_survey(linked_event=make_event(title="Summer picnic"))
    page = chat(survey, "JOIN1", "Ada", "Cake")
    assert EventRegistration.objects.get().phone == phone
    assert "A registration for Summer picnic as “Ada”." in page


def test_the_same_post_again_is_one_text(manager_client, make_survey):
    survey = make_survey()
    for _ in range(2):
        manager_client.post(address(survey, "phone/"), {"body": "JOIN1", "token": "7" * 32})
    assert InboxMessage.objects.filter(direction="inbound").count() == 1


@pytest.mark.parametrize("data", [{}, {"body": " \n"}, {"body": "Hello", "token": "nonsense"}])
def test_odd_posts_are_taken(manager_client, make_survey, data):
    survey = make_survey()
    assert manager_client.post(address(survey, "phone/"), data).status_code == 302
    assert InboxMessage.objects.count() == (1 if data.get("token") else 0)


def test_starting_over_leaves_only_the_consent_history(manager_client, make_survey, make_event, chat, phone):
    survey = make_survey(linked_event=make_event())
    chat(survey, "JOIN1", "Ada", "Cake", "JOIN1", "STOP")
    assert UnsubscribedContact.objects.filter(phone=phone).exists()
    manager_client.post(address(survey, "phone/"), {"start_over": "1"})
    for model in (SurveySession, SurveyResponse, EventRegistration, UnsubscribedContact, InboxThread, InboxMessage):
        assert not model.objects.exists()
    assert set(ConsentRecord.objects.filter(phone=phone).values_list("kind", "source", "actor")) == {
        ("opt_out", "inbound", ""),
        ("opt_in", "manual", "sam"),
    }
    assert "What is your name?" in chat(survey, "JOIN1")


def test_starting_over_touches_nobody_else(manager_client, make_survey, make_event, answer, chat):
    survey = make_survey(linked_event=make_event())
    answer(survey, "Ada", "Cake")
    chat(survey, "JOIN1")
    manager_client.post(address(survey, "phone/"), {"start_over": "1"})
    assert SurveySession.objects.count() == EventRegistration.objects.count() == InboxThread.objects.count() == 1


def test_each_user_has_a_phone_of_their_own(make_survey, chat, admin_client):
    survey = make_survey()
    chat(survey, "JOIN1")
    assert "Nothing yet." in show(admin_client, address(survey, "phone/"))


def test_silence_is_explained(make_survey, chat):
    assert "No reply to this text." in chat(make_survey(), "What time is it?")


def test_an_inactive_survey_says_that_it_cannot_be_tried(make_survey, chat):
    assert "This survey isn’t active" in chat(make_survey(is_active=False))


def test_the_page_needs_no_inline_code(manager_client, make_survey, chat):
    survey = make_survey()
    chat(survey, "JOIN1")
    assert inline_code(manager_client.get(address(survey, "phone/")).content.decode()) == []


def test_the_survey_leads_to_its_phone(manager_client, make_survey):
    survey = make_survey()
    assert f'href="{address(survey, "phone/")}"' in show(manager_client, address(survey))


def test_with_a_real_backend_there_is_no_phone(manager_client, make_survey, settings):
    settings.SMS_BACKEND = "messaging.backends.locmem.LocmemBackend"
    survey = make_survey()
    response = manager_client.post(address(survey, "phone/"), {"body": "JOIN1"}, follow=True)
    assert "text JOIN1 from your own phone" in response.content.decode()
    assert not InboxMessage.objects.exists()
    assert address(survey, "phone/") not in show(manager_client, address(survey))


def test_the_tests_of_a_survey_are_removed_from_its_results(manager_client, make_survey, answer, make_event):
    survey = make_survey(linked_event=make_event())
    answer(survey, "Ann", "Tea", phone=number_of(1))
    answer(survey, "Bea", phone=number_of(2))
    answer(survey, "Ada", "Cake")
    response = manager_client.post(address(survey, "tries/remove/"), follow=True)
    assert "2 tests were removed" in response.content.decode()
    assert SurveySession.objects.count() == EventRegistration.objects.count() == 1


def test_removing_tests_deletes_everything_they_created_and_says_so(manager_client, make_survey, answer):
    survey, other = make_survey(), make_survey()
    answer(survey, "Ann", phone=number_of(1))
    answer(other, "Ann", phone=number_of(1))
    assert "created, in other surveys too" in show(manager_client, address(survey, "results/?whose=tries"))
    manager_client.post(address(survey, "tries/remove/"))
    assert not SurveySession.objects.exists()


def test_real_numbers_are_never_forgotten(make_survey, answer):
    phone = answer(make_survey(), "Ada")
    forget([phone], "ann")
    assert SurveySession.objects.exists()


@pytest.mark.parametrize("user_id", [0, 1, 9, 10, 999, 1000, 123_456])
def test_a_practice_number_is_a_valid_phone_that_nobody_owns(user_id):
    number = number_of(user_id)
    assert phones.normalize(number) == number
    assert is_try(number)
    assert number[5:10] == "55501"


def test_no_real_area_code_is_one_of_practice_phones():
    assert not any(is_try(f"+1{code}5550100") for code in AREA_CODES)
