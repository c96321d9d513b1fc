"""The site's lists at the width of a phone."""

import pytest
from playwright.sync_api import expect

from tests.browser.phone import is_as_wide_as_the_phone

pytestmark = pytest.mark.browser

LONG_SURVEY = """
from surveys.models import SurveyFlow
SurveyFlow.objects.create(name=("Potluck " * 15).strip(), trigger_keyword="KEYWORD" * 4, questions_json='["Why?"]')
SurveyFlow.objects.create(name="x" * 120, trigger_keyword="K" * 40, questions_json='["Why?"]')
"""


def test_a_list_has_its_filter_above_its_rows_and_its_checkboxes(open_page, site):
    site.run("demo")
    page = open_page(viewport={"width": 390, "height": 844})
    lists = {link.get_attribute("href") for link in page.locator("#sidebar li a").all()}
    filtered, chosen_from = set(), set()
    for address in lists:
        page.goto(address)
        rows, narrowing = page.locator("#result_list > tbody > tr"), page.locator("#changelist-filter")
        if not rows.count():
            continue
        if narrowing.count():
            filtered.add(address)
            opener = page.get_by_role("button", name="Filters")
            box = opener.bounding_box()
            assert box["y"] + box["height"] <= rows.first.bounding_box()["y"], address
            opener.click()
            expect(narrowing.get_by_role("link").first).to_be_visible()
            page.keyboard.press("Escape")
            expect(narrowing).to_be_hidden()
        if page.locator("select[name=action]").count():
            chosen_from.add(address)
            assert page.locator("input.action-select:visible").count() == rows.count(), address
            rows.first.get_by_role("checkbox").click()
            expect(page.locator(".action-counter")).to_contain_text("1 of")
        assert is_as_wide_as_the_phone(page), address
    assert {"/admin/messaging/inboxthread/", "/admin/surveys/surveyflow/"} <= filtered & chosen_from


def test_a_survey_with_long_words_fits_the_screen(open_page, site):
    site.run("shell", "-v", "0", "-c", LONG_SURVEY)
    page = open_page(viewport={"width": 390, "height": 844})
    page.goto("/admin/surveys/surveyflow/")
    cells = page.locator("#result_list tbody :is(th, td)").all()
    assert len(cells) == 18
    assert all(box["x"] + box["width"] <= 390 for cell in cells if (box := cell.bounding_box()))
