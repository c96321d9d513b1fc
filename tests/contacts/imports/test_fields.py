"""Columns of a file that are kept as fields."""

import pytest

from contacts import tasks
from contacts.imports import lifecycle, staging
from contacts.models import ContactImport, ImportRow, ImportValue, ProfileField, ProfileValue, RememberedColumns
from contacts.profile_fields import key_for

from .importing import confirm, import_all, members, preview, text

pytestmark = pytest.mark.django_db

ADA, GRACE, ALAN = "+17205550101", "+13035550102", "+19705550103"
KEEP_THIRD = {"2": ""}


@pytest.fixture
def make_field():
    def make(key="grade", **fields):
        return ProfileField.objects.create(**{"key": key, "label": key.capitalize(), **fields})

    return make


@pytest.fixture
def small_slices(monkeypatch):
    for where in ("staging", "field_values"):
        monkeypatch.setattr(f"contacts.imports.{where}.SLICE", 2)


def column(*cells, heading="Grade"):
    """A file with these cells in its third column."""
    lines = [f"Name {i},72055501{i:02d},{cell}" for i, cell in enumerate(cells)]
    return text(f"Name,Phone,{heading}", *lines)


def values(key="grade"):
    return list(ProfileValue.objects.filter(field__key=key).order_by("phone").values_list("value", flat=True))


def kind_of(*cells):
    (field,) = preview(column(*cells), fields=KEEP_THIRD).detected["fields"]
    return field["kind"]


def test_nothing_is_kept_that_nobody_chose():
    import_all(column("5", "4"))
    assert not ProfileField.objects.exists()
    assert not ProfileValue.objects.exists()


def test_a_column_becomes_a_new_field_once_it_is_imported():
    contact_import = preview(column("5", "4"), fields=KEEP_THIRD)
    assert contact_import.counts["valued"] == 2
    assert not ProfileField.objects.exists()
    confirm(contact_import)
    field = ProfileField.objects.get()
    assert (field.key, field.label, field.kind) == ("grade", "Grade", "number")
    assert values() == ["5", "4"]
    assert contact_import.counts["valued"] == 2
    assert not ImportValue.objects.exists()


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["5", "4.50", "", '"$1,200"'], "number"),
        (["5", "four"], "text"),
        (["00420", "12345"], "text"),
        (["12/31/2026", "2026-01-05"], "date"),
        (["12/31/2026", "soon"], "text"),
        (["yes", "No", "x"], "yes_no"),
        (["1", "0"], "number"),
        (["yes", "maybe"], "text"),
        (["", ""], "text"),
    ],
)
def test_the_kind_of_a_new_field_is_what_suits_all_of_its_values(cells, kind):
    assert kind_of(*cells) == kind


def test_one_value_far_down_decides_and_none_is_lost(small_slices):
    import_all(column("5.0", "4", "3", "2", "n/a or so"), fields=KEEP_THIRD)
    assert values() == ["5.0", "4", "3", "2", "n/a or so"]


def test_values_are_stored_in_the_form_of_their_kind(small_slices):
    import_all(column("4.50", '"1,200"', "7", "3.0"), fields=KEEP_THIRD)
    found = ProfileValue.objects.order_by("phone").values_list("value", "folded", "number")
    assert [(value, folded, float(number)) for value, folded, number in found] == [
        ("4.5", "4.5", 4.5),
        ("1200", "1200", 1200.0),
        ("7", "7", 7.0),
        ("3", "3", 3.0),
    ]


def test_an_existing_field_takes_the_file_s_values_and_blanks_change_nothing(make_field):
    field = make_field()
    for phone in (ADA, GRACE):
        ProfileValue.objects.create(field=field, phone=phone, value="4", folded="4", number=4)
    data = text("Name,Phone,Class", f"Ada,{ADA},5", f"Grace,{GRACE},", f"Alan,{ALAN},4")
    contact_import = import_all(data, fields={"2": "grade"})
    assert dict(ProfileValue.objects.values_list("phone", "value")) == {ADA: "5", GRACE: "4", ALAN: "4"}
    assert contact_import.counts["valued"] == 2


def test_a_value_that_does_not_suit_is_said_and_the_person_imported(make_field):
    make_field(kind="choice", choices=["Red", "Blue"], key="team")
    contact_import = preview(column("red", "green"), fields={"2": "team"})
    assert contact_import.counts["unfit"] == 1
    row = ImportRow.objects.with_unfit_values().get()
    assert (row.line, "“green” isn’t one of the choices of Team. Use “Red” or “Blue”." in row.unfit) == (3, True)
    confirm(contact_import)
    assert len(members()) == 2
    assert values("team") == ["Red"]
    assert ImportRow.objects.with_unfit_values().get() == row


