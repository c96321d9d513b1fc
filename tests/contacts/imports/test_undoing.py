"""Taking back a finished import."""

from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from contacts import tasks
from contacts.imports import lifecycle, undoing
from contacts.models import (
    CommunityMember,
    ConsentRecord,
    ContactImport,
    EventRegistration,
    GroupMember,
    ImportChange,
    Profile,
    ProfileField,
    ProfileValue,
    UnsubscribedContact,
)
from contacts.profile_values import set_value
from messaging.models import Delivery, InboxThread, MessageLog
from tests.conftest import fictional_phone

from .importing import import_all, members, text

pytestmark = pytest.mark.django_db

Status = ContactImport.Status
ADA, GRACE, ALAN = "+17205550101", "+13035550102", "+19705550103"
FILE = text("Name,Phone,Grade", f"Ada,{ADA},5", f"Grace,{GRACE},4")


@pytest.fixture
def grade(db):
    return ProfileField.objects.create(key="grade", label="Grade", kind="number")


def undo(contact_import):
    assert undoing.take(contact_import)
    undoing.undo(contact_import.pk)
    contact_import.refresh_from_db()
    return contact_import.counts["undone"]


def values():
    return {(one.phone, one.field.key): one.value for one in ProfileValue.objects.select_related("field")}


def test_people_whom_it_added_are_removed_and_others_stay(make_member):
    make_member(phone=ADA, name="Ada")
    contact_import = import_all(FILE)
    effect = undoing.foresee(contact_import)
    assert (effect.people, effect.names, effect.values, effect.kept_people) == (1, 0, 0, ())
    assert undo(contact_import) == {"people": 1, "names": 0, "values": 0}
    assert members() == {ADA: "Ada"}
    assert contact_import.status == Status.UNDONE
    assert not ImportChange.objects.exists()


@pytest.mark.parametrize("target", ["event", "group"])
def test_people_of_an_event_or_a_group_are_removed_from_it_alone(
    target, make_event, make_group, make_registration, make_group_member
):
    place, other = (
        (make_event, make_group)[target == "group"](),
        (make_registration, make_group_member)[target == "group"](phone=ADA),
    )
    contact_import = import_all(FILE, target=target, event=place)
    assert undo(contact_import)["people"] == 2
    model = (EventRegistration, GroupMember)[target == "group"]
    assert list(model.objects.all()) == [other]


def test_names_and_fields_get_back_what_they_were(make_member, grade):
    make_member(phone=ADA, name="Countess")
    make_member(phone=GRACE, name=None)
    set_value(grade, ADA, "3")
    contact_import = import_all(FILE, names="take", fields={"2": "grade"})
    assert values() == {(ADA, "grade"): "5", (GRACE, "grade"): "4"}
    assert undo(contact_import) == {"people": 0, "names": 2, "values": 2}
    assert members() == {ADA: "Countess", GRACE: None}
    assert values() == {(ADA, "grade"): "3"}
    restored = ProfileValue.objects.get()
    assert (restored.folded, restored.number) == ("3", 3)


def test_what_was_changed_since_stays(make_member, grade):
    make_member(phone=ADA, name="Countess")
    contact_import = import_all(FILE, names="take", fields={"2": "grade"})
    CommunityMember.objects.filter(phone=ADA).update(name="Lady Lovelace")
    set_value(grade, ADA, "6")
    effect = undoing.foresee(contact_import)
    assert (effect.names, effect.kept_names, effect.values, effect.kept_values) == (0, 1, 1, 1)
    undo(contact_import)
    assert members() == {ADA: "Lady Lovelace"}
    assert values() == {(ADA, "grade"): "6"}


def text_them(phone):
    log = MessageLog.objects.create(message_body="Hello", target="community")
    Delivery.objects.create(message_log=log, phone=phone, status="delivered")


def skip_them(phone):
    log = MessageLog.objects.create(message_body="Hello", target="community")
    Delivery.objects.create(message_log=log, phone=phone, status="skipped")


@pytest.mark.parametrize(
    ("touch", "reason"),
    [
        (text_them, "texted"),
        (lambda phone: InboxThread.objects.create(phone=phone), "texted"),
        (lambda phone: ConsentRecord.objects.create(phone=phone, kind="opt_out", source="inbound"), "consent"),
        (lambda phone: CommunityMember.objects.filter(phone=phone).update(name="Lady"), "edited"),
        (lambda phone: CommunityMember.objects.filter(phone=phone).update(phone=ALAN), "edited"),
        (lambda phone: Profile.objects.create(phone=phone, notes="Sings alto"), "edited"),
        (lambda phone: set_value(ProfileField.objects.create(key="team", label="Team"), phone, "Red"), "edited"),
        (lambda phone: CommunityMember.objects.filter(phone=phone).delete(), "gone"),
        (skip_them, None),
        (lambda phone: Profile.objects.create(phone=phone), None),
    ],
)
def test_people_to_whom_something_has_happened_since_stay(touch, reason):
    contact_import = import_all(FILE)
    touch(ADA)
    before = CommunityMember.objects.count()
    effect = undoing.foresee(contact_import)
    assert effect.kept_people == (((reason, 1),) if reason else ())
    removed = undo(contact_import)["people"]
    assert removed == effect.people == (1 if reason else 2)
    assert CommunityMember.objects.count() == before - removed


