"""Whoever opts somebody out or in, by whichever way, leaves one record of it."""

import ast

import pytest

from contacts.consent import opting_out
from contacts.models import CommunityMember, ConsentRecord, EventRegistration, SuppressedContact, UnsubscribedContact
from messaging.error_codes import classify
from messaging.sending import suppression
from tests.test_architecture import sources

from ..imports.importing import import_all, text

pytestmark = pytest.mark.django_db

ADA, GRACE, ALAN = "+17205550101", "+13035550102", "+19705550103"
OUT, IN = "opt_out", "opt_in"


@pytest.fixture
def told():
    """What the signal opted_out said, in order."""
    heard = []

    def hear(sender, *, phones, **kwargs):
        heard.append(sorted(phones))

    opting_out.opted_out.connect(hear)
    yield heard
    opting_out.opted_out.disconnect(hear)


def trail():
    """(phone, kind, how, words, by) of every record."""
    return list(
        ConsentRecord.objects.order_by("phone", "pk").values_list("phone", "kind", "source", "words", "actor")
    )


def test_an_opt_out_and_the_opt_in_after_it_are_both_kept():
    opting_out.opt_out(ADA, "inbound", words="stop it", sid="SM1")
    opting_out.opt_in(ADA, "inbound", words="START", sid="SM2")
    assert trail() == [(ADA, OUT, "inbound", "stop it", ""), (ADA, IN, "inbound", "START", "")]
    assert list(ConsentRecord.objects.order_by("pk").values_list("message_sid", flat=True)) == ["SM1", "SM2"]


def test_a_second_opt_out_is_recorded_and_keeps_the_entry():
    assert opting_out.opt_out(ADA, "inbound", words="STOP")
    assert not opting_out.opt_out(ADA, "manual", words="Called us", actor="ann")
    assert UnsubscribedContact.objects.get().source == "inbound"
    assert [kind for _, kind, *_ in trail()] == [OUT, OUT]


@pytest.mark.parametrize("change", [lambda rows: rows.delete(), lambda rows: rows.update(words="")])
def test_nothing_in_the_consent_history_is_changed_or_deleted(change):
    opting_out.opt_out(ADA, "inbound")
    with pytest.raises(TypeError):
        change(ConsentRecord.objects.all())


def test_one_record_is_not_deleted_either():
    opting_out.opt_out(ADA, "inbound")
    with pytest.raises(TypeError):
        ConsentRecord.objects.get().delete()


def test_one_record_is_not_written_over():
    opting_out.opt_out(ADA, "inbound")
    record = ConsentRecord.objects.get()
    record.words = "Changed"
    with pytest.raises(TypeError):
        record.save()


def test_opting_out_leaves_a_record_for_each_new_phone(make_member, make_unsubscribed, told, monkeypatch):
    monkeypatch.setattr(opting_out, "_BATCH", 2)
    members = [make_member() for _ in range(5)]
    make_unsubscribed(phone=members[1].phone)
    opting_out.unsubscribe(CommunityMember.objects.all(), "Asked at the desk", "ann")
    new = sorted(member.phone for member in members if member != members[1])
    assert trail() == [(phone, OUT, "community", "Asked at the desk", "ann") for phone in new]
    assert sorted(phone for phones in told for phone in phones) == new


def test_opting_out_registrations_names_the_event(make_registration):
    registration = make_registration(phone=ADA)
    opting_out.unsubscribe(EventRegistration.objects.all(), "", "ann")
    assert trail() == [(ADA, OUT, f"event:{registration.event_id}", "", "ann")]


def test_an_opt_out_that_fails_leaves_no_record(make_member, told, monkeypatch):
    make_member()

    def fail(sender, **kwargs):
        raise ValueError

    opting_out.opted_out.connect(fail)
    try:
        with pytest.raises(ValueError):
            opting_out.unsubscribe(CommunityMember.objects.all(), "", "ann")
    finally:
        opting_out.opted_out.disconnect(fail)
    assert trail() == []
    assert not UnsubscribedContact.objects.exists()


def test_restoring_leaves_a_record_for_who_had_opted_out(
    make_member, make_unsubscribed, make_suppressed, monkeypatch
):
    monkeypatch.setattr(opting_out, "_BATCH", 2)
    for phone in (ADA, GRACE, ALAN):
        make_member(phone=phone)
    make_unsubscribed(phone=ADA)
    make_suppressed(phone=ADA, category="opt_out")
    make_suppressed(phone=GRACE, category="opt_out")
    make_suppressed(phone=ALAN, category="hard_fail")
    opting_out.restore(CommunityMember.objects.all(), "ann")
    assert trail() == [(GRACE, IN, "manual", "", "ann"), (ADA, IN, "manual", "", "ann")]


def test_restoring_those_who_opted_out_clears_both_of_their_entries(make_member, make_unsubscribed, make_suppressed):
    member = make_member()
    make_unsubscribed(phone=member.phone)
    make_suppressed(phone=member.phone)
    opting_out.restore(CommunityMember.objects.all().opted_out(), "ann")
    assert not SuppressedContact.objects.exists()


def test_lifting_opt_outs_leaves_records(make_unsubscribed, monkeypatch):
    monkeypatch.setattr(opting_out, "_BATCH", 2)
    for phone in (ADA, GRACE, ALAN):
        make_unsubscribed(phone=phone)
    opting_out.lift(UnsubscribedContact.objects.all(), "ann")
    assert [record[:2] for record in trail()] == [(GRACE, IN), (ADA, IN), (ALAN, IN)]


