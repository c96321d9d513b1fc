"""The page of a person: everything known of one phone, and what staff can do with it."""

from datetime import date

import pytest
from django.contrib.admin.models import LogEntry

from contacts import person_ids, profile_values
from contacts.models import (
    CommunityMember,
    ConsentRecord,
    EventRegistration,
    Group,
    GroupMember,
    Profile,
    ProfileField,
    ProfileValue,
    UnsubscribedContact,
)
from messaging.models import Delivery, InboxMessage, MessageLog
from tests.admin_pages import squeeze
from tests.messaging.conversations import make_thread

TARA = "+13035550152"


@pytest.fixture
def tara(make_member):
    return make_member(name="Tara Lund", phone=TARA)


@pytest.fixture
def page():
    return person_ids.page_of(TARA)


@pytest.fixture
def grade(db):
    return ProfileField.objects.create(key="grade", label="Grade", kind="number")


def received(thread, body):
    return InboxMessage.objects.create(thread=thread, phone=thread.phone, direction="inbound", body=body)


def sent_to(phone, body="Hello", **fields):
    log = MessageLog.objects.create(message_body=body, target="community", status="sent")
    return Delivery.objects.create(**{"message_log": log, "phone": phone, "status": "delivered", **fields})


def test_the_address_has_nothing_of_the_number(manager_client, tara, page):
    response = manager_client.get(page)
    assert response.status_code == 200
    assert "5550152" not in page
    assert "<bdi>Tara Lund</bdi></h1>" in response.text
    assert "(303) 555-0152" in response.text


def test_it_has_their_lists_fields_texts_blasts_and_consent_in_one_place(
    admin_client, tara, page, grade, make_registration, make_event
):
    make_registration(make_event(title="Picnic"), phone=TARA, name="T. Lund")
    GroupMember.objects.create(group=Group.objects.create(name="Choir"), phone=TARA)
    profile_values.set_value(grade, TARA, "5")
    Profile.objects.create(phone=TARA, notes="Sings low", language="Spanish")
    received(make_thread(TARA), "Is there parking?")
    sent_to(TARA, "Practice moves to 7 PM")
    ConsentRecord.objects.create(phone=TARA, kind="opt_in", source="inbound", words="START")
    text = squeeze(admin_client.get(page).text)
    for seen in (
        "Community",
        "Picnic",
        "as “<bdi>T. Lund</bdi>”",
        "Choir",
        "<dt>Grade</dt><dd><bdi>5</bdi></dd>",
        "Spanish",
        "Sings low",
        "Is there parking?",
        "Practice moves to 7 PM",
        "Delivered",
        "Opted in",
        "“START”",
    ):
        assert seen in text, seen


def test_it_says_why_they_are_not_texted_and_since_when(manager_client, tara, page, make_unsubscribed):
    make_unsubscribed(phone=TARA, source="inbound")
    text = squeeze(manager_client.get(page).text)
    assert 'Opted out</span> <span class="reason">Opted out by text,' in text
    assert "Stop all texts…" not in text


@pytest.mark.parametrize("known", ["delivery", "thread", "opt_out", "unreachable", "value"])
def test_somebody_on_no_list_has_a_page(admin_client, page, grade, make_unsubscribed, make_suppressed, known):
    {
        "delivery": lambda: sent_to(TARA),
        "thread": lambda: make_thread(TARA),
        "opt_out": lambda: make_unsubscribed(phone=TARA),
        "unreachable": lambda: make_suppressed(phone=TARA),
        "value": lambda: profile_values.set_value(grade, TARA, "5"),
    }[known]()
    assert admin_client.get(page).status_code == 200


@pytest.mark.parametrize("person", [str(person_ids.uuid.UUID(int=7)), "nonsense", "0"])
def test_an_address_of_nobody_says_so(admin_client, person):
    response = admin_client.get(f"/admin/people/{person}/")
    assert response.status_code == 404
    assert "We know nobody at this address." in response.text


def test_a_phone_that_we_know_nothing_of_is_nobody(admin_client, page):
    assert admin_client.get(page).status_code == 404


def test_lists_lead_to_the_person_without_what_was_searched_for(admin_client, tara, page, make_unsubscribed):
    make_unsubscribed(phone=TARA, name="Tara")
    for model in ("communitymember", "unsubscribedcontact"):
        response = admin_client.get(f"/admin/contacts/{model}/?q=3035550152")
        assert f'href="{page}"' in response.text, model
    ConsentRecord.objects.create(phone=TARA, kind="opt_in", source="inbound")
    assert f'href="{page}"' in admin_client.get("/admin/contacts/consentrecord/").text


