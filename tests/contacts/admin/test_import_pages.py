"""The import in the admin: what staff see, and what they may not."""

import csv
import io
import re
from datetime import timedelta

import openpyxl
import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from contacts.imports import lifecycle
from contacts.models import CommunityMember, ContactImport, EventRegistration, ProfileField, ProfileValue

from ..imports.importing import import_all, members, preview, text, workbook

pytestmark = pytest.mark.django_db

Status = ContactImport.Status
ADA, GRACE, ALAN = "+17205550101", "+13035550102", "+19705550103"
FILE = text("Name,Phone", f"Ada,{ADA}", "Grace,555-0102", f"Alan,{ALAN}")
UPLOAD = "/admin/contacts/contactimport/new/community/"


@pytest.fixture
def post(django_capture_on_commit_callbacks):
    """Post as a browser, and have the tasks that follow run; the page that it is redirected to."""

    def send(client, address, data=None):
        with django_capture_on_commit_callbacks(execute=True):
            response = client.post(address, data or {})
        return client.get(response.url) if response.status_code == 302 else response

    return send


def address(contact_import, name):
    return reverse(f"admin:contacts_contactimport_{name}", args=[contact_import.pk])


def uploaded(data=FILE, name="people.csv"):
    return {"file": SimpleUploadedFile(name, data)}


