import re
from html import unescape

import pytest

from contacts.models import CommunityMember, Event, EventRegistration
from messaging.models import MessageLog
from tests.messaging.conversations import read

SEARCH = "/admin/search/"


@pytest.fixture
def find(admin_client):
    """What a search shows, as (kind, name, address)."""

    def run(text, client=admin_client):
        page = unescape(read(client, SEARCH, q=text, part="results"))
        pattern = r'href="([^"]*)".*?<strong>(.*?)</strong>.*?class="found-kind">(.*?)</span>'
        return [(kind, name, address) for address, name, kind in re.findall(pattern, page)]

    return run


@pytest.fixture
def people(db):
    event = Event.objects.create(title="Picnic by the lake")
    EventRegistration.objects.create(event=event, name="Rosa Delgado", phone="+13035550142")
    CommunityMember.objects.create(name="Rosa Lund", phone="+13035550143")
    MessageLog.objects.create(message_body="Rosa bakes: come by!", audience_name="Community")


def test_people_are_found_by_name_and_number(find, people):
    assert [found[:2] for found in find("rosa")] == [
        ("Person", "Rosa Lund"),
        ("Registration", "Rosa Delgado"),
        ("Blast", "Rosa bakes: come by!"),
    ]
    assert [found[:2] for found in find("(303) 555-0143")] == [("Person", "Rosa Lund")]
    assert [found[:2] for found in find("0142")] == [("Registration", "Rosa Delgado")]


def test_events_and_pages_are_found_by_their_words(find, people):
    assert ("Event", "Picnic by the lake") in [found[:2] for found in find("lake")]
    assert find("unsub")[0] == ("Page", "Opted out", "/admin/contacts/unsubscribedcontact/")


def test_recording_an_opt_out_is_found_by_whoever_may_do_it(find, manager_client):
    page = ("Page", "Someone asked to stop", "/admin/contacts/unsubscribedcontact/record/")
    for words in ("asked to stop", "opt out", "take off", "record"):
        assert page in find(words)
        assert page in find(words, manager_client)


def test_results_can_be_opened(find, people, admin_client):
    for _, _, address in [*find("rosa"), *find("lake"), *find("")]:
        assert admin_client.get(address).status_code == 200


def test_users_only_find_what_their_role_includes(find, people, manager_client):
    assert "Team" not in [name for _, name, _ in find("", manager_client)]
    assert find("unreachable", manager_client) == []


def test_the_search_page_says_when_nothing_matches(admin_client):
    assert "Nothing matches “zzz”" in read(admin_client, SEARCH, q="zzz")


@pytest.mark.parametrize("text", ["%", "'", '"', "*" * 500, "🎄", "( OR"])
def test_any_text_can_be_searched_for(find, people, text):
    find(text)


def test_a_search_needs_the_same_queries_however_much_it_finds(find, people, django_assert_max_num_queries):
    for number in range(30):
        CommunityMember.objects.create(name=f"Rosa {number}", phone=f"+1720555{100 + number:04}")
    with django_assert_max_num_queries(12):
        find("rosa")
