"""Every kind of page that links lead to, for each role, in both themes and at each width (axe-core, WCAG 2.2 AA)."""

from collections import defaultdict
from pathlib import Path

import pytest

from tests.browser.conftest import PASSWORD, PATIENCE
from tests.browser.site_map import find_pages
from tests.processes import installation

pytestmark = pytest.mark.browser

# Installed by `make axe`.
AXE = Path(__file__).parents[2] / ".venv/axe-core/node_modules/axe-core/axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]
USERS = f"""
from accounts.models import AppUser
AppUser.objects.create_user("admin", {PASSWORD!r})
AppUser.objects.create_user("social_manager", {PASSWORD!r}, role="social_manager")
"""
WIDE, PHONE, NARROW = 1366, 390, 320
FIND_FAULTS = """tags => axe.run(document, {runOnly: tags, resultTypes: ["violations"]}).then((result) =>
    result.violations.flatMap((rule) => rule.nodes.map((node) => [rule.id, node.html.slice(0, 200)])))"""
# Counts all visible controls, and those too small for a finger.
COUNT_CONTROLS = """() => {
    const fields = "input:not([type=hidden]), select, textarea";
    const kinds = `a[href], button, summary, ${fields}`;
    const controls = [...document.querySelectorAll(kinds)]
        .filter((one) => one.checkVisibility({visibilityProperty: true}))
        .map((one) => one.getBoundingClientRect())
        .filter((box) => box.width > 1 && box.height > 1);
    return [controls.length, controls.filter((box) => box.width < 23.9 || box.height < 23.9).length];
}"""
FIND_HIDDEN_COLUMNS = """() => [...document.querySelectorAll("table")].some((table) =>
    table.parentElement.scrollWidth > table.parentElement.clientWidth + 1)"""


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    with installation(
        tmp_path_factory.mktemp("demo"), SMS_BACKEND="messaging.backends.simulator.SimulatorBackend"
    ) as site:
        site.run("demo")
        site.run("shell", "-v", "0", "-c", USERS)
        site.address = site.start_web()
        yield site


@pytest.fixture
def visit(chromium, demo):
    contexts = []

    def run(user, **options):
        context = chromium.new_context(base_url=demo.address, **options)
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.goto("/admin/")
        page.get_by_label("Username").fill(user)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url(lambda address: "/login/" not in address)
        return page

    yield run
    for context in contexts:
        context.close()


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is missing: make axe installs it with npm")
@pytest.mark.parametrize("width", [WIDE, PHONE])
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("user", ["admin", "social_manager"])
def test_every_page_is_accessible(visit, user, theme, width):
    page = visit(user, color_scheme=theme, viewport={"width": width, "height": 844})
    axe = AXE.read_text()
    faults, wide, all_controls, all_small = defaultdict(list), [], 0, 0
    pages = find_pages(page)
    assert len(pages) > (60 if user == "admin" else 30)
    for address in pages:
        page.goto(address)
        page.evaluate(axe)
        for rule, html in page.evaluate(FIND_FAULTS, TAGS):
            faults[rule].append((address, html))
        controls, small = page.evaluate(COUNT_CONTROLS)
        all_controls, all_small = all_controls + controls, all_small + small
        for narrower in [width, NARROW] if width == PHONE else [width]:
            page.set_viewport_size({"width": narrower, "height": 844})
            if page.evaluate("document.documentElement.scrollWidth") > narrower or page.evaluate(FIND_HIDDEN_COLUMNS):
                wide.append((address, narrower))
        page.set_viewport_size({"width": width, "height": 844})
    assert dict(faults) == {}
    assert wide == []
    assert all_small <= 0.02 * all_controls
