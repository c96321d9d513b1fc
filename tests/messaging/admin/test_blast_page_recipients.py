"""The recipients on a blast's page: found, paged, downloaded, deleted with it."""

import csv
import io
import re

import pytest
from django.utils import timezone

from messaging.error_codes import Reason
from messaging.models import Delivery, MessageLog
from messaging.sending import recipients
from messaging.sending.progress import progress
from tests.admin_pages import squeeze

from .pages import address

Status = Delivery.Status


def names(page):
    return [re.sub(r"<.*?>", "", cell) for cell in re.findall(r'<td class="recipient-name">(.*?)</td>', page)]


def test_each_recipient_is_listed_with_the_reason_in_words(show, make_log, make_delivery):
    log = make_log(status="sent")
    make_delivery(
        log,
        Status.FAILED,
        name="Rosa",
        phone="+17205550123",
        error_code=30003,
        error_message="The phone is switched off.",
        updated_at=timezone.datetime(2026, 7, 4, 18, 30, 5, tzinfo=timezone.get_fixed_timezone(0)),
    )
    row = re.search(r'<table class="recipients">.*?</table>', show(log))[0]
    for part in (
        "Rosa",
        "(720) 555-0123",
        "Failed",
        'title="Jul 4, 2026, 12:30 PM MDT"',
        "Phone off or out of coverage",
        "Twilio error </span>30003",
    ):
        assert part in row


def test_recipients_can_be_filtered_by_status(show, make_log, make_delivery):
    log = make_log()
    make_delivery(log, Status.FAILED, name="Ann")
    make_delivery(log, Status.DELIVERED, name="Bea")
    assert names(show(log, status="failed")) == ["Ann"]
    assert names(show(log, status="nonsense")) == ["Ann", "Bea"]


def test_recipients_can_be_filtered_by_outcome_and_stay_in_order(show, make_log, make_delivery, monkeypatch):
    monkeypatch.setattr(recipients, "PAGE", 2)
    log = make_log()
    for name, status in zip("ABCDE", ["sent", "unknown", "delivered", "accepted", "sent"], strict=True):
        make_delivery(log, status, name=name)
    page = show(log, status="on-the-way")
    assert names(page) == ["A", "B"]
    after = re.search(r"after=(\d+)", page)[1]
    page = show(log, status="on-the-way", after=after)
    assert names(page) == ["D", "E"]
    before = re.search(r"before=(\d+)", page)[1]
    assert names(show(log, status="on-the-way", before=before)) == ["A", "B"]


def test_recipients_can_be_filtered_by_reason(show, make_log, make_delivery):
    log = make_log()
    make_delivery(log, Status.UNDELIVERED, name="Off", error_code=30003)
    make_delivery(log, Status.FAILED, name="Landline", error_code=21614)
    make_delivery(log, Status.FAILED, name="Unheard of", error_code=99999)
    make_delivery(log, Status.FAILED, name="Silent")
    make_delivery(log, Status.SKIPPED, name="Gone", skip_reason="opted_out")
    found = {reason: names(show(log, status=reason)) for reason in ("phone_off", "no_mobile", "other", "opted_out")}
    assert found == {
        "phone_off": ["Off"],
        "no_mobile": ["Landline"],
        "other": ["Unheard of", "Silent"],
        "opted_out": ["Gone"],
    }


def test_only_reasons_that_occur_are_offered(show, make_log, make_delivery):
    log = make_log()
    make_delivery(log, Status.FAILED, error_code=30003)
    make_delivery(log, Status.SKIPPED, skip_reason="suppressed")
    form = re.search(r'<select name="status".*?</select>', show(log))[0]
    offered = re.findall(r'<option value="([\w-]+)"', form)
    assert {"phone_off", "suppressed", "not-reached", "unknown"} <= set(offered)
    assert not {"no_mobile", "opted_out"} & set(offered)
    assert len(offered) == len(set(offered))


def test_no_two_filters_have_the_same_address():
    kinds = [Status.values, Delivery.SkipReason.values, Reason.values, [recipients.OPTED_OUT_AFTER]]
    values = [value for kind in kinds for value in kind]
    assert len(values) == len(set(values))


def test_recipients_who_have_texted_have_a_link_to_their_conversation(show, make_log, make_delivery, make_thread):
    log = make_log()
    thread = make_thread(phone=make_delivery(log, name="Ann").phone)
    make_delivery(log, name="Bea")
    page = show(log)
    assert re.findall(r"/inboxthread/(\d+)/change/\">Conversation", page) == [str(thread.pk)]
    assert "with Ann</span>" in page


@pytest.mark.parametrize("query", ["(720) 555-0123", "720.555.0123", "+1 720 555 0123", "0123", "rosa", " Delg "])
def test_they_are_found_by_name_or_phone_however_typed(show, make_log, make_delivery, query):
    log = make_log()
    make_delivery(log, name="Rosa Delgado", phone="+17205550123")
    make_delivery(log, name="Ann", phone="+17205550199")
    assert names(show(log, q=query)) == ["Rosa Delgado"]


def test_a_search_without_a_match_says_so(show, make_log, make_delivery):
    log = make_log()
    make_delivery(log)
    assert "Nobody in this blast matches “Zebedee” with the status “Failed”." in show(
        log, q="Zebedee", status="failed"
    )


