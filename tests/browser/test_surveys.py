"""A survey in a browser: building it, testing it on the practice phone, and reading the results."""

import pytest
from playwright.sync_api import expect

from tests.browser.phone import is_as_wide_as_the_phone

pytestmark = pytest.mark.browser

ADD = "/admin/surveys/surveyflow/add/"
MAKE = """
from surveys.models import SurveyFlow
SurveyFlow.objects.create(name="Picnic", trigger_keyword="JOIN", questions_json='["One?", "Two?", "Three?"]')
"""


@pytest.fixture
def survey(site):
    """The address of a survey with three questions."""
    site.run("shell", "-v", "0", "-c", MAKE)
    return "/admin/surveys/surveyflow/1/change/"


def prompts(page):
    return [area.input_value() for area in page.locator("#question-rows textarea").all()]


def text_in(page, *bodies):
    for body in bodies:
        before = page.locator("#chat .chat-theirs").count()
        page.get_by_label("Text message").fill(body)
        page.get_by_role("button", name="Send").click()
        expect(page.locator("#chat .chat-theirs")).to_have_count(before + 1)


def test_a_survey_is_built_tested_and_its_results_are_read(page, site):
    site.run(
        "shell", "-v", "0", "-c", "from contacts.models import Event; Event.objects.create(title='Summer picnic')"
    )
    page.goto(ADD)
    page.get_by_label("Name", exact=True).fill("Picnic")
    page.get_by_label("Keyword").fill("join")
    page.get_by_label("Introduction").fill("Hi from the club!")
    page.get_by_label("Question 1", exact=True).fill("What is your name?")
    page.get_by_label("The answer is the person’s name").check()
    page.get_by_role("button", name="Add a question").click()
    page.get_by_label("Question 2", exact=True).fill("What will you bring?")
    page.get_by_label("Last message").fill("Thank you!")
    page.get_by_role("combobox", name="Linked event").click()
    page.keyboard.type("picn")
    page.get_by_role("option", name="Summer picnic").click()
    preview = page.get_by_role("region", name="The conversation")
    expect(preview).to_contain_text("Hi from the club!\n\nWhat is your name?")
    expect(preview).to_contain_text("Each completed survey sends 3 texts and costs $0.02.")
    page.get_by_role("button", name="Save and continue editing").click()

    page.get_by_role("link", name="Try it").click()
    text_in(page, "Join")
    expect(page.locator("#chat")).to_contain_text("Hi from the club!")
    expect(page.get_by_role("status")).to_have_text("Reply: Hi from the club!\n\nWhat is your name?")
    text_in(page, "Ada Lovelace", "Cake")
    expect(page.locator("#chat")).to_contain_text("Thank you!")
    expect(page.get_by_text("A registration for Summer picnic as “Ada Lovelace”.")).to_be_visible()
    assert site.query("SELECT name FROM event_registrations") == [("Ada Lovelace",)]

    page.get_by_role("link", name="See test results").click()
    expect(page.get_by_role("row", name="Completed")).to_contain_text("1 100%")
    dishes = page.get_by_role("region", name="2. What will you bring?")
    expect(dishes.get_by_role("row", name="Cake")).to_contain_text("1 100%")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download CSV").click()
    assert "Ada Lovelace" in download.value.path().read_text(encoding="utf-8")
    page.get_by_role("button", name="Remove the tests").click()
    expect(page.get_by_text("Nobody has started this survey yet.")).to_be_visible()
    assert site.query("SELECT COUNT(*) FROM event_registrations") == [(0,)]


