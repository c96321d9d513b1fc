"""The confirmation: everything in numbers, and one blast however often Send is pressed."""

import re
import uuid
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from messaging.models import Draft, MessageLog, Target

BLASTS = "/admin/messaging/messagelog/"


def confirm_url(draft):
    return reverse("admin:messaging_messagelog_confirm", args=[draft.token])


def squeeze(response):
    return " ".join(response.content.decode().split())


@pytest.fixture
def make_draft(manager_user):
    def make(**fields):
        return Draft.objects.create(**{"created_by": manager_user, "message_body": "Hi {first_name}", **fields})

    return make


@pytest.fixture
def send(manager_client, django_capture_on_commit_callbacks):
    """Press Send on the confirmation of a draft as it is now, or as it was `seen`; the answer."""

    def run(draft, seen=None, client=manager_client):
        with django_capture_on_commit_callbacks(execute=True):
            return client.post(confirm_url(draft), {"version": seen or draft.version})

    return run


def test_it_shows_all_the_numbers(manager_client, make_draft, make_member, make_unsubscribed, settings):
    settings.SMS_RATE_PER_SECOND = 2
    settings.TWILIO_FROM_NUMBER = "+17205550100"
    for name in ("Rosa Delgado", "Ann", None):
        make_member(name=name)
    make_unsubscribed(phone=make_member().phone)
    page = squeeze(manager_client.get(confirm_url(make_draft(message_body="x" * 161))))
    figures = dict(re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", page))
    assert figures == {
        "Audience": "Community",
        "Recipients": "3 people",
        "Skipped": '1 person<span class="note">1 person has opted out</span>',
        "Each text": 'counts as 2 messages<span class="note">6 messages in all</span>',
        "Estimated cost": '$0.05<span class="note">at $0.0079 per message</span>',
        "Takes": "a few seconds",
        "Sender": '(720) 555-0100<span class="note">Live: real texts to real phones</span>',
    }
    assert "To 3 people in the community. 1 is skipped. About $0.05." in page
    assert "6 segments. Encoding: GSM-7." in page


def test_it_says_so_in_practice_mode(manager_client, make_draft, make_member, settings):
    settings.SMS_BACKEND = "messaging.backends.simulator.SimulatorBackend"
    make_member()
    assert "Practice mode (no phone number connected)" in squeeze(manager_client.get(confirm_url(make_draft())))
    settings.TWILIO_FROM_NUMBER = "+17205550100"
    assert "Practice mode: no texts are really sent" in squeeze(manager_client.get(confirm_url(make_draft())))


def test_it_shows_the_text_as_the_first_five_people_get_it(manager_client, make_draft, make_member):
    for name in ("Ann", "Bea", "Cleo", "Dora", "Eva", "Fay"):
        make_member(name=name)
    page = squeeze(manager_client.get(confirm_url(make_draft())))
    assert all(f"Hi {name} Reply STOP" in page for name in ("Ann", "Bea", "Cleo", "Dora", "Eva"))
    assert "Hi Fay" not in page


def test_get_requests_send_nothing(manager_client, make_draft, make_member):
    make_member()
    manager_client.get(confirm_url(make_draft()))
    assert not MessageLog.objects.exists()


def test_send_starts_the_blast_and_shows_it(send, make_draft, make_member, manager_user, locmem):
    make_member(name="Rosa Delgado", phone="+17205550111")
    response = send(make_draft())
    log = MessageLog.objects.get()
    assert response.url == f"{BLASTS}{log.pk}/change/"
    assert (log.created_by, log.target, log.audience_name) == (manager_user, "community", "Community")
    assert [(to, body) for to, body, _ in locmem.outbox] == [
        ("+17205550111", "Hi Rosa\nReply STOP to unsubscribe."),
    ]


def test_pressing_send_twice_makes_one_blast(send, make_draft, make_member, manager_client, locmem):
    make_member()
    draft = make_draft()
    first = send(draft)
    second = send(draft)
    assert first.url == second.url
    assert MessageLog.objects.count() == 1
    assert len(locmem.outbox) == 1
    assert "Nothing was sent again." in squeeze(manager_client.get(second.url))


def test_going_back_after_sending_leads_to_the_blast(send, make_draft, make_member, manager_client):
    make_member()
    draft = make_draft()
    blast = send(draft).url
    form = {"token": draft.token, "to": "community", "message_body": "Changed"}
    assert manager_client.get(confirm_url(draft)).url == blast
    assert manager_client.get(f"{BLASTS}compose/", {"draft": draft.token}).url == blast
    assert manager_client.post(f"{BLASTS}compose/", form).url == blast
    assert MessageLog.objects.count() == 1
    draft.refresh_from_db()
    assert draft.message_body == "Hi {first_name}"


def test_a_blast_that_was_deleted_is_not_sent_again(send, make_draft, make_member, manager_client):
    make_member()
    draft = make_draft()
    send(draft)
    MessageLog.objects.all().delete()
    response = send(draft)
    assert response.url == BLASTS
    assert "Its blast has since been deleted." in squeeze(manager_client.get(response.url))
    assert not MessageLog.objects.exists()


def test_changes_from_another_window_are_shown_before_sending(send, make_draft, make_member, manager_client):
    make_member()
    draft = make_draft()
    seen = draft.version
    draft.message_body = "Another text"
    draft.save()
    response = send(draft, seen)
    assert response.url == confirm_url(draft)
    assert not MessageLog.objects.exists()
    page = squeeze(manager_client.get(response.url))
    assert "Someone changed the message in another window." in page
    assert "Another text" in page


def test_a_draft_without_a_text_goes_back_to_the_compose_page(manager_client, make_draft, make_member, send):
    make_member()
    draft = make_draft(message_body="")
    assert manager_client.get(confirm_url(draft)).url == f"{BLASTS}compose/?draft={draft.token}"
    send(draft)
    assert not MessageLog.objects.exists()


def test_a_deleted_draft_redirects_to_a_new_one(manager_client):
    response = manager_client.get(reverse("admin:messaging_messagelog_confirm", args=[uuid.uuid4()]))
    assert response.url == f"{BLASTS}compose/"


@pytest.mark.parametrize("is_anybody_there", [True, False])
def test_with_nobody_to_text_send_is_closed_and_says_why(
    manager_client, make_draft, make_member, make_unsubscribed, send, is_anybody_there
):
    if is_anybody_there:
        make_unsubscribed(phone=make_member().phone)
    draft = make_draft()
    page = squeeze(manager_client.get(confirm_url(draft)))
    expected = "1 person has opted out" if is_anybody_there else "The community is empty."
    assert expected in page
    assert re.search(r'<input type="submit"[^>]* disabled', page)
    assert send(draft).status_code == 200
    assert not MessageLog.objects.exists()


def test_an_event_without_registrants_is_named(manager_client, make_draft, make_event):
    draft = make_draft(target=Target.EVENT, event=make_event(title="Open day"))
    assert "Nobody is registered for Open day." in squeeze(manager_client.get(confirm_url(draft)))


def test_a_test_only_goes_to_the_test_phone(send, make_draft, make_member, locmem):
    make_member(name="Rosa Delgado")
    make_member()
    send(make_draft(test_mode=True))
    assert [to for to, _, _ in locmem.outbox] == ["+17205550199"]
    assert MessageLog.objects.get().test_mode


def test_a_test_without_a_test_phone_goes_to_nobody(send, manager_client, make_draft, make_member, settings, locmem):
    settings.ADMIN_TEST_PHONE = ""
    make_member()
    draft = make_draft(test_mode=True)
    assert "set ADMIN_TEST_PHONE" in squeeze(manager_client.get(confirm_url(draft)))
    assert send(draft).status_code == 200
    assert locmem.outbox == []
    assert not MessageLog.objects.exists()


@pytest.fixture
def earlier(make_user):
    """A blast of the text that the drafts here have, unless given otherwise."""

    def make(**fields):
        fields = {
            "message_body": "Hi {first_name}\nReply STOP to unsubscribe.",
            "target": "community",
            "audience_name": "Community",
            "created_by": make_user(username="vera"),
            **fields,
        }
        return MessageLog.objects.create(**fields)

    return make


def test_the_same_text_to_the_same_people_within_a_day_is_pointed_out(
    manager_client, make_draft, make_member, earlier
):
    make_member()
    earlier(created_at=timezone.now() - timedelta(hours=23))
    page = squeeze(manager_client.get(confirm_url(make_draft())))
    assert "You already sent this text to Community on" in page
    assert "by vera." in page


@pytest.mark.parametrize(
    "difference",
    [
        {"message_body": "Another text"},
        {"target": "event"},
        {"test_mode": True},
        {"created_at": timezone.now() - timedelta(hours=25)},
    ],
)
def test_other_texts_people_tests_and_days_are_not(manager_client, make_draft, make_member, earlier, difference):
    make_member()
    earlier(**difference)
    assert "You already sent this text" not in squeeze(manager_client.get(confirm_url(make_draft())))


def test_costly_characters_and_long_texts_are_pointed_out(manager_client, make_draft, make_member):
    make_member()
    page = squeeze(manager_client.get(confirm_url(make_draft(message_body="Let’s meet – " * 20))))
    assert "’ and – raise the cost: $0.04 instead of $0.02. <button" in page
    assert "This is a long text: it counts as up to 5 messages per person" in page


def test_costly_characters_are_removed_or_replaced_by_one_click(manager_client, make_draft, make_member):
    make_member()
    for text, button, plain in (
        ("🎄" + "x" * 100, "Remove it", "x" * 100),
        ("Let’s – " + "x" * 140, "Replace them", "Let's - " + "x" * 140),
    ):
        draft = make_draft(message_body=text, has_opt_out_line=False)
        page = squeeze(manager_client.get(confirm_url(draft)))
        assert f'name="plain" value="1">{button}</button>' in page
        assert manager_client.post(confirm_url(draft), {"version": "of an hour ago", "plain": "1"}).status_code == 302
        draft.refresh_from_db()
        assert draft.message_body == text
        form = {"version": draft.version, "plain": "1", "when": "later", "date": "2099-01-01"}
        assert manager_client.post(confirm_url(draft), form).url == confirm_url(draft)
        draft.refresh_from_db()
        assert draft.message_body == plain
    assert not MessageLog.objects.exists()


def test_letters_of_other_scripts_are_not_offered_to_be_removed(manager_client, make_draft, make_member):
    make_member()
    page = squeeze(manager_client.get(confirm_url(make_draft(message_body="Добро пожаловать " * 6))))
    assert "the cost: " in page
    assert 'name="plain"' not in page


def test_a_link_with_a_public_shortener_gets_a_warning(manager_client, make_draft, make_member):
    make_member()
    page = squeeze(manager_client.get(confirm_url(make_draft(message_body="Sign up: https://bit.ly/picnic"))))
    assert "bit.ly is a public link shortener. Carriers often block texts with links like that." in page


def test_a_sender_that_is_a_name_is_pointed_out(manager_client, make_draft, make_member, settings):
    settings.TWILIO_FROM_NUMBER = "CHOIR"
    make_member()
    page = squeeze(manager_client.get(confirm_url(make_draft())))
    assert "Nobody can reply to “CHOIR”" in page
    assert "Reply STOP" not in page


def test_a_plain_short_text_has_no_warnings(manager_client, make_draft, make_member):
    make_member()
    page = squeeze(manager_client.get(confirm_url(make_draft())))
    assert "notice" not in page
    assert "the cost: " not in page


def test_names_and_texts_are_escaped(manager_client, make_draft, make_member):
    make_member(name="<script>alert(1)</script>")
    page = squeeze(manager_client.get(confirm_url(make_draft(message_body="<b>{name}</b>"))))
    assert "<script>alert(1)" not in page
    assert "<b>" not in page
