"""What staff do with conversations, without any page: reading, finding, naming, deleting, deciding."""

from datetime import timedelta

import pytest
from django.utils import timezone

from contacts.models import ConsentRecord, UnsubscribedContact
from messaging import inbox
from messaging.models import Delivery, InboxMessage, InboxThread

from .conversations import add_text, flag, make_thread

pytestmark = pytest.mark.django_db


def fresh(thread):
    return InboxThread.objects.get(pk=thread.pk)


@pytest.fixture
def thread(make_phone):
    return make_thread(make_phone(), "First", "Second", is_read=False)


def found(text):
    return [thread.phone for thread in inbox.search(InboxThread.objects.order_by("pk"), text, 100)]


def test_what_is_shown_is_read_and_what_came_later_is_not(thread):
    shown = thread.messages.last().pk
    add_text(thread, "Third")
    InboxThread.objects.filter(pk=thread.pk).update(unread_count=3)
    inbox.mark_read(thread, shown)
    assert fresh(thread).unread_count == 1
    inbox.mark_read(thread, thread.messages.last().pk)
    assert fresh(thread).unread_count == 0


def test_reading_does_not_bring_back_what_was_read(thread):
    inbox.mark_all_read(InboxThread.objects.all())
    inbox.mark_read(thread, 0)
    assert fresh(thread).unread_count == 0


def test_marking_many_tells_how_many_changed(thread, make_phone):
    make_thread(make_phone(), "Read before")
    assert inbox.mark_all_read(InboxThread.objects.all()) == 1
    assert inbox.mark_unread(InboxThread.objects.all()) == 2
    assert inbox.mark_unread(InboxThread.objects.all()) == 0


def test_what_waits_is_counted_in_texts_and_conversations(thread, make_phone):
    other = make_thread(make_phone(), "Hm", is_read=False)
    flag(other.messages.get())
    waiting = inbox.waiting()
    assert (waiting.texts, waiting.conversations, waiting.undecided) == (3, 2, 1)
    assert waiting.undecided_since == other.messages.get().created_at
    assert inbox.count_unread() == 3


def test_an_empty_inbox_waits_for_nobody():
    assert inbox.waiting() == inbox.Waiting(0, 0, 0, None)
    assert inbox.count_unread() == 0


def test_a_name_from_staff_comes_before_that_of_a_list(thread, make_member):
    make_member(name="Ada Lovelace", phone=thread.phone)
    assert inbox.shown_names([thread]) == {thread.pk: "Ada Lovelace"}
    inbox.assign_name(thread, "  Ada   from the choir ")
    assert inbox.shown_names([fresh(thread)]) == {thread.pk: "Ada from the choir"}
    inbox.assign_name(thread, " ")
    assert fresh(thread).contact_name is None


def test_somebody_unknown_is_called_by_their_number(make_phone):
    thread = make_thread("+17205550123")
    assert inbox.shown_names([thread]) == {thread.pk: "(720) 555-0123"}


@pytest.mark.parametrize("typed", ["(720) 555-0123", "7205550123", "+1 720 555 0123", "0123", "720 555"])
def test_a_number_is_found_however_it_is_written(typed):
    make_thread("+17205550123", "Hello")
    make_thread("+13035550188", "Hello")
    assert found(typed) == ["+17205550123"]


def test_names_of_staff_and_of_lists_are_found(make_member, make_registration):
    make_member(name="Ada Lovelace", phone="+17205550123")
    make_registration(name="Zoë Park", phone="+17205550124")
    for phone in ("+17205550123", "+17205550124"):
        make_thread(phone, "Hello")
    make_thread("+17205550125", "Hello", contact_name="Neighbour Mary")
    assert found("love ada") == ["+17205550123"]
    assert found("zoe") == ["+17205550124"]
    assert found("mary") == ["+17205550125"]


def test_a_name_that_staff_replaced_is_not_found_any_more(make_member):
    make_member(name="Ada Lovelace", phone="+17205550123")
    make_thread("+17205550123", "Hello", contact_name="The treasurer")
    assert found("ada") == []


def test_words_of_the_texts_are_found_and_all_of_them_in_one_text():
    make_thread("+17205550123", "Is there parking?", "On Saturday")
    make_thread("+17205550124", "Parking on saturday 🎉?")
    assert found("parking saturday") == ["+17205550124"]
    assert found("🎉") == ["+17205550124"]
    assert found("parking_") == []


