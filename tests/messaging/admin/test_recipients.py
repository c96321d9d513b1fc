"""Whom a blast is for: chips on the compose page, what finds them, and saving a choice."""

import re
import uuid

import pytest

from contacts import person_ids
from contacts.models import Group, GroupMember, Profile
from messaging.composing.audience import Audience
from messaging.models import Draft, SavedAudience, ScheduledMessage
from tests.admin_pages import squeeze

COMPOSE = "/admin/messaging/messagelog/compose/"


@pytest.fixture
def choir(db, make_phone):
    group = Group.objects.create(name="Choir")
    GroupMember.objects.create(group=group, name="Zoe", phone=make_phone())
    return group


@pytest.fixture
def post(manager_client):
    """Post the compose form with these fields."""

    def run(path="", **fields):
        form = {"token": str(uuid.uuid4()), "message_body": "Hi", **fields}
        return manager_client.post(f"{COMPOSE}{path}", form)

    return run


@pytest.fixture
def suggest(manager_client):
    """The values of what the field finds."""

    def run(text, client=manager_client, **query):
        page = client.get(f"{COMPOSE}recipients/", {"q": text, **query}).text
        return re.findall(r'role="option"[^>]* data-value="([^"]*)"', page)

    return run


def chosen(response, name="to"):
    return [chip.value for chip in response.context["form"].fields[name].chosen]


def person(phone):
    return f"person:{person_ids.encode(phone)}"


def test_the_community_or_one_event_is_stored_as_such(post, make_event):
    event = make_event()
    post(to="community")
    post(to=f"event:{event.pk}")
    stored = Draft.objects.order_by("pk").values_list("target", "event", "definition")
    assert list(stored) == [("community", None, None), ("event", event.pk, None)]


def test_anything_else_is_stored_as_a_definition(post, choir, make_event, make_member):
    event, ada, bea = make_event(), make_member(), make_member()
    to = [f"group:{choir.pk}", person(bea.phone), person(ada.phone), "community"]
    post(to=to, minus=[f"event:{event.pk}"])
    draft = Draft.objects.get()
    assert (draft.target, draft.event) == ("audience", None)
    assert draft.definition == {
        "any": [{"group": choir.pk}, {"community": True}, {"phones": sorted([ada.phone, bea.phone])}],
        "none": [{"event": event.pk}],
    }


def test_a_draft_shows_the_chips_again(post, manager_client, choir, make_event, make_member):
    event, ada = make_event(), make_member()
    token = uuid.uuid4()
    post(token=token, to=[f"group:{choir.pk}", person(ada.phone)], minus=[f"event:{event.pk}"])
    page = manager_client.get(COMPOSE, {"draft": token})
    assert chosen(page) == [f"group:{choir.pk}", person(ada.phone)]
    assert chosen(page, "minus") == [f"event:{event.pk}"]


def test_minus_alone_is_for_nobody(post, choir, make_member):
    make_member()
    token = uuid.uuid4()
    assert "Choose who gets the message." in post(token=token, minus=[f"group:{choir.pk}"]).text
    post("keep/", token=token, minus=[f"group:{choir.pk}"])
    draft = Draft.objects.get()
    assert (draft.target, draft.definition) == ("audience", None)
    assert Audience.of_draft(draft).count() == 0


@pytest.mark.parametrize("kind", ["event", "group", "audience"])
def test_a_draft_to_what_was_deleted_says_so_and_reaches_nobody(manager_client, manager_user, make_member, kind):
    make_member()
    definition = {"any": [{"community": True}], "none": [{kind: 99_999_999}]}
    draft = Draft.objects.create(created_by=manager_user, message_body="Hi", target="audience", definition=definition)
    page = manager_client.get(COMPOSE, {"draft": draft.token})
    assert f"Deleted {kind}" in page.text
    posted = manager_client.post(
        COMPOSE,
        {"token": draft.token, "message_body": "Hi", "to": chosen(page), "minus": chosen(page, "minus")},
    )
    assert f"“Deleted {kind}” no longer exists. Remove it." in posted.text
    assert Audience.of_draft(draft).count() == 0


def test_those_who_were_erased_are_never_left_out_silently(manager_client, manager_user, make_member):
    make_member()
    definition = {"any": [{"community": True}], "none": [{"phones": []}]}
    draft = Draft.objects.create(created_by=manager_user, message_body="Hi", target="audience", definition=definition)
    page = manager_client.get(COMPOSE, {"draft": draft.token})
    assert "Deleted person" in page.text
    form = {"token": draft.token, "message_body": "Hi", "to": chosen(page), "minus": chosen(page, "minus")}
    assert "“Deleted person” no longer exists. Remove it." in manager_client.post(COMPOSE, form).text


