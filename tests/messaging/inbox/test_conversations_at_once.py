"""Marking as read, deleting a text and repairing counts while a text arrives, on PostgreSQL."""

import pytest

from messaging.inbox import conversations
from messaging.models import InboxThread
from tests.meanwhile import meanwhile, on_postgresql

from ..conversations import make_thread
from ..inbound.inbound_texts import text_in

pytestmark = [pytest.mark.django_db(transaction=True), on_postgresql]


def text_coming_in(thread):
    """Receives a text from that conversation's person; its transaction ends once the block waits for it."""
    return meanwhile(lambda: text_in(thread.phone, "Are you there?"), lambda: None)


def test_a_text_that_comes_while_many_are_marked_as_read_stays_unread(make_phone):
    threads = [make_thread(make_phone(), "Hi", is_read=False) for _ in range(3)]
    shown = {thread.pk: thread.messages.get().pk for thread in threads}
    late = threads[1]
    with text_coming_in(late):
        assert conversations.mark_all_read(InboxThread.objects.all(), shown, 0) == conversations.Marked(
            read=2, newer=1
        )
    assert list(InboxThread.objects.order_by("pk").values_list("unread_count", flat=True)) == [0, 1, 0]


def test_a_text_that_comes_while_a_count_is_repaired_is_not_lost(make_phone):
    thread = make_thread(make_phone(), "Hi", is_read=False)
    InboxThread.objects.update(unread_count=2)
    with text_coming_in(thread):
        assert InboxThread.objects.limit_unread() == 0
    assert InboxThread.objects.limit_unread() == 1
    assert InboxThread.objects.get().unread_count == 2


def test_a_text_that_comes_while_another_one_is_deleted_is_unread_and_shown(make_phone):
    thread = make_thread(make_phone(), "Hi", is_read=False)
    with text_coming_in(thread):
        conversations.delete_text(thread.messages.get())
    thread.refresh_from_db()
    assert (thread.unread_count, thread.last_message_preview) == (1, "Are you there?")


@pytest.mark.parametrize("is_read", [True, False])
def test_many_are_marked_while_someone_else_locks_them_in_order(make_phone, is_read):
    first, second = threads = [make_thread(make_phone(), "Hi", is_read=is_read) for _ in range(2)]
    shown = {thread.pk: thread.messages.get().pk for thread in threads}
    # PostgreSQL stores a changed row after the others, and scans it there.
    InboxThread.objects.filter(pk=first.pk).update(contact_name="Ada")

    def lock(thread):
        InboxThread.objects.select_for_update().get(pk=thread.pk)

    with meanwhile(lambda: lock(first), lambda: lock(second)):
        if is_read:
            assert conversations.mark_unread(InboxThread.objects.all()) == 2
        else:
            assert conversations.mark_all_read(InboxThread.objects.all(), shown, 0).read == 2