def test_search_leads_to_the_person(manager_client, tara, page):
    assert f'href="{page}"' in manager_client.get("/admin/search/?q=tara").text


def test_recipients_of_a_blast_lead_to_the_person(manager_client, tara, page):
    delivery = sent_to(TARA, name="Tara Lund")
    response = manager_client.get(f"/admin/messaging/messagelog/{delivery.message_log_id}/change/")
    assert f'<a href="{page}"><bdi>Tara Lund</bdi></a>' in response.text


def test_a_conversation_leads_to_the_person(manager_client, tara, page):
    thread = make_thread(TARA)
    response = manager_client.get(f"/admin/messaging/inboxthread/{thread.pk}/change/")
    assert f'href="{page}"><bdi>Tara Lund</bdi></a></h1>' in response.text


def test_texting_them_leads_to_the_reply_of_their_conversation(manager_client, tara, page):
    thread = make_thread(TARA)
    assert f"/admin/messaging/inboxthread/{thread.pk}/change/#id_body" in manager_client.get(page).text


def test_without_a_conversation_texting_them_leads_to_a_new_blast(manager_client, tara, page):
    assert f"/compose/?person={person_ids.encode(TARA)}" in manager_client.get(page).text


def test_who_has_opted_out_is_not_to_be_texted_from_here(manager_client, tara, page, make_unsubscribed):
    make_unsubscribed(phone=TARA)
    assert "Text them" not in manager_client.get(page).text


def test_blasts_come_in_pages(manager_client, tara, page):
    for number in range(12):
        sent_to(TARA, f"Text {number}.")
    first = manager_client.get(page)
    assert "Text 11." in first.text
    assert "Text 1." not in first.text
    mark = next(one for one in first.context["sections"] if one.key == "blasts").context["page"].next
    second = manager_client.get(f"{page}?after={mark}")
    assert "Text 1." in second.text
    assert "Text 11." not in second.text


def test_the_page_takes_as_many_queries_for_many_texts_as_for_few(
    manager_client, tara, page, django_assert_max_num_queries, make_event, make_registration
):
    for number in range(30):
        sent_to(TARA, f"Text {number}")
        make_registration(make_event(), phone=TARA)
    with django_assert_max_num_queries(55):
        manager_client.get(page)


# Editing ------------------------------------------------------------------------------------------------------


def test_a_new_name_is_theirs_on_every_list(admin_client, tara, page, make_registration, make_unsubscribed):
    make_registration(phone=TARA, name="Tara L.")
    GroupMember.objects.create(group=Group.objects.create(name="Choir"), phone=TARA)
    make_unsubscribed(phone=TARA)
    thread = make_thread(TARA, contact_name="Tara from choir")
    admin_client.post(f"{page}edit/", {"name": " Tara  Ruiz "})
    for model in (CommunityMember, EventRegistration, GroupMember, UnsubscribedContact, Profile):
        assert model.objects.get(phone=TARA).name == "Tara Ruiz"
    thread.refresh_from_db()
    assert thread.contact_name == "Tara Ruiz"


def test_each_renamed_entry_says_so_in_its_change_log(admin_client, admin_user, tara, page, make_registration):
    registration = make_registration(phone=TARA, name="Tara L.")
    admin_client.post(f"{page}edit/", {"name": "Tara Ruiz"})
    profile = Profile.objects.get()
    logged = {(entry.content_type.model, entry.object_id) for entry in LogEntry.objects.filter(user=admin_user)}
    assert logged == {
        ("communitymember", str(tara.pk)),
        ("eventregistration", str(registration.pk)),
        ("profile", str(profile.pk)),
    }


def test_a_social_manager_edits_everything_but_names_on_lists_that_they_may_not_change(
    manager_client, tara, page, grade
):
    assert 'name="name"' not in manager_client.get(f"{page}edit/").text
    manager_client.post(f"{page}edit/", {"name": "Tara Ruiz", "notes": "Sings low", "field_grade": "5"})
    tara.refresh_from_db()
    assert tara.name == "Tara Lund"
    assert Profile.objects.get().notes == "Sings low"
    assert ProfileValue.objects.get().value == "5"


