"""The breadcrumbs of each page."""

import re
from html import unescape

import pytest

from surveys.models import SurveyFlow
from tests.accounts.test_roles_matrix import CASES
from tests.admin_pages import World

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
