"""Actions on a scheduled message: each checks its permission, changes nothing on GET, and may come too late."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from accounts import roles
from messaging.admin.scheduled import detail
from messaging.models import Draft, MessageLog, ScheduledMessage
from messaging.scheduling import scheduled_messages
from tests.admin_pages import squeeze

from .pages import BLASTS, inline_code

AT = datetime(2030, 5, 2, 0, 30, tzinfo=UTC)
NOW = AT - timedelta(hours=3)
SCHEDULED = "/admin/messaging/scheduledmessage/"
HANDS = ("edit", "reschedule", "cancel", "send")
Status = ScheduledMessage.Status


@pytest.fixture(autouse=True)
def now(monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: NOW)


@pytest.fixture
def make_message(manager_user):
    def make(**fields):
        return ScheduledMessage.objects.create(
            **{
                "message_body": "Hi {first_name}",
                "target": "community",
                "scheduled_at": AT,
                "created_by": manager_user,
                **fields,
            }
        )

    return make


@pytest.fixture
def message(make_message, make_member):
    make_member(name="Rosa Delgado")
    return make_message()


def address(message, page):
    return f"{SCHEDULED}{message.pk}/{page}/"


@pytest.fixture
def press(manager_client, django_capture_on_commit_callbacks):
    """Post to one of the message's pages; the answer."""

    def run(message, page, client=manager_client, **form):
        form = {"version": message.version, **form}
        with django_capture_on_commit_callbacks(execute=True):
            response = client.post(address(message, page), form)
        message.refresh_from_db()
        return response

    return run


@pytest.fixture
def read(manager_client):
    """The text of a response, or of the page that it leads to."""

    def run(response):
        if response.status_code == 302:
            response = manager_client.get(response.url)
        assert response.status_code == 200
        return squeeze(response.content.decode())

    return run


def snapshot(message):
    return ScheduledMessage.objects.filter(pk=message.pk).values().get()


NEW = {
    "edit": {"to": "community", "message_body": "Bye"},
    "reschedule": {"date": "2030-05-03", "time": "18:30", "zone": "America/Denver"},
    "cancel": {},
    "send": {},
    "preview": {"to": "community", "message_body": "Bye"},
    "again": {},
}


@pytest.mark.parametrize("page", NEW)
@pytest.mark.parametrize("missing", ["messaging.send_blast", "messaging.change_scheduledmessage"])
def test_without_both_permissions_each_action_is_refused(
    press, message, manager_client, monkeypatch, page, missing, locmem
):
    if page == "again":
        missing = missing.replace("change", "add")
    monkeypatch.setitem(roles.PERMISSIONS, "social_manager", roles.PERMISSIONS["social_manager"] - {missing})
    before = snapshot(message)
    assert press(message, page, **NEW[page]).status_code == 403
    assert manager_client.get(address(message, page)).status_code == 403
    assert snapshot(message) == before
    assert not MessageLog.objects.exists()


@pytest.mark.parametrize("page", HANDS)
def test_without_the_permission_the_page_offers_no_action(message, manager_client, monkeypatch, read, page):
    held = roles.PERMISSIONS["social_manager"] - {"messaging.change_scheduledmessage"}
    monkeypatch.setitem(roles.PERMISSIONS, "social_manager", held)
    assert f"/{page}/" not in read(manager_client.get(address(message, "change")))


@pytest.mark.parametrize("page", [*HANDS, "change"])
def test_get_requests_change_nothing(message, manager_client, page):
    before = snapshot(message)
    response = manager_client.get(address(message, page))
    assert response.status_code == 200
    assert inline_code(response.content.decode()) == []
    assert snapshot(message) == before
    assert not MessageLog.objects.exists()
    assert not Draft.objects.exists()


@pytest.mark.parametrize("page", ["preview", "again"])
def test_post_only_views_refuse_get(message, manager_client, page):
    assert manager_client.get(address(message, page)).status_code == 405


@pytest.mark.parametrize("page", [*HANDS, "again"])
def test_a_deleted_message_is_not_found(message, manager_client, page):
    assert manager_client.post(f"{SCHEDULED}{message.pk + 1}/{page}/").status_code == 404


@pytest.mark.parametrize("status", [Status.PROCESSING, Status.SENT])
@pytest.mark.parametrize("page", HANDS)
def test_one_that_has_started_in_the_meantime_is_left_alone(press, read, message, make_log, page, status):
    ScheduledMessage.objects.filter(pk=message.pk).update(status=status, message_log=make_log())
    before = snapshot(message)
    assert "This blast has already started, so nothing was changed." in read(press(message, page, **NEW[page]))
    assert snapshot(message) == before
    assert MessageLog.objects.count() == 1


