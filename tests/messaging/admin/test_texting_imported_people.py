"""From a finished import to a message to its people."""

from datetime import timedelta

import pytest
from django.utils import timezone

from contacts.imports import lifecycle
from contacts.models import ContactImport
from messaging.models import Draft
from tests.contacts.imports.importing import confirm, preview, text

pytestmark = pytest.mark.django_db

ADA, GRACE = "+17205550198", "+13035550199"
FILE = text("Name,Phone", f"Ada,{ADA}", f"Grace,{GRACE}")


def page(client, contact_import):
    return client.get(f"/admin/contacts/contactimport/{contact_import.pk}/change/").text


def begin(client, contact_import):
    return client.post(f"/admin/messaging/messagelog/compose/import/{contact_import.pk}/")


def test_its_members_new_and_known_become_the_audience(admin_client, make_member):
    make_member(name="Ada", phone=ADA)
    make_member(name="Elsewhere")
    contact_import = confirm(preview(FILE))
    assert 'value="Text these 2 people"' in page(admin_client, contact_import)
    response = begin(admin_client, contact_import)
    draft = Draft.objects.get()
    assert response.headers["location"].endswith(f"compose/?draft={draft.token}")
    assert sorted(draft.members.values_list("phone", flat=True)) == sorted([ADA, GRACE])
    assert draft.created_by.username == "ann"


def test_the_event_is_the_audience_of_its_import(manager_client, make_event):
    event = make_event()
    contact_import = confirm(preview(FILE, target="event", event=event))
    assert 'value="Text these 2 people"' in page(manager_client, contact_import)
    assert begin(manager_client, contact_import).headers["location"].endswith(f"compose/?event={event.pk}")
    assert not Draft.objects.exists()


def test_one_person_is_not_people(admin_client):
    assert 'value="Text this person"' in page(admin_client, confirm(preview(text("Name,Phone", f"Ada,{ADA}"))))


def test_nobody_is_offered_who_cannot_be_texted(admin_client, make_unsubscribed, make_suppressed):
    make_unsubscribed(phone=ADA)
    make_suppressed(phone=GRACE)
    for contact_import in (confirm(preview(FILE)), confirm(preview(FILE, target="unsubscribed")), preview(FILE)):
        assert "compose/import/" not in page(admin_client, contact_import)
        assert begin(admin_client, contact_import).headers["location"] == "/admin/messaging/messagelog/compose/"
    assert not Draft.objects.exists()


def test_those_left_out_are_not_texted(admin_client):
    contact_import = preview(text("Name,Phone,Opt out", f"Ada,{ADA},yes", f"Grace,{GRACE},no"))
    lifecycle.take_for_applying(contact_import, "leave_out")
    lifecycle.apply(contact_import.pk)
    contact_import.refresh_from_db()
    assert list(contact_import.members.values_list("phone", flat=True)) == [GRACE]


def test_it_takes_the_right_to_import_there(manager_client):
    contact_import = confirm(preview(FILE))
    assert begin(manager_client, contact_import).status_code == 403
    assert not Draft.objects.exists()


def test_it_takes_a_post(admin_client):
    contact_import = confirm(preview(FILE))
    address = f"/admin/messaging/messagelog/compose/import/{contact_import.pk}/"
    assert admin_client.get(address).status_code == 405


def test_who_was_in_an_import_is_forgotten_after_a_week(make_member):
    contact_imports = [confirm(preview(FILE)), confirm(preview(FILE))]
    week = timezone.now() - timedelta(days=7, minutes=1)
    ContactImport.objects.filter(pk=contact_imports[0].pk).update(applied_at=week)
    lifecycle.clean_up()
    assert [contact_import.members.count() for contact_import in contact_imports] == [0, 2]
