"""The list of audiences and the page on which one is built."""

from datetime import timedelta

import pytest
from django.utils import timezone

from contacts.models import Group, GroupMember, ProfileField
from messaging.models import SavedAudience, ScheduledMessage
from tests.admin_pages import squeeze

AUDIENCES = "/admin/messaging/savedaudience/"


@pytest.fixture
def choir(make_phone):
    group = Group.objects.create(name="Choir")
    GroupMember.objects.create(group=group, name="Zoe", phone=make_phone())
    return group


@pytest.fixture
def grade(db):
    return ProfileField.objects.create(key="grade", label="Grade", kind="number")


@pytest.fixture
def save(manager_client):
    """Post the builder with a name and rows of (join, form, inputs)."""

    def run(*rows, name="Singers", path="add/", client=manager_client, **fields):
        data = {"name": name, "all": [], "any": [], "none": [], **fields}
        for index, (join, form, inputs) in enumerate(rows):
            data[join].append(f"n{index}")
            data[f"n{index}-form"] = form
            data |= {f"n{index}-{key}": value for key, value in inputs.items()}
        return client.post(f"{AUDIENCES}{path}", data, follow=True)

    return run


def test_what_is_built_is_saved_with_ids(save, choir, grade, make_event):
    event = make_event()
    page = save(
        ("all", f"field:{grade.pk}", {"comparison": "is", "value": "5"}),
        ("any", "group", {"group": choir.pk}),
        ("none", "event", {"event": event.pk}),
        name=" Fifth  graders ",
    )
    assert "Saved the audience “Fifth graders”." in page.text
    saved = SavedAudience.objects.get()
    assert saved.name == "Fifth graders"
    assert saved.definition == {
        "all": [{"field": grade.pk, "is": "5"}],
        "any": [{"group": choir.pk}],
        "none": [{"event": event.pk}],
    }


def test_blank_rows_are_left_out(save, choir):
    save(("all", "group", {"group": choir.pk}), ("any", "", {}))
    assert SavedAudience.objects.get().definition == {"all": [{"group": choir.pk}]}


@pytest.mark.parametrize(
    ("form", "inputs", "sentence"),
    [
        ("group", {}, "Condition 2: Choose the group."),
        ("group", {"group": "99999999"}, "Condition 2: Group 99999999 doesn’t exist. It may have been deleted."),
        ("added_since", {"day": "soon"}, "Condition 2: “added_since” takes a date"),
        ("FIELD", {"comparison": "is"}, "Condition 2: Fill in the value."),
        ("FIELD", {"comparison": "less", "value": "five"}, "Condition 2: “five” isn’t a number. Grade takes numbers"),
    ],
)
def test_an_error_names_the_condition_and_what_to_do(save, grade, form, inputs, sentence):
    page = save(("all", "community", {}), ("all", form.replace("FIELD", f"field:{grade.pk}"), inputs)).text
    assert sentence in page
    assert not SavedAudience.objects.exists()


def test_a_condition_that_was_deleted_meanwhile_is_never_left_out(save, grade):
    key = f"field:{grade.pk}"
    grade.delete()
    page = save(("all", "community", {}), ("all", key, {"comparison": "is", "value": "5"}))
    assert "Condition 2: This no longer exists." in page.text
    assert not SavedAudience.objects.exists()


def test_an_audience_needs_a_name_of_its_own_and_a_condition(save, choir):
    assert "Give the audience a name." in save(("all", "community", {}), name=" ").text
    assert "Add at least one." in save().text
    save(("all", "community", {}))
    assert "There is already an audience named “singers”." in save(("all", "community", {}), name="singers").text


def test_it_cannot_be_part_of_itself(save, choir):
    save(("all", "group", {"group": choir.pk}))
    saved = SavedAudience.objects.get()
    page = save(("all", "audience", {"audience": saved.pk}), path=f"{saved.pk}/change/").text
    assert "The audience “Singers” is part of itself." in page
    saved.refresh_from_db()
    assert saved.definition == {"all": [{"group": choir.pk}]}


def test_the_page_shows_what_was_saved(save, manager_client, grade, choir):
    save(("all", f"field:{grade.pk}", {"comparison": "empty"}), ("none", "group", {"group": choir.pk}))
    form = manager_client.get(f"{AUDIENCES}{SavedAudience.objects.get().pk}/change/").context["form"]
    assert [(row.join, row.form.key, dict(row.values)) for row in form.rows] == [
        ("all", f"field:{grade.pk}", {"comparison": "empty"}),
        ("none", "group", {"group": str(choir.pk)}),
    ]


def test_a_definition_made_at_the_prompt_is_shown_in_words_and_kept(manager_client, choir):
    nested = {"all": [{"group": choir.pk}], "none": [{"community": True}]}
    saved = SavedAudience.objects.create(name="Nested", definition={"any": [nested, {"community": True}]})
    page = manager_client.get(f"{AUDIENCES}{saved.pk}/change/")
    assert "In Choir, not in the community" in squeeze(page.text)
    row = page.context["form"].rows[0]
    data = {"name": "Renamed", "any": ["r1"], "r1-kept": row.kept}
    manager_client.post(f"{AUDIENCES}{saved.pk}/change/", data)
    saved.refresh_from_db()
    assert (saved.name, saved.definition) == ("Renamed", {"any": [nested]})


