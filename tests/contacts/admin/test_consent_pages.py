"""The consent trail in the admin."""

import csv
import io
from datetime import UTC, datetime

import pytest

from accounts.security_events import Kind, SecurityEvent
from contacts.consent import opting_out
from contacts.models import ConsentRecord, UnsubscribedContact

pytestmark = pytest.mark.django_db

TRAIL = "/admin/contacts/consentrecord/"
UNSUBSCRIBED = "/admin/contacts/unsubscribedcontact/"
ADA, GRACE = "+17205550101", "+13035550102"


@pytest.fixture
def trail(make_member, make_event):
    """Ada texted out and in again; Grace was taken out by staff, from an event."""
    make_member(phone=ADA, name="Ada Lovelace")
    event = make_event(title="Picnic")
    opting_out.opt_out(ADA, "inbound", words="please <b>stop</b> texting me", sid="SM1")
    opting_out.opt_in(ADA, "inbound", words="START", sid="SM2")
    opting_out.opt_out(GRACE, f"event:{event.pk}", reason="Called us", actor="ann")


def shown(client, **query):
    """The words of the records that the list shows."""
    response = client.get(TRAIL, query)
    assert response.status_code == 200
    return [row.words for row in response.context["cl"].result_list]


def test_the_list_says_who_when_how_and_in_which_words(admin_client, trail):
    page = admin_client.get(TRAIL).text
    for part in (
        "(720) 555-0101",
        "Ada Lovelace",
        "(unknown)",
        "Opted out",
        "Opted in",
        "By text",
        "Opted out of “Picnic”",
        "please &lt;b&gt;stop&lt;/b&gt; texting me",
        "ann",
    ):
        assert part in page


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        (ADA, ["START", "please <b>stop</b> texting me"]),
        ("(720) 555-0101", ["START", "please <b>stop</b> texting me"]),
        ("0102", ["Called us"]),
        ("texting me", ["please <b>stop</b> texting me"]),
        ("ada", ["START", "please <b>stop</b> texting me"]),
        ("nobody", []),
    ],
)
def test_records_are_found_by_phone_name_and_words(admin_client, trail, typed, words):
    assert shown(admin_client, q=typed) == words


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"kind__exact": "opt_in"}, ["START"]),
        ({"source": "inbound"}, ["START", "please <b>stop</b> texting me"]),
        ({"source": "event"}, ["Called us"]),
        ({"created_at__gte": "2999-01-01 00:00:00+00:00", "created_at__lt": "2999-01-02 00:00:00+00:00"}, []),
    ],
)
def test_the_list_is_narrowed_by_kind_way_and_day(admin_client, trail, query, words):
    assert shown(admin_client, **query) == words


def test_a_page_takes_the_same_queries_for_one_record_and_for_fifty(admin_client, django_assert_max_num_queries):
    for number in range(100, 150):
        opting_out.opt_out(f"+1720555{number:04}", "manual")
    with django_assert_max_num_queries(12):
        admin_client.get(TRAIL)


def test_a_record_has_a_page_with_all_its_words_and_no_form(admin_client, trail):
    record = ConsentRecord.objects.get(message_sid="SM1")
    page = admin_client.get(f"{TRAIL}{record.pk}/change/").text
    for part in ("please &lt;b&gt;stop&lt;/b&gt; texting me", "SM1", "Ada Lovelace", "By text"):
        assert part in page
    assert "_save" not in page


def test_times_have_their_zone_also_in_the_hour_that_comes_twice(admin_client, make_unsubscribed):
    entry = make_unsubscribed()
    said = {
        datetime(2026, 11, 1, 6, 30, tzinfo=UTC): "Nov 1, 2026, 12:30 AM MDT",
        datetime(2026, 11, 1, 7, 30, tzinfo=UTC): "Nov 1, 2026, 1:30 AM MDT",
        datetime(2026, 11, 1, 8, 30, tzinfo=UTC): "Nov 1, 2026, 1:30 AM MST",
    }
    for at, words in said.items():
        record = ConsentRecord.objects.create(phone=ADA, kind="opt_out", source="manual", created_at=at)
        UnsubscribedContact.objects.update(created_at=at)
        for address in (TRAIL, f"{TRAIL}{record.pk}/change/", UNSUBSCRIBED, f"{UNSUBSCRIBED}{entry.pk}/change/"):
            assert words in admin_client.get(address).text


def test_the_page_of_a_number_that_is_nobodys_says_so(admin_client, trail):
    record = ConsentRecord.objects.get(phone=GRACE)
    page = admin_client.get(f"{TRAIL}{record.pk}/change/").text
    assert "(unknown)" in page
    assert "None" not in page


@pytest.mark.parametrize("page", ["add/", "{}/delete/"])
def test_nobody_adds_or_deletes_a_record(admin_client, trail, page):
    address = TRAIL + page.format(ConsentRecord.objects.first().pk)
    assert admin_client.post(address, {"post": "yes"}).status_code == 403
    assert ConsentRecord.objects.count() == 3


def test_nobody_changes_a_record(admin_client, trail):
    record = ConsentRecord.objects.get(message_sid="SM2")
    assert admin_client.post(f"{TRAIL}{record.pk}/change/", {"words": "STOP"}).status_code == 403
    record.refresh_from_db()
    assert record.words == "START"


def test_only_admins_see_the_consent_history(manager_client, trail):
    assert manager_client.get(TRAIL).status_code == 403
    assert manager_client.get(f"{TRAIL}export/").status_code == 403


def test_the_consent_history_as_a_file(admin_client, trail):
    opting_out.opt_out(GRACE, "inbound", words="=HYPERLINK(1)")
    answer = b"".join(admin_client.get(f"{TRAIL}export/")).decode("utf-8-sig")
    lines = list(csv.DictReader(io.StringIO(answer)))
    assert [line["Phone"] for line in lines] == [ADA, ADA, GRACE, GRACE]
    assert [line["Words"] for line in lines][-1] == "'=HYPERLINK(1)"
    assert lines[2]["By"] == "ann"
    assert SecurityEvent.objects.filter(event_type=Kind.DATA_EXPORTED).count() == 1


@pytest.mark.parametrize("of", ["communitymember", "unsubscribedcontact"])
def test_a_persons_page_links_to_their_consent_history(admin_client, make_member, make_unsubscribed, of):
    row = {"communitymember": make_member, "unsubscribedcontact": make_unsubscribed}[of](phone=ADA)
    page = admin_client.get(f"/admin/contacts/{of}/{row.pk}/change/").text
    assert f'href="{TRAIL}?q=%2B17205550101"' in page


def test_there_is_no_link_to_the_consent_history_without_access(manager_client, make_registration):
    registration = make_registration()
    page = manager_client.get(f"/admin/contacts/eventregistration/{registration.pk}/change/")
    assert page.status_code == 200
    assert "consentrecord" not in page.text
