"""For random lists and definitions, an audience has exactly those whom plain Python finds: nobody twice, nobody who
opted out among the recipients, and for each the name of the most specific list."""

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from contacts import profile_values
from contacts.models import (
    CommunityMember,
    Event,
    EventRegistration,
    Group,
    GroupMember,
    ProfileField,
    SuppressedContact,
    UnsubscribedContact,
)
from messaging.composing.audience import Audience
from messaging.models import Delivery, MessageLog, SavedAudience
from tests.conftest import examples, fictional_phone

PHONES = [fictional_phone(index) for index in range(8)]
POOLS = ("community", "choir", "drivers", "picnic", "gala")
GRADES = ("", "4", "5", "10")

people = st.fixed_dictionaries(
    {
        "pools": st.sets(st.sampled_from(POOLS)),
        "grade": st.sampled_from(GRADES),
        "blocked": st.sampled_from(("", "", "opted_out", "suppressed")),
    }
)
leaves = st.one_of(
    st.sampled_from([("pool", name) for name in POOLS]),
    st.sampled_from(
        [("grade", comparison, value) for comparison in ("is", "is_not", "less", "greater") for value in "45"]
    ),
    st.sampled_from([("grade", "is_empty", True), ("grade", "is_empty", False)]),
    st.sets(st.sampled_from(PHONES), min_size=1, max_size=3).map(lambda phones: ("phones", tuple(phones))),
)


def joined(conditions):
    parts = st.lists(conditions, max_size=3)
    return st.tuples(parts, parts, parts).filter(any).map(lambda lists: ("join", *lists))


definitions = joined(st.recursive(leaves, joined, max_leaves=6))


def is_met(condition, phone, person):
    kind = condition[0]
    if kind == "join":
        _, all_of, any_of, none_of = condition
        return (
            all(is_met(one, phone, person) for one in all_of)
            and (not any_of or any(is_met(one, phone, person) for one in any_of))
            and not any(is_met(one, phone, person) for one in none_of)
        )
    if kind == "pool":
        return condition[1] in person["pools"]
    if kind == "phones":
        return phone in condition[1]
    _, comparison, value = condition
    grade = person["grade"]
    if comparison == "is_empty":
        return (not grade) == value
    if comparison in ("is", "is_not"):
        return (grade == value) == (comparison == "is")
    return bool(grade) and (int(grade) < int(value) if comparison == "less" else int(grade) > int(value))


def pools_asked_for(condition):
    if condition[0] == "join":
        return {pool for one in (*condition[1], *condition[2]) for pool in pools_asked_for(one)}
    return {condition[1]} if condition[0] == "pool" else set()


class Definitions(TestCase):
    def setUp(self):
        super().setUp()
        self.groups = {name: Group.objects.create(name=name) for name in ("choir", "drivers")}
        self.events = {name: Event.objects.create(title=name) for name in ("picnic", "gala")}
        self.grade = ProfileField.objects.create(key="grade", label="Grade", kind="number")

    def as_json(self, condition, saves):
        kind = condition[0]
        if kind == "join":
            joined = dict(
                zip(
                    ("all", "any", "none"),
                    ([self.as_json(one, saves) for one in part] for part in condition[1:]),
                    strict=True,
                )
            )
            if not saves:
                return joined
            return {
                "audience": SavedAudience.objects.create(
                    name=f"Part {SavedAudience.objects.count()}", definition=joined
                ).pk
            }
        if kind == "phones":
            return {"phones": list(condition[1])}
        if kind == "grade":
            return {"field": "grade", condition[1]: condition[2]}
        name = condition[1]
        if name == "community":
            return {"community": True}
        return {"group": self.groups[name].pk} if name in self.groups else {"event": self.events[name].pk}

    def fill(self, everyone):
        for phone, person in everyone.items():
            for pool in person["pools"]:
                row = {"phone": phone, "name": f"{pool} {phone}"}
                if pool == "community":
                    CommunityMember.objects.create(**row)
                elif pool in self.groups:
                    GroupMember.objects.create(group=self.groups[pool], **row)
                else:
                    EventRegistration.objects.create(event=self.events[pool], **row)
            profile_values.set_value(self.grade, phone, person["grade"])
            if person["blocked"] == "opted_out":
                UnsubscribedContact.objects.create(phone=phone)
            elif person["blocked"]:
                SuppressedContact.objects.create(phone=phone)

    @examples(30, 300)
    @given(st.lists(people, min_size=len(PHONES), max_size=len(PHONES)), definitions, st.booleans())
    def test_an_audience_has_whom_its_conditions_say(self, listed, definition, saves):
        everyone = dict(zip(PHONES, listed, strict=True))
        self.fill(everyone)
        top = dict(
            zip(
                ("all", "any", "none"),
                ([self.as_json(one, saves) for one in part] for part in definition[1:]),
                strict=True,
            )
        )
        audience = Audience.defined(top)
        assert audience.problem == ""
        expected = {
            phone
            for phone, person in everyone.items()
            # Without a list or a profile, nobody is known.
            if person["pools"] and is_met(definition, phone, person)
        }
        log = MessageLog.objects.create(message_body="Hi", target="audience", status="processing")
        assert audience.expand(log) == len(expected)
        rows = Delivery.objects.filter(message_log=log)
        assert {row.phone for row in rows} == expected
        assert {row.phone: row.skip_reason for row in rows} == {
            phone: everyone[phone]["blocked"] for phone in expected
        }
        headcount = audience.headcount()
        assert (headcount.total, headcount.recipients) == (
            len(expected),
            sum(not everyone[phone]["blocked"] for phone in expected),
        )
        asked = pools_asked_for(definition)
        specific_first = ("gala", "picnic", "drivers", "choir", "community")
        for row in rows:
            pools = everyone[row.phone]["pools"]
            named = [pool for pool in specific_first if pool in pools & asked] or [
                p for p in specific_first if p in pools
            ]
            kinds = {"gala": 1, "picnic": 1, "drivers": 2, "choir": 2, "community": 3}
            assert kinds[row.name.partition(" ")[0]] == kinds[named[0]]
