"""The compose page: who may use it, what it takes, and that nothing is written before it is posted."""

import re
import uuid

import pytest
from django.urls import reverse

from messaging.models import Draft, MessageLog

# A token that no draft has; the same in every process that collects the tests.
NO_TOKEN = "00000000-0000-4000-8000-000000000000"
COMPOSE = "/admin/messaging/messagelog/compose/"


@pytest.fixture
def post(manager_client):
    """Post the compose form; a field given as None is left out."""

    def run(client=manager_client, **fields):
        form = {
            "token": str(uuid.uuid4()),
            "to": "community",
            "message_body": "Hi {first_name}",
            "has_opt_out_line": "on",
            **fields,
        }
        return client.post(COMPOSE, {name: value for name, value in form.items() if value is not None})

    return run


def values(form, name="to"):
    """The values of the chips that are shown."""
    return [chip.value for chip in form.fields[name].chosen]


def confirm_url(token):
    return reverse("admin:messaging_messagelog_confirm", args=[token])


def test_its_url_has_a_name():
    assert reverse("admin:messaging_messagelog_compose") == COMPOSE


def test_strangers_are_asked_to_log_in(client, db):
    response = client.get(COMPOSE)
    assert response.status_code == 302
    assert response.url.startswith("/admin/login/")


@pytest.mark.parametrize("path", ["", "preview/", "keep/", "test/", f"{NO_TOKEN}/confirm/"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_role_without_the_permission_is_refused(make_user, client, path, method):
    client.force_login(make_user(role="guest"))
    assert getattr(client, method)(f"{COMPOSE}{path}").status_code == 403


def test_a_social_manager_may_compose(manager_client):
    assert manager_client.get(COMPOSE).status_code == 200


def test_get_requests_write_nothing(manager_client, make_member):
    make_member()
    manager_client.get(COMPOSE)
    assert not Draft.objects.exists()
    assert not MessageLog.objects.exists()


def test_each_new_form_has_its_own_token(manager_client):
    first, second = (manager_client.get(COMPOSE).context["form"].draft.token for _ in range(2))
    assert first != second


def test_posting_saves_a_draft_and_opens_its_review(post, manager_user, make_member):
    make_member()
    token = uuid.uuid4()
    response = post(token=str(token))
    assert (response.status_code, response.url) == (302, confirm_url(token))
    draft = Draft.objects.get()
    assert (draft.token, draft.message_body, draft.created_by) == (token, "Hi {first_name}", manager_user)
    assert (draft.target, draft.event, draft.has_opt_out_line, draft.test_mode) == ("community", None, True, False)


def test_posting_again_changes_the_same_draft(post):
    token = str(uuid.uuid4())
    post(token=token)
    post(token=token, message_body="Another text", has_opt_out_line=None)
    assert [(draft.message_body, draft.has_opt_out_line) for draft in Draft.objects.all()] == [
        ("Another text", False)
    ]


def test_the_opt_out_line_is_not_offered_if_nobody_can_reply(manager_client, post, settings):
    assert "Reply STOP to unsubscribe." in manager_client.get(COMPOSE).content.decode()
    settings.TWILIO_FROM_NUMBER = "CHOIR"
    assert "Reply STOP to unsubscribe." not in manager_client.get(COMPOSE).content.decode()
    post()
    assert Draft.objects.get().whole_body == "Hi {first_name}"


def test_line_breaks_are_kept_as_single_characters(post):
    post(message_body="  One\r\nTwo \r\n")
    assert Draft.objects.get().message_body == "One\nTwo"


def test_a_draft_can_be_edited_with_all_it_had(manager_client, post, make_registration):
    event = make_registration().event
    token = str(uuid.uuid4())
    post(token=token, to=f"event:{event.pk}")
    form = manager_client.get(COMPOSE, {"draft": token}).context["form"]
    assert form["message_body"].value() == "Hi {first_name}"
    assert values(form) == [f"event:{event.pk}"]
    assert str(form.draft.token) == token


def test_the_url_can_preselect_an_event(manager_client, make_event):
    event = make_event()
    form = manager_client.get(COMPOSE, {"event": event.pk}).context["form"]
    assert values(form) == [f"event:{event.pk}"]


@pytest.mark.parametrize("event", ["99999999", "none", "9" * 30, "²"])
def test_a_deleted_event_is_reported(manager_client, event):
    response = manager_client.get(COMPOSE, {"event": event})
    assert "This event no longer exists." in response.content.decode()


@pytest.mark.parametrize("token", [NO_TOKEN, "no-token"])
def test_a_deleted_draft_redirects_to_a_new_one(manager_client, token):
    response = manager_client.get(COMPOSE, {"draft": token}, follow=True)
    assert response.redirect_chain == [(COMPOSE, 302)]
    assert "This draft no longer exists." in response.content.decode()


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"message_body": ""}, "Write a message."),
        ({"message_body": " \r\n "}, "Write a message."),
        (
            {"message_body": "Hi {nmae} of {town}"},
            "{nmae} and {town} are not fields. Use {name}, {full_name} or {first_name}.",
        ),
        ({"message_body": "x" * 10_001}, "The message has 10001 characters. The limit is 1,600."),
        ({"to": None}, "Choose who gets the message."),
        ({"to": "event:99999999"}, "“Deleted event” no longer exists. Remove it."),
    ],
)
def test_what_cannot_be_sent_is_refused_with_the_reason(post, fields, sentence):
    response = post(**fields)
    assert response.status_code == 200
    assert sentence in response.content.decode()
    assert not Draft.objects.exists()


