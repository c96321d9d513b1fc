"""A newcomer's first day in a browser: from a file of people to a finished blast, with real processes."""

import csv

import pytest
from playwright.sync_api import expect

from tests.conftest import NAMES, fictional_phone

pytestmark = pytest.mark.browser

NOT_VALID = (
    "none",
    "n/a",
    "12345",
    "555-0123",
    "720-555-01",
    "+1 720 555 0123 45678",
    "ann@example.org",
    "call the office",
    "(720) 555-CALL",
    "720 555 0123 ext. 7",
    "7.20556E+09",
    "911",
    "+1 900 555 0123",
    "#N/A",
    "---",
    "72055501",
    "+999 123",
    "x",
    "0",
    "unknown",
)
PEOPLE = 980
# Numbers to which the simulator never delivers.
UNREACHED = {phone for phone in map(fictional_phone, range(PEOPLE)) if phone.endswith(("97", "98", "99"))}


@pytest.fixture
def file_of_people(tmp_path):
    """1,000 lines with a phone and a name each, except that 20 scattered ones have no usable phone."""
    lines = [[fictional_phone(index), NAMES[index % len(NAMES)]] for index in range(PEOPLE)]
    for index, phone in enumerate(NOT_VALID):
        lines.insert(index * 50 + 7, [phone, f"Nobody {index}"])
    file = tmp_path / "people.csv"
    with file.open("w", newline="", encoding="utf-8") as output:
        csv.writer(output).writerows([["Phone", "Name"], *lines])
    return file


def test_from_a_file_of_people_to_the_results_of_a_blast(page, site, file_of_people, tmp_path):
    page.goto("/admin/contacts/communitymember/")
    page.get_by_role("link", name="Import", exact=True).first.click()
    page.get_by_label("Choose a spreadsheet or contacts export").set_input_files(file_of_people)
    page.get_by_role("button", name="Upload and preview").click()

    rejects = page.get_by_role("region", name="20 invalid rows")
    expect(rejects.get_by_role("row")).to_have_count(1 + len(NOT_VALID))
    for line, reason in enumerate(rejects.get_by_role("row").all()[1:]):
        number, value, words = reason.get_by_role("cell").all_inner_texts()
        assert int(number) == 2 + line * 50 + 7
        assert NOT_VALID[line] in value
        assert words.endswith(".")
    assert site.query("SELECT COUNT(*) FROM community_members") == [(0,)]

    page.get_by_role("button", name="Import 980 people").click()
    expect(page.get_by_text("980 people were added to the community.")).to_be_visible()
    assert site.query("SELECT COUNT(*) FROM community_members") == [(PEOPLE,)]

    page.goto("/admin/messaging/messagelog/")
    page.get_by_role("link", name="New blast").first.click()
    page.get_by_label("Message").press_sequentially("Hi ")
    page.get_by_role("button", name="+ First name").click()
    page.get_by_label("Message").press_sequentially(", the garden opens on Saturday.")
    expect(page.get_by_role("region", name="Preview")).to_contain_text("Hi Ada, the garden opens on Saturday.")
    expect(page.get_by_role("region", name="Preview")).to_contain_text("980 people")
    page.get_by_role("button", name="Review", exact=True).click()

    expect(page.get_by_text("Practice mode")).to_be_visible()
    page.get_by_role("button", name="Send to 980 people").click()
    expect(page.locator(".progress-state")).to_have_text("Sent", timeout=60_000)
    delivered = f"{PEOPLE - len(UNREACHED)} of 980 delivered"
    expect(page.get_by_text(delivered)).to_be_visible(timeout=60_000)
    for part in (f"{len(UNREACHED)} Not reached", f"{PEOPLE - len(UNREACHED)} Delivered"):
        expect(page.get_by_role("link", name=part, exact=True)).to_be_visible(timeout=60_000)

    with page.expect_download() as download:
        page.get_by_role("link", name="Download all as CSV").click()
    download.value.save_as(tmp_path / "results.csv")
    with (tmp_path / "results.csv").open(newline="", encoding="utf-8-sig") as results:
        rows = list(csv.DictReader(results))
    assert {row["Phone"] for row in rows} == {fictional_phone(index) for index in range(PEOPLE)}
    assert len(rows) == PEOPLE
    assert {row["Phone"] for row in rows if row["Status"] == "Not delivered" and row["Details"]} == UNREACHED
    assert sum(row["Status"] == "Delivered" for row in rows) == PEOPLE - len(UNREACHED)

    page.goto("/admin/messaging/messagelog/")
    expect(page.get_by_role("row", name="the garden opens")).to_contain_text("Sent")