def test_people_added_to_another_list_since_stay(make_registration, make_group_member):
    contact_import = import_all(FILE)
    make_registration(phone=ADA)
    make_group_member(phone=GRACE)
    assert undoing.foresee(contact_import).kept_people == (("listed", 2),)


def test_people_who_were_on_another_list_before_are_removed(make_registration):
    make_registration(phone=ADA)
    assert undoing.foresee(import_all(FILE)).people == 2


def test_opt_outs_of_the_import_stay_and_their_people_go():
    contact_import = import_all(text("Name,Phone,Opted out", f"Ada,{ADA},yes", f"Grace,{GRACE},"))
    assert undo(contact_import)["people"] == 2
    assert UnsubscribedContact.objects.get().phone == ADA
    assert ConsentRecord.objects.get().phone == ADA


def test_an_import_of_opt_outs_has_nothing_to_undo():
    contact_import = import_all(text("Name,Phone", f"Ada,{ADA}"), target="unsubscribed")
    assert not undoing.may_be_undone(contact_import)


def test_it_is_possible_for_a_week_and_once():
    contact_import = import_all(FILE)
    assert undoing.may_be_undone(contact_import)
    contact_import.applied_at = timezone.now() - timedelta(days=7, minutes=1)
    assert not undoing.may_be_undone(contact_import)
    contact_import.refresh_from_db()
    undo(contact_import)
    assert not undoing.may_be_undone(contact_import)
    assert not undoing.take(contact_import)


def test_after_a_week_what_it_changed_is_forgotten():
    contact_import = import_all(FILE)
    tasks.clean_up_imports()
    assert ImportChange.objects.count() == 2
    ContactImport.objects.update(applied_at=timezone.now() - timedelta(days=8))
    tasks.clean_up_imports()
    assert not ImportChange.objects.exists()
    assert ContactImport.objects.get() == contact_import


def test_an_undone_import_is_kept_and_not_discarded():
    contact_import = import_all(FILE)
    undo(contact_import)
    ContactImport.objects.update(updated_at=timezone.now() - timedelta(days=8))
    tasks.clean_up_imports()
    assert not lifecycle.discard(contact_import)
    assert ContactImport.objects.exists()


def test_if_it_fails_nothing_is_undone_and_it_can_be_tried_again(monkeypatch):
    contact_import = import_all(FILE)
    assert undoing.take(contact_import)
    monkeypatch.setattr(undoing, "_undo_values", lambda contact_import: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        undoing.undo(contact_import.pk)
    contact_import.refresh_from_db()
    assert (contact_import.status, len(members())) == (Status.APPLIED, 2)
    assert "could not be undone" in contact_import.error_message
    monkeypatch.undo()
    assert undo(contact_import)["people"] == 2


def test_an_undoing_whose_worker_died_is_taken_up_again(django_capture_on_commit_callbacks):
    contact_import = import_all(FILE)
    undoing.take(contact_import)
    ContactImport.objects.update(updated_at=timezone.now() - timedelta(minutes=2))
    with django_capture_on_commit_callbacks(execute=True):
        assert tasks.resume_imports() == 1
    contact_import.refresh_from_db()
    assert contact_import.status == Status.UNDONE


def test_people_are_removed_in_batches(monkeypatch):
    monkeypatch.setattr(undoing, "_AT_ONCE", 2)
    contact_import = import_all(text("Name,Phone", *[f"Ada,{fictional_phone(i)}" for i in range(5)]))
    assert undo(contact_import)["people"] == 5
    assert members() == {}


people = st.dictionaries(
    st.integers(0, 5).map(fictional_phone), st.tuples(st.sampled_from(["Ada", "Grace", ""]), st.sampled_from("123 "))
)


@given(before=people, file=people, is_taking=st.booleans())
def test_undoing_an_import_at_once_leaves_everything_as_it_was(grade, before, file, is_taking):
    CommunityMember.objects.all().delete()
    ProfileValue.objects.all().delete()
    for phone, (name, value) in before.items():
        CommunityMember.objects.create(phone=phone, name=name or None)
        set_value(grade, phone, value)
    was = members(), values()
    lines = [f"{name},{phone},{value}" for phone, (name, value) in file.items()]
    contact_import = import_all(
        text("Name,Phone,Grade", "Alan,+19705550199,2", *lines),
        names="take" if is_taking else "keep",
        fields={"2": "grade"},
    )
    undo(contact_import)
    assert (members(), values()) == was