@pytest.mark.parametrize("value", ["person:x", "person:", f"person:{uuid.UUID(int=7)}", "group:x", "x", "x:1"])
def test_a_value_that_cannot_be_read_is_refused(post, value):
    assert "no longer exists. Remove it." in post(to=["community"], minus=[value]).text
    assert not Draft.objects.exists()


def test_someone_on_no_list_can_be_texted_by_number(post):
    response = post(to_who="720-555-0123")
    draft = Draft.objects.get()
    assert response.status_code == 302
    assert draft.definition == {"any": [{"phones": ["+17205550123"]}]}
    assert [phone for phone, _ in Audience.of_draft(draft).sample(5)] == ["+17205550123"]
    assert Profile.objects.get().phone == "+17205550123"


def test_a_whole_name_that_was_typed_counts_as_chosen(post, choir):
    assert post(to_who=" choir").status_code == 302
    assert Draft.objects.get().definition == {"any": [{"group": choir.pk}]}


def test_a_typed_text_that_may_mean_several_asks_which(post, make_member):
    ann, bea = make_member(name="Rosa Diaz"), make_member(name="Rosa Delgado")
    page = post(to=["community"], to_who="rosa")
    assert "Choose who you mean by “rosa”." in page.text
    for member in (ann, bea):
        assert re.search(rf'name="to" value="{person(member.phone)}"[^>]*off">', page.text)
    assert not Draft.objects.exists()


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [("nobody at all", "Nothing on your lists is called “nobody at all”."), ("12345678", "“12345678”")],
)
def test_a_typed_text_that_means_nobody_says_so(post, typed, sentence):
    assert sentence in post(to_who=typed).text
    assert not Draft.objects.exists()


@pytest.mark.parametrize("kind", ["event", "group", "audience", "person"])
def test_an_address_presets_a_chip(manager_client, choir, make_event, make_member, kind):
    saved = SavedAudience.objects.create(name="Singers", definition={"any": [{"group": choir.pk}]})
    value = {"event": make_event().pk, "group": choir.pk, "audience": saved.pk}
    value["person"] = person_ids.encode(make_member().phone)
    assert chosen(manager_client.get(COMPOSE, {kind: value[kind]})) == [f"{kind}:{value[kind]}"]


@pytest.mark.parametrize("kind", ["group", "audience", "person"])
def test_an_address_of_what_was_deleted_is_reported(manager_client, kind):
    response = manager_client.get(COMPOSE, {kind: "99999999"})
    assert f"This {kind} no longer exists." in response.text
    assert chosen(response) == ["community"]


def test_all_kinds_are_found_at_once(suggest, choir, make_event, make_member):
    choir.name = "Picnic choir"
    choir.save()
    event, member = make_event(title="Picnic"), make_member(name="Picnic Pete")
    saved = SavedAudience.objects.create(name="Not at the picnic", definition={"none": [{"event": event.pk}]})
    assert suggest("picnic") == [
        f"event:{event.pk}",
        f"group:{choir.pk}",
        f"audience:{saved.pk}",
        person(member.phone),
    ]


def test_everyone_is_found_by_their_words(suggest, make_member):
    assert suggest("every") == ["community"]
    assert suggest("comm") == ["community"]


def test_a_whole_number_is_a_person(suggest):
    assert suggest("(720) 555-0123") == [person("+17205550123")]


def test_numbers_stay_out_of_values(suggest, make_member):
    assert make_member(name="Ada").phone[1:] not in "".join(suggest("ada"))


def test_finding_needs_the_permission_to_send(suggest, make_user, client):
    client.force_login(make_user(role="guest"))
    assert client.get(f"{COMPOSE}recipients/", {"q": "a"}).status_code == 403
    assert client.post(f"{COMPOSE}audience/").status_code == 403


