from datetime import timedelta

from django.db.models import F
from django.utils import timezone

from contacts.models import UnsubscribedContact
from messaging.models import InboxMessage, InboxThread, KeywordAutomationRule
from smsadmin.lib.prepared_statements import Prepared, PreparedUpdate, insert


def test_a_prepared_query_finds_what_the_query_would(make_unsubscribed):
    one, _ = make_unsubscribed(), make_unsubscribed()
    query = Prepared(lambda phone: UnsubscribedContact.objects.filter(phone=phone).values_list("id"))
    assert query.rows(one.phone) == [(one.pk,)]
    assert query.rows("+17205550199") == []
    assert query.rows("unknown") == []


def test_values_go_to_their_placeholders_in_any_order(db):
    for keyword in ("A", "B", "C"):
        KeywordAutomationRule.objects.create(keyword=keyword, response_body="Hi", is_active=keyword != "C")
    query = Prepared(
        lambda first, second: KeywordAutomationRule.objects.filter(
            keyword__in=(second, first), response_body="Hi", is_active=True
        ).values_list("keyword")
    )
    assert query.rows("A", "C") == [("A",)]
    assert query.rows("B", "A") == [("A",), ("B",)]


def test_a_prepared_query_is_compiled_once(db, django_assert_num_queries):
    built = []

    def build(phone):
        built.append(phone)
        return UnsubscribedContact.objects.filter(phone=phone).values_list("id")

    query = Prepared(build)
    with django_assert_num_queries(3):
        for phone in ("+17205550123", "'; DROP TABLE users --", "%s"):
            assert query.rows(phone) == []
    assert len(built) == 1


def test_numbers_datetimes_and_none_are_values_too(db):
    at = timezone.now()
    for since in (at, None):
        InboxThread.objects.create(phone=f"+1720555010{since is None:d}", flagged_at=since, unread_count=3)
    query = Prepared(
        lambda since, unread: InboxThread.objects.filter(flagged_at__gt=since, unread_count=unread).values_list(
            "phone"
        )
    )
    assert query.rows(at - timedelta(microseconds=1), 3) == [("+17205550100",)]
    assert query.rows(at, 3) == query.rows(at - timedelta(hours=1), 2) == query.rows(None, 3) == []


def test_a_prepared_update_changes_what_the_update_would(db, django_assert_num_queries):
    rules = [KeywordAutomationRule.objects.create(keyword=word, response_body="Hi") for word in ("A", "B", "C")]
    update = PreparedUpdate(
        lambda pk, at, reply: (
            KeywordAutomationRule.objects.filter(pk=pk, is_active=True),
            {"match_count": F("match_count") + 1, "last_matched_at": at, "response_body": reply, "is_active": False},
        )
    )
    at = timezone.now()
    with django_assert_num_queries(4):
        assert update.run(rules[0].pk, at, "%s'; --") == 1
        assert update.run(rules[0].pk, at, "Again") == 0
        assert update.run(rules[1].pk, None, "Yes") == 1
        assert update.run(0, at, "No") == 0
    columns = ("keyword", "match_count", "last_matched_at", "response_body", "is_active")
    assert list(KeywordAutomationRule.objects.order_by("keyword").values_list(*columns)) == [
        ("A", 1, at, "%s'; --", False),
        ("B", 1, None, "Yes", False),
        ("C", 0, None, "Hi", True),
    ]


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
