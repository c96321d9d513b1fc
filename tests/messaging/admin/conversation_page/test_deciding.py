"""The question whether a text means stop, and what an admin decides."""

import pytest

from contacts.models import ConsentRecord, UnsubscribedContact
from tests.messaging.conversations import add_text, address, flag, fresh, read

pytestmark = pytest.mark.django_db


def test_an_admin_decides_that_it_means_stop(admin_client, thread, press):
    message = thread.messages.last()
    flag(message)
    assert "Opt out this person" in read(admin_client, address(thread))
    text = press(thread, "stop/", client=admin_client, text=message.pk)
    assert "Opted out: no blast and no reply" in text
    assert "Opted out by ann: “And bikes?”" in text
    assert UnsubscribedContact.objects.get().phone == thread.phone
    assert "Somebody has decided that" in press(thread, "keep/", client=admin_client, text=message.pk)


def test_an_admin_decides_that_it_does_not_mean_stop(admin_client, thread, press):
    message = thread.messages.last()
    flag(message)
    said = "Noted: it does not mean stop. The person goes on getting texts."
    assert said in press(thread, "keep/", client=admin_client, text=message.pk)
    assert not UnsubscribedContact.objects.exists()
    assert "Does this mean stop?" not in read(admin_client, address(thread))
    assert "Somebody has decided that" in press(thread, "stop/", client=admin_client, text=message.pk)


def test_nobody_is_said_to_get_texts_who_gets_none(admin_client, thread, make_unsubscribed, make_suppressed, press):
    first, second = thread.messages.order_by("pk")
    flag(first)
    flag(second)
    make_suppressed(phone=thread.phone)
    text = press(thread, "keep/", client=admin_client, text=first.pk)
    assert "it does not mean stop. Blasts go on skipping this number" in text
    make_unsubscribed(phone=thread.phone)
    text = press(thread, "keep/", client=admin_client, text=second.pk)
    assert "it does not mean stop. The person has opted out all the same" in text
    assert "goes on getting texts" not in text


def test_the_question_shows_each_text_that_is_decided(admin_client, thread, press):
    for message in thread.messages.all():
        flag(message)
    text = read(admin_client, address(thread))
    assert "Do these mean stop?" in text
    assert "“Is there parking?”" in text
    assert "“And bikes?”" in text
    asked = [message.pk for message in thread.messages.order_by("pk")]
    assert all(text.count(f'name="text" value="{pk}"') == 2 for pk in asked)
    late = add_text(thread, "Wrong number")
    flag(late)
    text = press(thread, "keep/", client=admin_client, text=asked)
    assert "Does this mean stop?" in text
    assert "“Wrong number”" in text
    assert thread.messages.get(is_flagged=True) == late


@pytest.mark.parametrize("asked", ["", "x", "-1", "9" * 30, "²"])
def test_a_decision_about_an_odd_text_decides_nothing(admin_client, thread, press, asked):
    flag(thread.messages.last())
    assert "Somebody has decided that" in press(thread, "stop/", client=admin_client, text=asked)
    assert fresh(thread).flagged_at is not None


def test_who_may_not_decide_is_told_whom_to_ask(manager_client, thread):
    message = thread.messages.last()
    flag(message)
    text = read(manager_client, address(thread))
    assert "Ask an admin to decide." in text
    assert "Opt out this person" not in text
    for page in ("stop/", "keep/"):
        assert manager_client.post(address(thread, page), {"text": message.pk}).status_code == 403
    assert fresh(thread).flagged_at is not None
    assert not ConsentRecord.objects.exists()
