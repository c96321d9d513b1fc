"""The documentation: every link leads somewhere, and every command and part of the code that it names exists."""

import pkgutil
import re
from functools import cache
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import get_commands

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*(ROOT / "docs").rglob("*.md"), ROOT / "README.md", ROOT / "CHANGELOG.md"])
OURS = ("accounts", "contacts", "messaging", "surveys", "smsadmin")
FENCE = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^()\s]+)\)")


def prose(page):
    """A page without its code."""
    return re.sub(r"`[^`\n]*`", "", FENCE.sub("", page.read_text(encoding="utf-8")))


@cache
def anchors(page):
    """The anchors of a page's headings, as GitHub makes them."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken(page, text):
    """The links in a page's text that lead to a missing file or heading."""
    for target in LINK.findall(text):
        if "://" in target or target.startswith("mailto:"):
            continue
        name, _, anchor = target.partition("#")
        path = (page.parent / name).resolve() if name else page
        if not path.exists() or (anchor and anchor not in anchors(path)):
            yield target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_to_a_file_and_a_heading(page):
    assert list(broken(page, prose(page))) == []


def test_a_broken_link_is_noticed():
    page = ROOT / "docs" / "index.md"
    links = "[a](none.md) [b](backups.md#none) [c](backups.md#the-drill) [d](https://example.org/x) [e](#by-task)"
    assert list(broken(page, links)) == ["none.md", "backups.md#none"]


def test_the_index_leads_to_every_page():
    index = ROOT / "docs" / "index.md"
    linked = {(index.parent / target.partition("#")[0]).resolve() for target in LINK.findall(prose(index))}
    assert set((ROOT / "docs").rglob("*.md")) - linked == {index}


def our_commands():
    return {name for name, app in get_commands().items() if str(app).split(".")[0] in OURS}


def test_the_index_lists_every_command_of_the_project_and_no_other():
    text = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `(\w+)` \| .+\. \| .+ \|$", text.partition("### All commands")[2], re.MULTILINE)
    assert listed == sorted(our_commands())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_that_a_page_mentions_exists(page):
    named = set(re.findall(r"(?:manage\.py|^ *sms) ([a-z][a-z_]+)", page.read_text(encoding="utf-8"), re.MULTILINE))
    assert named - set(get_commands()) == set()


def dotted_names(page):
    """What a page names of our code by its dotted path."""
    return set(re.findall(rf"`((?:{'|'.join(OURS)})\.[\w.]+)`", page.read_text(encoding="utf-8")))


def permissions():
    """Their names, which look like dotted paths."""
    for meta in (model._meta for model in apps.get_models()):
        yield from (f"{meta.app_label}.{verb}_{meta.model_name}" for verb in meta.default_permissions)
        yield from (f"{meta.app_label}.{name}" for name, _ in meta.permissions)


def is_in_the_code(name):
    try:
        pkgutil.resolve_name(name)
    except (ImportError, AttributeError):
        return False
    return True


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_part_of_the_code_that_a_page_names_exists(page):
    named = dotted_names(page) - set(permissions())
    assert sorted(name for name in named if not is_in_the_code(name)) == []


def test_a_name_that_is_not_in_the_code_is_noticed():
    assert is_in_the_code("messaging.sending.dispatch.start")
    assert not is_in_the_code("messaging.sending.dispatch.no_such_function")
    assert not is_in_the_code("messaging.no_such_room.start")


def test_the_overview_names_the_code_behind_each_step():
    assert len(dotted_names(ROOT / "docs" / "architecture" / "overview.md")) > 30
