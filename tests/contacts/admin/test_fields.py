"""Defining fields: admins add, change and delete them, and nobody's values get lost by surprise."""

import pytest

from contacts import profile_fields, profile_values
from contacts.models import ProfileField, ProfileValue
from messaging.models import Draft, SavedAudience

FIELDS = "/admin/contacts/profilefield/"
TARA = "+13035550152"


@pytest.fixture
def make_field(db):
    def make(*values, **fields):
        field = ProfileField.objects.create(**{"key": "grade", "label": "Grade", **fields})
        for number, value in enumerate(values):
            profile_values.set_value(field, f"+1303555{number:04}", value)
        return field

    return make


def change(client, field, **data):
    form = {"label": field.label, "kind": field.kind, "choices": "\n".join(field.choices), **data}
    return client.post(f"{FIELDS}{field.pk}/change/", form)


@pytest.mark.parametrize(
    ("label", "key"),
    [
        ("Grade", "grade"),
        ("T-shirt size", "t_shirt_size"),
        ("Größe", "grosse"),
        ("2nd phone", "field_2nd_phone"),
        ("Name", "name_2"),
        ("学年", "field"),
        ("x" * 60, "x" * 36),
    ],
)
def test_a_key_is_made_from_the_label(label, key):
    assert profile_fields.key_for(label) == key


def test_a_key_that_another_field_has_gets_a_number():
    assert profile_fields.key_for("Grade", {"grade", "grade_2"}) == "grade_3"


def test_an_admin_adds_a_field_whose_key_comes_from_its_label(admin_client, db):
    admin_client.post(
        f"{FIELDS}add/", {"label": " T-shirt  size ", "key": "", "kind": "choice", "choices": "S\n\nM\ns"}
    )
    field = ProfileField.objects.get()
    assert (field.label, field.key, field.choices) == ("T-shirt size", "t_shirt_size", ["S", "M"])


def test_a_key_can_be_chosen_when_the_field_is_new(admin_client, db):
    admin_client.post(f"{FIELDS}add/", {"label": "T-shirt size", "key": "shirt", "kind": "text"})
    assert ProfileField.objects.get().key == "shirt"


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("first_name", "{first_name} already stands for the person’s name."),
        ("2nd", "Use lowercase letters, digits and underscores, and begin with a letter."),
        ("grade", "Another field has this key."),
    ],
)
def test_a_key_that_cannot_be_is_refused(admin_client, make_field, key, said):
    make_field()
    response = admin_client.post(f"{FIELDS}add/", {"label": "Other", "key": key, "kind": "text"})
    assert said in response.text
    assert ProfileField.objects.count() == 1


def test_a_choice_needs_choices(admin_client, db):
    response = admin_client.post(f"{FIELDS}add/", {"label": "Size", "kind": "choice", "choices": " \n"})
    assert "Give at least one choice, each on its own line." in response.text


def test_a_key_is_never_changed(admin_client, make_field):
    field = make_field()
    change(admin_client, field, label="Class", key="class")
    field.refresh_from_db()
    assert (field.label, field.key) == ("Class", "grade")


def test_a_kind_that_all_values_fit_is_taken_and_the_values_follow(admin_client, make_field):
    field = make_field("y", "no", "Yes")
    change(admin_client, field, kind="yes_no")
    assert set(ProfileValue.objects.values_list("value", "folded")) == {("Yes", "yes"), ("No", "no")}


def test_a_kind_that_some_values_do_not_fit_is_refused_with_how_many_and_which(admin_client, make_field):
    field = make_field("5", "fifth", "sixth", "fifth", "7th", "8th")
    response = change(admin_client, field, kind="number")
    assert (
        "5 people have values that wouldn’t fit, such as “fifth”, “7th” and “8th”. Change those first."
        in response.text
    )
    field.refresh_from_db()
    assert field.kind == "text"


def test_a_choice_that_somebody_has_stays(admin_client, make_field):
    field = make_field("Alto", kind="choice", choices=["Alto", "Tenor"])
    response = change(admin_client, field, choices="Tenor\nBass")
    assert "1 person has a value that wouldn’t fit: “Alto”. Change those first." in response.text
    field.refresh_from_db()
    assert field.choices == ["Alto", "Tenor"]


def test_a_choice_can_be_added_and_spelled_differently(admin_client, make_field):
    field = make_field("Alto", kind="choice", choices=["Alto"])
    change(admin_client, field, choices="ALTO\nBass")
    assert ProfileValue.objects.get().value == "ALTO"


def test_deleting_says_how_many_values_are_lost_and_what_uses_the_field(admin_client, make_field):
    field = make_field("5", "6")
    definition = {"none": [{"any": [{"field": field.pk, "is": "5"}]}]}
    SavedAudience.objects.create(name="Fifth graders", definition=definition)
    Draft.objects.create(message_body="Bring a dish!", target="audience", definition=definition)
    asked = admin_client.get(f"{FIELDS}{field.pk}/delete/").text
    assert "2 people have a value in it, which is lost." in asked
    assert "the audience “Fifth graders” and the draft “Bring a dish!”, which can’t be used afterwards." in asked
    admin_client.post(f"{FIELDS}{field.pk}/delete/", {"post": "yes"})
    assert not ProfileValue.objects.exists()


def test_a_social_manager_sees_fields_and_changes_none(manager_client, make_field):
    field = make_field()
    assert "Grade" in manager_client.get(FIELDS).text
    assert manager_client.get(f"{FIELDS}add/").status_code == 403
    assert change(manager_client, field, label="Class").status_code == 403
    assert manager_client.post(f"{FIELDS}{field.pk}/delete/", {"post": "yes"}).status_code == 403


def test_a_value_typed_meanwhile_that_does_not_fit_keeps_the_field_as_it_was(admin_client, make_field, monkeypatch):
    field = make_field("fifth")
    monkeypatch.setattr(profile_fields, "find_misfit", lambda field: None)
    response = change(admin_client, field, kind="number")
    assert "Nothing was saved" in admin_client.get(response.headers["location"]).text
    field.refresh_from_db()
    assert field.kind == "text"
