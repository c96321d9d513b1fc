"""The first sign-in with a password set by somebody else, and what happens after too many wrong ones."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PATIENCE
from tests.browser.phone import is_as_wide_as_the_phone

pytestmark = pytest.mark.browser

OWN = "chosen by Zoe herself"


@pytest.fixture
def visit(chromium, site):
    """Pages of browsers that aren't signed in yet."""
    contexts = []
    expect.set_options(timeout=PATIENCE)

    def open_page(**options):
        contexts.append(chromium.new_context(base_url=site.address, **options))
        contexts[-1].set_default_timeout(PATIENCE)
        page = contexts[-1].new_page()
        page.goto("/admin/")
        return page

    yield open_page
    for context in contexts:
        context.close()


def log_in(page, username, password):
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()


def change(page, old, new):
    page.get_by_label("Old password").fill(old)
    page.get_by_label("New password:", exact=True).fill(new)
    page.get_by_label("New password confirmation").fill(new)
    page.get_by_role("button", name="Change my password").click()


def test_the_first_sign_in_asks_for_a_new_password(site, visit):
    given = re.search(r"^Password: (\S+)$", site.run("create_admin", "zoe").stdout, re.MULTILINE)[1]
    page = visit(viewport={"width": 390, "height": 844})
    log_in(page, "zoe", given)
    expect(page.get_by_text("Choose your own password to continue.")).to_be_visible()
    assert is_as_wide_as_the_phone(page)

    page.goto("/admin/contacts/communitymember/")
    expect(page).to_have_url(re.compile("/admin/password_change/$"))
    change(page, given, given)
    expect(page.get_by_text("one of your last 3 passwords").first).to_be_visible()

    other = visit()
    log_in(other, "zoe", given)
    expect(other).to_have_url(re.compile("/admin/password_change/$"))
    change(page, given, OWN)
    expect(page.get_by_text("Your password was changed.").first).to_be_visible()
    page.goto("/admin/")
    expect(page.get_by_role("heading", name="Home")).to_be_visible()
    other.goto("/admin/")
    expect(other).to_have_url(re.compile("/admin/login/"))


def test_after_too_many_guesses_the_page_says_when_to_try_again_and_an_operator_can_unlock(site, visit):
    given = re.search(r"^Password: (\S+)$", site.run("create_admin", "zoe").stdout, re.MULTILINE)[1]
    page = visit()
    for _ in range(4):
        log_in(page, "zoe", "a guess")
        expect(page.get_by_text("Please enter the correct username and password")).to_be_visible()
    log_in(page, "zoe", "a guess")
    sentence = re.compile(r"Too many failed sign-ins\. Try again at \d+(:\d\d)? [AP]M M[SD]T")
    expect(page.get_by_text(sentence)).to_be_visible()
    log_in(page, "zoe", given)
    expect(page.get_by_text(sentence)).to_be_visible()

    listed = site.run("unlock").stdout
    assert "User name zoe until" in listed
    assert "Address 127.0.0.1 until" in listed
    site.run("unlock", "--all")
    log_in(page, "zoe", given)
    expect(page).to_have_url(re.compile("/admin/password_change/$"))
