from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from messaging.inbound import handlers, receive
from messaging.inbox import conversations
from messaging.models import Delivery, InboxMessage, InboxThread
from messaging.webhooks import signatures

from .inbound_texts import FORM, PATH, form, post, text_in

pytestmark = pytest.mark.django_db

ADA = "+17205550123"
BOB = "+17205550124"


def test_a_text_is_stored_and_waits_in_the_inbox():
    assert text_in(ADA, "When does the picnic start?", MessageSid="SM1") == ""
    message = InboxMessage.objects.get()
    assert (message.phone, message.body, message.message_sid) == (ADA, "When does the picnic start?", "SM1")
    assert message.direction == "inbound"
    thread = InboxThread.objects.get()
    assert (thread.phone, thread.unread_count) == (ADA, 1)
    assert (thread.last_message_preview, thread.last_direction) == ("When does the picnic start?", "inbound")
    assert thread.last_message_at is not None


def test_twilios_other_fields_are_stored_with_the_text():
    text_in(ADA, "Look", NumMedia="1", MediaUrl0="https://media.example/1", FromCity="DENVER")
    kept = InboxMessage.objects.get().raw_payload
    assert '"MediaUrl0": "https://media.example/1"' in kept
    assert '"FromCity": "DENVER"' in kept
    assert "Look" not in kept


def test_texts_from_one_phone_share_a_thread_and_are_counted():
    text_in(ADA, "One")
    text_in(BOB, "Two")
    text_in(ADA, "Three")
    thread = InboxThread.objects.get(phone=ADA)
    assert [message.body for message in thread.messages.order_by("pk")] == ["One", "Three"]
    assert thread.unread_count == 2


def test_an_answer_is_stored_with_its_delivery_and_the_text_is_read(make_rule):
    rule = make_rule()
    assert text_in(ADA, "join") == "Welcome!"
    answer = InboxMessage.objects.get(direction="outbound")
    assert (answer.automation_source, answer.automation_source_id, answer.matched_keyword) == (
        "keyword",
        rule.pk,
        "JOIN",
    )
    assert answer.answer_to.body == "join"
    assert answer.delivery.status == Delivery.Status.ACCEPTED
    thread = InboxThread.objects.get()
    assert (thread.unread_count, thread.last_message_preview, thread.last_direction) == (0, "Welcome!", "outbound")


def test_twilio_is_asked_to_report_on_an_answer(make_rule):
    make_rule()
    response = post(form(ADA, "JOIN"))
    delivery = Delivery.objects.get()
    report_to = f"http://testserver/webhooks/twilio/status/{delivery.pk}#rc=3&amp;rp=ct,rt,5xx"
    assert f'<Message statusCallback="{report_to}">Welcome!</Message>' in response.content.decode()
    fields = {"MessageSid": "SM9", "MessageStatus": "delivered", "To": ADA}
    assert post(fields, path=f"/webhooks/twilio/status/{delivery.pk}").status_code == 204
    delivery.refresh_from_db()
    assert (delivery.status, delivery.sid) == ("delivered", "SM9")


def test_a_repeat_gets_the_same_answer_and_has_no_second_effect(make_rule):
    rule = make_rule()
    fields = form(ADA, "JOIN")
    first, second = post(fields), post({**fields, "SomethingNew": "1"})
    assert first.content == second.content
    assert InboxMessage.objects.count() == 2
    assert Delivery.objects.count() == 1
    rule.refresh_from_db()
    assert rule.match_count == 1


def test_a_text_that_staff_deleted_does_not_come_back_with_a_repeat(make_rule):
    rule = make_rule()
    fields = form(ADA, "JOIN")
    post(fields)
    conversations.delete_text(InboxMessage.objects.get(direction="inbound"))
    assert b"<Message" not in post(fields).content
    assert not InboxMessage.objects.filter(direction="inbound").exists()
    rule.refresh_from_db()
    assert rule.match_count == 1
    assert text_in(ADA, "JOIN") == "Welcome!"


def test_a_repeat_of_an_unanswered_text_is_not_counted_twice():
    fields = form(ADA, "Hello")
    assert post(fields).content == post(fields).content
    assert InboxThread.objects.get().unread_count == 1


@pytest.mark.parametrize("signature", ["", "nonsense", "L/OH5YylLD5NRKLltdqwSvS0BnU="])
def test_a_wrong_signature_is_refused_with_an_empty_response(signature):
    response = post(form(ADA, "JOIN"), signature)
    assert (response.status_code, response.content) == (403, b"")
    assert not InboxMessage.objects.exists()


def test_a_missing_signature_is_refused_with_an_empty_response():
    response = Client().post(PATH, form(ADA, "JOIN"))
    assert (response.status_code, response.content) == (403, b"")


def test_the_signature_of_another_url_is_refused():
    fields = form(ADA, "JOIN")
    signature = signatures.sign("http://testserver/webhooks/twilio/inbound/", fields)
    assert post(fields, signature).status_code == 403


def test_the_query_string_is_signed_unchanged():
    fields = form(ADA, "Hello")
    path = f"{PATH}?from=a%2Fb%20c+d"
    assert post(fields, path=path).status_code == 200


def test_the_port_of_the_public_url_is_signed(settings):
    settings.PUBLIC_BASE_URL = "https://sms.example.org:8443"
    assert post(form(ADA, "Hello"), secure=True).status_code == 200


@pytest.mark.parametrize("method", ["get", "head", "put", "patch", "delete", "options"])
def test_other_methods_are_not_allowed(method):
    assert getattr(Client(), method)(PATH).status_code == 405


