"""Handing over everything known of a person, and erasing it."""

import csv
import io
import json
import zipfile
from datetime import timedelta

import pytest
from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.management import CommandError, call_command
from django.db import models
from django.utils import timezone

from accounts.security_events import SecurityEvent
from contacts import person_ids, person_records, profile_values
from contacts.consent import opting_out
from contacts.imports import lifecycle
from contacts.models import (
    CommunityMember,
    ConsentRecord,
    ContactImport,
    EventRegistration,
    Group,
    GroupMember,
    ImportRow,
    LiftedSuppression,
    Profile,
    ProfileField,
    SuppressedContact,
    UnsubscribedContact,
)
from messaging.composing import definitions
from messaging.inbound import receive
from messaging.models import (
    DeletedText,
    Delivery,
    Draft,
    InboxMessage,
    InboxThread,
    MessageLog,
    SavedAudience,
    ScheduledMessage,
)
from messaging.sending import status_callbacks, suppression_backfill
from surveys.models import SurveyFlow, SurveyResponse

TARA, ANN = "+13035550152", "+13035550153"
NAME = "Tara Lund"
# Where the number of an erased person stays: the bare facts that protect them.
KEPT = {
    ("contacts.UnsubscribedContact", "phone"),
    ("contacts.SuppressedContact", "phone"),
    ("contacts.ConsentRecord", "phone"),
}


def make_log(**fields):
    return MessageLog.objects.create(**{"message_body": "Hello", "target": "community", "status": "sent", **fields})


def deliver(log, phone=TARA, **fields):
    return Delivery.objects.create(
        **{"message_log": log, "phone": phone, "name": NAME, "status": "delivered", "sid": "SM1", **fields}
    )


@pytest.fixture
def tara(db, admin_user):
    """Somebody of whom there is something in every table that has phones."""
    member = CommunityMember.objects.create(phone=TARA, name=NAME)
    event = apps.get_model("contacts.Event").objects.create(title="Picnic")
    EventRegistration.objects.create(event=event, phone=TARA, name=NAME)
    GroupMember.objects.create(group=Group.objects.create(name="Choir"), phone=TARA, name=NAME)
    Profile.objects.create(phone=TARA, name=NAME, notes="Knows Ann", language="Spanish")
    field = ProfileField.objects.create(key="grade", label="Grade")
    profile_values.set_value(field, TARA, "Fifth")
    opting_out.opt_out(TARA, "inbound", words="Stop it, says Tara")
    SuppressedContact.objects.create(phone=TARA, reason="Tara’s landline", source_type="manual")
    LiftedSuppression.objects.create(phone=TARA)
    imported = ContactImport.objects.create(target="community", file_name="a.csv", status="applied")
    ImportRow.objects.create(contact_import=imported, line=3, phone=TARA, problem="No consent", cells=[NAME, TARA])
    imported.changes.create(kind="renamed", phone=TARA, old="T. Lund", new=NAME)
    log = make_log(audience_name="(303) 555-0152", definition={"any": [{"phones": [TARA]}]})
    deliver(log)
    deliver(log, ANN, name="Ann")
    log.store_details()
    refused = deliver(make_log(), status="failed", error_code=30006, error_message="Tara has no phone")
    thread = InboxThread.objects.create(phone=TARA, contact_name=NAME, last_message_preview="I am Tara")
    reply = deliver(None)
    InboxMessage.objects.create(thread=thread, phone=TARA, direction="outbound", body="Hi Tara", delivery=reply)
    InboxMessage.objects.create(
        thread=thread, phone=TARA, direction="inbound", body="I am Tara", message_sid="SMin", raw_payload=f"{TARA}"
    )
    survey = SurveyFlow.objects.create(name="Food", trigger_keyword="FOOD", questions_json='["Why?"]')
    session = survey.sessions.create(phone=TARA, questions_json=survey.questions_json, current_question_index=1)
    survey.responses.create(
        session=session, phone=TARA, question_index=0, question_prompt="Why?", answer="Because I am Tara"
    )
    draft = Draft.objects.create(is_selection=True, definition={"all": [{"phones": [TARA]}]})
    draft.members.add(member)
    ScheduledMessage.objects.create(
        message_body="Hi",
        target="audience",
        scheduled_at=timezone.now(),
        definition={"any": [{"phones": [TARA, ANN]}]},
    )
    LogEntry.objects.log_actions(admin_user.pk, [member, thread], CHANGE, [{"changed": {"fields": ["Name"]}}])
    return refused


def holders(needle):
    """(model, field) of every column with the text, in whatever form."""
    found = set()
    for model in apps.get_models(include_auto_created=True):
        texts = [
            field
            for field in model._meta.concrete_fields
            if isinstance(field, models.CharField | models.TextField | models.JSONField | models.BinaryField)
        ]
        for row in model._base_manager.values(*[field.attname for field in texts]) if texts else ():
            found |= {(model._meta.label, name) for name, value in row.items() if needle in str(value)}
    return found


