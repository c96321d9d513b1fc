"""What staff do with conversations, without pages: reading, naming, deleting, deciding."""

import pytest

from contacts.consent import opting_out
from contacts.models import CommunityMember, ConsentRecord, SuppressedContact, UnsubscribedContact
from messaging import tasks
from messaging.inbox import conversations
from messaging.models import Delivery, InboxMessage, InboxThread, KeywordAutomationRule
from messaging.sending import suppression

from ..conversations import add_text, flag, fresh, make_thread
from ..inbound.inbound_texts import text_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def thread(make_phone):
    return make_thread(make_phone(), "First", "Second", is_read=False)


def test_shown_texts_become_read_and_later_ones_do_not(thread):
    shown = thread.messages.last().pk
    add_text(thread, "Third")
    InboxThread.objects.filter(pk=thread.pk).update(unread_count=3)
    conversations.mark_read(thread, shown)
    assert fresh(thread).unread_count == 1
    conversations.mark_read(thread, thread.messages.last().pk)
    assert fresh(thread).unread_count == 0


def test_marking_as_read_changes_nothing_that_was_read(thread):
    conversations.mark_read(thread, thread.messages.last().pk)
    conversations.mark_read(thread, 0)
    assert fresh(thread).unread_count == 0


def test_a_text_marked_as_unread_stays_unread_when_a_later_one_is_read(thread):
    """For example, a colleague marks a conversation as unread that is open on someone's screen."""
    read_before = thread.messages.last().pk
    InboxThread.objects.update(unread_count=1)
    conversations.mark_read(thread, read_before, after=read_before)
    assert fresh(thread).unread_count == 1
    third = add_text(thread, "Third")
    answered = add_text(thread, "PARKING", needs_reading=False)
    add_text(thread, "Behind the hall", "outbound", automation_source="keyword", answer_to=answered)
    InboxThread.objects.update(unread_count=2)
    conversations.mark_read(thread, read_before, after=read_before)
    assert fresh(thread).unread_count == 2
    conversations.mark_read(thread, third.pk, after=read_before)
    conversations.mark_read(thread, answered.pk, after=third.pk)
    assert fresh(thread).unread_count == 1
    conversations.mark_read(thread, answered.pk)
    assert fresh(thread).unread_count == 0


def test_a_text_answered_after_the_list_was_shown_is_not_unread(thread):
    """For example, someone texts a keyword just before "Mark as read" is pressed: nobody needs to look at that."""
    shown = {thread.pk: thread.messages.last().pk}
    answered = add_text(thread, "PARKING", needs_reading=False)
    add_text(thread, "Behind the hall", "outbound", automation_source="keyword", answer_to=answered)
    assert conversations.mark_all_read(InboxThread.objects.all(), shown, 0) == conversations.Marked(read=1, newer=0)
    assert fresh(thread).unread_count == 0


@pytest.mark.parametrize("word", ["STOP", "START", "please stop texting me"])
def test_a_question_before_an_opt_out_stays_unread(make_phone, word):
    phone = make_phone()
    text_in(phone, "Is there parking?")
    text_in(phone, word)
    thread = InboxThread.objects.get(phone=phone)
    question, last = thread.messages.received().order_by("pk")
    assert (thread.unread_count, conversations.first_unread(thread)) == (1, question.pk)
    conversations.delete_text(last)
    assert fresh(thread).unread_count == 1
    assert conversations.mark_all_read(
        InboxThread.objects.all(), {thread.pk: question.pk}, 0
    ) == conversations.Marked(1, 0)
    assert fresh(thread).unread_count == 0


def test_a_text_answered_by_a_keyword_stays_read_when_the_answer_is_deleted(make_phone):
    KeywordAutomationRule.objects.create(keyword="PARKING", response_body="Behind the hall")
    phone = make_phone()
    text_in(phone, "Is there wheelchair access?")
    text_in(phone, "PARKING")
    thread = InboxThread.objects.get(phone=phone)
    conversations.delete_text(thread.messages.get(direction="outbound"))
    assert conversations.first_unread(fresh(thread)) == thread.messages.order_by("pk")[0].pk
    assert fresh(thread).unread_count == 1