def said(response):
    """The text of a page with single spaces."""
    body = re.sub(r"<(script|style).*?</\1>", " ", response.content.decode(), flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", body).replace("&nbsp;", " ").split())


# From the list to the list


def test_the_lists_link_to_their_import(admin_client, make_event, make_member):
    make_member()
    event = make_event()
    for page, link in (
        ("/admin/contacts/communitymember/", UPLOAD),
        ("/admin/contacts/unsubscribedcontact/", "/admin/contacts/contactimport/new/unsubscribed/"),
        (f"/admin/contacts/event/{event.pk}/change/", f"/admin/contacts/contactimport/new/event/{event.pk}/"),
        (
            f"/admin/contacts/eventregistration/?event={event.pk}",
            f"/admin/contacts/contactimport/new/event/{event.pk}/",
        ),
    ):
        assert f'href="{link}"' in admin_client.get(page).content.decode(), page
    assert "contactimport/new" not in admin_client.get("/admin/contacts/eventregistration/").content.decode()


def test_upload_preview_confirm_result(admin_client, post):
    assert "Choose a spreadsheet or contacts export" in said(admin_client.get(UPLOAD))
    page = post(admin_client, UPLOAD, uploaded())
    contact_import = ContactImport.objects.get()
    assert contact_import.created_by.username == "ann"
    assert "2 people will be added to the community." in said(page)
    assert "Import 2 people" in page.content.decode()
    assert members() == {}

    page = post(admin_client, address(contact_import, "confirm"))
    assert "2 people were added to the community." in said(page)
    assert 'href="/admin/contacts/communitymember/"' in page.content.decode()
    assert members() == {ADA: "Ada", ALAN: "Alan"}


def test_an_import_for_an_event(admin_client, post, make_event):
    event = make_event(title="Picnic")
    page = post(admin_client, reverse("admin:contacts_contactimport_new_event", args=[event.pk]), uploaded())
    assert "2 people will be added to “Picnic”." in said(page)
    post(admin_client, address(ContactImport.objects.get(), "confirm"))
    assert EventRegistration.objects.filter(event=event).count() == 2


def test_an_import_of_opt_outs(admin_client, post):
    page = post(admin_client, "/admin/contacts/contactimport/new/unsubscribed/", uploaded())
    assert "2 people will be added to the opt-out list." in said(page)
    assert "opted out" not in said(page)


def test_the_list_of_imports_leads_to_each(admin_client):
    contact_import = preview(FILE)
    page = admin_client.get("/admin/contacts/contactimport/")
    assert address(contact_import, "change") in page.content.decode()
    assert "Ready to import" in said(page)


def test_an_import_is_started_from_the_list_of_imports(admin_client, make_event):
    event = make_event(title="Picnic")
    choose = "/admin/contacts/contactimport/new/"
    assert f'href="{choose}"' in admin_client.get("/admin/contacts/contactimport/").text
    page = admin_client.get(choose).text
    for address in (UPLOAD, f"{choose}unsubscribed/", f"{choose}event/{event.pk}/"):
        assert f'href="{address}"' in page


def test_a_social_manager_chooses_among_events(manager_client, make_event):
    events = [make_event(title=f"Picnic {index}") for index in range(21)]
    choose = "/admin/contacts/contactimport/new/"
    page = manager_client.get(choose).text
    assert "new/community/" not in page
    assert "new/unsubscribed/" not in page
    assert f"new/event/{events[20].pk}/" in page
    assert f"new/event/{events[0].pk}/" not in page
    assert f"new/event/{events[0].pk}/" in manager_client.get(choose, {"q": "Picnic 0"}).text
    assert "No event matches “dance”." in manager_client.get(choose, {"q": "dance"}).text


# The preview


def test_the_preview_shows_what_was_detected(admin_client):
    page = said(admin_client.get(address(preview("Name;Handy\r\nZoë;7205550101".encode("cp1252")), "change")))
    assert "Windows-1252, semicolon, headings in row 1, phone in Handy, name in Name" in page
    assert "7205550101" in page


def test_the_preview_shows_the_first_lines_as_they_will_be_read(
    admin_client, make_member, make_unsubscribed, make_suppressed
):
    make_member(phone=ADA, name="Countess")
    make_member(phone=GRACE, name="Grace")
    make_unsubscribed(phone=ALAN)
    make_suppressed(phone="+12125550104")
    contact_import = preview(
        text(f"Ada,{ADA}", f"Grace,{GRACE}", f"Alan,{ALAN}", f"Ada,{ADA}", "Mary,12", "Tim,+12125550104")
    )
    page = said(admin_client.get(address(contact_import, "change")))
    assert "1 (720) 555-0101 Ada Is “Countess” here" in page
    assert "2 (303) 555-0102 Grace Already on the list" in page
    assert "3 (970) 555-0103 Alan New opted out" in page
    assert "4 (720) 555-0101 Ada Duplicate of row 1" in page
    assert "5 Mary · 12 “12” is too short" in page
    assert "6 (212) 555-0104 Tim New unreachable" in page


def test_the_preview_shows_twenty_lines_and_a_hundred_rejected_ones(admin_client):
    data = text("Name,Phone", *[f"Ada,72055501{n:02d}" for n in range(30)], *[f"Grace,{n}" for n in range(1, 131)])
    page = admin_client.get(address(preview(data), "change"))
    assert page.content.decode().count('<tr class="import-new">') == 20
    assert "130 invalid rows" in said(page)
    assert "Showing the first 100. The download has all 130." in said(page)


def test_a_preview_that_would_change_nothing_has_no_import_button(admin_client, make_member):
    make_member(phone=ADA, name="Ada")
    page = admin_client.get(address(preview(text(f"Ada,{ADA}")), "change"))
    assert "Importing would change nothing" in said(page)
    assert "/confirm/" not in page.content.decode()


def test_names_are_escaped(admin_client):
    page = admin_client.get(address(preview(text(f"<b>Ada</b>,{ADA}"), name="<i>.csv"), "change"))
    assert "<b>Ada" not in page.content.decode()
    assert "<i>" not in page.content.decode()


def test_staff_adjust_how_the_file_is_read(admin_client, post):
    contact_import = preview(text("Name,Home phone,Mobile", f"Ada,{GRACE},{ADA}"))
    form = admin_client.get(address(contact_import, "change")).context["form"]
    values = {name: form[name].value() for name in form.fields}
    assert values == {
        "encoding": "utf-8",
        "separator": ",",
        "header_line": 1,
        "role_0": "name",
        "role_1": "other_phone",
        "role_2": "phone",
    }
    page = post(admin_client, address(contact_import, "adjust"), {**values, "role_1": "phone", "role_2": "ignored"})
    assert "(303) 555-0102 Ada" in said(page)
    page = post(admin_client, address(contact_import, "adjust"), {"reset": "1"})
    assert "(720) 555-0101 Ada" in said(page)


def test_another_separator_has_the_columns_detected_anew(admin_client, post):
    contact_import = preview(text("Ada|7205550101"), separator=",", roles=["phone"])
    form = admin_client.get(address(contact_import, "change")).context["form"]
    values = {name: form[name].value() for name in form.fields}
    page = post(admin_client, address(contact_import, "adjust"), {**values, "separator": "|"})
    assert "(720) 555-0101 Ada" in said(page)


def test_staff_choose_the_sheet_of_a_workbook(admin_client, post):
    contact_import = preview(workbook(["Ada", ADA], sheets=[("Old", [["Grace", GRACE]])]), name="people.xlsx")
    form = admin_client.get(address(contact_import, "change")).context["form"]
    assert list(form.fields) == ["sheet", "header_line", "role_0", "role_1"]
    values = {name: form[name].value() for name in form.fields}
    page = post(admin_client, address(contact_import, "adjust"), {**values, "sheet": "People"})
    assert "(720) 555-0101 Ada" in said(page)


def test_a_reading_without_a_phone_column_is_refused(admin_client, post):
    contact_import = preview(FILE)
    form = admin_client.get(address(contact_import, "change")).context["form"]
    values = {name: form[name].value() for name in form.fields} | {"role_1": "ignored"}
    page = post(admin_client, address(contact_import, "adjust"), values)
    assert "Choose the column that has the phone numbers." in said(page)
    contact_import.refresh_from_db()
    assert contact_import.status == Status.READY


def test_nonsense_in_the_form_is_refused_with_a_message(admin_client, post):
    contact_import = preview(FILE)
    page = post(admin_client, address(contact_import, "adjust"), {"encoding": "klingon", "role_0": "x"})
    assert page.status_code == 200
    assert "Select a valid choice" in said(page)


def test_a_file_without_a_phone_column_says_what_was_found_and_lets_staff_choose(admin_client, post):
    page = post(admin_client, UPLOAD, uploaded(text("Name,Code", "Ada,720555", "Grace,303555")))
    assert "We found no column of phone numbers. Its columns are “Name”, “Code”." in said(page)
    form = page.context["form"]
    values = {name: form[name].value() for name in form.fields} | {"role_1": "phone"}
    page = post(admin_client, address(ContactImport.objects.get(), "adjust"), values)
    assert "2 invalid rows" in said(page)


@pytest.mark.parametrize(
    ("name", "data", "part"),
    [
        ("empty.csv", b"", "The file is empty."),
        ("photo.csv", b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "The file is a picture."),
        ("people.csv", b"PK\x03\x04" + bytes(100), "damaged"),
        ("people.xlsx", workbook(["Ada", ADA])[:900], "damaged"),
    ],
)
def test_a_file_that_is_no_list_gets_a_sentence(admin_client, post, name, data, part):
    page = post(admin_client, UPLOAD, uploaded(data, name))
    assert page.status_code == 200
    assert part in said(page)
    assert "Upload another file" in said(page)


# The upload


def test_a_file_that_is_too_large_is_refused_unread(admin_client, post, monkeypatch):
    monkeypatch.setattr(lifecycle, "MAX_BYTES", 1_000_000)
    page = post(admin_client, UPLOAD, uploaded(b"x" * 2_200_000))
    assert page.status_code == 413
    assert "The file is 2 MB. The limit is 0 MB." in said(page)
    assert "file" not in page.wsgi_request.FILES
    assert not ContactImport.objects.exists()


def test_a_file_a_little_too_large_is_refused_as_well(admin_client, post, monkeypatch):
    monkeypatch.setattr(lifecycle, "MAX_BYTES", 1_048_576)
    assert "“people.csv” is 1 MB. The limit is 1 MB." in said(post(admin_client, UPLOAD, uploaded(b"x" * 1_048_577)))


def test_an_upload_without_a_file_says_so(admin_client, post):
    assert "Choose a file to import." in said(post(admin_client, UPLOAD))


def test_an_upload_from_another_site_is_refused(admin_user):
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin_user)
    assert client.post(UPLOAD, uploaded()).status_code == 403
    client.get(UPLOAD)
    token = {"csrfmiddlewaretoken": client.cookies["csrftoken"].value}
    assert client.post(UPLOAD, {**token, **uploaded()}).status_code == 302


