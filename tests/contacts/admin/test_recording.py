"""Recording that somebody asked for no more texts, and undoing it."""

import re
import time

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from contacts import person_ids
from contacts.consent import opting_out
from contacts.models import ConsentRecord, UnsubscribedContact
from tests.messaging.conversations import make_thread

RECORD = "/admin/contacts/unsubscribedcontact/record/"
TARA = "+13035550152"


@pytest.fixture
def tara(make_member):
    return make_member(name="Tara Lund", phone=TARA)


def record(client, who="303 555 0152", **more):
    return client.post(RECORD, {"who": who, "how": "Phone call", "note": "", **more}, follow=True)


def undo(client, response):
    token = re.search(r'name="undo" value="([^"]*)"', response.text)[1]
    return client.post(f"{RECORD}undo/", {"undo": token}, follow=True)


def trail():
    return list(ConsentRecord.objects.order_by("pk").values_list("kind", "source", "words", "actor"))


def test_a_social_manager_records_an_opt_out(manager_client, tara):
    response = record(manager_client, note="Called twice")
    assert response.redirect_chain == [("/admin/", 302)]
    assert "No more texts to Tara Lund." in response.text
    entry = UnsubscribedContact.objects.get()
    assert (entry.phone, entry.name, entry.source) == (TARA, "Tara Lund", "manual")
    assert entry.reason == "Phone call: Called twice"
    assert trail() == [("opt_out", "manual", "Phone call: Called twice", "sam")]
    assert LogEntry.objects.get().object_id == str(entry.pk)


def test_the_page_says_whom_it_is_about_and_leads_back(manager_client, tara):
    page = manager_client.get(f"/admin/contacts/communitymember/{tara.pk}/change/")
    address = re.search(r'href="([^"]*/record/[^"]*)"', page.text)[1].replace("&amp;", "&")
    form = manager_client.get(address)
    assert "Tara Lund, (303) 555-0152" in form.text
    assert re.search(r"We won’t text <strong[^>]*>\(303\) 555-0152</strong> again, from any list\.", form.text)
    back = f"/admin/contacts/communitymember/{tara.pk}/change/"
    label = "Tara Lund, (303) 555-0152"
    response = record(manager_client, label, asked=label, phone=TARA, next=back)
    assert response.redirect_chain == [(back, 302)]
    assert "Stop all texts…" not in response.text


def test_a_registration_and_a_conversation_link_to_it(manager_client, make_registration):
    registration, thread = make_registration(phone=TARA), make_thread(TARA, "Hello")
    for address in (
        f"/admin/contacts/eventregistration/{registration.pk}/change/",
        f"/admin/messaging/inboxthread/{thread.pk}/change/",
    ):
        assert f"record/?person={person_ids.encode(TARA)}&amp;next=" in manager_client.get(address).text
    opting_out.opt_out(TARA, "inbound")
    assert "record/?" not in manager_client.get(f"/admin/messaging/inboxthread/{thread.pk}/change/").text


def test_an_unreachable_person_can_still_be_opted_out(manager_client, tara, make_suppressed):
    make_suppressed(phone=TARA)
    assert "Stop all texts…" in manager_client.get(f"/admin/contacts/communitymember/{tara.pk}/change/").text


def test_a_number_nobody_has_seen_is_accepted(manager_client):
    assert "No more texts to (720) 555-0199." in record(manager_client, "720 555 0199").text
    assert UnsubscribedContact.objects.get().phone == "+17205550199"


def test_a_name_beside_the_number_is_kept(manager_client):
    assert "No more texts to Ana Ruiz." in record(manager_client, "Ana Ruiz, 720 555 0199").text
    assert UnsubscribedContact.objects.get().name == "Ana Ruiz"


def test_a_number_that_only_twilio_knows_is_accepted_from_a_link(manager_client):
    record(manager_client, "+99912345678", asked="+99912345678", phone="+99912345678")
    assert UnsubscribedContact.objects.get().phone == "+99912345678"


@pytest.mark.parametrize(
    ("who", "sentence"),
    [
        ("", "Type a phone number, or the name of somebody on your lists."),
        ("303 555", "too short"),
        ("Zoe", "Nobody named “Zoe” is on your lists. Type their phone number too."),
    ],
)
def test_what_is_no_person_gets_a_sentence(manager_client, who, sentence):
    response = record(manager_client, who)
    assert response.status_code == 200
    assert [sentence in error for error in response.context["form"].errors["who"]] == [True]
    assert not UnsubscribedContact.objects.exists()