def test_the_fixture_has_the_phone_wherever_a_phone_can_be(tara):
    phones = {
        (model._meta.label, field.name)
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.concrete_fields
        if field.name == "phone"
    }
    assert phones <= holders(TARA)


def test_an_erased_phone_is_nowhere_but_where_it_has_to_stay(tara):
    person_records.erase(TARA)
    assert holders(TARA) == KEPT
    assert holders("(303) 555-0152") == set()


def test_an_erased_name_and_an_erased_persons_words_are_nowhere(tara):
    person_records.erase(TARA)
    assert holders("Tara") == set()
    assert holders("Fifth") == set()


def test_others_stay(tara):
    person_records.erase(TARA)
    assert Delivery.objects.get(phone=ANN).name == "Ann"
    assert json.loads(MessageLog.objects.exclude(stored_details=None).get().stored_details)[1]["phone"] == ANN


# Promises that hold ---------------------------------------------------------------------------------------------


def test_who_opted_out_stays_opted_out(tara):
    person_records.erase(TARA)
    assert opting_out.opted_out_since([TARA])
    entry, record = UnsubscribedContact.objects.get(), ConsentRecord.objects.get()
    assert (entry.name, entry.reason, entry.source) == (None, None, "inbound")
    assert (record.kind, record.source, record.words) == ("opt_out", "inbound", "")


def test_blasts_keep_their_counts(tara):
    log = tara.message_log
    before = [one.deliveries.count_by_status() for one in MessageLog.objects.order_by("pk")]
    person_records.erase(TARA)
    assert [one.deliveries.count_by_status() for one in MessageLog.objects.order_by("pk")] == before
    tara.refresh_from_db()
    assert (tara.phone, tara.name, tara.error_code, tara.error_message) == (f"erased-{tara.pk}", None, 30006, "")
    assert not log.to_retry(only_failed=False).exists()
    assert not log.kept_from_retry().exists()


def test_the_page_of_a_blast_says_that_somebody_was_erased(admin_client, tara):
    person_records.erase(TARA)
    page = admin_client.get(f"/admin/messaging/messagelog/{tara.message_log_id}/change/").text
    assert "(erased)" in page
    assert "/admin/people/" not in page


def test_a_late_report_changes_nothing_and_puts_nobody_back_on_a_list(tara):
    Delivery.objects.filter(pk=tara.pk).update(learned_at=None)
    SuppressedContact.objects.all().delete()
    person_records.erase(TARA)
    assert not status_callbacks.apply(tara.pk, "SM1", "delivered", None, to=TARA)
    suppression_backfill.catch_up()
    assert not SuppressedContact.objects.exists()


def test_a_text_that_twilio_repeats_is_not_stored_again(tara):
    person_records.erase(TARA)
    assert DeletedText.objects.get().message_sid == "SMin"
    receive.receive({"MessageSid": "SMin", "From": TARA, "Body": "I am Tara"}, is_simulated=True)
    assert not InboxMessage.objects.exists()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"any": [{"group": 1}, {"phones": [TARA]}]}, {"any": [{"group": 1}]}),
        ({"any": [{"phones": [TARA, ANN]}]}, {"any": [{"phones": [ANN]}]}),
        ({"any": [{"phones": [TARA]}]}, {"any": [{"phones": []}]}),
        ({"all": [{"community": True}, {"phones": [TARA]}]}, {"all": [{"community": True}, {"phones": []}]}),
        (
            {"all": [{"community": True}], "any": [{"phones": [TARA]}]},
            {"all": [{"community": True}], "any": [{"phones": []}]},
        ),
        (
            {"all": [{"community": True}], "none": [{"phones": [TARA]}]},
            {"all": [{"community": True}], "none": []},
        ),
        ({"none": [{"phones": [TARA]}]}, {"none": [{"phones": []}]}),
        ({"any": [{"any": [{"phones": [TARA]}]}]}, {"any": [{"any": [{"phones": []}]}]}),
    ],
)
def test_an_audience_loses_the_person_and_never_gets_wider(db, make_member, before, after):
    make_member(phone=TARA)
    audience = SavedAudience.objects.create(name="Some", definition=before)
    person_records.erase(TARA)
    audience.refresh_from_db()
    assert audience.definition == after


def test_an_audience_of_erased_people_alone_cannot_be_used(db):
    with pytest.raises(definitions.BadDefinition, match="have been erased"):
        definitions.read({"any": [{"phones": []}]})


# When it can't be done ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("paused_at", [None, timezone.now() - timedelta(days=1)])
def test_who_is_in_a_blast_that_is_being_sent_cannot_be_erased_yet(db, make_member, paused_at):
    make_member(phone=TARA)
    deliver(make_log(message_body="Picnic today", status="processing", paused_at=paused_at))
    with pytest.raises(person_records.CannotErase, match="in the blast “Picnic today”, which is being sent"):
        person_records.erase(TARA)
    assert CommunityMember.objects.exists()


