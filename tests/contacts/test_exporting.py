"""Lists as CSV: what is in the file, what a spreadsheet makes of it, and that it reads back to the same people."""

import csv
import io
import tracemalloc
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from hypothesis import example, given
from hypothesis import strategies as st

from contacts import exporting
from contacts.exporting import write_csv
from contacts.models import CommunityMember, EventRegistration, SuppressedContact, UnsubscribedContact
from smsadmin.lib import csv_files
from smsadmin.lib.csv_files import defuse, undefuse

EXPORT = "admin:contacts_{}_export"


def read(text):
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))


def body(response):
    return b"".join(response.streaming_content).decode()


# Formulas ----------------------------------------------------------------------------------------------------


@given(st.text())
@example("'=1+1")
@example("''")
@example("'")
@example("+17205550123")
@example("'+17205550123")
def test_what_is_defused_reads_back_as_it_was(cell):
    assert undefuse(defuse(cell)) == cell


formulas = st.sampled_from(["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "=cmd|'/c calc'!A0", "＝1"])
fillings = st.text(st.sampled_from("ab ,;|\t\r\n\"'=+-@1"), max_size=8)
cells_with_formulas = st.builds("".join, st.tuples(fillings, st.sampled_from([*",;|\t\n\r", ""]), formulas, fillings))


@given(st.lists(st.lists(cells_with_formulas, min_size=1, max_size=3), min_size=1, max_size=3))
@example([["x;=cmd|'/c calc'!A0;y"]])
@example([["Ann", "a,;=1"]])
@example([["Ann", 'a,;"=1"']])
def test_no_reader_with_any_separator_sees_a_formula(rows):
    content = "".join(csv_files.write(["Name"], rows)).removeprefix(csv_files.BYTE_ORDER_MARK)
    for separator in ",;\t|":
        for row in csv.reader(io.StringIO(content, newline=""), delimiter=separator):
            assert not [cell for cell in row if cell.lstrip("'\" ")[:1] in tuple("=+-@＝＋－＠") and cell[0] != "'"]


@pytest.mark.parametrize("cell", ["", "Ada", "O'Brien", "'t Hooft", "1+1", "Anna-Maria", "+17205550123"])
def test_harmless_cells_stay_as_they_are(cell):
    assert defuse(cell) == undefuse(cell) == cell


@pytest.mark.parametrize(
    "cell", ['=HYPERLINK("http://x","y")', "+1+1", "-2+3", "@SUM(A1)", "+17205550123+1", "\t1", " =1"]
)
def test_formulas_are_defused(cell):
    assert defuse(cell) == f"'{cell}"


# The file ----------------------------------------------------------------------------------------------------


def test_each_list_has_its_columns(make_member, make_event, make_registration, make_unsubscribed, make_suppressed):
    at = datetime(2026, 5, 3, 20, 5, 6, tzinfo=UTC)
    phone = "+17205550123"
    make_member(name="Zoë, “Ada”\nLovelace", phone=phone, created_at=at)
    make_registration(make_event(title="=Picnic"), name=None, phone=phone, created_at=at)
    make_unsubscribed(name="-Ada", phone=phone, reason="Told us", source="inbound", created_at=at)
    make_suppressed(phone=phone, reason=None, source="30006", created_at=at)
    local = "2026-05-03 14:05:06-06:00"
    assert read("".join(write_csv(CommunityMember.objects.all()))) == [
        ["Name", "Phone", "Added"],
        ["Zoë, “Ada”\nLovelace", phone, local],
    ]
    assert read("".join(write_csv(EventRegistration.objects.all()))) == [
        ["Name", "Phone", "Event", "Registered"],
        ["", phone, "'=Picnic", local],
    ]
    assert read("".join(write_csv(UnsubscribedContact.objects.all()))) == [
        ["Name", "Phone", "Reason", "Source", "Unsubscribed"],
        ["'-Ada", phone, "Told us", "inbound", local],
    ]
    assert read("".join(write_csv(SuppressedContact.objects.all()))) == [
        ["Phone", "Reason", "Category", "Source", "Suppressed"],
        [phone, "", "hard_fail", "30006", local],
    ]


def test_an_empty_list_is_a_file_with_headings(db):
    assert read("".join(write_csv(CommunityMember.objects.all()))) == [["Name", "Phone", "Added"]]


def test_memory_does_not_grow_with_the_list(make_member, monkeypatch):
    monkeypatch.setattr(exporting, "_ROWS_AT_ONCE", 50)
    monkeypatch.setattr(csv_files, "_LINES_A_PIECE", 50)
    phones = (f"+1720555{number:04d}" for number in range(5000))
    CommunityMember.objects.bulk_create([CommunityMember(name="Ada " * 20, phone=phone) for phone in phones])
    tracemalloc.start()
    try:
        size = sum(len(piece) for piece in write_csv(CommunityMember.objects.all()))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert size > 500_000
    assert peak < 250_000


def test_a_re_import_gives_the_same_people(make_member, make_event, tmp_path):
    names = [
        "Ada",
        "=1+1",
        "'=1",
        "-Minus",
        "@home",
        "O'Brien",
        "Zoë",
        "Smith, John",
        'Jim "Jimbo"',
        None,
        "'t Hooft",
    ]
    members = [make_member(name=name) for name in names]
    make_member(name="Abroad", phone="+447700900123")
    make_member(name="Italy", phone="+390612345678")
    file = tmp_path / "members.csv"
    call_command("export_contacts", "--community", output=file, stderr=io.StringIO())
    before = sorted(CommunityMember.objects.values_list("phone", "name"))
    assert len(before) == len(members) + 2
    CommunityMember.objects.all().delete()
    call_command("import_contacts", file, "--community", stdout=io.StringIO(), stderr=io.StringIO())
    assert sorted(CommunityMember.objects.values_list("phone", "name")) == before


@pytest.mark.parametrize("list_of", ["--unsubscribed", "--event"])
def test_a_re_import_of_every_list_gives_the_same_people(
    make_event, make_registration, make_unsubscribed, tmp_path, list_of
):
    event = make_event()
    model = UnsubscribedContact if list_of == "--unsubscribed" else EventRegistration
    for name in ("Ada", "=1+1", None):
        make_unsubscribed(name=name)
        make_registration(event, name=name)
    make_unsubscribed(name="Abroad", phone="+447700900123")
    before = sorted(model.objects.values_list("phone", "name"))
    arguments = [list_of, str(event.pk)] if list_of == "--event" else [list_of]
    file = tmp_path / "people.csv"
    call_command("export_contacts", *arguments, output=file, stderr=io.StringIO())
    model.objects.all().delete()
    call_command("import_contacts", file, *arguments, stdout=io.StringIO(), stderr=io.StringIO())
    assert sorted(model.objects.values_list("phone", "name")) == before


def test_the_repeated_hour_can_be_told_apart():
    at = datetime(2026, 11, 1, 7, 30, tzinfo=UTC)
    assert csv_files.moment(at) == "2026-11-01 01:30:00-06:00"
    assert csv_files.moment(at + timedelta(hours=1)) == "2026-11-01 01:30:00-07:00"


# In the admin ------------------------------------------------------------------------------------------------


def test_the_button_exports_the_list_as_it_is_filtered(admin_client, make_member, make_unsubscribed):
    ada, grace = make_member(name="Ada"), make_member(name="Grace")
    make_unsubscribed(phone=grace.phone)
    address = reverse(EXPORT.format("communitymember"))
    response = admin_client.get(address)
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert response.headers["Content-Disposition"].startswith('attachment; filename="people-20')
    assert [row[1] for row in read(body(response))[1:]] == [ada.phone, grace.phone]
    for query, phone in (("q=ada", ada.phone), ("state=opted_out", grace.phone), ("state=textable&o=2", ada.phone)):
        assert [row[1] for row in read(body(admin_client.get(f"{address}?{query}")))[1:]] == [phone]
    listed = admin_client.get(reverse("admin:contacts_communitymember_changelist"), {"q": "ada", "p": 1, "o": 2}).text
    assert f"{address}?q=ada" in listed


def test_an_export_is_not_cut_where_a_page_is(admin_client, make_member, make_unsubscribed, monkeypatch):
    for module in ("people", "filters", "changelist"):
        monkeypatch.setattr(f"contacts.admin.{module}.MOST_FOUND", 2)
    for _ in range(4):
        make_unsubscribed(phone=make_member(name="Ada").phone)
    address = reverse(EXPORT.format("communitymember"))
    for query in ("q=ada", "q=720", "state=opted_out"):
        assert len(read(body(admin_client.get(f"{address}?{query}")))) == 5


def test_registrations_are_exported_by_event(admin_client, make_event, make_registration):
    picnic = make_event(title="Summer picnic")
    here, _ = make_registration(picnic), make_registration()
    response = admin_client.get(reverse(EXPORT.format("eventregistration")), {"event": picnic.pk})
    assert "summer-picnic-registrations-" in response.headers["Content-Disposition"]
    assert [row[1] for row in read(body(response))[1:]] == [here.phone]


def test_the_selected_are_exported(admin_client, make_member):
    members = [make_member() for _ in range(3)]
    data = {"action": "export_selected", "_selected_action": [members[0].pk, members[2].pk], "index": 0}
    response = admin_client.post(reverse("admin:contacts_communitymember_changelist"), data)
    assert [row[1] for row in read(body(response))[1:]] == [members[0].phone, members[2].phone]


@pytest.mark.parametrize("query", ["foo=bar", "o=x", "p=9999", "state=nonsense"])
def test_odd_addresses_of_exports_are_no_errors(admin_client, make_member, query):
    response = admin_client.get(f"{reverse(EXPORT.format('communitymember'))}?{query}")
    assert response.status_code in {200, 302, 400}


def test_an_export_is_never_posted(admin_client, db):
    assert admin_client.post(reverse(EXPORT.format("communitymember"))).status_code == 405


@pytest.mark.parametrize("model", ["communitymember", "unsubscribedcontact", "suppressedcontact"])
def test_only_admins_export_lists_of_people(manager_client, model):
    assert manager_client.get(reverse(EXPORT.format(model))).status_code == 403


def test_a_social_manager_may_export_registrations(manager_client, make_registration):
    make_registration()
    assert len(read(body(manager_client.get(reverse(EXPORT.format("eventregistration")))))) == 2
    assert "Export CSV" in manager_client.get(reverse("admin:contacts_eventregistration_changelist")).text
    assert "Export CSV" not in manager_client.get(reverse("admin:contacts_communitymember_changelist")).text


# At the prompt -----------------------------------------------------------------------------------------------


def export(*arguments, **options):
    out, err = io.StringIO(), io.StringIO()
    call_command("export_contacts", *arguments, stdout=out, stderr=err, **options)
    return out.getvalue(), err.getvalue()


def test_the_command_prints_the_list_and_says_how_many(
    make_member, make_unsubscribed, make_suppressed, make_registration
):
    member, registration = make_member(), make_registration()
    make_registration()
    unsubscribed, suppressed = make_unsubscribed(), make_suppressed()
    for arguments, phone in (
        (["--community"], member.phone),
        (["--event", str(registration.event_id)], registration.phone),
        (["--unsubscribed"], unsubscribed.phone),
        (["--suppressed"], suppressed.phone),
    ):
        out, err = export(*arguments)
        assert len(read(out)) == 2
        assert phone in out
        assert "Exported 1 person." in err


def test_the_command_writes_the_bytes_that_the_admin_sends(admin_client, make_member, tmp_path):
    make_member(name="Zoë\r\nAda")
    file = tmp_path / "out.csv"
    out, err = export("--community", output=file)
    assert out == ""
    assert f"Exported 1 person to {file}." in err
    assert file.read_bytes().decode() == body(admin_client.get(reverse(EXPORT.format("communitymember"))))
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--event", "99999999"], 2, "There is no event 99999999."),
        (["--community", "--output", "."], 2, "is a folder"),
        (["--community", "--output", "missing/folder/out.csv"], 1, "can't be written: No such file or directory."),
    ],
)
def test_the_command_fails_with_the_right_exit_code(db, arguments, code, words):
    with pytest.raises(CommandError, match=words) as caught:
        export(*arguments)
    assert caught.value.returncode == code


def test_a_failure_leaves_the_file_as_it_was(make_member, tmp_path, monkeypatch):
    make_member()
    file = tmp_path / "out.csv"
    file.write_text("before")

    def fail(people):
        yield "some"
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(exporting, "write_csv", fail)
    with pytest.raises(CommandError, match="No space left on device"):
        export("--community", output=file)
    assert file.read_text() == "before"
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]


def test_a_closed_pipe_is_reported_briefly(make_member):
    class Gone(io.StringIO):
        def write(self, text):
            raise BrokenPipeError

    make_member()
    with pytest.raises(CommandError, match="the program reading it has quit"):
        call_command("export_contacts", "--community", stdout=Gone(), stderr=io.StringIO())