def test_a_name_is_asked_about_before_anything_is_recorded(manager_client, tara, make_member):
    make_member(name="Tara Bay", phone="+17205550100")
    response = record(manager_client, "tara")
    assert [person.phone for person in response.context["form"].found] == ["+17205550100", TARA]
    assert not UnsubscribedContact.objects.exists()
    record(manager_client, "tara", asked="tara", phone=TARA)
    assert UnsubscribedContact.objects.get().phone == TARA


def test_a_choice_made_for_another_text_does_not_count(manager_client, tara):
    record(manager_client, "720 555 0199", asked="tara", phone=TARA)
    assert UnsubscribedContact.objects.get().phone == "+17205550199"


def test_undo_takes_it_back_and_both_stay_on_record(manager_client, tara):
    response = undo(manager_client, record(manager_client))
    assert "Undone: Tara Lund isn’t opted out." in response.text
    assert not UnsubscribedContact.objects.exists()
    assert [row[0] for row in trail()] == ["opt_out", "opt_in"]
    assert trail()[1][2:] == ("Undone: recorded by mistake.", "sam")


def test_undo_counts_once(manager_client, tara):
    recorded = record(manager_client)
    undo(manager_client, recorded)
    opting_out.opt_out(TARA, "inbound")
    assert "Nothing was undone" in undo(manager_client, recorded).text
    assert UnsubscribedContact.objects.exists()


def test_undo_leaves_an_opt_out_of_the_persons_own(manager_client, tara):
    recorded = record(manager_client)
    opting_out.opt_out(TARA, "inbound", words="STOP")
    assert "Nothing was undone" in undo(manager_client, recorded).text
    assert UnsubscribedContact.objects.exists()


def test_undo_is_over_after_a_minute(manager_client, tara, monkeypatch):
    recorded = record(manager_client)
    later = time.time() + 61
    monkeypatch.setattr("django.core.signing.time.time", lambda: later)
    assert "It’s too late to undo this." in undo(manager_client, recorded).text
    assert UnsubscribedContact.objects.exists()


def test_undo_is_for_the_user_who_recorded_it(manager_client, admin_client, tara):
    assert undo(admin_client, record(manager_client)).status_code == 403
    assert UnsubscribedContact.objects.exists()


def test_undo_takes_a_post(manager_client, db):
    assert manager_client.get(f"{RECORD}undo/").status_code == 405


def test_who_had_opted_out_before_stays_so(manager_client, tara, make_unsubscribed):
    make_unsubscribed(phone=TARA, source="inbound")
    response = record(manager_client)
    assert "Tara Lund had already opted out." in response.text
    assert 'name="undo"' not in response.text
    assert trail() == [("opt_out", "manual", "Phone call", "sam")]


@pytest.mark.parametrize("next_page", ["https://example.org/", "//example.org/", "javascript:alert(1)", "x"])
def test_it_leads_to_pages_of_ours_alone(manager_client, tara, next_page):
    assert record(manager_client, next=next_page).redirect_chain == [("/admin/", 302)]


def test_djangos_form_leads_to_the_page(admin_client):
    response = admin_client.get("/admin/contacts/unsubscribedcontact/add/?phone=%2B13035550152")
    assert response.headers["location"] == f"{RECORD}?phone=%2B13035550152"
    assert "/unsubscribedcontact/add/" not in admin_client.get("/admin/contacts/unsubscribedcontact/").text


def test_it_is_for_users_who_are_logged_in(db):
    assert Client().post(RECORD, {"who": TARA, "how": "Letter"}).status_code == 302
    assert not UnsubscribedContact.objects.exists()


def test_many_at_a_time_are_opted_out_by_admins_alone(manager_client, tara):
    data = {"action": "unsubscribe_selected", "_selected_action": tara.pk, "confirmed": "1"}
    assert manager_client.post("/admin/contacts/communitymember/", data).status_code == 403
    assert manager_client.get("/admin/contacts/contactimport/new/unsubscribed/").status_code == 403


def test_suggestions_are_people_and_whole_numbers(manager_client, tara):
    address = "/admin/contacts/communitymember/suggest/"
    assert 'data-value="Tara Lund, (303) 555-0152"' in manager_client.get(f"{address}?q=lund").text
    assert 'data-value="(720) 555-0199"' in manager_client.get(f"{address}?q=720-555-0199").text
    for nobody in ("", "l", "zoe", "720555", "%00"):
        assert "option" not in manager_client.get(f"{address}?q={nobody}").text