def test_allowing_an_unreachable_number_is_not_consent(make_suppressed):
    make_suppressed(phone=ADA)
    make_suppressed(phone=GRACE, category="opt_out")
    opting_out.lift(SuppressedContact.objects.all(), "ann")
    assert trail() == [(GRACE, IN, "manual", "", "ann")]


def test_an_import_of_opt_outs_leaves_a_record_for_each_new_phone(make_unsubscribed, admin_user, told, monkeypatch):
    monkeypatch.setattr(opting_out, "_BATCH", 1)
    make_unsubscribed(phone=GRACE)
    file = text(["name", "phone"], ["Ada", ADA], ["Grace", GRACE], ["Alan", ALAN], ["Ada again", ADA])
    import_all(file, target="unsubscribed", name="stops.csv", user=admin_user)
    assert trail() == [(phone, OUT, "import", "Imported from stops.csv", "ann") for phone in (ADA, ALAN)]
    assert told == [[ADA], [ALAN]]
    import_all(file, target="unsubscribed", name="stops.csv", user=admin_user)
    assert len(trail()) == 2


def test_an_import_of_members_leaves_no_record():
    import_all(text(["name", "phone"], ["Ada", ADA]))
    assert trail() == []


def test_an_opt_out_that_twilio_reports_is_recorded_once(told):
    for _ in range(2):
        suppression.learn(ADA, "Ada", 21610, None)
    assert trail() == [(ADA, OUT, "message_failure", classify(21610).sentence, "")]
    assert told == [[ADA]]


def test_an_unreachable_number_is_not_in_the_consent_history():
    suppression.learn(ADA, "Ada", 21614, None)
    assert trail() == []


def test_the_admins_pages_say_who_it_was(admin_client, make_member):
    admin_client.post("/admin/contacts/unsubscribedcontact/record/", {"who": ADA, "how": "Phone call", "note": ""})
    entry = UnsubscribedContact.objects.get()
    admin_client.post(f"/admin/contacts/unsubscribedcontact/{entry.pk}/change/", {"name": "Ada", "reason": "Called"})
    assert UnsubscribedContact.objects.get().name == "Ada"
    admin_client.post(f"/admin/contacts/unsubscribedcontact/{entry.pk}/delete/", {"post": "yes"})
    assert trail() == [(ADA, OUT, "manual", "Phone call", "ann"), (ADA, IN, "manual", "", "ann")]
    assert not UnsubscribedContact.objects.exists()


def test_an_opt_out_kept_as_a_suppression_is_one(admin_client, told):
    address = "/admin/contacts/suppressedcontact/"
    admin_client.post(f"{address}add/", {"phone": ADA, "category": "opt_out", "reason": "By letter"})
    entry = SuppressedContact.objects.get()
    admin_client.post(f"{address}{entry.pk}/change/", {"category": "opt_out", "reason": "By letters"})
    admin_client.post(f"{address}{entry.pk}/change/", {"category": "soft_fail", "reason": ""})
    assert trail() == [(ADA, OUT, "manual", "By letter", "ann"), (ADA, IN, "manual", "", "ann")]
    assert told == [[ADA]]


@pytest.mark.parametrize(
    ("model", "action", "kinds"),
    [
        ("communitymember", "unsubscribe_selected", [OUT]),
        ("communitymember", "restore_selected", [IN]),
        ("unsubscribedcontact", "lift_selected", [IN]),
    ],
)
def test_the_admins_actions_say_who_it_was(admin_client, make_member, make_unsubscribed, model, action, kinds):
    row = make_member(phone=ADA)
    if kinds == [IN]:
        entry = make_unsubscribed(phone=ADA)
        row = entry if model == "unsubscribedcontact" else row
    data = {"action": action, "_selected_action": row.pk, "confirmed": "1"}
    admin_client.post(f"/admin/contacts/{model}/", data)
    assert [(kind, actor) for _, kind, _, _, actor in trail()] == [(kind, "ann") for kind in kinds]


def test_the_consent_history_outlives_people_and_users(admin_user, make_member):
    make_member(phone=ADA)
    opting_out.unsubscribe(CommunityMember.objects.all(), "", "ann")
    CommunityMember.objects.all().delete()
    admin_user.delete()
    assert trail() == [(ADA, OUT, "community", "", "ann")]


# Nobody goes around the trail

# The second brings the trail of the system that this one replaces along with its rows.
WRITERS = {"contacts/consent/opting_out.py", "smsadmin/legacy/people.py"}
WRITES = {"create", "get_or_create", "update_or_create", "bulk_create", "delete"}


def writes_opt_outs(tree):
    """Lines that make or delete rows of UnsubscribedContact."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        root = node.func
        while isinstance(root, ast.Attribute | ast.Call):
            root = root.func if isinstance(root, ast.Call) else root.value
        is_ours = isinstance(root, ast.Name) and root.id == "UnsubscribedContact"
        if is_ours and (method in WRITES or root is node.func):
            yield node.lineno


def test_the_walk_sees_what_writes_opt_outs():
    code = "UnsubscribedContact(phone=p)\nUnsubscribedContact.objects.filter(x=1).delete()\n"
    code += "UnsubscribedContact.objects.get_or_create(phone=p)\nUnsubscribedContact.objects.filter(phone=p)"
    assert list(writes_opt_outs(ast.parse(code))) == [1, 2, 3]


def test_opt_outs_are_made_and_deleted_in_one_place():
    modules = sources("UnsubscribedContact")
    found = {name for name, tree in modules if "/migrations/" not in name and any(writes_opt_outs(tree))}
    assert "contacts/consent/opting_out.py" in found
    assert found <= WRITERS
