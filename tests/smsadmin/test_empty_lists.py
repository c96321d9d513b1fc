"""Lists in which nothing is yet: what they are for, and a button for the first step."""

import re

import pytest

COMPOSE = "/admin/messaging/messagelog/compose/"
# By the address of the list: words of its purpose, and the addresses of its buttons, in order.
LISTS = {
    "messaging/inboxthread/": ("their conversations show up here", [COMPOSE]),
    "messaging/messagelog/": ("one message to many people", [COMPOSE]),
    "messaging/scheduledmessage/": ("Blasts that go out later wait here", [COMPOSE]),
    "contacts/communitymember/": (
        "the people you text with blasts to the community",
        ["/admin/contacts/contactimport/new/community/", "/admin/contacts/communitymember/add/"],
    ),
    "contacts/event/": ("its own list of people", ["/admin/contacts/event/add/"]),
    "contacts/unsubscribedcontact/": (
        "no blast reaches them",
        [
            "/admin/contacts/unsubscribedcontact/record/?next=%2Fadmin%2Fcontacts%2Funsubscribedcontact%2F",
            "/admin/contacts/contactimport/new/unsubscribed/",
        ],
    ),
    "contacts/suppressedcontact/": ("blasts skip them", ["/admin/contacts/suppressedcontact/add/"]),
    "contacts/contactimport/": ("before it does", ["/admin/contacts/contactimport/new/"]),
    "messaging/savedaudience/": ("“who exactly?”", ["/admin/messaging/savedaudience/add/"]),
    "messaging/keywordautomationrule/": ("such as HOURS", ["/admin/messaging/keywordautomationrule/add/"]),
    "surveys/surveyflow/": ("a conversation by text", ["/admin/surveys/surveyflow/add/"]),
}


def steps(response):
    """The purpose and the buttons of the empty list."""
    box = re.search(r'<div class="empty">(.*?)</div>', response.text, re.DOTALL)[1]
    return box, re.findall(r'<a class="button[^"]*" href="([^"]*)"', box)


@pytest.mark.parametrize("address", LISTS)
def test_an_empty_list_says_what_it_is_for_and_offers_the_first_step(admin_client, address):
    purpose, expected = LISTS[address]
    box, addresses = steps(admin_client.get(f"/admin/{address}"))
    assert purpose in box
    assert addresses == expected


def test_nobody_is_offered_a_step_that_is_not_theirs(manager_client):
    assert steps(manager_client.get("/admin/contacts/communitymember/"))[1] == []


@pytest.mark.parametrize("address", LISTS)
def test_a_search_that_finds_nothing_is_no_empty_list(admin_client, address):
    page = admin_client.get(f"/admin/{address}", {"q": "zzz"}).text
    assert LISTS[address][0] not in page
