from django.utils import timezone

from contacts.models import UnsubscribedContact
from messaging.models import InboxMessage, InboxThread, KeywordAutomationRule
from messaging.prepared import Prepared, insert


def test_a_prepared_query_finds_what_the_query_would(make_unsubscribed):
    one, _ = make_unsubscribed(), make_unsubscribed()
    query = Prepared(lambda phone: UnsubscribedContact.objects.filter(phone=phone).values_list("id"))
    assert query.rows(one.phone) == [(one.pk,)]
    assert query.rows("+17205550199") == []
    assert query.rows("unknown") == []


def test_values_go_to_their_places_whatever_stands_between(db):
    for keyword in ("A", "B", "C"):
        KeywordAutomationRule.objects.create(keyword=keyword, response_body="Hi", is_active=keyword != "C")
    query = Prepared(
        lambda first, second: KeywordAutomationRule.objects.filter(
            keyword__in=(second, first), response_body="Hi", is_active=True
        ).values_list("keyword")
    )
    assert query.rows("A", "C") == [("A",)]
    assert query.rows("B", "A") == [("A",), ("B",)]


def test_a_prepared_query_is_translated_once(db, django_assert_num_queries):
    built = []

    def build(phone):
        built.append(phone)
        return UnsubscribedContact.objects.filter(phone=phone).values_list("id")

    query = Prepared(build)
    with django_assert_num_queries(3):
        for phone in ("+17205550123", "'; DROP TABLE users --", "%s"):
            assert query.rows(phone) == []
    assert len(built) == 1


def test_a_row_is_inserted_as_save_would(db):
    at = timezone.now()
    thread = InboxThread(phone="+17205550123", contact_name=None, flagged_at=at)
    insert(thread)
    assert thread.pk
    kept = InboxThread.objects.get()
    assert (kept.pk, kept.contact_name, kept.flagged_at, kept.unread_count) == (thread.pk, None, at, 0)
    message = InboxMessage(thread=thread, phone="+17205550123", direction="inbound", body="Hi", is_flagged=True)
    insert(message)
    kept = InboxMessage.objects.get()
    assert (kept.pk, kept.thread, kept.body, kept.is_flagged) == (message.pk, thread, "Hi", True)
    assert kept.message_sid is None
    message.body = "Changed"
    message.save()
    assert InboxMessage.objects.get().body == "Changed"
