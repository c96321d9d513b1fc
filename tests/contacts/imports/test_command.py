import io

import pytest
from django.core.management import CommandError, call_command

from contacts.imports import lifecycle, merge
from contacts.models import (
    CommunityMember,
    ContactImport,
    EventRegistration,
    Group,
    GroupMember,
    ImportRow,
    ProfileField,
    ProfileValue,
    UnsubscribedContact,
)

from .importing import members, text

pytestmark = pytest.mark.django_db

ADA, GRACE = "+17205550101", "+13035550102"


@pytest.fixture
def make_file(tmp_path):
    def make(*lines, name="people.csv", **options):
        path = tmp_path / name
        path.write_bytes(text(*lines, **options))
        return path

    return make


@pytest.fixture
def run():
    """What the command says and its exit code."""

    def call(*arguments):
        out, err = io.StringIO(), io.StringIO()
        try:
            call_command("import_contacts", *map(str, arguments), stdout=out, stderr=err)
        except CommandError as error:
            return f"{out.getvalue()}{err.getvalue()}{error}", error.returncode
        return out.getvalue() + err.getvalue(), 0

    return call


def test_imports_into_the_community(run, make_file):
    said, code = run(make_file("Name,Phone", f"Ada,{ADA}", f"Grace,{GRACE}"), "--community")
    assert code == 0
    assert "2 people were added to the community." in said
    assert members() == {ADA: "Ada", GRACE: "Grace"}


def test_imports_into_an_event(run, make_file, make_event):
    event = make_event(title="Picnic")
    said, code = run(make_file(f"Ada,{ADA}"), "--event", event.pk)
    assert (code, "1 person was added to “Picnic”." in said) == (0, True)
    assert EventRegistration.objects.get().event == event


def test_imports_opt_outs(run, make_file):
    assert run(make_file(f"Ada,{ADA}"), "--unsubscribed")[1] == 0
    assert UnsubscribedContact.objects.get().source == "import"


def test_a_dry_run_says_what_would_happen_and_writes_nothing(run, make_file, make_member):
    make_member(phone=ADA, name=None)
    said, code = run(make_file(f"Ada,{ADA}", f"Grace,{GRACE}"), "--community", "--dry-run")
    assert code == 0
    assert "1 person will be added to the community and 1 name will be added." in said
    assert "Dry run: nothing was changed." in said
    assert members() == {ADA: None}
    assert not ContactImport.objects.exists()


def test_the_same_file_again_changes_nothing(run, make_file):
    file = make_file(f"Ada,{ADA}")
    run(file, "--community")
    said, code = run(file, "--community")
    assert code == 0
    assert "Nothing changed: everyone in the file was already in the community." in said
    assert "1 line already on the list" in said


def test_lines_that_are_not_valid_are_listed_and_make_the_exit_code_1(run, make_file):
    said, code = run(make_file("Name,Phone", f"Ada,{ADA}", "Grace,555-0102"), "--community")
    assert code == 1
    assert "Line 3: “555-0102” has no area code." in said
    assert "1 person was added to the community." in said
    assert said.endswith("1 line was not imported.")
    assert members() == {ADA: "Ada"}


def test_twenty_lines_are_listed_and_the_rest_counted(run, make_file):
    said, code = run(make_file("Name,Phone", *[f"Ada,{n}" for n in range(1, 26)]), "--community")
    assert code == 1
    assert said.count("\nLine ") + said.startswith("Line ") == 20
    assert "… and 5 more lines. --rejects FILE writes them all." in said
    assert "None of the rows can be imported." in said


def test_the_lines_that_are_not_valid_are_written_to_a_file(run, make_file, tmp_path):
    rejects = tmp_path / "rejects.csv"
    run(make_file("Name;Phone", f"Ada;{ADA}", "Grace;555-0102"), "--community", "--rejects", rejects)
    header, line = rejects.read_text().splitlines()
    assert header == "Name;Phone;Line;Reason"
    assert line.startswith("Grace;555-0102;3;“555-0102” has no area code.")


