from datetime import UTC, date, datetime

import pytest

from contacts.models import (
    CommunityMember,
    ConsentRecord,
    Event,
    EventRegistration,
    SuppressedContact,
    UnsubscribedContact,
)
from surveys.models import SurveyFlow, SurveySession

ADA, GRACE, ALAN = "+17205550101", "+13035550102", "+19705550103"

pytestmark = pytest.mark.django_db


def test_members_are_imported_unchanged(old, move):
    old.add("community_members", name="Ada Lovelace", phone=ADA)
    old.add("community_members", name=None, phone=GRACE)
    report = move()
    ada, grace = CommunityMember.objects.order_by("pk")
    assert (ada.name, ada.phone) == ("Ada Lovelace", ADA)
    assert ada.created_at == datetime(2024, 3, 5, 17, 30, 0, 123456, tzinfo=UTC)
    assert (grace.name, grace.phone) == (None, GRACE)
    assert not report.groups


def test_existing_members_are_left_alone(old, move, make_member):
    make_member(phone=ADA, name="Countess")
    old.add("community_members", name="Ada", phone=ADA)
    report = move()
    assert CommunityMember.objects.get().name == "Countess"
    assert report.of("community_members").present == 1


def test_a_phone_in_another_form_is_fixed(old, move, told):
    old.add("community_members", name="Ada", phone="(720) 555-0101")
    report = move()
    assert CommunityMember.objects.get().phone == ADA
    assert told(report, "community_members") == [("fixed", "the phone number was converted to E.164")]


def test_the_same_number_in_two_forms_is_one_member(old, move):
    old.add("community_members", name="Ada", phone=ADA)
    old.add("community_members", name="Countess", phone="7205550101")
    report = move()
    assert CommunityMember.objects.get().name == "Ada"
    assert (report.of("community_members").taken, report.of("community_members").present) == (1, 1)


@pytest.mark.parametrize("phone", ["555-0101", "", "12345", "720-555-0101 x9", "no phone", b"\xff\x00"])
def test_a_number_that_cannot_be_texted_is_refused_with_its_reason(old, move, phone):
    old.add("community_members", name="Ada", phone=phone)
    report = move()
    assert not CommunityMember.objects.exists()
    ((table, outcome, reason), group) = next(iter(report.groups.items()))
    assert (table, outcome.value) == ("community_members", "rejected")
    assert reason == "the phone number can't be texted"
    assert group.examples[0][0] == "1"
    assert group.examples[0][1]


@pytest.mark.parametrize(
    ("name", "taken"),
    [
        ("A" * 150, "A" * 100),
        ("Ada\x00 L", "Ada L"),
        ("  Ada   L ", "Ada L"),
        (b"Ad\xe1", "Ad?"),
        (7, "7"),
        (" ", None),
    ],
)
def test_names_are_fixed(old, move, name, taken):
    old.add("community_members", name=name, phone=ADA)
    move()
    assert CommunityMember.objects.get().name == taken


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2024-03-05 17:30:00", datetime(2024, 3, 5, 17, 30, tzinfo=UTC)),
        ("2024-03-05T17:30:00Z", datetime(2024, 3, 5, 17, 30, tzinfo=UTC)),
        ("2024-03-05 17:30:00.5+02:00", datetime(2024, 3, 5, 15, 30, 0, 500000, tzinfo=UTC)),
    ],
)
def test_times_are_read_in_utc(old, move, written, read):
    old.add("community_members", phone=ADA, created_at=written)
    move()
    assert CommunityMember.objects.get().created_at == read


@pytest.mark.parametrize(
    "written", [None, "", "yesterday", 17, "0001-01-01 00:00:00+14:00", "9999-12-31 23:59:59-10:00"]
)
def test_an_unreadable_time_becomes_the_time_of_the_import(old, move, told, written):
    old.add("community_members", phone=ADA, created_at=written)
    report = move()
    assert CommunityMember.objects.get().created_at.year >= 2025
    assert ("fixed", "created_at is missing: set to the time of the import") in told(report, "community_members")


def test_events_keep_their_registrations(old, move, make_event):
    make_event(title="Something else")
    old.add("events", title="Picnic", date="2024-06-01")
    old.add("events", title="Picnic", date="2024-06-01")
    old.add("event_registrations", event_id=2, name="Ada", phone=ADA)
    report = move()
    first, second = Event.objects.filter(title="Picnic").order_by("pk")
    assert first.date == date(2024, 6, 1)
    assert not first.registrations.exists()
    assert second.registrations.get().phone == ADA
    assert not report.groups


def test_a_registration_of_a_deleted_event_is_refused(old, move, told):
    old.add("event_registrations", event_id=7, phone=ADA)
    report = move()
    assert not EventRegistration.objects.exists()
    assert told(report, "event_registrations") == [("rejected", "it belongs to an event that was not imported")]


