"""People of whom the file itself says that they don’t want texts."""

import io

import pytest
from django.core.management import call_command

from contacts.imports import lifecycle
from contacts.models import CommunityMember, ConsentRecord, ImportRow, UnsubscribedContact
from contacts.models.imports import LEAVE_OUT

from ..admin.test_import_pages import address, said
from .importing import confirm, members, people_of, preview, problems_of, text

pytestmark = pytest.mark.django_db

ADA, GRACE, ALAN = "+17205550101", "+13035550102", "+19705550103"
FILE = text("Name,Phone,Text Opt Out", f"Ada,{ADA},No", f"Grace,{GRACE},Yes", f"Alan,{ALAN},")


@pytest.fixture
def post(django_capture_on_commit_callbacks):
    def send(client, address, data):
        with django_capture_on_commit_callbacks(execute=True):
            return client.post(address, data)

    return send


def refused(contact_import):
    rows = ImportRow.objects.filter(contact_import=contact_import, opts_out=True).people()
    return list(rows.order_by("line").values_list("phone", flat=True))


def opted_out():
    return list(UnsubscribedContact.objects.values_list("phone", flat=True))


def test_they_are_imported_as_opted_out():
    contact_import = confirm(preview(FILE))
    assert members() == {ADA: "Ada", GRACE: "Grace", ALAN: "Alan"}
    entry = UnsubscribedContact.objects.get()
    assert (entry.phone, entry.name, entry.source) == (GRACE, "Grace", "import")
    assert entry.reason == "people.csv says that they don’t want texts"
    assert [member.phone for member in CommunityMember.objects.textable().order_by("pk")] == [ADA, ALAN]
    assert (contact_import.counts["to_opt_out"], contact_import.counts["opted_out"]) == (1, 1)


def test_their_opt_out_is_in_the_consent_history(make_user):
    confirm(preview(FILE, user=make_user(username="ann")))
    record = ConsentRecord.objects.get()
    assert (record.phone, record.kind, record.source, record.actor) == (GRACE, "opt_out", "import", "ann")


def test_they_are_left_out_where_staff_choose_so():
    contact_import = preview(FILE)
    assert lifecycle.take_for_applying(contact_import, LEAVE_OUT)
    lifecycle.apply(contact_import.pk)
    contact_import.refresh_from_db()
    assert members() == {ADA: "Ada", ALAN: "Alan"}
    assert opted_out() == []
    assert (contact_import.counts["new"], contact_import.counts["left_out"]) == (2, 1)


def test_someone_who_is_in_the_list_already_is_opted_out_too(make_member):
    make_member(phone=GRACE, name="Grace")
    contact_import = preview(text("Name,Phone,Opted out", f"Grace,{GRACE},x"))
    assert contact_import.counts["to_opt_out"] == 1
    confirm(contact_import)
    assert opted_out() == [GRACE]


def test_someone_who_opted_out_before_keeps_their_entry(make_unsubscribed):
    make_unsubscribed(phone=GRACE, source="inbound", reason="STOP")
    contact_import = confirm(preview(FILE))
    assert UnsubscribedContact.objects.get().source == "inbound"
    assert (contact_import.counts["refused"], contact_import.counts["to_opt_out"]) == (1, 0)
    assert not ConsentRecord.objects.exists()


def test_people_registered_for_events_can_be_opted_out_too(make_event):
    confirm(preview(FILE, target="event", event=make_event()))
    assert opted_out() == [GRACE]


def test_a_refusal_in_any_line_of_a_number_counts():
    contact_import = preview(text("Name,Phone,Opt out", f"Ada,{ADA},", f"Ada,{ADA},Yes", f"Grace,{GRACE},Yes"))
    assert refused(contact_import) == [ADA, GRACE]


def test_only_those_who_refused_are_imported_into_the_opt_outs():
    contact_import = preview(FILE, target="unsubscribed")
    assert people_of(contact_import) == [(GRACE, "Grace")]
    assert [line for line, _ in problems_of(contact_import)] == [2, 4]
    assert "doesn’t say that this person opted out" in problems_of(contact_import)[0][1]


def test_a_file_without_such_a_column_is_imported_completely_into_the_opt_out_list():
    assert people_of(preview(text("Name,Phone", f"Ada,{ADA}"), target="unsubscribed")) == [(ADA, "Ada")]