def test_a_refused_form_keeps_what_was_typed(post):
    response = post(message_body="Hi {nmae}")
    assert response.context["form"]["message_body"].value() == "Hi {nmae}"


def test_texts_that_twilio_would_refuse_are_counted(post, make_member):
    make_member(name="Bo")
    make_member(name="Wilhelmina")
    make_member(name="Theophania")
    response = post(message_body="x" * 1595 + "{name}", has_opt_out_line=None)
    assert (
        "The text is too long for 2 people: the longest has 1,605 characters, and the limit is 1,600. "
        "Shorten it by 5 characters." in response.content.decode()
    )
    assert not Draft.objects.exists()


def test_an_empty_audience_can_still_be_reviewed(post):
    assert post().status_code == 302


def test_a_test_to_be_sent_again_has_no_other_audience(manager_client, manager_user):
    draft = Draft.objects.create(created_by=manager_user, message_body="Hi", test_mode=True)
    page = manager_client.get(COMPOSE, {"draft": draft.token}).content.decode()
    assert "Test phone" in page
    assert 'name="to"' not in page


def test_it_opens_in_the_message_or_in_the_first_field_to_correct(manager_client, post):
    assert re.search(r"<textarea[^>]* autofocus", manager_client.get(COMPOSE).content.decode())
    refused = post(to="").content.decode()
    assert re.search(r'<input type="text" name="to_who"[^>]* autofocus', refused)
    assert not re.search(r"<textarea[^>]* autofocus", refused)


def test_nobody_sees_or_changes_another_users_draft(post, admin_client, manager_client):
    token = str(uuid.uuid4())
    post(token=token)
    assert admin_client.get(COMPOSE, {"draft": token}).status_code == 403
    assert admin_client.get(confirm_url(token)).status_code == 403
    assert admin_client.post(confirm_url(token)).status_code == 403
    assert post(admin_client, token=token, message_body="Mine now").status_code == 403
    assert Draft.objects.get().message_body == "Hi {first_name}"


def test_names_and_texts_are_escaped(manager_client, make_event):
    event = make_event(title="<script>alert(1)</script>")
    page = manager_client.get(COMPOSE, {"event": event.pk}).content.decode()
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_without_javascript_the_latest_events_can_be_chosen(manager_client, make_event):
    event = make_event(title="Open day")
    page = manager_client.get(COMPOSE).content.decode()
    assert f'<option value="event:{event.pk}">Open day</option>' in page