def test_a_list_that_does_not_exist_is_not_found(admin_client):
    assert admin_client.get("/admin/contacts/contactimport/new/nobody/").status_code == 404
    assert admin_client.get("/admin/contacts/contactimport/new/event/").status_code == 404
    assert admin_client.get("/admin/contacts/contactimport/new/event/99/").status_code == 404
    assert admin_client.get("/admin/contacts/contactimport/99/change/").status_code == 404
    assert admin_client.get("/admin/contacts/contactimport/x/change/").status_code == 404


# While it is read and imported


def test_the_page_shows_progress_with_and_without_javascript(admin_client):
    contact_import = preview(FILE)
    ContactImport.objects.update(
        status=Status.READING, rows_done=5_000, rows_expected=20_000, updated_at=timezone.now()
    )
    page = admin_client.get(address(contact_import, "change"))
    assert "Read 5,000 of about 20,000 rows." in said(page)
    assert '<progress value="5000" max="20000"' in page.content.decode()
    assert '<meta http-equiv="refresh"' in page.content.decode()
    assert admin_client.get(address(contact_import, "progress")).json() == {
        "status": "reading",
        "label": "Reading",
        "sentence": "Read 5,000 of about 20,000 rows.",
        "done": 5_000,
        "expected": 20_000,
        "is_busy": True,
        "is_stalled": False,
    }