@pytest.mark.parametrize(
    ("heading", "answers", "out"),
    [
        ("Text Opt Out", ["Yes", "No"], [0]),
        ("Opted Out of Texts", ["TRUE", "FALSE"], [0]),
        ("SMS_OPTOUT", ["1", "0"], [0]),
        ("Do Not Text", ["x", ""], [0]),
        ("Unsubscribed", ["2026-05-01", ""], [0]),
        ("DND", ["Y", "N"], [0]),
        ("No SMS", ["Yes", "No"], [0]),
        ("May we text you?", ["No", "Yes"], [0]),
        ("Can we send you text messages?", ["No thank you", "Sure"], [0]),
        ("OK to text (Y/N)", ["n", "y"], [0]),
        ("SMS consent", ["declined", "granted"], [0]),
        ("Accepts SMS Marketing", ["no", "yes"], [0]),
        ("SMS Marketing Status", ["unsubscribed", "subscribed"], [0]),
        ("SMS Marketing Status", ["non-subscribed", "subscribed"], [0]),
        ("Text", ["N", "Y"], [0]),
        ("Receive texts", ["", "✓"], [0]),
        ("Subscription Status", ["Opted Out", "Subscribed"], [0]),
        ("¿Podemos enviarle mensajes?", ["No", "Sí"], [0]),
        ("SMS-Einwilligung", ["Nein", "Ja"], [0]),
        ("Consentement SMS", ["Non", "Oui"], [0]),
        ("Aceita SMS?", ["Não", "Sim"], [0]),
        ("Email Opt Out", ["Yes", "No"], []),
        ("Accepts Email Marketing", ["no", "yes"], []),
        ("Photo release", ["No", "Yes"], []),
        ("Vegetarian", ["No", "Yes"], []),
        ("Unsubscribe link", ["https://example.org/1", "https://example.org/2"], []),
    ],
)
def test_the_wordings_of_refusals(heading, answers, out):
    rows = [f"{name},{phone},{answer}" for name, phone, answer in zip("AB", (ADA, GRACE), answers, strict=True)]
    assert refused(preview(text(f"Name,Phone,{heading}", *rows))) == [(ADA, GRACE)[index] for index in out]


def test_people_without_an_answer_are_counted():
    contact_import = preview(
        text("Name,Phone,May we text you?", f"Ada,{ADA},Yes", f"Grace,{GRACE},", f"Alan,{ALAN},No")
    )
    assert contact_import.counts["unsaid"] == 1


def test_the_preview_says_how_many_and_lets_staff_choose(admin_client, post):
    contact_import = preview(FILE)
    page = admin_client.get(address(contact_import, "change"))
    assert "1 person in this file doesn’t want texts" in said(page)
    assert "3 people will be added to the community and 1 person will be opted out." in said(page)
    assert "Grace New doesn’t want texts" in said(page)
    post(admin_client, address(contact_import, "confirm"), {"refusals": "leave_out"})
    assert members() == {ADA: "Ada", ALAN: "Alan"}
    assert "1 person was left out" in said(admin_client.get(address(contact_import, "change")))


def test_the_preview_opts_out_where_nothing_is_chosen(admin_client, post):
    post(admin_client, address(preview(FILE), "confirm"), {"refusals": "nonsense"})
    assert opted_out() == [GRACE]


def test_a_file_of_refusals_alone_can_be_confirmed(admin_client, make_member):
    make_member(phone=GRACE, name="Grace")
    page = admin_client.get(address(preview(text("Name,Phone,Opt out", f"Grace,{GRACE},Yes")), "change"))
    assert "1 person will be opted out." in said(page)
    assert "/confirm/" in page.content.decode()


@pytest.mark.parametrize(
    ("options", "people", "out"), [([], 3, [GRACE]), (["--refusals", "leave-out"], 2, []), (["--dry-run"], 0, [])]
)
def test_the_command_opts_out_or_leaves_out(tmp_path, options, people, out):
    path = tmp_path / "people.csv"
    path.write_bytes(FILE)
    said = io.StringIO()
    call_command("import_contacts", str(path), "--community", *options, stdout=said, stderr=said)
    assert (CommunityMember.objects.count(), opted_out()) == (people, out)
    assert ("opted out" if not options else "left out" if people else "will be opted out") in said.getvalue()