def test_only_the_blasts_own_people_are_listed(show, make_log, make_delivery):
    make_delivery(make_log(), name="Ann")
    log = make_log()
    make_delivery(log, name="Bea")
    assert names(show(log)) == ["Bea"]


def test_pages_follow_each_other_both_ways(show, make_log, make_delivery, monkeypatch):
    monkeypatch.setattr(recipients, "PAGE", 2)
    log = make_log()
    for name in "ABCDE":
        make_delivery(log, name=name)
    seen, query = [], {}
    for _ in range(3):
        page = show(log, **query)
        seen.append(names(page))
        query = dict(re.findall(r'href="\?(after)=(\d+)">Next', page))
    assert seen == [["A", "B"], ["C", "D"], ["E"]]
    assert not query
    back = dict(re.findall(r'href="\?(before)=(\d+)">', page))
    assert names(show(log, **back)) == ["C", "D"]
    back = dict(re.findall(r'href="\?(before)=(\d+)">', show(log, **back)))
    page = show(log, **back)
    assert names(page) == ["A", "B"]
    assert "before=" not in page


def test_pages_need_no_count_and_no_sort(make_log, django_assert_num_queries, make_delivery):
    log = make_log()
    make_delivery(log)
    ends = progress(log).ends
    for status, queries in [("", 1), ("pending", 1), ("on-the-way", 4), ("not-reached", 2), ("phone_off", 2)]:
        parts = recipients.find(log, ends, status)
        with django_assert_num_queries(queries):
            recipients.page(parts, after=1)
        for rows in parts:
            plan = rows.filter(pk__gt=1).order_by("pk")[:51].explain()
            assert "TEMP B-TREE" not in plan.upper()


@pytest.mark.parametrize("query", [{"after": "x"}, {"before": "9" * 30}, {"after": "²"}, {"after": "-1"}])
def test_invalid_parameters_show_the_first_page(show, make_log, make_delivery, query):
    log = make_log()
    make_delivery(log, name="Ann")
    assert names(show(log, **query)) == ["Ann"]


@pytest.fixture
def download(manager_client):
    def run(log, **query):
        response = manager_client.get(address(log, "results.csv"), query)
        assert response.streaming
        assert response["Content-Disposition"] == f'attachment; filename="blast-{log.pk}-results.csv"'
        content = b"".join(response.streaming_content).decode("utf-8-sig")
        return list(csv.reader(io.StringIO(content)))

    return run


def test_the_csv_file_has_all_recipients(download, make_log, make_delivery, monkeypatch):
    monkeypatch.setattr(recipients, "CHUNK", 2)
    log = make_log(status="sent")
    at = timezone.datetime(2026, 7, 4, 18, 30, 5, tzinfo=timezone.get_fixed_timezone(0))
    make_delivery(log, Status.DELIVERED, name="Zoë", phone="+17205550123", segments=2, sid="SM1", updated_at=at)
    make_delivery(log, Status.FAILED, name=None, error_code=30003, error_message="Switched off.", updated_at=at)
    make_delivery(log, Status.SKIPPED, skip_reason="opted_out", updated_at=at)
    header, *rows = download(log)
    assert header == list(recipients.COLUMNS)
    assert rows[0] == ["Zoë", "+17205550123", "Delivered", "", "", "2", "2026-07-04 12:30:05-06:00", "SM1"]
    assert rows[1][0] == ""
    assert rows[1][2:5] == ["Failed", "Switched off.", "30003"]
    assert rows[2][2:4] == ["Skipped", "Opted out"]


def test_the_csv_file_can_have_only_the_filtered_recipients(download, make_log, make_delivery):
    log = make_log()
    make_delivery(log, Status.FAILED, name="Ann")
    make_delivery(log, Status.DELIVERED, name="Bea")
    assert [row[0] for row in download(log, status="failed")[1:]] == ["Ann"]


def test_formulas_in_names_are_defused(download, make_log, make_delivery):
    log = make_log()
    make_delivery(log, name='=HYPERLINK("http://example.org")')
    assert download(log)[1][0] == '\'=HYPERLINK("http://example.org")'


def test_only_a_finished_blast_can_be_deleted(admin_client, make_log, make_delivery):
    running = make_log()
    make_delivery(running)
    assert admin_client.post(address(running, "delete/"), {"post": "yes"}).status_code == 403
    finished = make_log(status="sent")
    make_delivery(finished, Status.DELIVERED)
    admin_client.post(address(finished, "delete/"), {"post": "yes"})
    assert list(MessageLog.objects.all()) == [running]
    assert Delivery.objects.count() == 1


def test_deleting_needs_the_permission(manager_client, make_log):
    log = make_log(status="sent")
    assert manager_client.post(address(log, "delete/"), {"post": "yes"}).status_code == 403
    assert MessageLog.objects.exists()


def test_the_deletion_page_counts_recipients_without_listing_them(admin_client, make_log, make_delivery):
    log = make_log(status="sent")
    make_delivery(log, Status.DELIVERED, name="Rosa Delgado")
    page = admin_client.get(address(log, "delete/")).content.decode()
    assert "Deliveries: 1" in squeeze(page)
    assert "Rosa" not in page
