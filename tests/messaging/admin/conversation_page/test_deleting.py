"""Texts that are deleted from their conversation."""

import pytest
from django.contrib.admin.models import LogEntry

from messaging.models import Delivery, InboxMessage
from tests.admin_pages import squeeze
from tests.messaging.conversations import INBOX, add_text, address, fresh, read

pytestmark = pytest.mark.django_db


def test_a_text_is_deleted_after_a_question(admin_client, thread):
    message = thread.messages.last()
    page = f"{INBOX}texts/{message.pk}/delete/"
    assert "And bikes?" in read(admin_client, page)
    assert thread.messages.count() == 2
    text = squeeze(admin_client.post(page, follow=True).content.decode())
    assert "The text has been deleted." in text
    assert list(thread.messages.values_list("body", flat=True)) == ["Is there parking?"]
    assert fresh(thread).last_message_preview == "Is there parking?"
    assert LogEntry.objects.get().get_change_message() == "Deleted a text."


@pytest.mark.parametrize("page", ["delete", "again", "leave"])
def test_what_is_pressed_about_a_text_that_is_gone_leads_to_the_inbox_with_a_word(admin_client, thread, page):
    response = admin_client.post(f"{INBOX}texts/{thread.messages.last().pk + 1}/{page}/", follow=True)
    assert response.redirect_chain == [(INBOX, 302)]
    assert "This text does not exist any more." in response.content.decode()


def test_a_link_to_delete_a_text_that_is_gone_leads_to_the_inbox_with_a_word(admin_client, thread):
    page = f"{INBOX}texts/{thread.messages.last().pk + 1}/delete/"
    assert "This text does not exist any more." in admin_client.get(page, follow=True).content.decode()


def test_each_link_that_deletes_says_what(admin_client, thread):
    text = read(admin_client, address(thread))
    for body in ("Is there parking?", "And bikes?"):
        assert f'aria-label="Delete “{body}” of ' in text


def test_a_text_that_still_leaves_is_not_deleted_and_staff_hear_why(admin_client, thread):
    delivery = Delivery.objects.create(phone=thread.phone, status="pending")
    message = add_text(thread, "Hello", "outbound", delivery=delivery)
    response = admin_client.post(f"{INBOX}texts/{message.pk}/delete/", follow=True)
    assert "still being sent" in response.content.decode()
    assert InboxMessage.objects.filter(pk=message.pk).exists()


def test_deleting_texts_is_not_for_everybody(manager_client, thread):
    message = thread.messages.last()
    assert "texts/" not in read(manager_client, address(thread))
    for method in (manager_client.get, manager_client.post):
        assert method(f"{INBOX}texts/{message.pk}/delete/").status_code == 403