def test_who_is_being_replied_to_cannot_be_erased_yet(db):
    deliver(None, status="pending")
    assert person_records.why_not_erasable(TARA) == "A reply to them is being sent. Wait until it’s sent."


def test_who_is_in_an_unfinished_import_cannot_be_erased_yet(db):
    staged = ContactImport.objects.create(target="community", file_name="people.csv", status="ready")
    ImportRow.objects.create(contact_import=staged, line=2, phone=TARA)
    assert "the import of “people.csv”, which isn’t finished" in person_records.why_not_erasable(TARA)
    lifecycle.discard(staged)
    assert person_records.why_not_erasable(TARA) == ""


# Handing over ---------------------------------------------------------------------------------------------------


@pytest.fixture
def archive(tara):
    return zipfile.ZipFile(io.BytesIO(person_records.export(TARA)))


def test_the_zip_has_everything_as_json(archive):
    whole = json.loads(archive.read("person.json"))
    assert (whole["phone"], whole["name"]) == (TARA, NAME)
    assert whole["registrations"][0]["Event"] == "Picnic"
    assert [row["Text"] for row in whole["texts"]] == ["Hi Tara", "I am Tara"]
    assert whole["fields"] == [{"Field": "Grade", "Value": "Fifth", "Changed": whole["fields"][0]["Changed"]}]
    assert whole["survey-answers"][0]["Answer"] == "Because I am Tara"
    assert whole["consent-history"][0]["Words"] == "Stop it, says Tara"
    assert len(whole["blasts"]) == 2


def test_the_zip_has_a_csv_file_for_each_table(archive):
    names = set(archive.namelist())
    whole = json.loads(archive.read("person.json"))
    assert names == {"person.json", *(f"{name}.csv" for name, rows in whole.items() if isinstance(rows, list))}
    rows = list(csv.DictReader(io.StringIO(archive.read("groups.csv").decode("utf-8-sig"))))
    assert [(row["Group"], row["Name"]) for row in rows] == [("Choir", NAME)]
    assert {"community.csv", "texts.csv", "blasts.csv", "opt-outs.csv"} <= names


def test_the_zip_has_nothing_of_others(archive):
    assert not any(ANN.encode() in archive.read(name) for name in archive.namelist())


def test_both_are_recorded_without_saying_who(tara):
    person_records.export(TARA)
    person_records.erase(TARA)
    events = list(SecurityEvent.objects.values_list("event_type", "metadata"))
    assert sorted(events) == [("data_exported", {"list": "one person"}), ("person_erased", {})]


# The page and the prompt ----------------------------------------------------------------------------------------


def test_an_admin_downloads_everything(admin_client, tara):
    response = admin_client.post(f"{person_ids.page_of(TARA)}download/")
    assert "5550152" not in response.headers["content-disposition"]
    assert zipfile.ZipFile(io.BytesIO(response.content)).namelist()[0] == "person.json"


def test_looking_downloads_nothing(admin_client, tara):
    assert admin_client.get(f"{person_ids.page_of(TARA)}download/").status_code == 405


def test_an_admin_is_asked_before_a_person_is_erased(admin_client, tara):
    page = person_ids.page_of(TARA)
    asked = admin_client.get(f"{page}erase/")
    assert "The number stays there, their words don’t." in asked.text
    assert CommunityMember.objects.exists()
    response = admin_client.post(f"{page}erase/", follow=True)
    assert "Erased. Backups made before now still have them" in response.text
    assert not CommunityMember.objects.exists()
    assert not SurveyResponse.objects.exists()


def test_the_page_says_why_somebody_cannot_be_erased(admin_client, make_member):
    make_member(phone=TARA)
    deliver(make_log(status="processing"))
    for visit in (admin_client.get, admin_client.post):
        response = visit(f"{person_ids.page_of(TARA)}erase/")
        assert "which is being sent." in response.text
    assert CommunityMember.objects.exists()


def test_the_command_exports(tara, tmp_path, capsys):
    call_command("person", "export", "303 555 0152", "--output", str(tmp_path / "tara.zip"))
    assert "person.json" in zipfile.ZipFile(tmp_path / "tara.zip").namelist()
    assert (tmp_path / "tara.zip").stat().st_mode & 0o077 == 0


def test_the_command_erases(tara, capsys):
    call_command("person", "erase", TARA, "--yes")
    assert holders(TARA) == KEPT


@pytest.mark.parametrize("answer", ["", "no", "y"])
def test_the_command_asks_first(tara, monkeypatch, answer):
    monkeypatch.setattr("builtins.input", lambda asked: answer)
    with pytest.raises(CommandError, match="Nothing was erased"):
        call_command("person", "erase", TARA)
    assert CommunityMember.objects.exists()


@pytest.mark.parametrize(
    ("phone", "said"),
    [("303 555 0199", r"We know nothing of \(303\) 555-0199"), ("12", "12”"), ("", "missing")],
)
def test_the_command_says_what_is_wrong_with_a_number(db, phone, said):
    with pytest.raises(CommandError, match=said):
        call_command("person", "erase", phone, "--yes")