def test_each_of_many_conversations_is_read_as_far_as_it_was_shown(thread, make_phone, monkeypatch):
    monkeypatch.setattr(conversations, "_BATCH", 2)
    others = [make_thread(make_phone(), "Hi", is_read=False) for _ in range(3)]
    late = make_thread(make_phone(), "Late", is_read=False)
    read_before = make_thread(make_phone(), "Read before")
    shown = {thread.pk: thread.messages.first().pk}
    marked = conversations.mark_all_read(InboxThread.objects.all(), shown, others[-1].messages.get().pk)
    assert marked == conversations.Marked(read=3, newer=2)
    counts = {each.pk: each.unread_count for each in InboxThread.objects.all()}
    assert counts == {thread.pk: 1, **{other.pk: 0 for other in others}, late.pk: 1, read_before.pk: 0}


def test_only_committed_texts_count_as_shown(thread):
    old = thread.messages.first()
    assert conversations.newest_shown() == old.pk
    InboxMessage.objects.all().delete()
    assert conversations.newest_shown() == 0


def test_marking_many_as_unread_returns_how_many_changed(thread, make_phone):
    make_thread(make_phone(), "Read before")
    assert conversations.mark_unread(InboxThread.objects.all()) == 1
    assert conversations.mark_unread(InboxThread.objects.all()) == 0


def test_unread_is_counted_in_texts_and_conversations(thread, make_phone):
    other = make_thread(make_phone(), "Hm", is_read=False)
    flag(other.messages.get())
    waiting = conversations.waiting()
    assert (waiting.texts, waiting.conversations, waiting.undecided) == (3, 2, 1)
    assert conversations.count_unread() == 3


def test_an_empty_inbox_has_nothing_unread():
    assert conversations.waiting() == conversations.Waiting(0, 0, 0)
    assert conversations.count_unread() == 0


def test_a_name_from_staff_takes_precedence_over_a_lists(thread, make_member):
    make_member(name="Ada Lovelace", phone=thread.phone)
    assert conversations.shown_names([thread]) == {thread.pk: "Ada Lovelace"}
    conversations.assign_name(thread, "  Ada   from the choir ")
    assert conversations.shown_names([fresh(thread)]) == {thread.pk: "Ada from the choir"}
    conversations.assign_name(thread, " ")
    assert fresh(thread).contact_name is None


def test_unknown_people_are_named_by_their_number(make_phone):
    thread = make_thread("+17205550123")
    assert conversations.shown_names([thread]) == {thread.pk: "(720) 555-0123"}


def test_after_a_deletion_the_conversation_shows_the_text_before_it(thread):
    last = thread.messages.last()
    conversations.delete_text(last)
    left = fresh(thread)
    assert (left.last_message_preview, left.last_direction, left.unread_count) == ("First", "inbound", 1)
    conversations.delete_text(thread.messages.get())
    left = fresh(thread)
    assert (left.last_message_preview, left.last_direction, left.unread_count) == (None, None, 0)


def test_only_deleting_an_unread_text_lowers_the_unread_count(make_phone):
    thread = make_thread(make_phone(), "Read", "Unread", "PARKING")
    InboxThread.objects.filter(pk=thread.pk).update(unread_count=1)
    read_before, unread, answered = thread.messages.order_by("pk")
    thread.messages.filter(pk=answered.pk).update(needs_reading=False)
    answer = add_text(thread, "Behind the hall", "outbound", automation_source="keyword", answer_to=answered)
    for message, left in ((read_before, 1), (answered, 1), (unread, 0)):
        conversations.delete_text(message)
        assert fresh(thread).unread_count == left
    assert thread.messages.get() == answer


def test_deleting_a_text_deletes_nothing_else(thread):
    delivery = Delivery.objects.create(phone=thread.phone, status="delivered")
    message = add_text(thread, "Our answer", "outbound", delivery=delivery, answer_to=thread.messages.first())
    ConsentRecord.objects.create(phone=thread.phone, kind="opt_out", source="inbound", words="First")
    conversations.delete_text(message)
    assert list(thread.messages.order_by("pk").values_list("body", flat=True)) == ["First", "Second"]
    assert Delivery.objects.count() == ConsentRecord.objects.count() == 1


@pytest.mark.parametrize("status", ["pending", "sending", "unknown"])
def test_a_reply_that_may_still_be_sent_cannot_be_deleted(thread, status):
    delivery = Delivery.objects.create(phone=thread.phone, status=status)
    message = add_text(thread, "Our answer", "outbound", delivery=delivery)
    with pytest.raises(conversations.CannotDelete, match=r"\.$"):
        conversations.delete_text(message)
    assert InboxMessage.objects.filter(pk=message.pk).exists()


