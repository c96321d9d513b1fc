"""Blasts with profile fields, from the start to what is shown of them later."""

import pytest

from contacts import profile_values
from contacts.models import ProfileField, ProfileValue
from messaging.composing.audience import Audience
from messaging.consent.echoes import sent_to
from messaging.inbox.timeline import Timeline
from messaging.models import Delivery, Draft, InboxMessage, MessageLog, RetryWhom, Target
from messaging.sending import dispatch
from messaging.sending.trying import send_test
from messaging.text.personalization import UnknownToken

LEAVING_OUT = Audience(Target.COMMUNITY, leaves_out_incomplete=True)


@pytest.fixture
def grade(db):
    return ProfileField.objects.create(key="grade", label="Grade")


@pytest.fixture
def member(grade, make_member):
    """Someone in grade 5."""
    found = make_member(name="Ann Lee")
    profile_values.set_value(grade, found.phone, "5")
    return found


def texts(locmem):
    return [(to, body) for to, body, _ in locmem.outbox]


def test_each_person_gets_their_own_values(member, make_member, start_blast, send, locmem):
    other = make_member()
    send(start_blast("Hi {first_name|you}, {grade|your class} meets"))
    assert sorted(texts(locmem)) == sorted(
        [
            (member.phone, "Hi Ann, 5 meets"),
            (other.phone, f"Hi {other.name.split()[0]}, your class meets"),
        ]
    )


def test_values_stay_those_of_the_start(member, grade, start_blast, send, locmem):
    log = start_blast("Grade {grade}")
    profile_values.set_value(grade, member.phone, "6")
    send(log)
    assert texts(locmem) == [(member.phone, "Grade 5")]


def test_a_field_may_be_deleted_while_a_blast_is_being_sent(member, grade, start_blast, send, locmem):
    log = start_blast("Grade {grade}")
    grade.delete()
    send(log)
    assert texts(locmem) == [(member.phone, "Grade 5")]


def test_nothing_starts_until_it_is_decided_about_people_without_a_value(member, make_member, start_blast):
    make_member()
    with pytest.raises(dispatch.MissingValues) as refused:
        start_blast("Grade {grade}")
    assert str(refused.value).startswith("1 person has no Grade. Leave them out,")
    assert not MessageLog.objects.exists()


def test_the_refusal_names_only_what_people_lack(member, start_blast):
    ProfileField.objects.create(key="bus", label="Bus")
    with pytest.raises(dispatch.MissingValues) as refused:
        start_blast("Grade {grade}, {bus}")
    assert str(refused.value) == (
        "1 person has no Bus. Leave them out, or write what they get instead: {bus|your bus}."
    )


def test_people_without_a_value_are_left_out_and_have_a_row_that_says_so(member, make_member, send, locmem):
    other = make_member()
    log = send(dispatch.start("Grade {grade}", LEAVING_OUT))
    assert texts(locmem) == [(member.phone, "Grade 5")]
    assert log.deliveries.get(phone=other.phone).error_sentence == "Skipped: no value for a field"


def test_nothing_starts_if_everyone_would_be_left_out(grade, make_member):
    make_member()
    with pytest.raises(dispatch.EmptyAudience) as refused:
        dispatch.start("Grade {grade}", LEAVING_OUT)
    assert str(refused.value) == "1 person has no Grade, so nobody would get this. Nothing was sent."


def test_a_deleted_field_is_refused_with_the_reason(member, grade, start_blast):
    grade.delete()
    with pytest.raises(UnknownToken, match="is not a field"):
        start_blast("Grade {grade}")


def test_a_resend_takes_the_values_of_now(member, grade, start_blast, send, locmem):
    log = send(start_blast("Grade {grade}"))
    Delivery.objects.update(status="failed", error_code=None)
    profile_values.set_value(grade, member.phone, "6")
    again = Audience(log.target, retry_of=log, retry_whom=RetryWhom.UNREACHED)
    send(dispatch.start(log.message_body, again))
    assert [body for _, body in texts(locmem)] == ["Grade 5", "Grade 6"]


def test_a_test_reads_as_for_the_first_person_with_values(member, make_member, manager_user, send, locmem):
    make_member()
    draft = Draft(message_body="Grade {grade}", has_opt_out_line=False, created_by=manager_user)
    send(send_test(draft, "+17205550123", manager_user))
    assert texts(locmem) == [("+17205550123", "Grade 5")]


def test_the_conversation_shows_what_a_person_got(member, grade, start_blast, send, make_thread):
    send(start_blast("Grade {grade}"))
    ProfileValue.objects.update(value="6")
    grade.delete()
    page = Timeline(make_thread(phone=member.phone)).page()
    assert [entry.body for entry in page.entries] == ["Grade 5"]


def test_a_quotation_is_recognized_with_the_values_in_it(member, start_blast, send, make_thread):
    send(start_blast("Grade {grade}: the picnic is at six"))
    thread = make_thread(phone=member.phone)
    message = InboxMessage(thread=thread, phone=member.phone)
    assert [sent.words for sent in sent_to(message)] == ["grade 5 the picnic is at six"]