def test_people_who_will_not_be_texted_are_named(run, make_file, make_unsubscribed):
    make_unsubscribed(phone=ADA)
    said, _ = run(make_file(f"Ada,{ADA}"), "--community")
    assert "1 person of them opted out or are unreachable, and won't be texted" in said


def test_encoding_separator_and_headings_can_be_said(run, make_file):
    file = make_file("Łukasz|7205550101", encoding="cp1250")
    code = run(file, "--community", "--encoding", "cp1250", "--separator", "bar", "--no-header")[1]
    assert code == 0
    assert members() == {ADA: "Łukasz"}


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["missing.csv", "--community"], "missing.csv can't be opened: No such file or directory."),
        (["people.csv", "--event", "99"], "There is no event 99."),
        (["people.csv", "--group", " "], "Name a group, with 100 characters at most."),
        (["people.csv"], "one of the arguments --community --event --group --unsubscribed is required"),
        (["people.csv", "--community", "--unsubscribed"], "not allowed with"),
        (["people.csv", "--community", "--separator", "dash"], "invalid choice"),
        (["empty.csv", "--community"], "The file is empty."),
        (["codes.csv", "--community"], "We found no column of phone numbers"),
    ],
)
def test_what_cannot_be_done_ends_with_exit_code_2(run, make_file, monkeypatch, arguments, part):
    folder = make_file(f"Ada,{ADA}").parent
    make_file(name="empty.csv")
    make_file("Name,Code", "Ada,12", name="codes.csv")
    monkeypatch.chdir(folder)
    said, code = run(*arguments)
    # For a call from Python Django raises what the parser would end the process with.
    assert code == 2 or "argument" in said
    assert part in said
    assert members() == {}
    assert not ContactImport.objects.exists()


def test_a_file_that_is_too_large_ends_with_exit_code_2(run, make_file, monkeypatch):
    monkeypatch.setattr(lifecycle, "MAX_BYTES", 5)
    said, code = run(make_file(f"Ada,{ADA}"), "--community")
    assert code == 2
    assert "The limit is" in said


def test_a_rejects_file_that_cannot_be_written_ends_before_anything_is_imported(run, make_file, tmp_path):
    file = make_file("Name,Phone", f"Ada,{ADA}", "Grace,12")
    said, code = run(file, "--community", "--rejects", tmp_path / "no such folder" / "rejects.csv")
    assert code == 2
    assert "can't be written" in said
    assert members() == {}


def test_an_error_of_the_database_is_said_and_nothing_is_left(run, make_file, monkeypatch):
    def fail(contact_import):
        CommunityMember.objects.create(phone=GRACE)
        CommunityMember.objects.create(phone=GRACE)

    monkeypatch.setattr(merge, "merge", fail)
    said, code = run(make_file(f"Ada,{ADA}"), "--community")
    assert code == 2
    assert "Nothing was imported. Database error:" in said
    assert members() == {}
    assert not ImportRow.objects.exists()


def test_a_finished_import_is_shown_in_the_admin(run, make_file, admin_client):
    run(make_file(f"Ada,{ADA}"), "--community")
    contact_import = ContactImport.objects.get()
    page = admin_client.get(f"/admin/contacts/contactimport/{contact_import.pk}/change/")
    assert "1 person was added to the community." in page.content.decode()


def test_imports_into_a_new_group(run, make_file):
    said, code = run(make_file("Name,Phone", f"Ada,{ADA}"), "--group", "Choir")
    assert (code, "1 person was added to the group “Choir”." in said) == (0, True)
    member = GroupMember.objects.get()
    assert (member.group.name, member.name, member.source) == ("Choir", "Ada", "import")


