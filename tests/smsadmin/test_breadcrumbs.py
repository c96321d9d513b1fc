"""The breadcrumbs of each page."""

import re
from html import unescape

import pytest

from smsadmin import navigation
from surveys.models import SurveyFlow
from tests.accounts.test_roles_matrix import CASES
from tests.admin_pages import STANDARD, World, models

pytestmark = pytest.mark.django_db


def steps(response):
    """The breadcrumbs' texts in order; empty for a page without breadcrumbs."""
    found = re.search(r'<div class="breadcrumbs">(.*?)</div>', response.content.decode(), re.DOTALL)
    said = [re.sub(r"<[^>]*>", "", step) for step in found[1].split("&rsaquo;")] if found else []
    return [" ".join(unescape(step).split()) for step in said]


def test_no_breadcrumbs_repeat_a_name(admin_user, admin_client):
    """Of each list, and of every page of the surveys, whose app has the name of its only list."""
    world = World(admin_user)
    ways = {}
    for name, variant in CASES:
        if name.endswith("_changelist") or (name.startswith("surveys_") and not name.endswith("_csv")):
            ways[name, variant] = steps(admin_client.get(world.address(name, variant)))
    assert sum(map(bool, ways.values())) > 20
    assert {page: way for page, way in ways.items() if len(set(map(str.lower, way))) < len(way)} == {}


def test_breadcrumbs_of_the_survey_deletion_page(admin_user, admin_client):
    world = World(admin_user)
    surveys = [world.row(SurveyFlow) for _ in range(2)]
    data = {"action": "delete_selected", "_selected_action": [survey.pk for survey in surveys]}
    response = admin_client.post("/admin/surveys/surveyflow/", data)
    assert steps(response) == ["Home", "Surveys", "Delete surveys"]


LISTS = {name: model for name, model in models().items() if navigation.list_name(model._meta.label)}


@pytest.mark.parametrize("name", LISTS)
def test_breadcrumbs_call_a_list_what_the_navigation_calls_it(admin_user, admin_client, name):
    """On the list itself, and on all standard pages of its rows that have breadcrumbs."""
    world, called = World(admin_user), navigation.list_name(LISTS[name]._meta.label)
    ways = {page: steps(admin_client.get(world.address(f"{name}_{page}"))) for page in STANDARD[1:]}
    if name == "contacts_contactimport":
        ways = {}  # They belong to the list that they import into.
    listed = steps(admin_client.get(world.address(f"{name}_changelist")))
    assert listed == ["Home", called]
    assert {page: way for page, way in ways.items() if way and way[1] != called} == {}


def test_lists_are_called_by_their_job():
    assert navigation.list_name("accounts.AppUser") == "Team"
    assert navigation.list_name("contacts.CommunityMember") == "People"
    assert navigation.list_name("messaging.MessageLog") == "Blasts"