@pytest.mark.parametrize(
    ("status", "done", "expected", "sentence"),
    [
        (Status.WAITING, 0, 0, "Waiting to read the file."),
        (Status.READING, 0, 0, "Reading the file."),
        (Status.READING, 3, 3, "Comparing 3 rows with the list."),
        (Status.APPLYING, 3, 3, "Importing 2 people."),
    ],
)
def test_the_page_says_what_is_happening(admin_client, status, done, expected, sentence):
    contact_import = preview(FILE)
    ContactImport.objects.update(status=status, rows_done=done, rows_expected=expected, updated_at=timezone.now())
    assert admin_client.get(address(contact_import, "progress")).json()["sentence"] == sentence


def test_work_that_does_not_move_can_be_started_again(admin_client, post):
    contact_import = preview(FILE)
    ContactImport.objects.update(status=Status.READING, updated_at=timezone.now() - timedelta(minutes=2))
    assert admin_client.get(address(contact_import, "progress")).json()["is_stalled"]
    assert "No progress for a minute." in said(admin_client.get(address(contact_import, "change")))
    assert "2 people will be added" in said(post(admin_client, address(contact_import, "again")))


def test_a_second_click_on_import_changes_nothing(admin_client, post):
    contact_import = preview(FILE)
    post(admin_client, address(contact_import, "confirm"))
    CommunityMember.objects.all().delete()
    assert "2 people were added" in said(post(admin_client, address(contact_import, "confirm")))
    assert members() == {}


def test_an_upload_can_be_discarded_until_it_is_confirmed(admin_client, post):
    contact_import = preview(FILE)
    page = post(admin_client, address(contact_import, "discard"))
    assert "“people.csv” was discarded. Nothing was imported." in said(page)
    assert not ContactImport.objects.exists()
    contact_import = preview(FILE)
    post(admin_client, address(contact_import, "confirm"))
    assert "can’t be discarded" in said(post(admin_client, address(contact_import, "discard")))


def test_get_changes_nothing(admin_client):
    contact_import = preview(FILE)
    for name in ("adjust", "confirm", "again", "discard"):
        assert admin_client.get(address(contact_import, name)).status_code == 405
    admin_client.get(address(contact_import, "delete"))
    contact_import.refresh_from_db()
    assert contact_import.status == Status.READY


def test_an_event_with_imports_can_be_deleted(admin_client, make_event):
    event = make_event()
    preview(FILE, target="event", event=event)
    page = admin_client.post(f"/admin/contacts/event/{event.pk}/delete/", {"post": "yes"})
    assert page.status_code == 302
    assert not ContactImport.objects.exists()


# The rejected lines


def download(client, contact_import):
    response = client.get(address(contact_import, "rejects"))
    assert response.status_code == 200
    return response, b"".join(response.streaming_content)