def test_imports_into_an_existing_group_whatever_its_case(run, make_file, make_group, make_group_member):
    choir = make_group(name="Choir")
    make_group_member(choir, phone=ADA, name="Ada")
    make_group_member(phone=GRACE)
    said, code = run(make_file("Name,Phone", f"Ada,{ADA}", f"Grace,{GRACE}"), "--group", "  cHOIR ")
    assert code == 0
    assert "1 line already on the list" in said
    assert sorted(choir.members.values_list("name", flat=True)) == ["Ada", "Grace"]
    assert Group.objects.count() == 2


def test_a_dry_run_leaves_no_new_group_behind(run, make_file):
    said, code = run(make_file("Name,Phone", f"Ada,{ADA}"), "--group", "Choir", "--dry-run")
    assert (code, "1 person will be added to the group “Choir”." in said) == (0, True)
    assert not Group.objects.exists()


def test_a_file_without_people_leaves_no_new_group_behind(run, make_file):
    assert run(make_file("Name,Phone", "Ada,12"), "--group", "Choir")[1] == 1
    assert not Group.objects.exists()


# Names


@pytest.mark.parametrize(
    ("arguments", "name", "part"),
    [
        ([], "Countess", "1 line already on the list with another name, which is kept"),
        (["--names", "keep"], "Countess", "which is kept"),
        (["--names", "take"], "Ada", "1 name was changed."),
    ],
)
def test_a_name_that_differs_is_kept_or_taken(run, make_file, make_member, arguments, name, part):
    make_member(phone=ADA, name="Countess")
    said, code = run(make_file(f"Ada,{ADA}", f"Grace,{GRACE}"), "--community", *arguments)
    assert (code, members()[ADA]) == (0, name)
    assert part in said


# Fields


def values():
    return {(value.field.key, value.phone): value.value for value in ProfileValue.objects.select_related("field")}


def test_a_column_is_kept_as_a_field_which_is_made(run, make_file):
    file = make_file("Name,Phone,Grade,Shirt", f"Ada,{ADA},5,L", f"Grace,{GRACE},4.50,")
    said, code = run(file, "--community", "--field", "grade=grade", "--field", "Shirt=shirt_size")
    assert (code, "fields of 2 people were changed" in said) == (0, True)
    assert values() == {("grade", ADA): "5", ("grade", GRACE): "4.5", ("shirt_size", ADA): "L"}
    assert dict(ProfileField.objects.values_list("key", "label")) == {"grade": "Grade", "shirt_size": "Shirt"}
    assert ProfileField.objects.get(key="grade").kind == "number"


def test_a_dry_run_makes_no_field(run, make_file):
    said, code = run(
        make_file("Name,Phone,Grade", f"Ada,{ADA},5"), "--community", "--field", "Grade=grade", "--dry-run"
    )
    assert (code, "“Grade” becomes a new field: a number." in said) == (0, True)
    assert not ProfileField.objects.exists()


def test_values_that_do_not_suit_an_existing_field_are_listed(run, make_file):
    ProfileField.objects.create(key="grade", label="Grade", kind="number")
    file = make_file("Name,Phone,Grade", f"Ada,{ADA},fifth", f"Grace,{GRACE},4")
    said, code = run(file, "--community", "--field", "Grade=grade")
    assert code == 0
    assert "Line 2, imported without this value: “fifth” isn’t a number." in said
    assert members() == {ADA: "Ada", GRACE: "Grace"}
    assert values() == {("grade", GRACE): "4"}


@pytest.mark.parametrize(
    ("field", "part"),
    [
        ("Grade", "“Grade” is not of the form “HEADING=KEY”"),
        ("Grade=5th", "“5th” can’t be the key of a field"),
        ("Grade=first_name", "first_name are taken"),
        ("Class=class", "The file has no column “Class”. Its columns are “Name”, “Phone”, “Grade”."),
    ],
)
def test_a_field_that_cannot_be_ends_with_exit_code_2(run, make_file, field, part):
    said, code = run(make_file("Name,Phone,Grade", f"Ada,{ADA},5"), "--community", "--field", field)
    assert (code, part in said) == (2, True), said
    assert not CommunityMember.objects.exists()
