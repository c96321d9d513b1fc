"""What followed a blast: who wrote back and who opted out, within three days after it reached them."""

from datetime import timedelta

import pytest
from django.utils import timezone

from messaging.models import InboxMessage, InboxThread
from messaging.sending import followed

NOW = timezone.now()
HOUR = timedelta(hours=1)


@pytest.fixture(params=["small", "large"])
def size(request, monkeypatch):
    """Small blasts are looked up by recipient, large ones by text; the answers are the same."""
    if request.param == "large":
        monkeypatch.setattr(followed, "FEW", -1)


@pytest.fixture
def log(size, make_log):
    return make_log(status="sent", created_at=NOW - 100 * HOUR, finished_at=NOW - 99 * HOUR)


@pytest.fixture
def reached(log, make_delivery):
    """Someone whom the blast reached."""

    def make(**fields):
        return make_delivery(log, **{"status": "delivered", "accepted_at": NOW - 100 * HOUR, **fields})

    return make


def text(phone, at, **fields):
    thread, _ = InboxThread.objects.get_or_create(phone=phone)
    fields = {"direction": "inbound", "body": "Thanks!", **fields}
    return InboxMessage.objects.create(thread=thread, phone=phone, created_at=at, **fields)


def test_people_who_write_back_are_counted_once(log, reached):
    person = reached()
    text(person.phone, NOW - 99 * HOUR)
    text(person.phone, NOW - 98 * HOUR)
    assert followed.replies(log).phones == [person.phone]
    assert followed.replies(log).count == "1"


@pytest.mark.parametrize("hours", [101, 27])
def test_texts_from_before_it_and_from_more_than_three_days_after_it_are_not(log, reached, hours):
    text(reached().phone, NOW - hours * HOUR)
    assert followed.replies(log).phones == []


def test_the_days_begin_when_the_text_went_out_to_that_person(log, reached):
    late = reached(accepted_at=NOW - 99.2 * HOUR)
    text(late.phone, NOW - 99.5 * HOUR)
    assert followed.replies(log).phones == []


@pytest.mark.parametrize("status", ["failed", "skipped", "pending"])
def test_people_it_did_not_reach_are_not_counted(log, reached, status):
    text(reached(status=status, accepted_at=None).phone, NOW - 98 * HOUR)
    assert followed.replies(log).phones == []


def test_strangers_are_not_counted(log, reached, make_phone):
    reached()
    text(make_phone(), NOW - 98 * HOUR)
    assert followed.replies(log).phones == []


@pytest.mark.parametrize("kind", ["reaction", "auto_reply", "copy"])
def test_only_what_people_write_is_a_reply(log, reached, kind):
    text(reached().phone, NOW - 98 * HOUR, kind=kind)
    assert followed.replies(log).phones == []


def test_our_own_texts_are_no_replies(log, reached):
    text(reached().phone, NOW - 98 * HOUR, direction="outbound")
    assert followed.replies(log).phones == []


def test_people_who_opted_out_are_counted_apart(log, reached, make_unsubscribed):
    gone, earlier, imported = reached(), reached(), reached()
    text(gone.phone, NOW - 98 * HOUR, body="STOP")
    make_unsubscribed(phone=gone.phone, created_at=NOW - 98 * HOUR, source="inbound")
    make_unsubscribed(phone=earlier.phone, created_at=NOW - 200 * HOUR, source="inbound")
    make_unsubscribed(phone=imported.phone, created_at=NOW - 98 * HOUR, source="import")
    assert followed.opt_outs(log).phones == [gone.phone]
    assert followed.replies(log).phones == []


def test_without_a_time_of_acceptance_the_blasts_own_counts(log, reached):
    person = reached(accepted_at=None)
    text(person.phone, NOW - 98 * HOUR)
    assert followed.replies(log).phones == [person.phone]


def test_more_people_than_a_page_shows_are_not_counted_out(log, reached, monkeypatch):
    monkeypatch.setattr(followed, "MOST", 2)
    for _ in range(3):
        text(reached().phone, NOW - 98 * HOUR)
    found = followed.replies(log)
    assert (len(found.phones), found.count) == (2, "2+")


def test_for_a_large_blast_only_the_first_texts_are_read(make_log, make_delivery, make_phone, monkeypatch):
    monkeypatch.setattr(followed, "FEW", -1)
    monkeypatch.setattr(followed, "READ", 2)
    log = make_log(status="sent", created_at=NOW - 100 * HOUR, finished_at=NOW - 99 * HOUR)
    phones = [make_delivery(log, "delivered", accepted_at=log.created_at).phone for _ in range(2)]
    for hours, phone in [(98, phones[0]), (97, make_phone()), (96, phones[1])]:
        text(phone, NOW - hours * HOUR)
    found = followed.replies(log)
    assert (found.phones, found.count) == (phones[:1], "1+")