@pytest.mark.parametrize(
    ("encoding", "separator", "mark"),
    [("utf-8", ",", ""), ("utf-8", ";", "\ufeff"), ("utf-16-le", "\t", "\ufeff"), ("cp1252", "|", "")],
)
def test_the_rejected_lines_come_in_the_files_own_form_with_the_reason(admin_client, encoding, separator, mark):
    lines = (("Nom", "Téléphone", "Note"), ("Ada", ADA, ""), ("Zoë", "555-0102", 'a "b"'), ("=1+1", "12"))
    data = mark.encode(encoding) + text(*lines, separator=separator, encoding=encoding)
    contact_import = preview(data, name="les gens.txt")
    response, content = download(admin_client, contact_import)
    assert response["Content-Disposition"] == 'attachment; filename="les gens - not imported.txt"'
    decoded = content.decode(encoding)
    assert decoded.startswith(mark)
    rows = list(csv.reader(io.StringIO(decoded.removeprefix("\ufeff"), newline=""), delimiter=separator))
    assert rows[0] == ["Nom", "Téléphone", "Note", "Line", "Reason"]
    assert rows[1][:4] == ["Zoë", "555-0102", 'a "b"', "3"]
    assert "no area code" in rows[1][4]
    assert rows[2][:4] == ["'=1+1", "12", "", "4"]


def test_the_rejected_lines_of_a_workbook_come_as_a_workbook(admin_client):
    data = workbook(["Name", "Phone", "Since"], ["Ada", 7205550101, 2020], ["=Grace", 12, 2021], ["Alan", ALAN, 2022])
    response, content = download(admin_client, preview(data, name="people.xls"))
    assert "people - not imported.xlsx" in response["Content-Disposition"]
    rows = list(openpyxl.load_workbook(io.BytesIO(content)).active.values)
    assert rows[0] == ("Name", "Phone", "Since", "Line", "Reason")
    assert rows[1][:4] == ("=Grace", 12, 2021, 3)
    assert "too short" in rows[1][4]
    assert len(rows) == 2


def test_the_rejected_lines_can_be_downloaded_after_the_import_and_corrected(admin_client, post):
    contact_import = preview(FILE)
    post(admin_client, address(contact_import, "confirm"))
    _, content = download(admin_client, contact_import)
    corrected = content.decode().replace("555-0102", "303-555-0102", 1).encode()
    assert "1 person will be added" in said(post(admin_client, UPLOAD, uploaded(corrected)))


def test_rejected_lines_without_headings_can_be_uploaded_again(admin_client):
    _, content = download(admin_client, preview(text(f"Ada,{ADA}", "Grace Hopper,555-0102", "Al,12")))
    corrected = content.decode().replace("555-0102", "303-555-0102", 1).encode()
    contact_import = preview(corrected)
    assert contact_import.detected["roles"] == ["name", "phone", "ignored", "ignored"]


def test_without_rejected_lines_there_is_nothing_to_download(admin_client):
    assert admin_client.get(address(preview(text(f"Ada,{ADA}")), "rejects")).status_code == 404


# Who may not


PAGES = ("change", "progress", "rejects")
DEEDS = ("adjust", "confirm", "again", "discard")


@pytest.mark.parametrize("target", ["community", "unsubscribed"])
def test_a_social_manager_may_not_import_members_or_opt_outs(manager_client, target):
    assert manager_client.get(f"/admin/contacts/contactimport/new/{target}/").status_code == 403
    assert manager_client.post(f"/admin/contacts/contactimport/new/{target}/", uploaded()).status_code == 403
    contact_import = preview(FILE, target=target)
    for name in PAGES:
        assert manager_client.get(address(contact_import, name)).status_code == 403, name
    for name in DEEDS:
        assert manager_client.post(address(contact_import, name)).status_code == 403, name
    contact_import.refresh_from_db()
    assert contact_import.status == Status.READY


def test_a_social_manager_imports_registrations(manager_client, post, make_event):
    event = make_event()
    post(manager_client, reverse("admin:contacts_contactimport_new_event", args=[event.pk]), uploaded())
    contact_import = ContactImport.objects.get()
    for name in PAGES:
        assert manager_client.get(address(contact_import, name)).status_code == 200, name
    post(manager_client, address(contact_import, "confirm"))
    assert EventRegistration.objects.count() == 2


def test_a_social_manager_sees_no_imports_but_those_of_events(manager_client, make_event):
    preview(FILE, name="members.csv")
    preview(FILE, name="guests.csv", target="event", event=make_event())
    page = said(manager_client.get("/admin/contacts/contactimport/"))
    assert "guests.csv" in page
    assert "members.csv" not in page
    assert "contactimport/new" not in manager_client.get("/admin/contacts/communitymember/").content.decode()


