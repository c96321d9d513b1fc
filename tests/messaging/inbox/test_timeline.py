"""A conversation's timeline: three tables merged chronologically, page by page."""

import json
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from contacts.models import ConsentRecord
from messaging.inbound.media import media_sentence
from messaging.inbox.timeline import Timeline
from messaging.inbox.timeline_entries import TEXT, Entry, Mark, read_mark
from messaging.models import Delivery, InboxMessage, KeywordAutomationRule
from surveys.models import SurveyFlow

from ..conversations import add_text, make_thread

NOW = timezone.now()


def ago(minutes):
    return NOW - timedelta(minutes=minutes)


@pytest.fixture
def thread(db, make_phone):
    return make_thread(make_phone())


def shown(thread, before=None, size=50):
    return [entry.body for entry in Timeline(thread, has_reasons=True).page(before, size).entries]


def blast(make_log, thread, body, status="delivered", minutes=0, **fields):
    log = make_log(message_body=body, created_at=ago(minutes))
    fields = {"accepted_at": None if status == "skipped" else ago(minutes), "name": "Ada Lovelace", **fields}
    return Delivery.objects.create(message_log=log, phone=thread.phone, status=status, **fields)


def test_texts_blasts_and_consent_are_in_chronological_order(thread, make_log):
    blast(make_log, thread, "Hi {first_name}", minutes=9)
    add_text(thread, "Stop", created_at=ago(5))
    ConsentRecord.objects.create(
        phone=thread.phone, kind="opt_out", source="inbound", words="Stop", created_at=ago(4)
    )
    add_text(thread, "Sorry", "outbound", created_at=ago(1))
    assert shown(thread) == ["Hi Ada", "Stop", "Opted out by texting: “Stop”", "Sorry"]


def test_others_are_not_shown(thread, make_log, make_phone):
    other = make_thread(make_phone(), "Of somebody else")
    blast(make_log, other, "To somebody else")
    ConsentRecord.objects.create(phone=other.phone, kind="opt_out", source="inbound")
    Delivery.objects.create(phone=thread.phone, status="delivered")
    assert shown(thread) == []


def test_paging_back_misses_and_repeats_nothing_even_at_the_same_time(thread, make_log):
    for number in range(4):
        add_text(thread, f"text {number}", created_at=ago(3))
        blast(make_log, thread, f"blast {number}", minutes=3)
        ConsentRecord.objects.create(
            phone=thread.phone, kind="opt_in", source="inbound", words=str(number), created_at=ago(3)
        )
        add_text(thread, f"later {number}", created_at=ago(2 - number / 10))
    whole = shown(thread)
    assert len(whole) == 16
    pages, before = [], None
    while True:
        page = Timeline(thread).page(before, 3)
        pages.insert(0, [entry.body for entry in page.entries])
        before = page.earlier and read_mark(str(page.earlier))
        if before is None:
            break
    assert [body for page in pages for body in page] == whole
    assert all(len(page) == 3 for page in pages[1:])


def test_paging_forward_from_any_entry_misses_and_repeats_nothing(thread, make_log):
    for number in range(3):
        add_text(thread, f"text {number}", created_at=ago(3))
        blast(make_log, thread, f"blast {number}", minutes=3)
        ConsentRecord.objects.create(
            phone=thread.phone, kind="opt_in", source="inbound", words=str(number), created_at=ago(3)
        )
        add_text(thread, f"later {number}", created_at=ago(2))
    timeline = Timeline(thread)
    whole = timeline.page().entries
    for place, entry in enumerate(whole):
        mark, rest = entry.mark, []
        assert [each.key for each in timeline.page(mark).entries] == [each.key for each in whole[:place]]
        while mark:
            page = timeline.page_from(mark, 2)
            assert page.earlier == (mark if mark != whole[0].mark else None)
            rest += page.entries
            mark = page.later
        assert [each.key for each in rest] == [each.key for each in whole[place:]]


def test_a_text_is_shown_with_the_entries_before_and_after_it(thread):
    texts = [add_text(thread, str(number), created_at=ago(9 - number)) for number in range(9)]
    page = Timeline(thread).page_around(texts[4], 4)
    assert [entry.body for entry in page.entries] == ["2", "3", "4", "5"]
    assert (page.earlier, page.later) == (page.entries[0].mark, Mark(texts[6].created_at, TEXT, texts[6].pk))
    page = Timeline(thread).page_around(texts[8], 4)
    assert ([entry.body for entry in page.entries], page.later) == (["6", "7", "8"], None)
    page = Timeline(thread).page_around(texts[0], 4)
    assert ([entry.body for entry in page.entries], page.earlier) == (["0", "1"], None)


