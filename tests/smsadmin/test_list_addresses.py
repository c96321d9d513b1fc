"""URLs of lists and rows: collected from the site itself, and tried on each one."""

import itertools
from urllib.parse import urlencode

import pytest
from django.contrib import admin
from django.contrib.admin import FieldListFilter, ModelAdmin, SimpleListFilter
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import AppUser
from accounts.roles import Role
from contacts.models import CommunityMember
from messaging.models import MessageLog
from smsadmin.list_guard import ListGuard
from smsadmin.site import SmsAdminSite
from tests.admin_pages import World, find_names, models

# A regular expression whose run time doubles with each letter of the input.
SLOW = "(a+)+$"
LOOKUPS = ("exact", "regex", "iregex", "icontains", "startswith", "gt", "in", "range", "year", "isnull")
BIG = "9" * 23
VALUES = (
    BIG,
    "0001-01-01",
    "99999",
    "",
    "10000-01-01",
    "-1",
    "9" * 5_000,
    "nonsense",
    "(a",
    "[",
    "é",
    "1e999",
    "nan",
)
BROKE_A_LIST_ONCE = (
    {"q": "a " * 2_000},
    {"o": ".".join("1" * 2_500)},
    {"p": BIG},
    {"_to_field": "password"},
    {"e": "1", "name__regex": SLOW},
)
ADDRESSES = (
    *({"p": value} for value in VALUES),
    *({"o": value} for value in (*VALUES, f"-{BIG}", "0.1.-2.99", "--1", "1.1.1.1")),
    {"q": "x" * 4_000},
    {"q": "\"'%_\\" * 40},
    {"q": "+1720555" + "0" * 400},
    *({"_to_field": value} for value in ("id", "password", "nonsense", BIG)),
    {"_popup": "1"},
    {"_popup": "1", "_to_field": "id", "q": "a"},
    {"_facets": "True"},
    {"all": ""},
    {"_changelist_filters": "name__regex=(a"},
)
# One of each by default; all of them with the slow tests.
how_much = pytest.mark.parametrize("most", [1, pytest.param(None, marks=pytest.mark.slow)], ids=["one", "all"])
ODD_KEYS = (BIG, "9" * 5_000, "0", "-1", "nonsense", "_5F", "1.5", "1e9", "é", "'")


@pytest.fixture
def browser(db, logins):
    """An admin's browser; `browser.user` is the admin."""
    user, cookies = logins[Role.ADMIN]
    client = Client(raise_request_exception=True)
    client.cookies.load(cookies)
    client.user = user
    return client


def own_lookups(model):
    """The parameters of the filters that a list offers."""
    made = site_admin(model)
    request = RequestFactory().get("/")
    for item in made.list_filter:
        if isinstance(item, type) and issubclass(item, SimpleListFilter):
            yield item.parameter_name
        else:
            field = model._meta.get_field(item)
            yield from FieldListFilter.create(field, request, {}, model, made, field_path=item).expected_parameters()


def site_admin(model):
    return admin.site.get_model_admin(model)


def every_lookup(model):
    """Lookups on all fields of a model and of its related models."""
    for field in model._meta.get_fields():
        yield from (f"{field.name}__{lookup}" for lookup in LOOKUPS)
        if field.is_relation:
            yield from (f"{field.name}__{other.name}__regex" for other in field.related_model._meta.get_fields())


@pytest.mark.parametrize("name", models())
def test_a_list_only_accepts_the_lookups_of_its_own_filters(name):
    model = models()[name]
    own = set(own_lookups(model))
    request = RequestFactory().get("/")
    allowed = {
        lookup
        for lookup in {*own, *every_lookup(model), "nonsense", "pk", "id", "pk__in", "password__startswith"}
        if site_admin(model).lookup_allowed(lookup, "1", request)
    }
    assert allowed == own


# The organization has a page in place of a list.
@pytest.mark.parametrize("name", sorted(set(models()) - {"accounts_organization"}))
def test_an_unknown_lookup_redirects_to_the_list_with_a_message(browser, name):
    address = reverse(f"admin:{name}_changelist")
    response = browser.get(address, {"pk__regex": SLOW})
    assert (response.status_code, response.headers["Location"]) == (302, f"{address}?e=1")
    [said] = map(str, get_messages(response.wsgi_request))
    assert said == "The address had filters that this list doesn’t have. Everything is shown."


def test_no_regular_expression_in_a_url_is_run(browser, make_member):
    make_member(name="a" * 20 + "!")
    with CaptureQueriesContext(connection) as asked:
        for address in ({"name__regex": SLOW}, {"name__iregex": "["}, {"phone__regex": "(a"}):
            assert browser.get("/admin/contacts/communitymember/", address).status_code == 302
            assert browser.get("/admin/contacts/communitymember/export/", address).status_code == 302
    assert not [query["sql"] for query in asked if "community_members" in query["sql"]]


def test_an_admin_that_is_registered_later_is_guarded_too(db, admin_user):
    class EveryField(ModelAdmin):
        list_filter = ("status", "created_at")
        date_hierarchy = "created_at"

    site = SmsAdminSite(name="later")
    site.register(MessageLog, EveryField)
    site.register(CommunityMember)
    made = site.get_model_admin(MessageLog)
    request = RequestFactory().get("/")
    assert isinstance(site.get_model_admin(CommunityMember), ListGuard)
    assert not site.get_model_admin(CommunityMember).lookup_allowed("name__regex", "a", request)
    assert not made.lookup_allowed("message_body__regex", "a", request)
    for lookup in ("status__exact", "created_at__gte", "created_at__lt", "created_at__year", "created_at__month"):
        assert made.lookup_allowed(lookup, "1", request)