def test_an_event_without_a_title_or_with_a_wrong_date_is_fixed(old, move):
    old.add("events", title="", date="next week")
    assert move().of("events").mended == 1
    event = Event.objects.get()
    assert (event.title, event.date) == ("Event 1", None)


def test_opt_outs_are_in_the_consent_history(old, move):
    old.add("unsubscribed_contacts", name="Ada", phone=ADA, reason="Asked at the desk", source="community")
    move()
    opt_out = UnsubscribedContact.objects.get()
    record = ConsentRecord.objects.get()
    assert (opt_out.name, opt_out.phone, opt_out.source) == ("Ada", ADA, "community")
    assert (record.phone, record.kind, record.source, record.words) == (
        ADA,
        "opt_out",
        "community",
        "Asked at the desk",
    )
    assert record.created_at == opt_out.created_at == datetime(2024, 3, 5, 17, 30, 0, 123456, tzinfo=UTC)


def test_opt_outs_of_an_older_version_are_imported(older, move):
    older.add("unsubscribed_contacts", phone=ADA)
    move(older)
    assert UnsubscribedContact.objects.get().reason is None


def test_an_opt_out_names_its_event_by_the_new_id(old, move, make_event):
    for _ in range(3):
        make_event()
    old.add("events", title="Gala")
    old.add("unsubscribed_contacts", phone=ADA, source="event:1")
    old.add("unsubscribed_contacts", phone=GRACE, source="event:2")
    report = move()
    gala = Event.objects.get(title="Gala")
    assert dict(UnsubscribedContact.objects.values_list("phone", "source")) == {
        ADA: f"event:{gala.pk}",
        GRACE: "event:0",
    }
    assert report.of("unsubscribed_contacts").mended == 1


def test_people_who_opted_out_are_not_asked_further_questions(old, move):
    survey = SurveyFlow.objects.create(name="S", trigger_keyword="S", questions_json='["Q"]')
    session = SurveySession.objects.create(survey=survey, phone=ADA, questions_json='["Q"]')
    old.add("unsubscribed_contacts", phone=ADA)
    move()
    session.refresh_from_db()
    assert (session.status, session.end_reason) == ("cancelled", "opted_out")


def test_suppressions_point_to_their_blast(old, move):
    blast = old.add_blast((ADA, None, False, "Error 30005"))
    old.add(
        "suppressed_contacts", phone=ADA, reason="Unknown", source_type="message_log", source_message_log_id=blast
    )
    old.add("suppressed_contacts", phone=GRACE, source_message_log_id=99)
    report = move()
    ada, grace = SuppressedContact.objects.order_by("pk")
    assert ada.source_message_log.message_body == "Hello"
    assert ada.updated_at == ada.created_at == datetime(2024, 3, 5, 17, 30, 0, 123456, tzinfo=UTC)
    assert grace.source_message_log is None
    assert report.of("suppressed_contacts").mended == 1


def test_a_suppression_of_an_unknown_kind_still_blocks(old, move, make_member):
    make_member(phone=ADA)
    old.add("suppressed_contacts", phone=ADA, category="blocked")
    move()
    assert SuppressedContact.objects.get().category == "hard_fail"
    assert not CommunityMember.objects.textable().exists()


def test_an_opt_out_kept_as_a_suppression_is_in_the_consent_history_once(old, move):
    old.add("suppressed_contacts", phone=ADA, category="opt_out")
    old.add("suppressed_contacts", phone=GRACE, category="opt_out")
    old.add("unsubscribed_contacts", phone=GRACE)
    move()
    assert sorted(ConsentRecord.objects.values_list("phone", flat=True)) == sorted([ADA, GRACE])


def test_rows_deleted_by_staff_do_not_come_back(old, move):
    old.add("events", title="Picnic")
    old.add("event_registrations", event_id=1, phone=ADA)
    old.add("unsubscribed_contacts", phone=ALAN)
    move()
    Event.objects.all().delete()
    UnsubscribedContact.objects.all().delete()
    old.add("event_registrations", event_id=1, phone=GRACE)
    report = move()
    assert not Event.objects.exists()
    assert not UnsubscribedContact.objects.exists()
    assert (report.of("event_registrations").present, report.of("event_registrations").refused) == (1, 1)


def test_a_new_row_with_a_deleted_rows_id_is_imported(old, move):
    old.add("community_members", name="Ada", phone=ADA)
    move()
    old.run("DELETE FROM community_members")
    old.add("community_members", name="Grace", phone=GRACE, created_at="2025-01-01 00:00:00")
    assert move().of("community_members").taken == 1
    assert set(CommunityMember.objects.values_list("phone", flat=True)) == {ADA, GRACE}


def test_many_rows_are_imported_in_batches(old, move, monkeypatch):
    monkeypatch.setattr("smsadmin.legacy.reading.BATCH", 3)
    for number in range(10):
        old.add("community_members", phone=f"+1720555{100 + number:04}")
    assert move().of("community_members").taken == 10
    assert move().of("community_members").present == 10
