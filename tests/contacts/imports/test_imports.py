"""From an uploaded file to people in a list."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.db import DatabaseError
from django.utils import timezone

from contacts import exporting, tasks
from contacts.imports import lifecycle, merge, staging
from contacts.imports.formats.tables import Unreadable
from contacts.models import (
    CommunityMember,
    ContactImport,
    EventRegistration,
    ImportChunk,
    ImportRow,
    SuppressedContact,
    UnsubscribedContact,
)

from .importing import confirm, failure, import_all, members, people_of, preview, problems_of, read, text, workbook

pytestmark = pytest.mark.django_db

Status = ContactImport.Status
ADA, GRACE, ALAN = "+17205550101", "+13035550102", "+19705550103"


@pytest.fixture
def small_slices(monkeypatch):
    """Slices of two lines, so that a short file takes several."""
    monkeypatch.setattr(staging, "SLICE", 2)
    monkeypatch.setattr("contacts.models.imports.SLICE", 2)


# People's real files


def test_reads_phones_alone():
    assert read(text("7205550101", "303-555-0102")) == [(ADA, None), (GRACE, None)]


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(text("Ada Lovelace,7205550101", "José Martín,3035550102"), id="name, phone"),
        pytest.param(text("7205550101,Ada Lovelace", "3035550102,José Martín"), id="phone, name"),
        pytest.param(text("Ada,Lovelace,7205550101", "José,Martín,3035550102"), id="first, last, phone"),
        pytest.param(text("Name,Phone", "Ada Lovelace,7205550101", "José Martín,3035550102"), id="headings"),
        pytest.param(text("Handy;Vorname;Name", "7205550101;Ada;Lovelace", "3035550102;José;Martín"), id="German"),
        pytest.param(text("Nombre\tMóvil", "Ada Lovelace\t7205550101", "José Martín\t3035550102"), id="tab, Spanish"),
        pytest.param(text("\ufeffName,Tel", "Ada Lovelace,7205550101", "José Martín,3035550102"), id="BOM"),
        pytest.param(
            text("Name,Tel", "Ada Lovelace,7205550101", "José Martín,3035550102", encoding="utf-16"), id="UTF-16"
        ),
        pytest.param(
            text("Name,Tel", "Ada Lovelace,7205550101", "José Martín,3035550102", encoding="cp1252"), id="cp1252"
        ),
        pytest.param(text("Name,Tel", '"Ada\r\nLovelace",7205550101', "José Martín,3035550102"), id="line break"),
        pytest.param(
            text("Name,Tel", "Ada Lovelace,7205550101.0", "José Martín,13035550102.00"), id="Excel's numbers"
        ),
        pytest.param(
            text("Name,Tel", 'Ada Lovelace,"=""7205550101"""', "José Martín,'3035550102"), id="Excel's texts"
        ),
        pytest.param(
            workbook(["Name", "Cell"], ["Ada Lovelace", 7205550101], ["José Martín", "303-555-0102"]), id="xlsx"
        ),
    ],
)
def test_reads_names_and_phones(data):
    assert read(data) == [(ADA, "Ada Lovelace"), (GRACE, "José Martín")]


def test_a_phone_that_lost_its_digits_is_refused_saying_why():
    contact_import = preview(text("Name,Phone", "Ada,7.20555E+09", "Grace,3035550102"))
    assert people_of(contact_import) == [(GRACE, "Grace")]
    ((line, problem),) = problems_of(contact_import)
    assert line == 2
    assert "“7.20555E+09” was shortened by a spreadsheet and has lost digits" in problem


@pytest.mark.parametrize(
    ("data", "part"),
    [
        (b"", "The file is empty"),
        (b"\r\n \r\n,,\r\n", "The file is empty"),
        (text("Name,Phone"), "headings but no people"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "picture"),
        (b"PK\x03\x04zip", "damaged"),
        (text("Name,City", "Ada,Denver"), "Its columns are “Name”, “City”. Choose the column"),
    ],
)
def test_says_in_a_sentence_why_a_file_cannot_be_read(data, part):
    assert part in failure(data)