def test_nobody_imports_without_logging_in(client):
    contact_import = preview(FILE)
    assert "/login/" in client.get(UPLOAD).url
    assert "/login/" in client.post(UPLOAD, uploaded()).url
    for name in PAGES:
        assert "/login/" in client.get(address(contact_import, name)).url
    for name in DEEDS:
        assert "/login/" in client.post(address(contact_import, name)).url
    assert ContactImport.objects.count() == 1


def test_pages_have_no_inline_scripts_or_styles(admin_client):
    for page in (admin_client.get(UPLOAD), admin_client.get(address(preview(FILE), "change"))):
        markup = page.content.decode()
        content = markup[markup.index('<div class="import">') : markup.index("</main>")]
        assert "<script" not in content
        assert "style=" not in content
        assert not re.search(r"\son\w+=", content)


# Into a group


def test_an_import_into_a_group_is_started_from_its_page_and_from_imports(manager_client, post, make_group):
    choir = make_group(name="Choir")
    upload = reverse("admin:contacts_contactimport_new_group", args=[choir.pk])
    assert upload in manager_client.get(f"/admin/contacts/group/{choir.pk}/change/").text
    assert upload in manager_client.get("/admin/contacts/contactimport/new/").text
    page = post(manager_client, upload, uploaded())
    assert "2 people will be added to the group “Choir”." in said(page)
    page = post(manager_client, address(ContactImport.objects.get(), "confirm"))
    assert "2 people were added to the group “Choir”." in said(page)
    assert f'href="/admin/contacts/group/{choir.pk}/change/"' in page.text
    assert choir.members.count() == 2


def test_the_people_of_an_import_into_a_group_are_texted_as_the_group(admin_client, post, make_group):
    choir = make_group(name="Choir")
    post(admin_client, reverse("admin:contacts_contactimport_new_group", args=[choir.pk]), uploaded())
    contact_import = ContactImport.objects.get()
    assert "Text these 2 people" in post(admin_client, address(contact_import, "confirm")).text
    texting = reverse("admin:messaging_messagelog_compose_import", args=[contact_import.pk])
    assert admin_client.post(texting).url.endswith(f"compose/?group={choir.pk}")


# Names


def test_the_preview_shows_names_that_differ_and_offers_the_choice(admin_client, post, make_member):
    lines = []
    for number in range(22):
        phone = f"+17205550{100 + number}"
        make_member(phone=phone, name="Ours")
        lines.append(f"Theirs {number},{phone}")
    contact_import = preview(text("Name,Phone", *lines))
    page = admin_client.get(address(contact_import, "change"))
    assert "22 people have another name here than in the file" in said(page)
    assert "(720) 555-0119 Ours Theirs 19" in said(page)
    assert "Ours Theirs 20" not in said(page)
    assert "Showing the first 20." in said(page)
    page = post(admin_client, address(contact_import, "confirm"), {"names": "take"})
    assert "22 names were changed." in said(page)
    assert members()["+17205550100"] == "Theirs 0"


def test_our_names_are_kept_unless_staff_say_otherwise(admin_client, post, make_member):
    make_member(phone=ADA, name="Countess")
    contact_import = preview(text("Name,Phone", f"Ada,{ADA}", f"Grace,{GRACE}"))
    page = post(admin_client, address(contact_import, "confirm"), {"names": "nonsense"})
    assert "1 person was added to the community." in said(page)
    assert members()[ADA] == "Countess"


# Fields


WITH_GRADE = text("Name,Phone,Grade", f"Ada,{ADA},5", f"Grace,{GRACE},4")


def choose(post, client, contact_import, **uses):
    data = {"encoding": "utf-8", "separator": ",", "header_line": "1", "role_0": "name", "role_1": "phone"}
    return post(client, address(contact_import, "adjust"), data | uses)


def test_a_column_is_kept_as_a_new_field(admin_client, post):
    contact_import = preview(WITH_GRADE)
    assert "New field “Grade”" in admin_client.get(address(contact_import, "change")).text
    page = choose(post, admin_client, contact_import, role_2="new")
    assert "“Grade” becomes a new field: a number." in said(page)
    assert "Row Phone Name Grade Result" in said(page)
    assert "(720) 555-0101 Ada 5 New" in said(page)
    page = post(admin_client, address(contact_import, "confirm"))
    assert "2 people were added to the community and fields of 2 people were changed." in said(page)
    assert dict(ProfileValue.objects.values_list("phone", "value")) == {ADA: "5", GRACE: "4"}


