"""Every URL of the site, visited by every role: each page is shown to those who may see it, nothing fails, and
viewing changes nothing.
"""

import itertools

import pytest
from django.apps import apps
from django.contrib.admin import site
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.urls import get_resolver, reverse

from accounts.roles import Role
from accounts.security_events import SecurityEvent
from tests.accounts.test_roles_matrix import CASES, QUERIES, assert_is_answered
from tests.admin_pages import World, find_names, models
from tests.conftest import fictional_phone

# A visit is recorded in its session, and a download as a security event.
NOTES = (Session, SecurityEvent)
# Requests from bookmarks, typos and curious people.
ODD_QUERIES = (
    "?p=99999",
    "?p=-1",
    "?o=99.-7",
    "?e=1",
    "?all=",
    "?q=%00",
    "?q=" + "x" * 500,
    "?nonsense=1",
    "?id__exact=%F0%9F%8E%89",
    "?_popup=1",
    "?_changelist_filters=%3D%26",
    "?status=nonsense&after=999999999999999999999&before=-1",
    "?event=99999999999999999999&draft=nonsense",
    "?event=nonsense",
)
ODD_FORM = {
    "event": "9" * 23,
    "role": "nobody",
    "to": "event:nonsense",
    "minus": "person:\0",
    "to_who": "\0",
    "all": "r1",
    "r1-kept": "{",
    "any": "r2",
    "r2-form": "message",
    "r2-message": "9" * 23,
    "message_body": "\0{",
    "phone": "\0",
    "name": "x" * 999,
}
ODD_KEYS = ("0", "-1", "9" * 23, "9" * 5_000, "nonsense", "_5F", "%00", "1/2", "é")


@pytest.fixture
def visitors(db, logins):
    """A browser for each kind of visitor, and objects created by a logged-in one."""
    phones = map(fictional_phone, itertools.count(500))
    found = {"anonymous": (Client(), World(logins[Role.ADMIN][0], phones))}
    for role, (user, cookies) in logins.items():
        client = Client()
        client.cookies.load(cookies)
        found[role] = client, World(user, phones)
    return found


def contents():
    """All rows of all tables, except those that visits write."""
    tables = [model._meta.db_table for model in apps.get_models() if model not in NOTES and model._meta.managed]
    found = {}
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)} ORDER BY 1")  # noqa: S608
            found[table] = cursor.fetchall()
    return found


def test_every_url_of_the_site_is_covered():
    assert [str(entry.pattern) for entry in get_resolver().url_patterns] == ["", "admin/", "webhooks/twilio/"]


@pytest.mark.parametrize(("name", "variant"), CASES)
def test_a_page_is_shown_to_the_roles_that_include_it_and_viewing_changes_nothing(visitors, name, variant):
    visits = {visitor: (client, world.address(name, variant)) for visitor, (client, world) in visitors.items()}
    before = contents()
    for visitor, (client, address) in visits.items():
        response = client.get(address, QUERIES.get(name, {}))
        b"".join(response)
        assert_is_answered(visitor, name, variant, "get", response)
    assert contents() == before


def test_viewing_the_login_page_changes_nothing(visitors):
    before = contents()
    statuses = [client.get("/admin/login/").status_code for client, _ in visitors.values()]
    assert statuses == [200, 302, 302]
    assert contents() == before


@pytest.mark.parametrize("visitor", ["anonymous", "admin", "social_manager"])
def test_an_autocomplete_request_without_parameters_fails_for_nobody(visitors, visitor):
    client, world = visitors[visitor]
    assert client.get(world.address("autocomplete")).status_code < 500


@pytest.mark.slow
@pytest.mark.parametrize("model", models())
def test_malformed_urls_get_a_response(visitors, model):
    client, world = visitors["admin"]
    changelist = world.address(f"{model}_changelist")
    pages = [name.removeprefix(f"{model}_") for name in find_names() if name.startswith(f"{model}_")]
    row = world.row(models()[model])
    before = contents()
    for query in ODD_QUERIES:
        for page in ("", "add/", f"{row.pk}/change/", f"{row.pk}/delete/", "compose/", "export/"):
            assert client.get(f"{changelist}{page}{query}").status_code < 500
    for key, page in itertools.product(ODD_KEYS, pages):
        assert client.get(f"{changelist}{key}/{page}/").status_code < 500
    assert contents() == before


@pytest.mark.parametrize("name", ["contacts_eventregistration_add", "surveys_surveyflow_add"])
@pytest.mark.parametrize("event", ["nonsense", "9" * 25, "9" * 5_000])
def test_an_impossible_event_id_matches_nothing(admin_client, name, event):
    address = reverse(f"admin:{name}")
    field = "event" if "registration" in name else "linked_event"
    assert admin_client.get(address, {field: event}).status_code == 200
    assert admin_client.post(address, {field: event}).status_code == 200


@pytest.mark.parametrize("model", models())
def test_an_impossible_selection_gets_a_response(visitors, model):
    client, world = visitors["admin"]
    world.row(models()[model])
    address = world.address(f"{model}_changelist")
    before = contents()
    for action in (*(site.get_model_admin(models()[model]).actions or ()), "delete_selected"):
        for selected in ("nonsense", "9" * 25, "9" * 5_000):
            assert client.post(address, {"action": action, "_selected_action": selected}).status_code < 500
    assert contents() == before


@pytest.mark.parametrize("address", ["?q=%00", "1%00/change/", "?q=a%00b"])
def test_a_nul_character_in_an_address_is_a_bad_request(admin_client, address):
    response = admin_client.get(f"/admin/messaging/messagelog/{address}")
    assert response.status_code == 400
    assert b"SMS Admin" in response.content


@pytest.mark.slow
@pytest.mark.parametrize("model", models())
def test_malformed_forms_get_a_response(visitors, model):
    client, world = visitors["admin"]
    row = world.row(models()[model])
    for name in (name for name in find_names() if name.startswith(f"{model}_")):
        address = world.address(name) if not name.endswith("_new") else world.address(name, "community")
        for data in (
            {},
            {"action": "nonsense", "_selected_action": "nonsense"},
            {"_selected_action": row.pk},
            ODD_FORM,
        ):
            assert client.post(address, data).status_code < 500