def test_refuses_a_file_that_is_too_large(monkeypatch):
    monkeypatch.setattr(lifecycle, "MAX_BYTES", 3 * 1024**2)
    with pytest.raises(Unreadable, match=r"“people.csv” is 4 MB. The limit is 3 MB"):
        lifecycle.stage(ContentFile(bytes(4 * 1024**2), name="people.csv"), "community")
    assert not ContactImport.objects.exists()


def test_refuses_a_file_with_too_many_lines(monkeypatch):
    monkeypatch.setattr(staging, "MAX_LINES", 3)
    assert "more than 3 rows" in failure(text(*[f"72055501{n}" for n in range(10, 20)]))
    assert not ImportRow.objects.exists()


def test_an_unexpected_error_is_a_sentence_for_staff_and_a_failed_task(monkeypatch):
    contact_import = lifecycle.stage(ContentFile(text("7205550101"), name="people.csv"), "community")
    monkeypatch.setattr(staging, "open_table", lambda *args: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        staging.read(contact_import.pk)
    contact_import.refresh_from_db()
    assert contact_import.status == Status.FAILED
    assert "could not be read" in contact_import.error_message


def test_a_path_in_the_file_name_is_left_out():
    data = ContentFile(text("7205550101"), name="C:\\Users\\ann\\people\x00.csv")
    assert lifecycle.stage(data, "community").file_name == "people.csv"


def test_a_file_of_several_pieces_is_put_together_again(monkeypatch):
    monkeypatch.setattr(lifecycle, "CHUNK_BYTES", 100)
    data = text("Name,Phone", *[f"Zoë {n},72055501{n}" for n in range(10, 60)])
    contact_import = preview(data)
    assert ImportChunk.objects.count() > 5
    assert contact_import.counts["people"] == 50


def test_an_upload_that_was_interrupted_is_noticed(monkeypatch):
    monkeypatch.setattr(lifecycle, "CHUNK_BYTES", 20)
    contact_import = lifecycle.stage(ContentFile(text("7205550101", "7205550102"), name="people.csv"), "community")
    ImportChunk.objects.filter(position=1).delete()
    staging.read(contact_import.pk)
    contact_import.refresh_from_db()
    assert "upload was interrupted" in contact_import.error_message


# The preview


def test_nothing_is_written_before_the_confirm():
    contact_import = preview(text("Name,Phone", "Ada,7205550101"))
    assert contact_import.status == Status.READY
    assert members() == {}


def test_shows_what_was_detected():
    detected = preview("Voller Name;Handy\r\nZoë;7205550101\r\n".encode("cp1252")).detected
    assert detected["encoding"] == "cp1252"
    assert detected["separator"] == ";"
    assert detected["header_line"] == 1
    assert detected["roles"] == ["name", "phone"]
    assert detected["columns"][1] == {"heading": "Handy", "examples": ["7205550101"]}


def test_counts_what_importing_would_do(make_member, make_unsubscribed, make_suppressed):
    make_member(phone=ADA, name="Ada")
    make_member(phone=GRACE, name=None)
    make_member(phone=ALAN, name="Alan Turing")
    make_unsubscribed(phone="+12125550104")
    make_suppressed(phone="+12125550105", category=SuppressedContact.Category.HARD_FAIL)
    make_suppressed(phone="+12125550106", category=SuppressedContact.Category.SOFT_FAIL)
    contact_import = preview(
        text(
            "Name,Phone",
            f"Ada,{ADA}",
            f"Grace Hopper,{GRACE}",
            f"Alan,{ALAN}",
            "New,+12125550104",
            "New,+12125550105",
            "New,+12125550106",
            "New,+1 212 555 0106",
            "New,12",
        )
    )
    assert contact_import.counts == {
        "lines": 8,
        "unsaid": 0,
        "refused": 0,
        "to_opt_out": 0,
        "noted": 0,
        "people": 6,
        "new": 3,
        "renamed": 1,
        "differing": 1,
        "valued": 0,
        "unfit": 0,
        "known": 1,
        "repeats": 1,
        "invalid": 1,
        "opted_out": 1,
        "suppressed": 1,
    }


def test_counts_names_that_are_added_as_changed(make_member):
    make_member(phone=ADA, name=None)
    assert preview(text(f"Ada,{ADA}", f"Grace,{GRACE}")).counts["renamed"] == 1


def test_the_first_line_with_a_number_counts():
    contact_import = preview(text("Name,Phone", f"Ada,{ADA}", "Twice,(720) 555-0101", f"Grace,{GRACE}"))
    assert people_of(contact_import) == [(ADA, "Ada"), (GRACE, "Grace")]
    assert contact_import.counts["repeats"] == 1


def test_a_later_line_supplies_a_missing_name(small_slices):
    contact_import = preview(text("Name,Phone", f",{ADA}", f"Grace,{GRACE}", f"Ada,{ADA}", f"Other,{ADA}"))
    assert people_of(contact_import) == [(ADA, "Ada"), (GRACE, "Grace")]
    assert contact_import.counts["repeats"] == 2


def test_each_line_that_is_not_valid_has_its_number_its_cells_and_a_reason():
    contact_import = preview(text("Name,Phone", f"Ada,{ADA}", "Grace,555-0102", "", f"{'x' * 101},{GRACE}", "Alan,"))
    rows = ImportRow.objects.filter(contact_import=contact_import).rejected()
    assert [(row.line, row.cells[1]) for row in rows] == [(3, "555-0102"), (5, GRACE), (6, "")]
    assert "no area code" in rows[0].problem
    assert "The limit is 100" in rows[1].problem
    assert "missing" in rows[2].problem


def test_lines_are_counted_over_slices(small_slices):
    contact_import = preview(text("Name,Phone", *[f"Ada,72055501{n:02d}" for n in range(7)]))
    assert contact_import.counts["people"] == contact_import.rows_done == 7


def test_progress_is_reported_while_reading(small_slices):
    contact_import = lifecycle.stage(
        ContentFile(text("Name,Phone", *[f"Ada,72055501{n:02d}" for n in range(6)]), name="people.csv"), "community"
    )
    reports = []
    staging.read(contact_import.pk, lambda done, expected: reports.append((done, expected)))
    assert [done for done, _ in reports] == [2, 4, 6, 6]
    assert all(expected >= done for done, expected in reports)


# Adjusting


def test_staff_choose_which_column_is_the_phone():
    contact_import = preview(text("Name,Home phone,Mobile", "Ada,3035550102,7205550101"))
    assert people_of(contact_import) == [(ADA, "Ada")]
    assert lifecycle.adjust(contact_import, {"roles": ["name", "phone", "ignored"]})
    staging.read(contact_import.pk)
    assert people_of(contact_import) == [(GRACE, "Ada")]


def test_staff_choose_encoding_and_separator():
    data = "Łukasz|7205550101\r\n".encode("cp1250")
    assert read(data, encoding="cp1250", separator="|") == [(ADA, "Łukasz")]


def test_a_wrongly_chosen_encoding_can_be_taken_back():
    contact_import = preview(text("Name,Phone", f"Ada,{ADA}"), encoding="utf-16-be")
    assert contact_import.status == Status.FAILED
    assert "We found no column of phone numbers" in contact_import.error_message
    lifecycle.adjust(contact_import, {})
    staging.read(contact_import.pk)
    assert people_of(contact_import) == [(ADA, "Ada")]


def test_a_name_that_the_encoding_breaks_is_refused():
    ((line, problem),) = problems_of(preview("Name,Phone\r\nJosé,7205550101\r\n".encode("cp1252"), encoding="utf-8"))
    assert (line, "choose another encoding" in problem) == (2, True)


def test_staff_say_that_there_are_no_headings():
    contact_import = preview(text("Name,Phone", f"Ada,{ADA}"), header_line=0)
    assert [line for line, _ in problems_of(contact_import)] == [1]


def test_a_file_without_a_phone_column_can_be_helped():
    contact_import = preview(text("Name,Code", "Ada,720555", "Grace,303555"))
    assert contact_import.status == Status.FAILED
    lifecycle.adjust(contact_import, {"roles": ["name", "phone"]})
    staging.read(contact_import.pk)
    contact_import.refresh_from_db()
    assert contact_import.status == Status.READY
    assert contact_import.counts["invalid"] == 2


def test_reading_again_leaves_nothing_of_the_first_reading():
    contact_import = preview(text("Name,Phone", f"Ada,{ADA}", "Grace,12"))
    lifecycle.adjust(contact_import, {})
    staging.read(contact_import.pk)
    assert ImportRow.objects.count() == 2


def test_an_import_that_is_confirmed_cannot_be_adjusted():
    contact_import = preview(text(f"Ada,{ADA}"))
    lifecycle.take_for_applying(contact_import)
    assert not lifecycle.adjust(contact_import, {})


# Applying


def test_confirming_writes_the_people():
    contact_import = import_all(text("Name,Phone", f"Ada,{ADA}", f",{GRACE}", "Alan,12"))
    assert members() == {ADA: "Ada", GRACE: None}
    assert contact_import.status == Status.APPLIED
    assert contact_import.applied_at
    assert contact_import.counts["new"] == 2
    assert contact_import.counts["invalid"] == 1


def test_people_are_written_in_the_order_of_the_file():
    import_all(text(f"Ada,{ADA}", f"Alan,{ALAN}", f"Grace,{GRACE}"))
    assert list(CommunityMember.objects.order_by("pk").values_list("name", flat=True)) == ["Ada", "Alan", "Grace"]


def test_importing_the_same_file_again_changes_nothing():
    data = text("Name,Phone", f"Ada,{ADA}", f",{GRACE}", f"Ada again,{ADA}", "Alan,12")
    import_all(data)
    before = list(CommunityMember.objects.order_by("pk").values())
    second = import_all(data)
    assert list(CommunityMember.objects.order_by("pk").values()) == before
    assert (second.counts["new"], second.counts["renamed"], second.counts["known"]) == (0, 0, 2)


def test_a_name_that_differs_is_kept(make_member):
    make_member(phone=ADA, name="Ada")
    contact_import = import_all(text(f"Ada Lovelace,{ADA}", f"Grace,{GRACE}"))
    assert members()[ADA] == "Ada"
    assert (contact_import.counts["renamed"], contact_import.counts["differing"]) == (0, 1)


def test_the_file_s_name_is_taken_if_staff_choose_so_and_everything_else_kept(make_member):
    member = make_member(phone=ADA, name="Ada", created_at=timezone.now() - timedelta(days=9))
    contact_import = import_all(text(f"Ada Lovelace,{ADA}", f"Grace,{GRACE}"), names="take")
    after = CommunityMember.objects.get(phone=ADA)
    assert (after.pk, after.name, after.created_at) == (member.pk, "Ada Lovelace", member.created_at)
    assert contact_import.counts["renamed"] == 1


def test_a_blank_name_erases_none(make_member):
    make_member(phone=ADA, name="Ada")
    contact_import = import_all(text("Name,Phone", f",{ADA}", f"Grace,{GRACE}"))
    assert members()[ADA] == "Ada"
    assert contact_import.counts["known"] == 1


def test_the_result_counts_what_was_done_and_not_what_was_foreseen(make_member):
    contact_import = preview(text(f"Ada,{ADA}", f"Grace,{GRACE}"))
    make_member(phone=ADA, name="Ada")
    confirm(contact_import)
    assert (contact_import.counts["new"], contact_import.counts["known"]) == (1, 1)


def test_two_clicks_import_once():
    contact_import = preview(text(f"Ada,{ADA}"))
    assert lifecycle.take_for_applying(contact_import)
    assert not lifecycle.take_for_applying(contact_import)
    tasks.apply_import(contact_import.pk)
    CommunityMember.objects.all().delete()
    tasks.apply_import(contact_import.pk)
    assert members() == {}


def test_an_import_that_was_not_confirmed_is_not_applied():
    tasks.apply_import(preview(text(f"Ada,{ADA}")).pk)
    assert members() == {}


def test_registrations_go_to_their_event_alone(make_event, make_registration):
    event, other = make_event(), make_event(title="Autumn fair")
    make_registration(event, phone=ADA, name="Ada")
    make_registration(other, phone=GRACE, name="Untouched")
    contact_import = preview(text(f"Ada Lovelace,{ADA}", f"Grace,{GRACE}"), target="event", event=event)
    assert (contact_import.counts["new"], contact_import.counts["differing"]) == (1, 1)
    confirm(contact_import, names="take")
    assert dict(EventRegistration.objects.filter(event=event).values_list("phone", "name")) == {
        ADA: "Ada Lovelace",
        GRACE: "Grace",
    }
    assert EventRegistration.objects.get(event=other).name == "Untouched"
    assert members() == {}


def test_opt_outs_are_imported_with_their_source(make_unsubscribed):
    make_unsubscribed(phone=ADA, name="Ada", reason="asked", source="inbound")
    contact_import = import_all(text(f"Other,{ADA}", f"Grace,{GRACE}"), target="unsubscribed")
    assert (contact_import.counts["new"], contact_import.counts["known"]) == (1, 1)
    kept, new = UnsubscribedContact.objects.order_by("pk")
    assert (kept.name, kept.reason, kept.source) == ("Ada", "asked", "inbound")
    assert (new.phone, new.name, new.source) == (GRACE, "Grace", UnsubscribedContact.Source.IMPORT)
    assert new.reason == "Imported from people.csv"


def test_people_who_opted_out_are_imported_and_stay_opted_out(make_unsubscribed):
    make_unsubscribed(phone=ADA)
    import_all(text(f"Ada,{ADA}", f"Grace,{GRACE}"))
    assert set(members()) == {ADA, GRACE}
    assert list(CommunityMember.objects.textable().values_list("phone", flat=True)) == [GRACE]


def test_applying_is_one_transaction(monkeypatch):
    contact_import = preview(text(f"Ada,{ADA}"))
    monkeypatch.setattr(merge, "count_blocked", _fail)
    lifecycle.take_for_applying(contact_import)
    with pytest.raises(DatabaseError):
        lifecycle.apply(contact_import.pk)
    contact_import.refresh_from_db()
    assert members() == {}
    assert contact_import.status == Status.READY
    assert "Nothing was changed" in contact_import.error_message


def _fail(*args):
    raise DatabaseError("disk full")


def test_the_file_and_the_people_are_forgotten_afterward_and_the_rejected_lines_kept(small_slices):
    contact_import = import_all(
        text("Name,Phone", f"Ada,{ADA}", "Alan,12", f"Grace,{GRACE}", "Mary,13", f"Ada,{ADA}")
    )
    assert not ImportChunk.objects.exists()
    assert [line for line, _ in problems_of(contact_import)] == [3, 5]
    assert ImportRow.objects.count() == 2


def test_an_export_imported_again_gives_the_same_people(make_member):
    make_member(phone=ADA, name="=Ada()")
    make_member(phone=GRACE, name="Hopper, \"Grace\"; 'Amazing'")
    make_member(phone=ALAN, name=None)
    make_member(phone="+12125550104", name="'+Zoë 👩\u200d🔬")
    before = members()
    data = "".join(exporting.write_csv(CommunityMember.objects.all())).encode()
    contact_import = preview(data)
    assert (contact_import.counts["known"], contact_import.counts["people"]) == (4, 4)
    CommunityMember.objects.all().delete()
    confirm(contact_import)
    assert members() == before


# Workers that die, come back, or work at the same time


def test_a_task_that_comes_twice_reads_once():
    contact_import = preview(text(f"Ada,{ADA}"))
    tasks.read_import(contact_import.pk)
    contact_import.refresh_from_db()
    assert contact_import.attempt == 1
    assert ImportRow.objects.count() == 1


def test_a_reader_that_was_overtaken_stops_and_leaves_nothing(small_slices):
    data = text("Name,Phone", *[f"Ada,72055501{n:02d}" for n in range(6)])
    contact_import = lifecycle.stage(ContentFile(data, name="people.csv"), "community")

    def overtake(done, expected):
        if done == 2 and ContactImport.objects.filter(attempt=1).update(status=Status.WAITING):
            staging.read(contact_import.pk)

    staging.read(contact_import.pk, overtake)
    contact_import.refresh_from_db()
    assert (contact_import.status, contact_import.attempt) == (Status.READY, 2)
    assert contact_import.counts["people"] == ImportRow.objects.count() == 6


def test_a_reader_whose_import_was_discarded_stops(small_slices):
    data = text("Name,Phone", *[f"Ada,72055501{n:02d}" for n in range(6)])
    contact_import = lifecycle.stage(ContentFile(data, name="people.csv"), "community")
    staging.read(contact_import.pk, lambda done, expected: lifecycle.discard(contact_import))
    assert not ContactImport.objects.exists()
    assert not ImportRow.objects.exists()


def test_work_that_has_not_moved_for_a_minute_can_be_started_again(django_capture_on_commit_callbacks):
    contact_import = lifecycle.stage(ContentFile(text(f"Ada,{ADA}"), name="people.csv"), "community")
    _set(contact_import, status=Status.READING, updated_at=timezone.now() - timedelta(seconds=50))
    assert not contact_import.is_stalled
    assert not lifecycle.start_again(contact_import)
    _set(contact_import, updated_at=timezone.now() - timedelta(seconds=61))
    assert contact_import.is_stalled
    with django_capture_on_commit_callbacks(execute=True):
        assert lifecycle.start_again(contact_import)
    contact_import.refresh_from_db()
    assert contact_import.status == Status.READY


def test_an_apply_whose_worker_died_can_be_started_again(django_capture_on_commit_callbacks):
    contact_import = preview(text(f"Ada,{ADA}"))
    lifecycle.take_for_applying(contact_import)
    _set(contact_import, updated_at=timezone.now() - timedelta(seconds=61))
    with django_capture_on_commit_callbacks(execute=True):
        assert lifecycle.start_again(contact_import)
    assert members() == {ADA: "Ada"}


def _set(contact_import, **values):
    ContactImport.objects.filter(pk=contact_import.pk).update(**values)
    contact_import.refresh_from_db()


# Cleaning up


def test_imports_that_nobody_confirmed_are_deleted_after_a_week():
    old, new, done = (preview(text(f"Ada,{ADA}")) for _ in range(3))
    confirm(done)
    for contact_import, days in ((old, 8), (new, 6), (done, 8)):
        _set(contact_import, updated_at=timezone.now() - timedelta(days=days))
    assert tasks.clean_up_imports() == 1
    assert set(ContactImport.objects.values_list("pk", flat=True)) == {new.pk, done.pk}
    assert ImportRow.objects.count() == ImportChunk.objects.count() == 1


def test_what_an_import_left_behind_is_cleaned_up(monkeypatch):
    contact_import = preview(text("Name,Phone", f"Ada,{ADA}", "Alan,12"))
    with monkeypatch.context() as patch:
        patch.setattr(lifecycle, "_forget_people", lambda contact_import: None)
        confirm(contact_import)
    assert ImportChunk.objects.exists()
    tasks.clean_up_imports()
    assert not ImportChunk.objects.exists()
    assert list(ImportRow.objects.values_list("line", flat=True)) == [3]


def test_discarding_deletes_everything_but_not_once_it_is_confirmed():
    contact_import = preview(text(f"Ada,{ADA}"))
    lifecycle.take_for_applying(contact_import)
    assert not lifecycle.discard(contact_import)
    lifecycle.apply(contact_import.pk)
    assert not lifecycle.discard(contact_import)
    other = preview(text(f"Ada,{ADA}"))
    assert lifecycle.discard(other)
    assert list(ContactImport.objects.all()) == [contact_import]
    assert not ImportRow.objects.exists()


# The statements


def test_the_number_of_statements_does_not_grow_with_the_file(django_assert_max_num_queries):
    contact_import = preview(text("Name,Phone", *[f"Ada,72055501{n:02d}" for n in range(90)]))
    lifecycle.take_for_applying(contact_import)
    with django_assert_max_num_queries(25):
        lifecycle.apply(contact_import.pk)
    assert CommunityMember.objects.count() == 90


@pytest.mark.skipif(
    "sqlite" not in settings.DATABASES["default"]["ENGINE"], reason="plans of PostgreSQL go by the size"
)
def test_finding_the_rejected_lines_reads_no_others():
    contact_import = preview(text("Name,Phone", f"Ada,{ADA}", "Alan,12"))
    plan = ImportRow.objects.filter(contact_import=contact_import).rejected().explain()
    assert "ix_import_rows_rejected" in plan
