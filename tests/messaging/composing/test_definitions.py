"""What definitions of audiences may say, and what is refused."""

import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from contacts.models import Group, ProfileField
from messaging.composing import definitions, saved_audiences
from messaging.composing.audience import Audience
from messaging.models import SavedAudience

pytestmark = pytest.mark.django_db

REFUSED = tomllib.loads(Path(__file__).with_name("refused_definitions.toml").read_text())["refused"]


@pytest.fixture
def choir():
    return Group.objects.create(name="Choir")


@pytest.fixture
def grade():
    return ProfileField.objects.create(key="grade", label="Grade")


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case["json"][:40])
def test_what_cannot_be_understood_is_refused_with_a_sentence(case, choir, grade):
    with pytest.raises(definitions.BadDefinition) as refused:
        definitions.read_text(case["json"])
    assert case["says"] in str(refused.value)


def test_names_are_stored_as_ids(choir, grade, make_event):
    event = make_event(title="Picnic")
    read = definitions.read(
        {"all": [{"field": "Grade", "is": "5"}], "any": [{"group": "choir"}], "none": [{"event": "picnic"}]}
    )
    assert read.stored() == {
        "all": [{"field": grade.pk, "is": "5"}],
        "any": [{"group": choir.pk}],
        "none": [{"event": event.pk}],
    }
    assert definitions.read(read.stored()) == read


def test_two_events_of_one_title_have_to_be_told_apart(make_event):
    first, second = make_event(title="Picnic"), make_event(title="Picnic")
    with pytest.raises(definitions.BadDefinition) as refused:
        definitions.read({"all": [{"event": "Picnic"}]})
    assert f"such as {first.pk} and {second.pk}" in str(refused.value)


def test_what_was_deleted_leaves_nobody(choir, make_member):
    make_member()
    stored = {"any": [{"community": True}], "none": [{"group": choir.pk}]}
    pk = choir.pk
    assert Audience.defined(stored).count() == 1
    choir.delete()
    audience = Audience.defined(stored)
    assert audience.problem == f"Group {pk} doesn’t exist. It may have been deleted."
    assert (audience.count(), audience.sample(1), audience.headcount().total) == (0, [], 0)


def test_an_audience_cannot_become_part_of_itself(choir):
    inner = saved_audiences.define("Inner", definitions.read({"any": [{"group": "Choir"}]}))
    saved_audiences.define("Outer", definitions.read({"any": [{"audience": "Inner"}]}))
    with pytest.raises(definitions.BadDefinition, match="part of itself"):
        saved_audiences.define("inner", definitions.read({"any": [{"audience": "Outer"}]}))
    inner.refresh_from_db()
    assert inner.definition == {"any": [{"group": choir.pk}]}


def test_defining_a_known_name_changes_that_audience(choir):
    saved_audiences.define("Singers", definitions.read({"any": [{"group": "Choir"}]}))
    saved_audiences.define("singers", definitions.read({"any": [{"community": True}]}))
    assert [(one.name, one.definition) for one in SavedAudience.objects.all()] == [
        ("Singers", {"any": [{"community": True}]})
    ]


def test_words_and_title(choir, grade, make_event):
    make_event(title="Picnic")
    by_field = definitions.read({"all": [{"field": "grade", "is": 5}], "none": [{"event": "Picnic"}]})
    assert by_field.words() == "Grade is 5, not registered for Picnic"
    by_list = definitions.read({"any": [{"community": True}, {"group": "Choir"}], "none": [{"event": "Picnic"}]})
    assert by_list.title == "Community and Choir, not Picnic"


def test_who_was_added_since_a_day_was_on_no_list_before(make_member, make_registration):
    early, late = datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 10, 5, tzinfo=UTC)
    make_member(phone="+17205550101", created_at=early)
    make_registration(phone="+17205550101", created_at=late)
    make_registration(phone="+17205550102", created_at=late)
    make_member(phone="+17205550103", created_at=early)
    added = {"added_since": "2026-09-01"}
    assert [phone for phone, _ in Audience.defined({"all": [added]}).sample(5)] == ["+17205550102"]
    others = Audience.defined({"none": [added]}).sample(5)
    assert sorted(phone for phone, _ in others) == ["+17205550101", "+17205550103"]
