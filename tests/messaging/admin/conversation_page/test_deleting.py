"""Texts that are deleted from their conversation."""

import pytest
from django.contrib.admin.models import LogEntry

from messaging.models import Delivery, InboxMessage
from tests.admin_pages import squeeze
from tests.messaging.conversations import INBOX, add_text, address, fresh, read

pytestmark = pytest.mark.django_db


def test_deleting_a_text_asks_first(admin_client, thread):
    message = thread.messages.last()
    page = f"{INBOX}texts/{message.pk}/delete/"
    assert "And bikes?" in read(admin_client, page)
    assert thread.messages.count() == 2
    text = squeeze(admin_client.post(page, follow=True).content.decode())
    assert "Text deleted." in text
    assert list(thread.messages.values_list("body", flat=True)) == ["Is there parking?"]
    assert fresh(thread).last_message_preview == "Is there parking?"
    assert LogEntry.objects.get().get_change_message() == "Deleted a text."


@pytest.mark.parametrize("page", ["delete", "again", "leave"])
def test_actions_on_a_deleted_text_redirect_to_the_inbox_with_a_message(admin_client, thread, page):
    response = admin_client.post(f"{INBOX}texts/{thread.messages.last().pk + 1}/{page}/", follow=True)
    assert response.redirect_chain == [(INBOX, 302)]
    assert "This text no longer exists." in response.content.decode()


def test_the_delete_link_of_a_deleted_text_redirects_to_the_inbox_with_a_message(admin_client, thread):
    page = f"{INBOX}texts/{thread.messages.last().pk + 1}/delete/"
    assert "This text no longer exists." in admin_client.get(page, follow=True).content.decode()


def test_each_delete_link_names_its_text(admin_client, thread):
    text = read(admin_client, address(thread))
    for body in ("Is there parking?", "And bikes?"):
        assert f'aria-label="Delete “{body}” of ' in text


def test_a_text_that_is_still_being_sent_is_not_deleted(admin_client, thread):
    delivery = Delivery.objects.create(phone=thread.phone, status="pending")
    message = add_text(thread, "Hello", "outbound", delivery=delivery)
    response = admin_client.post(f"{INBOX}texts/{message.pk}/delete/", follow=True)
    assert "still being sent" in response.content.decode()
    assert InboxMessage.objects.filter(pk=message.pk).exists()


def test_deleting_texts_needs_the_permission(manager_client, thread):
    message = thread.messages.last()
    assert "texts/" not in read(manager_client, address(thread))
    for method in (manager_client.get, manager_client.post):
        assert method(f"{INBOX}texts/{message.pk}/delete/").status_code == 403