def test_the_first_line_s_value_counts_and_a_later_one_supplies_a_missing_one(small_slices):
    lines = [f"Ada,{ADA},5", f"Grace,{GRACE},", f"Ada,{ADA},6", f"Grace,{GRACE},3", f"Grace,{GRACE},2"]
    import_all(text("Name,Phone,Grade", *lines), fields=KEEP_THIRD)
    assert dict(ProfileValue.objects.values_list("phone", "value")) == {ADA: "5", GRACE: "3"}


def test_who_is_left_out_gets_no_values():
    data = text("Name,Phone,Grade,Opted out", f"Ada,{ADA},5,yes", f"Grace,{GRACE},4,")
    contact_import = preview(data, fields=KEEP_THIRD)
    assert lifecycle.take_for_applying(contact_import, "leave_out")
    lifecycle.apply(contact_import.pk)
    assert dict(ProfileValue.objects.values_list("phone", "value")) == {GRACE: "4"}


def test_several_columns_are_kept():
    data = text("Name,Phone,Grade,Shirt", f"Ada,{ADA},5,L", f"Grace,{GRACE},4,")
    import_all(data, fields={"2": "", "3": ""})
    assert dict(ProfileField.objects.values_list("key", "kind")) == {"grade": "number", "shirt": "text"}
    assert (values("grade"), values("shirt")) == (["4", "5"], ["L"])


def test_a_column_without_a_heading_gets_a_number():
    import_all(text(f"Ada,{ADA},,5", f"Grace,{GRACE},,4"), fields={"3": ""})
    assert ProfileField.objects.get().label == "Column 4"


# Remembering


def test_files_with_the_same_headings_are_read_the_same_way():
    import_all(column("5"), fields=KEEP_THIRD)
    contact_import = preview(column("6", "7", heading="GRADE"))
    assert [field["key"] for field in contact_import.detected["fields"]] == ["grade"]
    confirm(contact_import)
    assert values() == ["6", "7"]
    assert preview(column("6", heading="Class")).detected["fields"] == []


def test_keeping_none_is_remembered_too():
    import_all(column("5"), fields=KEEP_THIRD)
    import_all(column("6"), fields={})
    assert preview(column("7")).detected["fields"] == []
    assert not RememberedColumns.objects.exists()


def test_a_field_that_is_gone_is_not_made_again():
    import_all(column("5"), fields=KEEP_THIRD)
    ProfileField.objects.all().delete()
    import_all(column("6"))
    assert not ProfileField.objects.exists()


# What happens meanwhile


@pytest.mark.parametrize("change", ["kind", "delete", "define"])
def test_a_field_that_was_changed_since_the_preview_stops_the_import(make_field, change):
    if change == "define":
        contact_import = preview(column("5"), fields=KEEP_THIRD)
        make_field()
    else:
        field = make_field()
        contact_import = preview(column("5"), fields={"2": "grade"})
        field.delete() if change == "delete" else ProfileField.objects.update(kind="date")
    assert lifecycle.take_for_applying(contact_import)
    lifecycle.apply(contact_import.pk)
    contact_import.refresh_from_db()
    assert contact_import.status == ContactImport.Status.READY
    assert "The field Grade has been changed since the file was read." in contact_import.error_message
    assert members() == {}
    assert not ProfileValue.objects.exists()


def test_reading_again_forgets_the_values_of_before():
    contact_import = preview(column("5", "4"), fields=KEEP_THIRD)
    assert lifecycle.adjust(contact_import, {"fields": {}})
    staging.read(contact_import.pk)
    assert not ImportValue.objects.exists()


def test_an_abandoned_import_leaves_no_values_behind():
    contact_import = preview(column("5"), fields=KEEP_THIRD)
    ContactImport.objects.filter(pk=contact_import.pk).update(updated_at="2020-01-01T00:00Z")
    assert tasks.clean_up_imports() == 1
    assert not ImportValue.objects.exists()


# Keys


@pytest.mark.parametrize(
    ("label", "key"),
    [
        ("Grade", "grade"),
        ("T-Shirt size", "t_shirt_size"),
        ("Größe", "grosse"),
        ("2nd grade?", "field_2nd_grade"),
        ("名前", "field"),
        ("Name", "name_2"),
        ("Taken", "taken_2"),
        ("x" * 60, "x" * 36),
    ],
)
def test_keys_are_made_from_labels(label, key):
    assert key_for(label, {"taken"}) == key