def test_a_value_that_does_not_suit_its_field_is_refused_with_the_remedy(admin_client, tara, page, grade):
    response = admin_client.post(f"{page}edit/", {"name": "Tara Ruiz", "field_grade": "fifth"})
    assert "“fifth” isn’t a number. Grade takes numbers" in response.text
    tara.refresh_from_db()
    assert tara.name == "Tara Lund"


def test_fields_are_edited_as_their_kind_is(admin_client, tara, page):
    born = ProfileField.objects.create(key="born", label="Born", kind="date")
    part = ProfileField.objects.create(key="part", label="Part", kind="choice", choices=["Alto", "Tenor"])
    admin_client.post(f"{page}edit/", {"name": "Tara Lund", "field_born": "3/9/2012", "field_part": "Alto"})
    assert ProfileValue.objects.get(field=born).value == date(2012, 3, 9).isoformat()
    assert ProfileValue.objects.get(field=part).value == "Alto"
    assert "Mar 9, 2012" in admin_client.get(page).text


def test_an_emptied_field_loses_its_value(admin_client, tara, page, grade):
    profile_values.set_value(grade, TARA, "5")
    admin_client.post(f"{page}edit/", {"name": "Tara Lund", "field_grade": ""})
    assert not ProfileValue.objects.exists()


def test_a_name_corrected_on_one_list_is_theirs_everywhere_once_it_was_confirmed(
    admin_client, tara, page, make_registration
):
    registration = make_registration(phone=TARA)
    admin_client.post(f"{page}edit/", {"name": "Tara Ruiz"})
    admin_client.post(f"/admin/contacts/communitymember/{tara.pk}/change/", {"name": "Tara Roe", "phone": TARA})
    registration.refresh_from_db()
    assert registration.name == "Tara Roe"
    assert "<bdi>Tara Roe</bdi></h1>" in admin_client.get(page).text


# Actions ------------------------------------------------------------------------------------------------------


def test_adding_them_to_an_event_or_group(admin_client, tara, page, make_event):
    event, group = make_event(title="Picnic"), Group.objects.create(name="Choir")
    admin_client.post(f"{page}add/", {"to": f"event-{event.pk}"})
    response = admin_client.post(f"{page}add/", {"to": f"group-{group.pk}"}, follow=True)
    assert "Added Tara Lund to “Choir”." in response.text
    assert EventRegistration.objects.get(event=event).name == "Tara Lund"
    assert GroupMember.objects.get(group=group).phone == TARA


@pytest.mark.parametrize("to", ["", "event-999999", "group-x", "community", "nonsense"])
def test_a_list_that_they_cannot_be_added_to_is_refused(admin_client, tara, page, to):
    response = admin_client.post(f"{page}add/", {"to": to}, follow=True)
    assert "Choose a list." in response.text
    assert CommunityMember.objects.count() == 1


def test_a_social_manager_adds_to_events_and_groups_alone(manager_client, tara, page):
    group = Group.objects.create(name="Choir")
    manager_client.post(f"{page}add/", {"to": f"group-{group.pk}"})
    assert GroupMember.objects.get().phone == TARA
    CommunityMember.objects.all().delete()
    manager_client.post(f"{page}add/", {"to": "community"})
    assert not CommunityMember.objects.exists()


def test_stopping_all_texts_leads_back_to_the_page(manager_client, tara, page):
    response = manager_client.get(page)
    assert f"/record/?person={person_ids.encode(TARA)}&amp;next={page.replace('/', '%2F')}" in response.text
    form = manager_client.get(f"/admin/contacts/unsubscribedcontact/record/?person={person_ids.encode(TARA)}")
    assert "Tara Lund, (303) 555-0152" in form.text


def test_an_admin_allows_texts_again(admin_client, tara, page, make_unsubscribed, make_suppressed):
    make_unsubscribed(phone=TARA)
    make_suppressed(phone=TARA)
    assert "breaks the law" in admin_client.get(f"{page}allow/").text
    assert UnsubscribedContact.objects.exists()
    response = admin_client.post(f"{page}allow/", follow=True)
    assert "Tara Lund can be texted again." in response.text
    assert "Can be texted" in response.text
    assert ConsentRecord.objects.latest("pk").kind == "opt_in"


@pytest.mark.parametrize("action", ["allow", "download", "erase"])
def test_what_is_for_admins_is_refused_to_others(manager_client, tara, page, make_unsubscribed, action):
    make_unsubscribed(phone=TARA)
    assert manager_client.post(f"{page}{action}/").status_code == 403
    assert f"{page}{action}/" not in manager_client.get(page).text
    assert CommunityMember.objects.exists()