def test_a_column_is_kept_as_an_existing_field_and_given_up_again(admin_client, post):
    ProfileField.objects.create(key="grade", label="School grade", kind="number")
    contact_import = preview(WITH_GRADE)
    page = choose(post, admin_client, contact_import, role_2="field:grade")
    contact_import.refresh_from_db()
    assert contact_import.counts["valued"] == 2
    assert '<option value="field:grade" selected>School grade</option>' in page.text
    choose(post, admin_client, contact_import, role_2="ignored")
    contact_import.refresh_from_db()
    assert (contact_import.counts["valued"], contact_import.detected["fields"]) == (0, [])


def test_values_that_do_not_suit_are_listed_before_and_after(admin_client, post):
    ProfileField.objects.create(key="grade", label="Grade", kind="date")
    contact_import = preview(WITH_GRADE, fields={"2": "grade"})
    before = admin_client.get(address(contact_import, "change"))
    after = post(admin_client, address(contact_import, "confirm"))
    for page in (before, after):
        assert "2 rows with unsuitable values" in said(page)
        assert "2 (720) 555-0101 Ada “5” isn’t a date." in said(page)


def test_only_who_defines_fields_makes_new_ones(manager_client, post, make_group):
    ProfileField.objects.create(key="grade", label="Grade", kind="number")
    contact_import = preview(WITH_GRADE, target="group", event=make_group())
    page = manager_client.get(address(contact_import, "change")).text
    assert ("New field" in page, 'value="field:grade"' in page) == (False, True)
    page = choose(post, manager_client, contact_import, role_2="new")
    assert "Select a valid choice." in said(page)
    contact_import.refresh_from_db()
    assert contact_import.detected["fields"] == []
    choose(post, manager_client, contact_import, role_2="field:grade")
    contact_import.refresh_from_db()
    assert contact_import.counts["valued"] == 2


# Undo


def test_an_import_is_undone_after_its_page_says_what_will_happen(admin_client, post, make_member):
    make_member(phone=ALAN, name="Turing")
    contact_import = import_all(FILE, names="take")
    page = admin_client.get(address(contact_import, "change"))
    assert address(contact_import, "undo") in page.text
    page = admin_client.get(address(contact_import, "undo"))
    assert "1 person will be removed from the community. 1 name will be changed back." in said(page)
    assert "Opt-outs aren’t undone." in said(page)
    assert members() == {ADA: "Ada", ALAN: "Alan"}
    page = post(admin_client, address(contact_import, "undo"))
    assert "Undone: 1 person was removed from the community and 1 name was changed back." in said(page)
    assert members() == {ALAN: "Turing"}
    assert "Undo…" not in page.text
    assert "Discard" not in page.text
    assert LogEntry.objects.get().object_id == str(contact_import.pk)


def test_its_page_says_who_stays_and_why(admin_client, make_registration):
    contact_import = import_all(
        text("Name,Phone,Grade,Opted out", f"Ada,{ADA},5,yes", f"Alan,{ALAN},4,"), fields={"2": ""}
    )
    make_registration(phone=ADA)
    page = said(admin_client.get(address(contact_import, "undo")))
    assert "1 person stays: added to another list since." in page
    assert "Grade stays a field." in page
    assert "1 person stays opted out. An admin can allow texts again." in page


def test_an_import_that_cannot_be_undone_says_so(admin_client, post):
    contact_import = import_all(FILE)
    ContactImport.objects.update(applied_at=timezone.now() - timedelta(days=8))
    assert "Undo…" not in admin_client.get(address(contact_import, "change")).text
    for answer in (admin_client.get, admin_client.post):
        assert "This import can’t be undone" in said(answer(address(contact_import, "undo"), follow=True))
    assert len(members()) == 2


def test_only_who_may_import_into_the_list_undoes(manager_client, make_group):
    refused = import_all(FILE)
    assert manager_client.get(address(refused, "undo")).status_code == 403
    assert manager_client.post(address(refused, "undo")).status_code == 403
    assert len(members()) == 2
    allowed = import_all(FILE, target="group", event=make_group())
    assert manager_client.get(address(allowed, "undo")).status_code == 200


def test_a_finished_import_that_nobody_can_be_texted_of_offers_no_text(admin_client, post):
    contact_import = import_all(FILE)
    page = post(admin_client, address(contact_import, "undo"))
    assert "Text these" not in page.text
