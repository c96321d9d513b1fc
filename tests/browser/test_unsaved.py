"""Pages with unsaved changes: leaving them asks first, and leaving others doesn't."""

import pytest
from playwright.sync_api import expect

from tests.processes import wait_until

pytestmark = pytest.mark.browser

COMPOSE = "/admin/messaging/messagelog/compose/"
MAKE = """
from surveys.models import SurveyFlow
SurveyFlow.objects.create(name="Picnic", trigger_keyword="JOIN", questions_json='["One?", "Two?"]')
"""


@pytest.fixture
def asked(page):
    """The questions asked before leaving the page; they are answered with Stay."""
    questions = []

    def stay(dialog):
        questions.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    return questions


@pytest.fixture
def survey(page, site):
    """The edit page of a survey with two questions."""
    site.run("shell", "-v", "0", "-c", MAKE)
    page.goto("/admin/surveys/surveyflow/1/change/")
    expect(page.get_by_role("region", name="The conversation")).to_contain_text("Two?")


def leave(page):
    page.get_by_role("link", name="SMS Admin").click()


def test_leaving_a_survey_with_changes_asks(page, survey, asked):
    address = page.url
    page.get_by_role("button", name="Move question 1 down").click()
    page.get_by_role("link", name="Results").click()
    page.get_by_role("button", name="Move question 2 up").click()
    page.get_by_role("button", name="Remove question 2").click()
    leave(page)
    assert asked == ["beforeunload"] * 2
    assert page.url == address
    expect(page.locator("#question-rows > *")).to_have_count(1)


def test_leaving_a_survey_whose_changes_are_undone_or_saved_does_not_ask(page, survey, asked):
    page.get_by_role("button", name="Remove question 2").click()
    page.get_by_role("button", name="Undo").click()
    page.get_by_label("Introduction").fill("Hello")
    page.get_by_label("Introduction").fill("")
    page.get_by_role("link", name="Results").click()
    page.get_by_role("link", name="Edit").click()
    page.get_by_label("Introduction").fill("Hello")
    page.get_by_role("button", name="Save and continue editing").click()
    expect(page.locator(".messagelist")).to_contain_text("changed successfully")
    leave(page)
    expect(page.get_by_role("heading", name="Recently sent")).to_be_visible()
    assert asked == []


def test_a_form_returned_with_mistakes_counts_as_unsaved(page, survey, asked):
    page.get_by_label("Keyword").fill("STOP")
    page.get_by_role("button", name="Save and continue editing").click()
    expect(page.get_by_text("Texting STOP opts people out")).to_be_visible()
    leave(page)
    assert asked == ["beforeunload"]


def test_an_unsaved_survey_is_saved_before_it_is_tested(page, survey, asked):
    page.get_by_label("Question 1", exact=True).fill("Which one?")
    page.get_by_role("link", name="Try it", exact=True).click()
    notice = page.get_by_role("alert")
    expect(notice).to_contain_text("You have unsaved changes")
    with page.expect_popup() as popup:
        notice.get_by_role("link", name="Try the saved version in a new tab").click()
    expect(popup.value.get_by_role("heading", name="Try Picnic")).to_be_visible()
    notice.get_by_role("button", name="Save and try it").click()
    page.get_by_label("Text message").fill("join")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#chat")).to_contain_text("Which one?")
    assert asked == []


def test_leaving_a_message_being_written_keeps_it_as_a_draft(page, site, add_members, asked):
    add_members("Rosa Delgado")
    page.goto(COMPOSE)
    page.get_by_label("Message").fill("Hi {first_name}")
    with page.expect_request("**/compose/keep/"):
        leave(page)
    wait_until(lambda: site.query("SELECT 1 FROM blast_drafts"), 20, "the draft")
    page.get_by_role("link", name="Drafts", exact=True).click()
    page.get_by_role("link", name="Hi {first_name}").click()
    expect(page.get_by_label("Message")).to_have_value("Hi {first_name}")
    page.get_by_role("link", name="Delete draft").click()
    page.get_by_role("button", name="Yes, I’m sure").click()
    expect(page.get_by_text("What you write is kept here by itself")).to_be_visible()
    assert asked == []


def test_a_message_being_written_is_saved_meanwhile_and_a_reload_brings_it_back(page, add_members, asked):
    add_members("Rosa Delgado")
    page.goto(COMPOSE)
    page.get_by_label("Message").fill("Hi {first_name}")
    expect(page.get_by_text("Saved as a draft.")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Message")).to_have_value("Hi {first_name}")
    assert asked == []


def test_leaving_a_message_that_could_not_be_saved_asks(page, add_members, asked):
    add_members("Rosa Delgado")
    page.route("**/compose/keep/", lambda route: route.abort())
    page.goto(COMPOSE)
    page.get_by_label("Message").fill("Hi {first_name}")
    expect(page.get_by_text("Not saved yet.")).to_be_visible()
    leave(page)
    assert asked == ["beforeunload"]


def test_leaving_a_keyword_reply_being_written_asks(page, asked):
    page.goto("/admin/messaging/keywordautomationrule/add/")
    page.get_by_label("Keyword").fill("HOURS")
    page.get_by_label("Reply").fill("From 9 to 5.")
    leave(page)
    assert asked == ["beforeunload"]
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".messagelist")).to_contain_text("added successfully")
    assert asked == ["beforeunload"]