def test_questions_can_be_moved_by_keyboard_and_dragged(page, survey, site):
    page.goto(survey)
    assert prompts(page) == ["One?", "Two?", "Three?"]
    page.get_by_role("button", name="Move question 1 down").focus()
    page.keyboard.press("Enter")
    assert prompts(page) == ["Two?", "One?", "Three?"]
    page.keyboard.press("Enter")
    assert prompts(page) == ["Two?", "Three?", "One?"]
    handles = page.locator("[data-handle]")
    start, end = handles.nth(2).bounding_box(), handles.nth(0).bounding_box()
    page.mouse.move(start["x"] + 5, start["y"] + 5)
    page.mouse.down()
    page.mouse.move(end["x"] + 5, end["y"] - 10, steps=20)
    page.mouse.up()
    assert prompts(page) == ["One?", "Two?", "Three?"]
    page.get_by_role("button", name="Remove question 2").click()
    page.get_by_role("button", name="Move question 2 up").click()
    page.get_by_role("button", name="Save and continue editing").click()
    expect(page.locator(".messagelist")).to_contain_text("changed successfully")
    assert site.query("SELECT questions_json FROM survey_flows") == [('["Three?", "One?"]',)]


def test_a_removed_question_can_be_brought_back(page, survey):
    page.goto(survey)
    status = page.locator("#question-status")
    for number in (2, 1):
        page.get_by_role("button", name=f"Remove question {number}").click()
        expect(status).to_have_text(f"Question {number} was removed.")
    assert prompts(page) == ["Three?"]
    page.keyboard.press("Enter")
    assert prompts(page) == ["One?", "Three?"]
    expect(page.get_by_label("Question 1", exact=True)).to_be_focused()
    page.get_by_role("button", name="Undo: restore question 2").click()
    assert prompts(page) == ["One?", "Two?", "Three?"]
    expect(page.get_by_text("Undo")).to_be_hidden()


def test_a_field_with_a_mistake_gets_the_focus(page, survey):
    page.goto(ADD)
    page.get_by_label("Name", exact=True).fill("Potluck")
    page.get_by_label("Keyword").fill("join")
    page.get_by_label("Question 1", exact=True).fill("One?")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("JOIN is already the keyword of the survey")).to_be_visible()
    expect(page.get_by_label("Keyword")).to_be_focused()
    page.get_by_label("Keyword").fill("potluck")
    page.get_by_role("button", name="Add a question").click()
    page.get_by_label("Question 2", exact=True).fill("x" * 1601)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_label("Question 2", exact=True)).to_be_focused()


def test_at_most_one_question_is_for_the_name(page, survey):
    page.goto(survey)
    boxes = page.get_by_label("The answer is the person’s name")
    boxes.nth(0).check()
    boxes.nth(2).check()
    expect(boxes.nth(0)).not_to_be_checked()


def test_a_survey_can_be_edited_without_javascript(open_page, survey, site):
    page = open_page(java_script_enabled=False)
    page.goto(survey)
    page.get_by_label("Position").nth(2).fill("0")
    page.get_by_label("Remove").nth(0).check()
    page.locator("#question-rows textarea").nth(3).fill("Four?")
    page.get_by_role("button", name="Save and continue editing").click()
    assert site.query("SELECT questions_json FROM survey_flows") == [('["Three?", "Two?", "Four?"]',)]


def test_every_survey_page_works_on_a_phone(open_page, survey):
    page = open_page(viewport={"width": 390, "height": 844}, has_touch=True)
    page.goto(survey)
    page.get_by_label("Question 1", exact=True).fill("supercalifragilistic" * 8)
    expect(page.get_by_role("region", name="The conversation")).to_contain_text("supercalifragilistic")
    assert is_as_wide_as_the_phone(page)
    page.get_by_role("button", name="Save and continue editing").click()
    expect(page.locator(".messagelist")).to_contain_text("changed successfully")
    page.get_by_role("link", name="Try it").click()
    text_in(page, "JOIN", "x" * 200)
    assert is_as_wide_as_the_phone(page)
    page.get_by_role("link", name="See test results").click()
    expect(page.get_by_role("heading", name="Completion")).to_be_visible()
    assert is_as_wide_as_the_phone(page)
