"""The navigation of every page."""

import re

import pytest

from tests.messaging.conversations import read


def links(text, label="Main"):
    """The navigation's links as {name: address}, and the name of the current one."""
    found = re.search(rf'<nav[^>]*aria-label="{label}">(.*?)</nav>', text, re.DOTALL)[1]
    named = re.findall(r'<a [^>]*href="([^"]*)"([^>]*)>(.*?)</a>', found, re.DOTALL)
    clean = {re.sub(r"<[^>]*>|\(\d+\)", "", name).strip(): (address, rest) for address, rest, name in named}
    current = [name for name, (_, rest) in clean.items() if "aria-current" in rest]
    return {name: address for name, (address, _) in clean.items()}, current


def test_admins_see_every_place_by_job(admin_client):
    shown, current = links(read(admin_client, "/admin/"))
    assert list(shown) == [
        *(
            "New blast",
            "Home",
            "Inbox",
            "Sent",
            "Scheduled",
            "Drafts",
            "Everyone",
            "Events",
            "Groups",
            "Audiences",
            "Opted out",
            "Unreachable",
            "Imports",
        ),
        *("Keyword replies", "Surveys", "Organization", "Fields", "Team", "My account"),
        *("Consent history", "Failed sign-ins"),
        *("Security events", "Scheduled tasks", "Queued tasks", "Finished tasks", "Failed tasks"),
    ]
    assert current == ["Home"]


def test_social_managers_see_what_their_role_includes(manager_client):
    shown, _ = links(read(manager_client, "/admin/"))
    assert list(shown) == [
        *("New blast", "Home", "Inbox", "Sent", "Scheduled", "Drafts", "Everyone", "Events", "Groups", "Audiences"),
        *("Keyword replies", "Surveys", "Fields", "My account"),
    ]


@pytest.mark.django_db
def test_each_place_can_be_opened_and_is_marked_as_current(admin_client):
    shown, _ = links(read(admin_client, "/admin/"))
    for name, address in shown.items():
        _, current = links(read(admin_client, address))
        assert current == ([] if name == "New blast" else [name]), address


def test_phones_have_one_bar_of_places(admin_client):
    shown, current = links(read(admin_client, "/admin/"), "Shortcuts")
    assert list(shown) == ["Home", "Inbox", "New", "People"]
    assert current == ["Home"]


def test_a_page_below_a_list_belongs_to_it(admin_client):
    _, current = links(read(admin_client, "/admin/contacts/event/add/"))
    assert current == ["Events"]


def test_visitors_see_no_navigation(client, db):
    assert "<nav" not in re.sub(r'<nav class="crumbs".*?</nav>', "", read(client, "/admin/login/"), flags=re.DOTALL)