@pytest.mark.parametrize("page", HANDS)
def test_one_that_starts_during_the_action_is_left_alone(press, read, message, monkeypatch, page):
    """It was still pending when the page was loaded, but a worker was faster than the update."""

    def find(pk):
        found = find_before(pk)
        scheduled_messages.send(found.pk, AT)
        return found

    find_before = detail._find
    monkeypatch.setattr(detail, "_find", find)
    assert "This blast has already started, so nothing was changed." in read(press(message, page, **NEW[page]))
    assert (message.message_body, message.scheduled_at) == ("Hi {first_name}", AT)
    assert message.status != "cancelled"
    assert MessageLog.objects.count() == 1


@pytest.mark.parametrize("page", HANDS)
def test_a_canceled_one_stays_canceled(press, read, message, page):
    message.cancel()
    assert "This blast is finished (canceled), so nothing was changed." in read(press(message, page, **NEW[page]))
    assert message.status == "cancelled"
    assert not MessageLog.objects.exists()


def test_canceling_asks_first(message, manager_client, read):
    page = read(manager_client.get(address(message, "cancel")))
    assert "“Hi {first_name}” is scheduled for May 1, 2030, 6:30 PM MDT." in page
    assert "Don’t send" in page
    message.refresh_from_db()
    assert message.status == "pending"


def test_a_canceled_one_is_sent_to_nobody(press, read, message):
    assert "Canceled. Nobody will get it." in read(press(message, "cancel"))
    assert message.status == "cancelled"
    assert scheduled_messages.send(message.pk, AT) is None


def test_sending_now_asks_first_with_the_numbers(message, manager_client, read):
    page = read(manager_client.get(address(message, "send")))
    assert "Send to 1 person now" in page
    assert "Hi Rosa" in page


def test_sending_it_now_creates_one_blast(press, read, message, locmem):
    response = press(message, "send")
    log = MessageLog.objects.get()
    assert response.url == f"{BLASTS}{log.pk}/change/"
    assert (message.message_log, message.scheduled_at) == (log, NOW)
    assert [body for _, body, _ in locmem.outbox] == ["Hi Rosa"]
    assert "This blast has already started" in read(press(message, "send"))
    assert MessageLog.objects.count() == 1


def test_with_an_empty_audience_it_is_not_sent_now_and_stays_pending(press, make_message, read):
    message = make_message()
    page = read(press(message, "send"))
    assert "The community is empty." in page
    assert re.search(r'value="Send[^"]*" disabled', page)
    assert message.status == "pending"


def test_changes_in_the_meantime_are_shown_before_sending(press, read, message):
    seen = message.version
    ScheduledMessage.objects.filter(pk=message.pk).update(message_body="Another text")
    page = read(press(message, "send", version=seen))
    assert "Someone changed this in another window." in page
    assert "Another text" in page
    assert not MessageLog.objects.exists()


def test_it_can_be_rescheduled(press, read, message):
    page = read(press(message, "reschedule", **NEW["reschedule"]))
    assert "Rescheduled. It goes out on May 3, 2030, 6:30 PM MDT." in page
    assert message.scheduled_at == datetime(2030, 5, 4, 0, 30, tzinfo=UTC)


def test_rescheduling_starts_with_the_current_time(message, manager_client, read):
    page = read(manager_client.get(address(message, "reschedule")))
    assert 'value="2030-05-01"' in page
    assert 'value="18:30"' in page
    assert '<option value="America/Denver" selected>' in page


@pytest.mark.parametrize(
    ("local", "zone", "first", "second"),
    [
        ("2031-03-09 02:30", "America/Denver", "2031-03-09T08:30:00+00:00", "2031-03-09T09:30:00+00:00"),
        ("2030-11-03 01:30", "America/Denver", "2030-11-03T07:30:00+00:00", "2030-11-03T08:30:00+00:00"),
        ("2031-03-30 02:30", "Europe/Berlin", "2031-03-30T00:30:00+00:00", "2031-03-30T01:30:00+00:00"),
        ("2030-10-27 02:30", "Europe/Berlin", "2030-10-27T00:30:00+00:00", "2030-10-27T01:30:00+00:00"),
    ],
)
def test_rescheduling_to_an_unclear_time_asks(press, read, message, local, zone, first, second):
    date, time = local.split()
    form = {"date": date, "time": time, "zone": zone}
    page = read(press(message, "reschedule", **form))
    assert re.findall(r'name="moment" id="\w+" value="([^"]+)"', page) == [first, second]
    assert message.scheduled_at == AT
    press(message, "reschedule", **form, moment=second)
    assert message.scheduled_at == datetime.fromisoformat(second)


def test_rescheduling_to_the_past_is_refused(press, read, message):
    page = read(press(message, "reschedule", date="2030-04-30", time="18:30", zone="UTC"))
    assert "This time is in the past." in page
    assert message.scheduled_at == AT


def test_its_text_and_audience_can_be_edited(press, read, message, make_event):
    event = make_event(title="Open day")
    form = {"to": f"event:{event.pk}", "message_body": " Bye {name} "}
    page = read(press(message, "edit", **form))
    assert "Saved. It goes out on May 1, 2030, 6:30 PM MDT." in page
    assert (message.message_body, message.target, message.event) == ("Bye {name}", "event", event)
    assert message.scheduled_at == AT
    assert not Draft.objects.exists()