def test_a_reply_with_a_closed_unknown_outcome_can_be_deleted(thread):
    delivery = Delivery.objects.create(phone=thread.phone, status="unknown", is_left=True)
    conversations.delete_text(add_text(thread, "Our answer", "outbound", delivery=delivery))
    assert thread.messages.count() == 2


def test_deleting_the_flagged_text_clears_the_flag(thread):
    flag(thread.messages.last())
    conversations.delete_text(thread.messages.last())
    assert fresh(thread).flagged_at is None


def test_deciding_to_stop_opts_the_person_out_with_their_words(thread, admin_user):
    flag(thread.messages.last())
    assert conversations.opt_out(thread, [thread.messages.last().pk], admin_user)
    entry = UnsubscribedContact.objects.get(phone=thread.phone)
    assert (entry.source, entry.reason) == ("manual", "Second")
    record = ConsentRecord.objects.get(phone=thread.phone)
    assert (record.kind, record.words, record.actor) == ("opt_out", "Second", "ann")
    assert fresh(thread).flagged_at is None
    assert not thread.messages.filter(is_flagged=True).exists()


def test_deciding_to_keep_texting_opts_nobody_out(thread):
    flag(thread.messages.last())
    assert conversations.keep_texting(thread, [thread.messages.last().pk])
    assert fresh(thread).flagged_at is None
    assert not UnsubscribedContact.objects.exists()
    assert not ConsentRecord.objects.exists()


def test_a_text_that_came_after_the_question_stays_undecided(thread):
    first, second = thread.messages.order_by("pk")
    flag(first)
    flag(second)
    assert conversations.keep_texting(thread, [first.pk])
    assert fresh(thread).flagged_at == second.created_at
    assert thread.messages.get(is_flagged=True) == second


def test_an_opt_out_quotes_the_shown_texts_and_settles_the_others(
    thread, admin_user, django_capture_on_commit_callbacks
):
    first, second = thread.messages.order_by("pk")
    flag(first)
    flag(second)
    with django_capture_on_commit_callbacks(execute=True):
        assert conversations.opt_out(thread, [second.pk], admin_user)
    assert fresh(thread).flagged_at is None
    assert not thread.messages.filter(is_flagged=True).exists()
    assert UnsubscribedContact.objects.get().reason == "Second"


def _staff_unsubscribe(phone):
    opting_out.unsubscribe(CommunityMember.objects.filter(phone=phone), "Asked at the door", "ann")


def _staff_suppress(phone):
    opting_out.save_entry(SuppressedContact(phone=phone, category="opt_out"), "ann")


def _an_import_adds(phone):
    contact = UnsubscribedContact.objects.create(phone=phone, source="import")
    opting_out.record_import(UnsubscribedContact.objects.filter(pk=contact.pk), "", "ann")


def _twilio_reports(phone):
    suppression.learn(phone, None, 21610, None)


@pytest.mark.parametrize("opt_out", [_staff_unsubscribe, _staff_suppress, _an_import_adds, _twilio_reports])
def test_a_recorded_opt_out_only_clears_that_phones_flags(
    thread, make_phone, make_member, django_capture_on_commit_callbacks, opt_out
):
    make_member(phone=thread.phone)
    flag(thread.messages.last())
    other = make_thread(make_phone(), "Wrong number")
    flag(other.messages.get())
    with django_capture_on_commit_callbacks(execute=True):
        opt_out(thread.phone)
    assert fresh(thread).flagged_at is None
    assert not thread.messages.filter(is_flagged=True).exists()
    assert fresh(other).flagged_at is not None
    assert other.messages.get().is_flagged


def test_flags_that_outlived_an_opt_out_are_cleared_by_the_next_sweep(thread, make_unsubscribed):
    flag(thread.messages.last())
    make_unsubscribed(phone=thread.phone)
    tasks.catch_up_lists()
    assert fresh(thread).flagged_at is None
    assert not thread.messages.filter(is_flagged=True).exists()


def test_a_decision_only_affects_its_own_conversation(thread, make_phone):
    other = make_thread(make_phone(), "Wrong number")
    flag(other.messages.get())
    assert not conversations.keep_texting(thread, [other.messages.get().pk])
    assert fresh(other).flagged_at is not None


def test_of_two_decisions_the_second_changes_nothing(thread, admin_user):
    message = thread.messages.last()
    flag(message)
    assert conversations.keep_texting(thread, [message.pk])
    assert not conversations.opt_out(thread, [message.pk], admin_user)
    assert not UnsubscribedContact.objects.exists()