def test_the_latest_page_reaches_back_to_a_text_within_its_limit(thread, monkeypatch):
    monkeypatch.setattr("messaging.inbox.timeline.SHOWN", 3)
    monkeypatch.setattr("messaging.inbox.timeline.MOST_SHOWN", 9)
    texts = [add_text(thread, str(number), created_at=ago(20 - number)) for number in range(20)]

    def first_shown(text):
        return Timeline(thread).page_with(text).entries[0].body

    assert [first_shown(texts[number]) for number in (19, 17, 16, 13, 2)] == ["14", "12", "11", "11", "11"]


def test_a_full_page_with_nothing_before_it_has_no_earlier_one(thread):
    for number in range(3):
        add_text(thread, str(number), created_at=ago(3 - number))
    assert Timeline(thread).page(size=3).earlier is None
    assert Timeline(thread).page(size=2).earlier is not None


@given(st.text(max_size=40) | st.from_regex(r"[0-9]{1,20}-[0-9]{1,3}-[0-9]{1,20}", fullmatch=True))
def test_any_position_in_a_url_is_read_or_refused(text):
    mark = read_mark(text)
    assert mark is None or read_mark(str(mark)) == mark


def test_a_position_in_the_far_future_is_refused():
    assert read_mark(f"{10**17}-9-1") is None
    assert read_mark(f"{'9' * 17}-1-1") is None or read_mark(f"{'9' * 17}-1-1").at.year < 10_000


@pytest.mark.parametrize(
    ("status", "fields", "said"),
    [
        ("pending", {}, "Waiting to send…"),
        ("sending", {}, "Sending…"),
        ("accepted", {}, "On its way"),
        ("sent", {}, "Sent"),
        ("delivered", {}, "Delivered"),
        ("undelivered", {"error_message": "The phone is off."}, "Not delivered: The phone is off."),
        ("failed", {}, "Failed"),
        ("unknown", {}, "Not sure it arrived"),
        ("unknown", {"is_left": True}, "Unconfirmed; not resent"),
        ("skipped", {"skip_reason": "opted_out"}, "Not sent: opted out"),
    ],
)
def test_the_status_of_a_reply_is_shown_in_words(thread, status, fields, said):
    delivery = Delivery.objects.create(phone=thread.phone, status=status, **fields)
    add_text(thread, "Hello", "outbound", delivery=delivery)
    assert Timeline(thread).page().entries[0].state == said


def test_inbound_texts_have_no_status(thread):
    add_text(thread, "Hello")
    assert Timeline(thread).page().entries[0].state == ""


def test_staff_are_asked_about_unknown_outcomes_after_the_grace_period(thread, settings):
    settings.SMS_UNKNOWN_GRACE_MINUTES = 30
    delivery = Delivery.objects.create(phone=thread.phone, status="unknown", claimed_at=timezone.now())
    add_text(thread, "Hello", "outbound", delivery=delivery)
    assert not Timeline(thread).page().entries[0].is_in_doubt
    Delivery.objects.update(claimed_at=timezone.now() - timedelta(minutes=31))
    assert Timeline(thread).page().entries[0].is_in_doubt
    Delivery.objects.update(is_left=True)
    assert not Timeline(thread).page().entries[0].is_in_doubt


def test_a_blast_that_skipped_the_person_is_not_shown_as_a_text(thread, make_log):
    blast(make_log, thread, "Hi {name}", "skipped", skip_reason="opted_out")
    entry = Timeline(thread).page().entries[0]
    assert (entry.is_skipped, entry.state) == (True, "Not sent: opted out")


def test_a_blast_with_unknown_fields_is_shown_unrendered(thread, make_log):
    blast(make_log, thread, "Hi {nickname}")
    assert shown(thread) == ["Hi {nickname}"]