@pytest.mark.parametrize("year", ["1", "9999", "99999", BIG, "x"])
@pytest.mark.parametrize("rest", [{}, {"month": "12", "day": "31"}, {"month": BIG, "day": "x"}])
def test_an_impossible_date_in_a_date_filter_is_not_an_error(browser, year, rest):
    class ByDate(ModelAdmin):
        date_hierarchy = "created_at"

    site = SmsAdminSite(name="admin")
    site.register(MessageLog, ByDate)
    address = {f"created_at__{part}": value for part, value in {"year": year, **rest}.items()}
    request = RequestFactory().get("/admin/messaging/messagelog/", address)
    request.user, request._messages = browser.user, []
    made = site.get_model_admin(MessageLog)
    made.message_user = lambda *said: None
    assert made.changelist_view(request).status_code in (200, 302)


@pytest.mark.filterwarnings("ignore:DateTimeField .* received a naive datetime:RuntimeWarning")
@how_much
@pytest.mark.parametrize("name", models())
def test_a_malformed_list_url_gets_a_response(browser, name, most):
    model = models()[name]
    World(browser.user).row(model)
    address = reverse(f"admin:{name}_changelist")
    own = [{lookup: value} for value, lookup in itertools.product(VALUES, own_lookups(model))]
    for query in (*BROKE_A_LIST_ONCE, *ADDRESSES[:most], *own[:most]):
        assert browser.get(address, query).status_code < 500, query


@how_much
@pytest.mark.parametrize("name", models())
def test_a_malformed_primary_key_gets_a_response(browser, name, most):
    row = World(browser.user).row(models()[name])
    for page, key in itertools.product(("change", "delete", "history"), ODD_KEYS[:most]):
        address = reverse(f"admin:{name}_{page}", args=[key])
        assert browser.get(address).status_code < 500, address
    for page in ("change", "delete", "history"):
        address = reverse(f"admin:{name}_{page}", args=[row.pk])
        assert browser.get(address, {"_to_field": "nonsense", "_popup": "1", "p": BIG}).status_code < 500, address


@how_much
@pytest.mark.parametrize("name", models())
def test_a_malformed_selection_gets_a_response_and_changes_nothing(browser, name, most):
    model = models()[name]
    World(browser.user).row(model)
    address = reverse(f"admin:{name}_changelist")
    before = list(model._default_manager.values())
    actions = [action for _, action, _ in site_admin(model)._get_base_actions()] or ["delete_selected"]
    selections = [(BIG, "0"), ("nonsense", "x"), ("\0", BIG), ("-1", "0")]
    for action, (selected, index) in itertools.product(actions, selections[:most]):
        data = {"action": action, "_selected_action": selected, "index": index}
        assert browser.post(address, data).status_code < 500, data
    assert list(model._default_manager.values()) == before
    for action, across in itertools.product(actions, ("1", "é", BIG)[:most]):
        data = {"action": action, "_selected_action": "nonsense", "select_across": across}
        assert browser.post(address, data).status_code < 500, data


def test_an_action_on_a_list_with_an_invalid_filter_does_not_run(browser, make_user):
    users = [make_user(username=f"user{number}") for number in range(2)]
    data = {"action": "delete_selected", "_selected_action": [users[0].pk], "select_across": "1", "post": "yes"}
    response = browser.post(f"/admin/accounts/appuser/?{urlencode({'username__regex': 'user0'})}", data)
    assert response.status_code == 302
    [said] = map(str, get_messages(response.wsgi_request))
    assert said.endswith("Nothing was done.")
    assert AppUser.objects.filter(pk__in=[user.pk for user in users]).count() == 2


@pytest.mark.parametrize(
    "asked",
    [
        {"app_label": "contacts", "model_name": "event", "field_name": "registrations"},
        {"app_label": "contacts", "model_name": "event", "field_name": "title"},
        {"app_label": "contacts", "model_name": "eventregistration", "field_name": "nonsense"},
        {"app_label": "accounts", "model_name": "appuser", "field_name": "contactimport"},
        {"app_label": BIG, "model_name": "\0", "field_name": "(a"},
        {"app_label": "contacts.event", "model_name": "", "field_name": ""},
        {},
    ],
)
def test_an_invalid_autocomplete_request_is_refused(browser, asked):
    response = browser.get("/admin/autocomplete/", {"term": "a", **asked})
    assert response.status_code in (400, 403)


@pytest.mark.parametrize("term", ["a " * 2_000, "x" * 4_000, "(a+)+$"])
@pytest.mark.parametrize("page", ["1", BIG, "nonsense", "-1"])
def test_a_malformed_autocomplete_request_gets_a_response(browser, term, page):
    asked = {"app_label": "contacts", "model_name": "eventregistration", "field_name": "event"}
    assert browser.get("/admin/autocomplete/", {**asked, "term": term, "page": page}).status_code in (200, 404)


@pytest.mark.parametrize(
    "cookie", ['sessionid="\\000abcdefgh"', 'csrftoken="\\000"', 'messages="\\000"', 'x="\\000"']
)
def test_a_nul_character_in_a_cookie_is_a_bad_request(db, cookie):
    assert Client(headers={"cookie": cookie}).get("/admin/").status_code == 400


def test_every_list_is_tested():
    assert {f"{name}_changelist" for name in models()} == {n for n in find_names() if n.endswith("_changelist")}
