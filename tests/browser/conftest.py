"""A browser, and an installation with a web server and a worker for it to use."""

import itertools
import os
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.processes import installation

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
USERNAME, PASSWORD = "ann", "a-password-for-tests-only"
PATIENCE = 60_000
MAKE_ADMIN = f"from accounts.models import AppUser; AppUser.objects.create_user({USERNAME!r}, {PASSWORD!r})"


def pytest_collection_modifyitems(items):
    if not Path(CHROMIUM).exists():
        skip = pytest.mark.skip(reason=f"Chromium is not at {CHROMIUM}: set CHROMIUM to where it is")
        for item in items:
            if item.get_closest_marker("browser"):
                item.add_marker(skip)


@pytest.fixture(scope="module")
def chromium():
    """One browser for all tests of a module; while it runs, its event loop keeps Django's ORM from being used."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def file_with_admin(tmp_path_factory):
    """The SQLite file of an installation with one admin."""
    with installation(tmp_path_factory.mktemp("with-admin")) as site:
        site.run("shell", "-v", "0", "-c", MAKE_ADMIN)
        return site.folder / "sms.db"


@pytest.fixture
def site(tmp_path, file_with_admin):
    """A running installation in practice mode with one admin. `site.address` is its address."""
    with installation(
        tmp_path,
        SMS_BACKEND="messaging.backends.simulator.SimulatorBackend",
        SMS_CONCURRENCY="50",
        SMS_SENDERS_PER_BLAST="2",
        ADMIN_TEST_PHONE="+17205550142",
    ) as site:
        shutil.copyfile(file_with_admin, tmp_path / "sms.db")
        site.address = site.start_web()
        site.start("manage.py", "worker")
        yield site


@pytest.fixture
def open_page(chromium, site):
    """A page in its own window, with the admin signed in. Fails at the end if any script on it has failed."""
    contexts, errors = [], []

    def run(**options):
        context = chromium.new_context(base_url=site.address, **options)
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto("/admin/")
        page.get_by_label("Username").fill(USERNAME)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url(lambda address: "/login/" not in address)
        return page

    expect.set_options(timeout=PATIENCE)
    yield run
    for context in contexts:
        context.close()
    assert errors == []


@pytest.fixture
def page(open_page):
    return open_page()


@pytest.fixture
def add_members(site):
    """Add members with these names, in this order."""

    def run(*names):
        site.run(
            "shell",
            "-v",
            "0",
            "-c",
            "from contacts.models import CommunityMember\n"
            f"for index, name in enumerate({names!r}):\n"
            "    CommunityMember.objects.create(name=name, phone=f'+1303555{100 + index:04}')",
        )

    return run


@pytest.fixture
def texts_in(site):
    """Receive several texts at once through the code for Twilio's: pairs of phone and words."""
    sids = itertools.count(1)

    def run(*texts):
        forms = [{"MessageSid": f"SM{next(sids):032x}", "From": phone, "Body": body} for phone, body in texts]
        site.run(
            "shell",
            "-v",
            "0",
            "-c",
            f"from messaging.inbound.receive import receive\nfor form in {forms!r}: receive(form)",
        )

    return run


@pytest.fixture
def text_in(texts_in):
    """Receive a text from that phone."""
    return lambda phone, body: texts_in((phone, body))