def test_each_answer_says_who_or_what_gave_it(thread, manager_user):
    rule = KeywordAutomationRule.objects.create(keyword="PARKING", response_body="Behind the hall")
    survey = SurveyFlow.objects.create(name="Picnic", trigger_keyword="PICNIC", questions_json="[]")
    add_text(thread, "a", "outbound", automation_source="manual", sent_by=manager_user, created_at=ago(9))
    add_text(thread, "b", "outbound", automation_source="keyword", automation_source_id=rule.pk, created_at=ago(8))
    add_text(thread, "c", "outbound", automation_source="survey", automation_source_id=survey.pk, created_at=ago(7))
    add_text(thread, "d", "outbound", automation_source="system", created_at=ago(6))
    add_text(thread, "e", "outbound", automation_source="survey", automation_source_id=99999999, created_at=ago(5))
    add_text(thread, "f", "outbound", automation_source="manual", created_at=ago(4))
    add_text(thread, "g", created_at=ago(3))
    said = [entry.author for entry in Timeline(thread).page().entries]
    expected = ["sam", "Keyword reply PARKING", "Survey “Picnic”", "Opt-out or help", "Survey", "Staff", ""]
    assert said == expected


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"kind": "opt_out", "source": "inbound", "words": "STOP"}, "Opted out by texting: “STOP”"),
        ({"kind": "opt_in", "source": "inbound", "words": "START"}, "Opted in by texting: “START”"),
        ({"kind": "opt_out", "source": "manual", "actor": "ann", "words": "no more"}, "Opted out by ann: “no more”"),
        ({"kind": "opt_in", "source": "manual"}, "Opted in"),
        ({"kind": "opt_out", "source": "message_failure"}, "Opted out, reported by Twilio"),
        ({"kind": "opt_out", "source": "event:99"}, "Opted out: opted out of a deleted event"),
    ],
)
def test_changes_of_consent_are_shown_as_a_sentence(thread, fields, said):
    ConsentRecord.objects.create(phone=thread.phone, **fields)
    assert shown(thread) == [said]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"source": "inbound", "words": "STOP"}, "Opted out by texting: “STOP”"),
        ({"source": "manual", "actor": "ann", "words": "Called: her cousin died"}, "Opted out by ann"),
        ({"source": "import", "actor": "ann", "words": "list.csv of ann"}, "Opted out by ann"),
        ({"source": "message_failure", "words": "Carrier"}, "Opted out, reported by Twilio"),
    ],
)
def test_without_permission_for_consent_records_only_the_persons_words_are_shown(thread, fields, said):
    ConsentRecord.objects.create(phone=thread.phone, kind="opt_out", **fields)
    assert [entry.body for entry in Timeline(thread).page().entries] == [said]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, ""),
        ({"NumMedia": "0"}, ""),
        ({"NumMedia": "1", "MediaContentType0": "image/jpeg"}, "1 picture. Open it in the Twilio console"),
        (
            {"NumMedia": "3", "MediaContentType0": "image/jpeg", "MediaContentType1": "image/gif"},
            "2 pictures and 1 file. Open them in the Twilio console",
        ),
        ({"NumMedia": "999999"}, "10 files. Open them in the Twilio console"),
    ],
)
def test_media_are_counted_by_their_kind(fields, said):
    assert media_sentence(json.dumps(fields)) == said


@given(st.none() | st.text() | st.recursive(st.none() | st.floats() | st.text(), st.lists).map(json.dumps))
def test_any_payload_is_read_or_ignored(payload):
    assert isinstance(media_sentence(payload), str)
    assert isinstance(media_sentence(json.dumps({"NumMedia": payload})), str)


@pytest.mark.parametrize("number", ["Infinity", "NaN", "1e999", "[]", '"' + "9" * 5000 + '"'])
def test_an_invalid_number_of_media_counts_as_none(number):
    assert media_sentence(f'{{"NumMedia": {number}}}') == ""


def test_days_are_in_the_sites_zone():
    late = timezone.now().replace(year=2026, month=7, day=4, hour=3)
    entry = Entry(1, SimpleNamespace(pk=1), late)
    assert (entry.day.day, entry.zone) == (3, "MDT")


def test_a_page_needs_no_more_queries_for_many_texts(thread, make_log, django_assert_num_queries):
    for number in range(30):
        add_text(thread, "in", created_at=ago(number))
        add_text(thread, "out", "outbound", automation_source="system", created_at=ago(number))
        blast(make_log, thread, "Hi {name}", minutes=number)
    with django_assert_num_queries(4):
        for entry in Timeline(thread).page().entries:
            assert entry.author is not None
            assert entry.state is not None
    assert InboxMessage.objects.count() == 60


def test_a_page_of_a_long_conversation_reads_its_few_texts_from_an_index(thread, make_phone):
    """Neither the latest page nor a middle one sorts the conversation or reads all of it."""
    other = make_thread(make_phone())
    InboxMessage.objects.bulk_create(
        InboxMessage(thread=each, phone=each.phone, direction="inbound", body="x", created_at=ago(number))
        for each in (thread, other)
        for number in range(2000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    for before in (None, Mark(ago(1000), 1, 1)):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            Timeline(thread).page(before)
        (sql,) = [query["sql"] for query in queries if 'FROM "inbox_messages"' in query["sql"]]
        with connection.cursor() as cursor:
            cursor.execute(("EXPLAIN QUERY PLAN " if connection.vendor == "sqlite" else "EXPLAIN ") + sql)
            plan = "\n".join(str(row[-1]) for row in cursor.fetchall())
        assert "ix_inbox_messages_in_time" in plan
        assert "SORT" not in plan.upper()
        assert "TEMP B-TREE" not in plan
        limit = "created_at<?" if connection.vendor == "sqlite" else "created_at <= "
        assert before is None or limit in plan
