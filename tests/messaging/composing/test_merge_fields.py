"""Profile fields in messages: who has values, what is inserted, and what each recipient's row keeps."""

import pytest
from django.core.cache import cache
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from contacts import profile_values
from contacts.models import CommunityMember, Group, GroupMember, ProfileField, UnsubscribedContact
from messaging.composing import merge_fields, readiness
from messaging.composing.audience import Audience
from messaging.composing.cost import estimate
from messaging.composing.preview import preview
from messaging.models import Delivery, Draft, MessageLog, Target
from messaging.text.encoding import measure
from messaging.text.personalization import UnknownToken
from tests.conftest import examples, fictional_phone

COMMUNITY = Audience(Target.COMMUNITY)


@pytest.fixture
def grade(db):
    return ProfileField.objects.create(key="grade", label="Grade")


@pytest.fixture
def bus(db):
    return ProfileField.objects.create(key="bus_stop", label="Bus stop")


def fields_of(body):
    return merge_fields.MergeFields.of(merge_fields.compile_message(body))


def expand(body, audience=COMMUNITY):
    keys = merge_fields.compile_message(body).keys
    log = MessageLog.objects.create(
        message_body=body, merge_fields=list(keys) or None, target=audience.target, status="processing"
    )
    audience.expand(log)
    return log


def test_each_recipient_keeps_their_values(grade, bus, make_member):
    ann, bob = make_member(), make_member()
    profile_values.set_value(grade, ann.phone, "5")
    profile_values.set_value(bus, bob.phone, "Elm St")
    log = expand("{grade|none} {bus_stop|none}")
    assert dict(log.deliveries.values_list("phone", "merge_values")) == {
        ann.phone: {"grade": "5", "bus_stop": None},
        bob.phone: {"grade": None, "bus_stop": "Elm St"},
    }


def test_only_fields_of_the_message_are_kept(grade, bus, make_member):
    profile_values.set_value(bus, make_member().phone, "Elm St")
    assert expand("{grade|none}").deliveries.get().merge_values == {"grade": None}


def test_a_message_without_fields_keeps_nothing(grade, make_member):
    profile_values.set_value(grade, make_member().phone, "5")
    assert expand("Hi {first_name}").deliveries.get().merge_values is None


def test_who_lacks_a_value_is_skipped_and_whoever_opted_out_stays_so(grade, make_member, make_unsubscribed):
    full, empty, out = make_member(), make_member(), make_member()
    profile_values.set_value(grade, full.phone, "5")
    make_unsubscribed(phone=out.phone)
    log = expand("{grade}")
    assert {row.phone: (row.status, row.skip_reason) for row in log.deliveries.all()} == {
        full.phone: ("pending", ""),
        empty.phone: ("skipped", "no_value"),
        out.phone: ("skipped", "opted_out"),
    }


def test_people_of_a_group_have_values_too(grade, make_phone):
    group = Group.objects.create(name="Choir")
    member = GroupMember.objects.create(group=group, phone=make_phone(), name="Ann Lee")
    profile_values.set_value(grade, member.phone, "5")
    audience = Audience.defined({"any": [{"group": group.pk}]})
    assert [row.merge_values for row in expand("{grade}", audience).deliveries.all()] == [{"grade": "5"}]


@pytest.mark.parametrize(
    ("kind", "typed", "inserted"),
    [
        ("text", "Elm  Street", "Elm Street"),
        ("number", "12.50", "12.5"),
        ("date", "2026-12-06", "Dec 6, 2026"),
        ("date", "1/31/2027", "Jan 31, 2027"),
        ("yes_no", "y", "Yes"),
        ("text", "2026-12-06", "2026-12-06"),
    ],
)
def test_a_value_is_inserted_as_people_read_it(make_member, kind, typed, inserted):
    field = ProfileField.objects.create(key="value", label="Value", kind=kind)
    profile_values.set_value(field, make_member().phone, typed)
    assert expand("{value}").deliveries.get().merge_values == {"value": inserted}


def test_what_is_no_date_in_a_date_field_is_inserted_as_it_is(make_member):
    field = ProfileField.objects.create(key="value", label="Value")
    profile_values.set_value(field, make_member().phone, "Room 01 B")
    ProfileField.objects.update(kind="date")
    assert expand("{value}").deliveries.get().merge_values == {"value": "Room 01 B"}


def test_people_without_a_value_are_counted_by_field(grade, bus, make_member):
    for _ in range(2):
        make_member()
    profile_values.set_value(grade, make_member().phone, "5")
    headcount = COMMUNITY.headcount(fields_of("{grade} {bus_stop}"))
    assert (headcount.total, headcount.recipients, headcount.incomplete) == (3, 0, 3)
    assert headcount.skipped_sentences == ["3 people have no Grade or no Bus stop"]


def test_a_field_that_everyone_has_is_not_named(grade, bus, make_member):
    member = make_member()
    profile_values.set_value(grade, member.phone, "5")
    headcount = COMMUNITY.headcount(fields_of("{grade} {bus_stop}"))
    assert headcount.skipped_sentences == ["1 person has no Bus stop"]


