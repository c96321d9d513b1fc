"""The question whether a text means stop, and what an admin decides."""

import pytest

from contacts.models import ConsentRecord, UnsubscribedContact
from tests.messaging.conversations import add_text, address, flag, fresh, read

pytestmark = pytest.mark.django_db


def test_an_admin_opts_out_the_person_who_sent_a_flagged_text(admin_client, thread, press):
    message = thread.messages.last()
    flag(message)
    assert "Stop texting them" in read(admin_client, address(thread))
    text = press(thread, "stop/", client=admin_client, text=message.pk)
    assert "Opted out. This number won’t get" in text
    assert "Opted out by ann: “And bikes?”" in text
    assert UnsubscribedContact.objects.get().phone == thread.phone
    assert "Someone else already decided this" in press(thread, "keep/", client=admin_client, text=message.pk)


def test_an_admin_keeps_texting_the_person_who_sent_a_flagged_text(admin_client, thread, press):
    message = thread.messages.last()
    flag(message)
    said = "Not an opt-out. They’ll keep getting texts."
    assert said in press(thread, "keep/", client=admin_client, text=message.pk)
    assert not UnsubscribedContact.objects.exists()
    assert "Does this person want to opt out?" not in read(admin_client, address(thread))
    assert "Someone else already decided this" in press(thread, "stop/", client=admin_client, text=message.pk)


def test_keeping_a_person_says_if_they_still_get_no_texts(
    admin_client, thread, make_unsubscribed, make_suppressed, press
):
    first, second = thread.messages.order_by("pk")
    flag(first)
    flag(second)
    make_suppressed(phone=thread.phone)
    text = press(thread, "keep/", client=admin_client, text=first.pk)
    assert "Not an opt-out. Blasts still skip this number" in text
    make_unsubscribed(phone=thread.phone)
    text = press(thread, "keep/", client=admin_client, text=second.pk)
    assert "Not an opt-out. They’ve opted out anyway" in text
    assert "keep getting texts" not in text


def test_the_opt_out_question_shows_each_flagged_text(admin_client, thread, press):
    for message in thread.messages.all():
        flag(message)
    text = read(admin_client, address(thread))
    assert "Does this person want to opt out?" in text
    assert "“Is there parking?”" in text
    assert "“And bikes?”" in text
    asked = [message.pk for message in thread.messages.order_by("pk")]
    assert all(text.count(f'name="text" value="{pk}"') == 2 for pk in asked)
    late = add_text(thread, "Wrong number")
    flag(late)
    text = press(thread, "keep/", client=admin_client, text=asked)
    assert "Does this person want to opt out?" in text
    assert "“Wrong number”" in text
    assert thread.messages.get(is_flagged=True) == late


@pytest.mark.parametrize("asked", ["", "x", "-1", "9" * 30, "²"])
def test_a_decision_with_an_invalid_text_id_changes_nothing(admin_client, thread, press, asked):
    flag(thread.messages.last())
    assert "Someone else already decided this" in press(thread, "stop/", client=admin_client, text=asked)
    assert fresh(thread).flagged_at is not None


def test_a_social_manager_opts_out_and_asks_an_admin_about_the_rest(manager_client, thread):
    message = thread.messages.last()
    flag(message)
    text = read(manager_client, address(thread))
    assert "If not, ask an admin." in text
    assert address(thread, "keep/") not in text
    assert manager_client.post(address(thread, "keep/"), {"text": message.pk}).status_code == 403
    assert fresh(thread).flagged_at is not None
    assert not ConsentRecord.objects.exists()
    manager_client.post(address(thread, "stop/"), {"text": message.pk})
    assert fresh(thread).flagged_at is None
    assert ConsentRecord.objects.get().actor == "sam"