def test_a_name_and_a_number_together_narrow_the_search(make_member):
    for phone in ("+17205550123", "+17205550124"):
        make_member(name="Ada Lovelace", phone=phone)
        make_thread(phone, "Hello")
    assert found("ada 0124") == ["+17205550124"]


def test_a_search_lists_no_more_than_it_may(make_phone):
    for _ in range(3):
        make_thread(make_phone(), "Hello")
    assert inbox.search(InboxThread.objects.order_by("-pk"), "hello", 2).count() == 2
    assert inbox.search(InboxThread.objects.all(), "   ", 2).count() == 3


def test_after_a_deletion_the_conversation_shows_the_text_before_it(thread):
    last = thread.messages.last()
    inbox.delete_text(last)
    left = fresh(thread)
    assert (left.last_message_preview, left.last_direction, left.unread_count) == ("First", "inbound", 1)
    inbox.delete_text(thread.messages.get())
    left = fresh(thread)
    assert (left.last_message_preview, left.last_direction, left.unread_count) == (None, None, 0)


def test_a_deletion_takes_the_text_alone(thread):
    delivery = Delivery.objects.create(phone=thread.phone, status="delivered")
    message = add_text(thread, "Our answer", "outbound", delivery=delivery, answer_to=thread.messages.first())
    ConsentRecord.objects.create(phone=thread.phone, kind="opt_out", source="inbound", words="First")
    inbox.delete_text(message)
    assert list(thread.messages.values_list("body", flat=True)) == ["First", "Second"]
    assert Delivery.objects.count() == ConsentRecord.objects.count() == 1


@pytest.mark.parametrize("status", ["pending", "sending", "unknown"])
def test_a_reply_that_may_still_leave_is_not_deleted(thread, status):
    delivery = Delivery.objects.create(phone=thread.phone, status=status)
    message = add_text(thread, "Our answer", "outbound", delivery=delivery)
    with pytest.raises(inbox.CannotDelete, match=r"\.$"):
        inbox.delete_text(message)
    assert InboxMessage.objects.filter(pk=message.pk).exists()


def test_a_reply_that_was_left_in_doubt_can_be_deleted(thread):
    delivery = Delivery.objects.create(phone=thread.phone, status="unknown", is_left=True)
    inbox.delete_text(add_text(thread, "Our answer", "outbound", delivery=delivery))
    assert thread.messages.count() == 2


def test_deleting_the_flagged_text_ends_the_question(thread):
    flag(thread.messages.last())
    inbox.delete_text(thread.messages.last())
    assert fresh(thread).flagged_at is None


def test_deciding_that_it_means_stop_opts_the_person_out_in_their_words(thread, admin_user):
    flag(thread.messages.last())
    assert inbox.opt_out(thread, thread.messages.last().pk, admin_user)
    entry = UnsubscribedContact.objects.get(phone=thread.phone)
    assert (entry.source, entry.reason) == ("manual", "Second")
    record = ConsentRecord.objects.get(phone=thread.phone)
    assert (record.kind, record.words, record.actor) == ("opt_out", "Second", "ann")
    assert fresh(thread).flagged_at is None
    assert not thread.messages.filter(is_flagged=True).exists()


def test_deciding_that_it_does_not_mean_stop_opts_nobody_out(thread):
    flag(thread.messages.last())
    assert inbox.keep_texting(thread, thread.messages.last().pk)
    assert fresh(thread).flagged_at is None
    assert not UnsubscribedContact.objects.exists()
    assert not ConsentRecord.objects.exists()


def test_a_text_that_came_after_the_question_stays_undecided(thread):
    first, second = thread.messages.order_by("pk")
    flag(first)
    flag(second)
    assert inbox.keep_texting(thread, first.pk)
    assert fresh(thread).flagged_at == second.created_at
    assert thread.messages.get(is_flagged=True) == second


def test_of_two_decisions_the_second_changes_nothing(thread, admin_user):
    message = thread.messages.last()
    flag(message)
    assert inbox.keep_texting(thread, message.pk)
    assert not inbox.opt_out(thread, message.pk, admin_user)
    assert not UnsubscribedContact.objects.exists()


def test_only_the_latest_texts_are_searched(monkeypatch, make_phone):
    monkeypatch.setattr(inbox, "TEXTS_SEARCHED", 1)
    make_thread(make_phone(), "Old parking", created_at=timezone.now() - timedelta(days=1))
    new = make_thread(make_phone(), "New parking")
    assert found("parking") == [new.phone]
