"""The page of an event: who is registered, and registering people without leaving it."""

import re

import pytest
from django.contrib.admin.models import LogEntry

from contacts import person_ids
from contacts.models import EventRegistration

TARA = "+13035550152"


@pytest.fixture
def event(make_event):
    return make_event(title="Summer picnic")


def address(event, page="change/"):
    return f"/admin/contacts/event/{event.pk}/{page}"


def register(client, event, who, **more):
    return client.post(address(event, "register/"), {"who": who, **more}, follow=True)


def registered(event):
    return list(event.registrations.order_by("pk").values_list("name", "phone"))


def test_it_shows_who_is_registered_with_their_state(
    manager_client, event, make_registration, make_unsubscribed, make_suppressed
):
    people = [make_registration(event, name=name) for name in ("Ada", "Grace", "Alan")]
    make_registration(name="Elsewhere")
    make_unsubscribed(phone=people[0].phone, source="inbound")
    make_suppressed(phone=people[1].phone)
    response = manager_client.get(address(event))
    shown = [(row.name, row.standing.label) for row in response.context["people"]["shown_people"]]
    assert shown == [("Alan", "Can be texted"), ("Grace", "Unreachable"), ("Ada", "Opted out")]
    assert (response.context["counts"].total, response.context["counts"].textable) == (3, 1)
    for person in people:
        assert person_ids.page_of(person.phone) in response.text
    assert f"compose/?event={event.pk}" in response.text
    assert "Elsewhere" not in response.text


def test_it_shows_the_first_fifty_and_leads_to_all(manager_client, event, make_registration):
    for _ in range(51):
        make_registration(event)
    response = manager_client.get(address(event))
    assert len(response.context["people"]["shown_people"]) == 50
    assert "Showing the newest 50." in response.text
    assert f"/admin/contacts/eventregistration/?event={event.pk}" in response.text


def test_it_finds_people_by_name_and_number(manager_client, event, make_registration):
    make_registration(event, name="Tara Lund", phone=TARA)
    make_registration(event, name="Grace Hopper")
    for typed in ("lund", "0152", "(303) 555-0152"):
        found = manager_client.get(address(event), {"q": typed}).context["people"]["shown_people"]
        assert [row.name for row in found] == ["Tara Lund"], typed
    assert "Nobody registered matches “zoe”." in manager_client.get(address(event), {"q": "zoe"}).text


def test_a_member_is_registered_by_number_and_one_stays_on_the_page(manager_client, event, make_member):
    make_member(name="Tara Lund", phone=TARA)
    response = register(manager_client, event, "303 555 0152")
    assert response.redirect_chain == [(f"{address(event)}#id_who", 302)]
    assert "Registered Tara Lund." in response.text
    assert registered(event) == [("Tara Lund", TARA)]
    assert LogEntry.objects.get().object_repr == "Tara Lund"


def test_a_stranger_is_registered_by_name_and_number(manager_client, event):
    register(manager_client, event, "Ana Ruiz 720 555 0142")
    register(manager_client, event, "720 555 0143")
    assert registered(event) == [("Ana Ruiz", "+17205550142"), (None, "+17205550143")]


def test_a_name_is_asked_about_first(manager_client, event, make_member):
    make_member(name="Tara Lund", phone=TARA)
    asked = register(manager_client, event, "tara")
    assert "Is this who you mean?" in asked.text
    assert registered(event) == []
    register(manager_client, event, "tara", asked="tara", phone=TARA)
    assert registered(event) == [("Tara Lund", TARA)]


@pytest.mark.parametrize(
    ("who", "sentence"), [("", "Type a phone number"), ("72055501", "is too short"), ("Zoe", "Nobody")]
)
def test_what_is_no_person_gets_a_sentence(manager_client, event, who, sentence):
    response = register(manager_client, event, who)
    assert re.search(rf'class="errorlist"[^>]*>.*{sentence}', response.text)
    assert registered(event) == []


def test_nobody_is_registered_twice(manager_client, event, make_registration):
    make_registration(event, name="Tara Lund", phone=TARA)
    assert "Tara Lund is already registered." in register(manager_client, event, TARA).text
    assert EventRegistration.objects.count() == 1


def test_who_opted_out_is_registered_and_said_to_be_skipped(manager_client, event, make_unsubscribed):
    make_unsubscribed(phone=TARA)
    assert "They opted out, so blasts skip them." in register(manager_client, event, TARA).text


def test_a_new_title_is_saved_below(manager_client, event):
    manager_client.post(address(event), {"title": "Winter picnic", "date": ""})
    event.refresh_from_db()
    assert event.title == "Winter picnic"
    assert '<details class="event-details" open>' in manager_client.post(address(event), {"title": ""}).text


def test_an_event_that_is_gone_registers_nobody(manager_client, event):
    for key in (event.pk + 1, "nonsense"):
        assert manager_client.post(f"/admin/contacts/event/{key}/register/", {"who": TARA}).status_code == 404
