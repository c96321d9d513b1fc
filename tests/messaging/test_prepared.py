from contacts.models import UnsubscribedContact
from messaging.models import KeywordAutomationRule
from messaging.prepared import Prepared


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