@pytest.mark.parametrize(
    ("body", "stored"),
    [
        ("", ""),
        ("a\0b", "a\N{REPLACEMENT CHARACTER}b"),
        ("x" * 1_000_000, "x" * 1_000_000),
        ("مرحبا 👩‍👩‍👧", "مرحبا 👩‍👩‍👧"),
        ("  two\r\nlines  ", "  two\r\nlines  "),
    ],
)
def test_any_body_is_kept(body, stored):
    text_in(ADA, body)
    assert InboxMessage.objects.get().body == stored


@pytest.mark.parametrize(
    ("sender", "phone"),
    [
        ("72975", "72975"),
        ("", "unknown"),
        ("ACME", "ACME"),
        ("whatsapp:+17205550123", ADA),
        ("+" + "9" * 50, "+" + "9" * 19),
    ],
)
def test_any_sender_gets_a_thread(sender, phone):
    text_in(sender, "Hello")
    assert InboxThread.objects.get().phone == phone


def test_texts_without_a_sid_are_all_kept():
    for _ in range(2):
        fields = form(ADA, "Hello")
        del fields["MessageSid"]
        assert post(fields).status_code == 200
    assert InboxMessage.objects.filter(message_sid=None).count() == 2


def test_a_sid_seen_from_another_phone_gets_the_same_answer():
    text_in(ADA, "Hello", MessageSid="SM1")
    text_in(BOB, "Hello", MessageSid="SM1")
    assert InboxMessage.objects.count() == 1


@pytest.mark.parametrize("charset", ["utf-16", "rot13", "hex", "idna", "no-such", "utf-8-sig", "undefined"])
def test_an_unknown_charset_is_not_an_error(charset):
    fields = form(ADA, "Hello")
    signature = signatures.sign(f"http://testserver{PATH}", fields)
    body = "&".join(f"{name}={value.replace('+', '%2B')}" for name, value in fields.items())
    response = Client().generic(
        "POST", PATH, body, f"{FORM}; charset={charset}", headers={signatures.HEADER: signature}
    )
    assert response.status_code in (200, 403)


def test_a_text_is_decoded_with_the_charset_it_names():
    fields = form(ADA, "Käse")
    signature = signatures.sign(f"http://testserver{PATH}", fields)
    body = "&".join(f"{name}={value.replace('+', '%2B')}" for name, value in fields.items()).encode("latin-1")
    response = Client().generic(
        "POST", PATH, body, f"{FORM}; charset=iso-8859-1", headers={signatures.HEADER: signature}
    )
    assert response.status_code == 200
    assert InboxMessage.objects.get().body == "Käse"


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b'{"Body": "Hello"}'),
        ("multipart/form-data", b"garbage"),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: nonsense"),
        (FORM, b"%"),
        (FORM, b"&&&=&=%ff%fe&Body=%ed%a0%80"),
        ("", b"\0\xff"),
    ],
)
def test_a_malformed_body_is_refused(content_type, body):
    response = Client().generic("POST", PATH, body, content_type, headers={signatures.HEADER: "x"})
    assert response.status_code == 403


def test_a_lone_surrogate_is_replaced():
    assert receive.receive({"MessageSid": "SM1", "From": ADA, "Body": "a\ud800b", "X\udc00": "\ud800"}).body == ""
    assert InboxMessage.objects.get().body == "a?b"


def test_an_answer_is_cut_to_twilios_limit(make_rule):
    make_rule(response_body="é" * 2_000)
    assert text_in(ADA, "JOIN") == "é" * 1_600


def test_an_answer_is_escaped_for_xml(make_rule):
    make_rule(response_body="<b>&\x07 “now”")
    assert text_in(ADA, "JOIN") == "<b>& “now”"


def test_opted_out_people_get_no_automatic_reply(make_rule, make_unsubscribed):
    make_rule()
    make_unsubscribed(phone=ADA)
    assert text_in(ADA, "JOIN") == ""
    assert InboxThread.objects.get().unread_count == 1


def test_a_simulated_text_has_its_effects_but_no_delivery(make_rule):
    make_rule()
    reply = receive.receive(form(ADA, "JOIN"), is_simulated=True)
    assert reply.body == "Welcome!"
    assert InboxMessage.objects.filter(direction="outbound").exists()
    assert not Delivery.objects.exists()


def test_unclear_wording_is_flagged_for_staff():
    text_in(ADA, "who is this?? stop it")
    thread = InboxThread.objects.get()
    assert thread.flagged_at is not None
    assert InboxMessage.objects.get().is_flagged


def test_the_list_shows_the_beginning_of_a_long_text():
    text_in(ADA, "word \n" * 1_000)
    preview = InboxThread.objects.get().last_message_preview
    assert preview.startswith("word word")
    assert len(preview) == 120
    assert preview.endswith("…")


def test_counting_the_last_hours_replies_does_not_read_the_whole_conversation():
    thread, other = (InboxThread.objects.create(phone=phone) for phone in (ADA, BOB))
    now = timezone.now()
    old = [
        InboxMessage(
            thread=one, phone=one.phone, direction=direction, body="x", automation_source=source, created_at=at
        )
        for one in (thread, other)
        for number in range(500)
        for at in [now - timedelta(days=1, minutes=number)]
        for direction, source in (("inbound", None), ("outbound", "survey"))
    ]
    InboxMessage.objects.bulk_create(old)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    assert "ix_inbox_messages_sent" in handlers.automatic_replies(thread.pk, now - timedelta(hours=1)).explain()