@pytest.mark.parametrize("kept", ["{", "[" * 100_000, '"x"', '{"group": 99999999}'])
def test_a_kept_condition_that_cannot_be_read_is_refused(manager_client, kept):
    page = manager_client.post(f"{AUDIENCES}add/", {"name": "Odd", "all": ["r1"], "r1-kept": kept})
    assert "Condition 1: " in page.text
    assert not SavedAudience.objects.exists()


def test_the_preview_counts_and_shows_some_people(manager_client, choir, make_unsubscribed, make_phone):
    for index in range(7):
        GroupMember.objects.create(group=choir, name=f"Singer {index}", phone=make_phone())
    make_unsubscribed(phone=GroupMember.objects.last().phone)
    data = {"all": ["n1"], "n1-form": "group", "n1-group": choir.pk}
    answer = manager_client.post(f"{AUDIENCES}preview/", data).json()
    assert answer["brief"] == "7 people can be texted"
    assert "1 person has opted out" in answer["preview"]
    assert answer["preview"].count("<li>") == 5


def test_the_preview_of_an_incomplete_condition_says_what_is_missing(manager_client, choir):
    data = {"all": ["n1"], "n1-form": "group", "row": "n1"}
    answer = manager_client.post(f"{AUDIENCES}preview/", data).json()
    assert "Condition 1: Choose the group." in answer["preview"]
    assert f'<option value="{choir.pk}">Choir</option>' in answer["row"]


def test_longer_lists_are_searched(manager_client, choir, make_event):
    event = make_event(title="Picnic")
    make_event(title="Open day")
    found = manager_client.get(f"{AUDIENCES}options/", {"form": "event", "input": "event", "q": "picn"}).text
    assert f'data-value="{event.pk}"' in found
    assert "Open day" not in found


@pytest.mark.parametrize("query", [{}, {"form": "x", "input": "y"}, {"form": "community", "input": "event"}])
def test_a_search_for_nothing_finds_nothing(manager_client, query):
    assert manager_client.get(f"{AUDIENCES}options/", query).text.strip() == ""


def test_without_javascript_rows_are_added_and_removed_by_buttons(manager_client, choir):
    data = {"name": "Singers", "all": ["r1"], "r1-form": "group", "r1-group": choir.pk}
    added = manager_client.post(f"{AUDIENCES}add/", {**data, "add": "none"}).context["form"]
    assert [(row.id, row.join) for row in added.rows] == [("r1", "all"), ("r2", "none")]
    removed = manager_client.post(f"{AUDIENCES}add/", {**data, "remove": "r1"}).context["form"]
    assert removed.rows == []
    assert not SavedAudience.objects.exists()


def test_the_list_says_who_and_counts_each_when_asked(manager_client, choir):
    saved = SavedAudience.objects.create(name="Singers", definition={"all": [{"group": choir.pk}]})
    page = squeeze(manager_client.get(AUDIENCES).text)
    assert "In Choir" in page
    assert f'data-count="{AUDIENCES}{saved.pk}/count/"' in page
    assert manager_client.get(f"{AUDIENCES}{saved.pk}/count/").text == "1 person"


def test_a_broken_audience_says_why_on_the_list_its_page_and_home(manager_client, choir):
    saved = SavedAudience.objects.create(name="Singers", definition={"all": [{"group": choir.pk}]})
    reason = f"Group {choir.pk} doesn’t exist. It may have been deleted."
    choir.delete()
    assert f"Can’t be used: {reason}" in manager_client.get(AUDIENCES).text
    assert reason in manager_client.get(f"{AUDIENCES}{saved.pk}/change/").text
    assert f"The audience “Singers” can’t be used any more. {reason}" in manager_client.get("/admin/").text


def test_deleting_says_what_stops_working(manager_client, choir):
    saved = SavedAudience.objects.create(name="Singers", definition={"all": [{"group": choir.pk}]})
    SavedAudience.objects.create(name="Others", definition={"none": [{"any": [{"audience": saved.pk}]}]})
    SavedAudience.objects.create(name="Unrelated", definition={"all": [{"group": choir.pk}]})
    ScheduledMessage.objects.create(
        message_body="Practice!",
        target="audience",
        definition={"any": [{"audience": saved.pk}]},
        scheduled_at=timezone.now() + timedelta(days=1),
    )
    page = squeeze(manager_client.get(f"{AUDIENCES}{saved.pk}/delete/").text)
    assert "The audience “Others”" in page
    assert "The scheduled blast “Practice!”" in page
    assert "Unrelated" not in page
    manager_client.post(f"{AUDIENCES}{saved.pk}/delete/", {"post": "yes"})
    assert not SavedAudience.objects.filter(pk=saved.pk).exists()


def test_saving_can_lead_to_a_blast(save, choir):
    page = save(("all", "group", {"group": choir.pk}), text="Save and text")
    saved = SavedAudience.objects.get()
    assert page.redirect_chain[-1][0] == f"/admin/messaging/messagelog/compose/?audience={saved.pk}"
    assert [chip.value for chip in page.context["form"].fields["to"].chosen] == [f"audience:{saved.pk}"]


@pytest.mark.parametrize("path", ["", "add/", "preview/", "options/", "{pk}/change/", "{pk}/delete/", "{pk}/count/"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_role_without_the_permission_is_refused(make_user, client, db, path, method):
    saved = SavedAudience.objects.create(name="All", definition={"any": [{"community": True}]})
    client.force_login(make_user(role="guest"))
    assert getattr(client, method)(f"{AUDIENCES}{path.format(pk=saved.pk)}").status_code == 403