def test_a_field_with_a_fallback_leaves_nobody_out(grade, make_member):
    make_member()
    headcount = COMMUNITY.headcount(fields_of("{grade|your class}"))
    assert (headcount.recipients, headcount.incomplete) == (1, 0)


@pytest.fixture
def cached_headcounts(monkeypatch):
    """Headcounts of any size are cached, as far as the test goes."""
    monkeypatch.setattr("messaging.composing.audience.CACHED_FROM", 1)
    cache.clear()
    yield
    cache.clear()


def test_a_recent_headcount_is_not_that_of_other_fields(grade, make_member, cached_headcounts):
    make_member()
    bodies = ("Hi", "{grade|x}", "{grade}", "{grade|x}")
    counts = [COMMUNITY.recent_headcount(fields_of(body)).recipients for body in bodies]
    assert counts == [1, 1, 0, 1]


def test_a_preview_asks_what_to_do_about_people_without_a_value(grade, make_member):
    make_member()
    shown = preview("{grade}", COMMUNITY, opt_out_line=False)
    assert [(problem.field, problem.sentence) for problem in shown.problems] == [
        (
            "incomplete",
            "1 person has no Grade. Leave them out, or write what they get instead: {grade|your grade}.",
        )
    ]


def test_a_preview_shows_the_values_of_the_first_people_who_have_them(grade, make_member):
    make_member()
    member = make_member(name="Ann Lee")
    profile_values.set_value(grade, member.phone, "5")
    shown = preview("{first_name}: {grade}", COMMUNITY, opt_out_line=False)
    assert [(sample.phone, sample.text) for sample in shown.samples] == [(member.phone, "Ann: 5")]


def test_a_preview_without_people_shows_the_fields_label(grade):
    shown = preview("{first_name}: {grade}", COMMUNITY, opt_out_line=False)
    assert [sample.text for sample in shown.samples] == ["there: [Grade]"]


def test_costly_characters_of_a_fallback_can_be_removed(grade, make_member):
    make_member()
    shown = preview("{grade|your 🎄}" + "x" * 100, COMMUNITY, opt_out_line=False)
    assert [forcing.character for forcing in shown.forcing] == ["🎄"]
    assert shown.forcing_cost == "🎄 doubles the cost: $0.02 instead of $0.01."


def test_accents_of_values_are_named_with_their_cost(grade, make_member):
    profile_values.set_value(grade, make_member(name="Ann").phone, "Жук")
    shown = preview("{grade}" + "x" * 100, COMMUNITY, opt_out_line=False)
    assert shown.names_sentence == "Accents in the name or fields of 1 person add $0.01."


@pytest.mark.parametrize(
    ("body", "fields", "asks"),
    [
        ("{grade}", {}, True),
        ("{grade}", {"leaves_out_incomplete": True}, False),
        ("{grade}", {"test_mode": True}, False),
        ("{grade|none}", {}, False),
    ],
)
def test_a_draft_asks_about_people_without_a_value_until_it_is_decided(grade, make_member, body, fields, asks):
    make_member()
    assert readiness.asks_about_values(Draft(message_body=body, **fields)) is asks


def test_a_field_deleted_meanwhile_is_refused(grade):
    template = merge_fields.compile_message("{grade}")
    grade.delete()
    with pytest.raises(UnknownToken):
        merge_fields.MergeFields.of(template)


def test_a_message_with_names_only_asks_nothing_of_the_database(django_assert_num_queries, db):
    with django_assert_num_queries(0):
        fields_of("Hi {first_name}, see you.")


VALUES = st.one_of(st.just(""), st.sampled_from(["5", "[x]", "Жук", "a" * 60, "🎄"]), st.text("a5[ж ", max_size=20))
PEOPLE = st.lists(st.tuples(st.sampled_from([None, "Ann Lee", "Жанна", "Dr. Bo [X]"]), VALUES, VALUES, st.booleans()))
BODIES = st.lists(
    st.sampled_from(["{grade}", "{grade|your class}", "{bus_stop}", "{bus_stop|}", "{first_name}", "x" * 70, "é "]),
    max_size=6,
).map("".join)


class Estimates(TestCase):
    @examples(25, 200)
    @given(PEOPLE, BODIES)
    def test_the_estimate_is_that_of_the_texts_that_are_sent(self, people, body):
        fields = [ProfileField.objects.create(key=key, label=key) for key in ("grade", "bus_stop")]
        for index, (name, grade, bus, is_out) in enumerate(people):
            phone = fictional_phone(index)
            CommunityMember.objects.create(phone=phone, name=name)
            for field, value in zip(fields, (grade, bus), strict=True):
                profile_values.set_value(field, phone, value)
            if is_out:
                UnsubscribedContact.objects.create(phone=phone)
        headcount = COMMUNITY.headcount(fields_of(body))
        log = expand(body)
        rows = list(log.deliveries.filter(status=Delivery.Status.PENDING))
        size = estimate(log.template, headcount.names)
        assert (headcount.total, headcount.recipients, size.recipients) == (len(people), len(rows), len(rows))
        assert headcount.incomplete == log.deliveries.filter(skip_reason="no_value").count()
        assert size.segments == sum(measure(log.template.render(row.name, row.merge_values)).segments for row in rows)