@pytest.mark.parametrize(
    ("to", "minus", "name"),
    [
        (["community", "GROUP"], ["EVENT"], "Community and Choir, not Picnic"),
        (["PERSON"], [], "Ada Lovelace"),
        (["PERSON", "OTHER"], [], "2 people"),
        (["GROUP", "PERSON"], [], "Choir and Ada Lovelace"),
        (["OTHER"], [], "(720) 555-0177"),
    ],
)
def test_an_audience_is_named_in_words(post, choir, make_event, make_member, to, minus, name):
    ada = make_member(name="Ada Lovelace")
    values = {
        "community": "community",
        "GROUP": f"group:{choir.pk}",
        "EVENT": f"event:{make_event(title='Picnic').pk}",
        "PERSON": person(ada.phone),
        "OTHER": person("+17205550177"),
    }
    post(to=[values[one] for one in to], minus=[values[one] for one in minus])
    assert Audience.of_draft(Draft.objects.get()).name == name


def test_a_choice_is_saved_as_an_audience(post, choir, manager_user):
    answer = post("audience/", to=["community"], minus=[f"group:{choir.pk}"], audience_name=" No  singers ").json()
    assert (answer["is_done"], answer["sentence"][:23]) == (True, "Saved as “No singers”. ")
    saved = SavedAudience.objects.get()
    assert saved.definition == {"any": [{"community": True}], "none": [{"group": choir.pk}]}
    assert saved.created_by == manager_user
    assert not Draft.objects.exists()


@pytest.mark.parametrize(
    ("fields", "sentence", "field"),
    [
        ({"audience_name": " "}, "Give the audience a name.", "audience_name"),
        ({"audience_name": "singers"}, "There is already an audience named “singers”.", "audience_name"),
        ({"audience_name": "New", "to": ""}, "Choose who gets the message.", "to_who"),
        ({"audience_name": "New", "minus": "group:99999999"}, "“Deleted group” no longer exists.", "to_who"),
    ],
)
def test_a_choice_that_cannot_be_saved_says_why(post, choir, fields, sentence, field):
    SavedAudience.objects.create(name="Singers", definition={"any": [{"group": choir.pk}]})
    answer = post("audience/", **{"to": "community", **fields}).json()
    assert sentence in answer["sentence"]
    assert (answer["is_done"], answer["field"]) == (False, field)
    assert SavedAudience.objects.count() == 1


def test_without_javascript_saving_keeps_the_form(post, choir):
    page = post(to=["community", f"group:{choir.pk}"], message_body="Hi all", audience_name="All", save_audience="1")
    assert "Saved as “All”." in page.text
    assert page.context["form"]["message_body"].value() == "Hi all"
    assert chosen(page) == ["community", f"group:{choir.pk}"]


def test_a_scheduled_blast_keeps_and_changes_its_people(manager_client, choir, make_event):
    event = make_event(title="Picnic")
    message = ScheduledMessage.objects.create(
        message_body="Hi",
        target="audience",
        definition={"any": [{"group": choir.pk}]},
        scheduled_at="2099-01-01T00:00Z",
    )
    message.refresh_from_db()
    address = f"/admin/messaging/scheduledmessage/{message.pk}/edit/"
    page = manager_client.get(address)
    assert chosen(page) == [f"group:{choir.pk}"]
    form = {"version": message.version, "message_body": "Hi", "to": chosen(page), "minus": [f"event:{event.pk}"]}
    manager_client.post(address, form)
    message.refresh_from_db()
    assert message.definition == {"any": [{"group": choir.pk}], "none": [{"event": event.pk}]}
    assert "Choir, not Picnic" in squeeze(manager_client.get("/admin/messaging/scheduledmessage/").text)


def test_a_definition_that_chips_cannot_show_is_kept(manager_client, manager_user, choir):
    definition = {"all": [{"community": True}, {"group": choir.pk}]}
    draft = Draft.objects.create(created_by=manager_user, target="audience", definition=definition, message_body="Hi")
    page = manager_client.get(COMPOSE, {"draft": draft.token})
    assert "In the community, in Choir" in page.text
    manager_client.post(COMPOSE, {"token": draft.token, "message_body": "Bye", "to": "community"})
    draft.refresh_from_db()
    assert (draft.message_body, draft.definition) == ("Bye", definition)


def test_home_tells_of_a_scheduled_blast_whose_people_are_lost(manager_client, choir):
    ScheduledMessage.objects.create(
        message_body="Practice",
        target="audience",
        definition={"any": [{"group": choir.pk}]},
        scheduled_at="2099-01-01T00:00Z",
    )
    choir.delete()
    page = squeeze(manager_client.get("/admin/").text)
    assert "The blast “Practice”, scheduled for" in page
    assert "can’t go out. Group" in page