def test_a_test_stays_one_when_it_is_edited(press, read, message):
    ScheduledMessage.objects.filter(pk=message.pk).update(test_mode=True)
    message.refresh_from_db()
    read(press(message, "edit", message_body="Bye"))
    assert (message.message_body, message.test_mode) == ("Bye", True)


def test_the_form_shows_the_current_values(message, manager_client, read):
    page = read(manager_client.get(address(message, "edit")))
    assert "Hi {first_name}</textarea>" in page
    assert "has_opt_out_line" not in page
    assert inline_code(page) == []


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"message_body": ""}, "Write a message."),
        ({"message_body": "Hi {nmae}"}, "{nmae} is not a field."),
        ({"message_body": "x" * 1601}, "The text is too long for 1 person"),
        ({"to": ""}, "Choose who gets the message."),
    ],
)
def test_an_unsendable_text_is_not_saved(press, read, message, form, sentence):
    before = snapshot(message)
    assert sentence in read(press(message, "edit", **{**NEW["edit"], **form}))
    assert snapshot(message) == before


@pytest.mark.parametrize("button", ["preview", "replace", "sample"])
def test_the_other_buttons_of_the_form_save_nothing(press, read, message, button):
    before = snapshot(message)
    page = read(press(message, "edit", to="community", message_body="It’s {name}", **{button: "1"}))
    assert "Rosa Delgado" in page
    assert snapshot(message) == before


def test_the_preview_follows_the_form(press, message):
    answer = press(message, "preview", to="community", message_body="Bye {first_name}").json()
    assert "Bye Rosa" in answer["preview"]
    message.refresh_from_db()
    assert message.message_body == "Hi {first_name}"


def test_the_second_of_two_editors_is_told(press, read, message):
    seen = message.version
    press(message, "edit", **NEW["edit"])
    page = read(press(message, "edit", version=seen, to="community", message_body="Farewell"))
    assert "Someone changed this in another window." in page
    assert message.message_body == "Bye"


@pytest.fixture
def selection(make_member, make_message, manager_user):
    """A message to one selected member of two."""
    chosen = make_member(name="Ann Lee")
    make_member(name="Bea")
    draft = Draft.objects.create(created_by=manager_user, message_body="Hi", is_selection=True)
    draft.members.add(chosen)
    return make_message(draft=draft, is_selection=True)


def test_a_selection_keeps_its_people_when_it_is_edited(press, read, selection, manager_client):
    page = read(manager_client.get(address(selection, "edit")))
    assert "1 selected person" in page
    assert 'name="to"' not in page
    press(selection, "edit", message_body="Bye", to="community")
    assert (selection.message_body, selection.target, selection.is_selection) == ("Bye", "community", True)
    assert Draft.objects.get().message_body == "Hi"


def test_without_its_people_it_can_neither_be_edited_nor_sent(press, read, selection, make_member):
    Draft.objects.all().delete()
    selection.refresh_from_db()
    assert "was deleted" in read(press(selection, "edit", **NEW["edit"]))
    assert "was deleted" in read(press(selection, "send"))
    assert (selection.message_body, selection.status) == ("Hi {first_name}", "pending")
    assert not MessageLog.objects.exists()


def test_a_finished_one_can_be_copied(press, read, selection):
    selection.cancel()
    response = press(selection, "again")
    page = read(response)
    assert "1 selected person" in page
    draft = Draft.objects.get(scheduled=None)
    assert draft.message_body == "Hi {first_name}"
    assert [member.name for member in draft.members.all()] == ["Ann Lee"]


def test_a_copy_keeps_the_event(press, make_message, make_registration):
    registration = make_registration()
    message = make_message(target="event", event=registration.event, status="expired", test_mode=True)
    press(message, "again")
    draft = Draft.objects.get()
    assert (draft.target, draft.event, draft.test_mode) == ("event", registration.event, True)
    assert not draft.has_opt_out_line


def test_a_copy_with_a_deleted_event_needs_another_one(press, read, make_message, make_member):
    make_member()
    response = press(make_message(target="event", status="failed"), "again")
    draft = Draft.objects.get()
    assert (draft.target, draft.event, draft.message_body) == ("event", None, "Hi {first_name}")
    assert response.url == f"{BLASTS}compose/?draft={draft.token}"
    assert "The event was deleted. Choose another audience." in read(response)


def test_a_deleted_selection_is_not_replaced(press, read, make_message):
    message = make_message(is_selection=True, status="failed")
    assert "was deleted" in read(press(message, "again"))
    assert not Draft.objects.exists()


def test_actions_are_in_the_change_log(press, message, admin_client):
    press(message, "edit", **NEW["edit"])
    press(message, "reschedule", **NEW["reschedule"])
    press(message, "cancel")
    page = squeeze(admin_client.get(address(message, "history")).content.decode())
    for sentence in ("Edited.", "Rescheduled to May 3, 2030, 6:30 PM MDT.", "Canceled."):
        assert sentence in page
