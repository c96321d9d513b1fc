"""Scheduling on the review page: a draft becomes one scheduled message, at the moment that is meant."""

import re
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from messaging.models import Draft, MessageLog, ScheduledMessage
from tests.admin_pages import squeeze

from .pages import BLASTS, inline_code

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SCHEDULED = "/admin/messaging/scheduledmessage/"


def later_url(draft):
    return reverse("admin:messaging_messagelog_later", args=[draft.token])


def confirm_url(draft):
    return reverse("admin:messaging_messagelog_confirm", args=[draft.token])


@pytest.fixture(autouse=True)
def now(monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: NOW)


@pytest.fixture
def draft(manager_user, make_member):
    make_member()
    return Draft.objects.create(created_by=manager_user, message_body="Hi {first_name}")


@pytest.fixture
def schedule(manager_client, draft):
    """Press Schedule for that local time; the answer."""

    def run(local="2026-03-02 18:30", zone="America/Denver", client=manager_client, **extra):
        date, _, time = local.partition(" ")
        form = {"version": draft.version, "date": date, "time": time, "zone": zone, **extra}
        return client.post(later_url(draft), form)

    return run


def text_of(response):
    return squeeze(response.content.decode())


def test_a_draft_is_scheduled_for_the_sites_zone(schedule, draft, manager_user, manager_client):
    response = schedule()
    message = ScheduledMessage.objects.get()
    assert response.url == f"{SCHEDULED}{message.pk}/change/"
    assert message.scheduled_at == datetime(2026, 3, 3, 1, 30, tzinfo=UTC)
    assert (message.draft, message.created_by) == (draft, manager_user)
    assert message.message_body == "Hi {first_name}\nReply STOP to unsubscribe."
    assert not MessageLog.objects.exists()
    assert "Scheduled. It goes out on Mar 2, 2026, 6:30 PM MST." in text_of(manager_client.get(response.url))


def test_another_zone_is_shown_with_the_sites_and_remembered(schedule, manager_client, manager_user):
    response = schedule(zone="Europe/Berlin")
    assert ScheduledMessage.objects.get().scheduled_at == datetime(2026, 3, 2, 17, 30, tzinfo=UTC)
    page = text_of(manager_client.get(response.url))
    assert "goes out on Mar 2, 2026, 6:30 PM CET (Mar 2, 2026, 10:30 AM MST)." in page
    next_one = Draft.objects.create(created_by=manager_user, message_body="Bye")
    assert '<option value="Europe/Berlin" selected>' in text_of(manager_client.get(confirm_url(next_one)))


def test_the_sites_zone_is_offered_first_and_every_zone_once(manager_client, draft):
    page = text_of(manager_client.get(confirm_url(draft)))
    zones = re.findall(r'<option value="([^"]+)"', page)
    assert '<option value="America/Denver" selected>' in page
    assert zones[0] == "America/Denver"
    assert len(zones) == len(set(zones)) > 300


MISSING = {
    "America/Denver": ("2026-03-08 02:30", "2026-03-08T08:30:00+00:00", "2026-03-08T09:30:00+00:00"),
    "Europe/Berlin": ("2026-03-29 02:30", "2026-03-29T00:30:00+00:00", "2026-03-29T01:30:00+00:00"),
}
REPEATED = {
    "America/Denver": ("2026-11-01 01:30", "2026-11-01T07:30:00+00:00", "2026-11-01T08:30:00+00:00"),
    "Europe/Berlin": ("2026-10-25 02:30", "2026-10-25T00:30:00+00:00", "2026-10-25T01:30:00+00:00"),
}
UNCLEAR = [
    *((zone, *case, "doesn’t exist.") for zone, case in MISSING.items()),
    *((zone, *case, "happens twice.") for zone, case in REPEATED.items()),
]


@pytest.mark.parametrize(("zone", "local", "first", "second", "said"), UNCLEAR)
def test_an_ambiguous_local_time_is_asked_about(schedule, zone, local, first, second, said):
    response = schedule(local, zone)
    assert response.status_code == 200
    page = text_of(response)
    assert said in page
    assert re.findall(r'name="moment" id="\w+" value="([^"]+)"', page) == [first, second]
    assert not ScheduledMessage.objects.exists()


@pytest.mark.parametrize(("zone", "local", "first", "second", "said"), UNCLEAR)
@pytest.mark.parametrize("answer", [0, 1])
def test_the_answer_decides(schedule, zone, local, first, second, said, answer):
    chosen = (first, second)[answer]
    assert schedule(local, zone, moment=chosen).status_code == 302
    assert ScheduledMessage.objects.get().scheduled_at == datetime.fromisoformat(chosen)


def test_the_two_times_differ_by_their_zone_names(schedule):
    page = text_of(schedule("2026-11-01 01:30"))
    assert "Nov 1, 2026, 1:30 AM MDT" in page
    assert "Nov 1, 2026, 1:30 AM MST" in page


def test_an_answer_to_another_question_is_ignored(schedule):
    response = schedule("2026-11-01 01:30", moment="2026-03-08T08:30:00+00:00")
    assert "happens twice" in text_of(response)
    assert not ScheduledMessage.objects.exists()


def test_a_clear_time_chosen_instead_needs_no_answer(schedule):
    schedule("2026-11-01 12:00", moment="2026-11-01T07:30:00+00:00")
    assert ScheduledMessage.objects.get().scheduled_at == datetime(2026, 11, 1, 19, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("local", "sentence"),
    [
        ("2026-02-28 18:30", "This time is in the past."),
        ("2026-03-01 05:00", "This time is in the past."),
        ("2027-03-09 18:30", "This time is more than a year away."),
        ("0001-01-01 00:00", "This time is in the past."),
        ("9999-12-31 23:00", "Choose a date within a year from today."),
        ("", "Choose a date."),
        ("2026-03-02", "Choose a time."),
        ("tomorrow 18:30", "This isn’t a date. Enter it like 2026-12-01."),
        ("2026-03-02 25:00", "This isn’t a time. Enter it like 18:30."),
    ],
)
def test_a_bad_time_is_refused_with_a_sentence(schedule, local, sentence):
    response = schedule(local)
    assert response.status_code == 200
    page = text_of(response)
    assert sentence in page
    assert re.search(r'id="when_later" value="later" checked', page)
    assert not ScheduledMessage.objects.exists()


def test_an_unknown_zone_is_refused(schedule):
    assert "This time zone doesn’t exist." in text_of(schedule(zone="Mars/Olympus"))
    assert not ScheduledMessage.objects.exists()


def test_scheduling_twice_leads_to_the_same_message(schedule, manager_client):
    first, second = schedule(), schedule("2026-03-04 18:30")
    assert first.url == second.url
    message = ScheduledMessage.objects.get()
    assert message.scheduled_at == datetime(2026, 3, 3, 1, 30, tzinfo=UTC)
    manager_client.get(BLASTS)
    schedule()
    page = text_of(manager_client.get(first.url))
    assert "This message is already scheduled for Mar 2, 2026, 6:30 PM MST." in page


def test_going_back_after_scheduling_leads_to_the_message(schedule, draft, manager_client):
    there = schedule().url
    version = draft.version
    assert manager_client.get(confirm_url(draft)).url == there
    assert manager_client.post(confirm_url(draft), {"version": version}).url == there
    assert manager_client.get(later_url(draft)).url == there
    assert manager_client.get(f"{BLASTS}compose/", {"draft": draft.token}).url == there
    assert not MessageLog.objects.exists()


def test_a_draft_that_was_sent_leads_to_its_blast(schedule, draft, manager_client):
    manager_client.post(confirm_url(draft), {"version": draft.version})
    assert schedule().url == f"{BLASTS}{MessageLog.objects.get().pk}/change/"
    assert not ScheduledMessage.objects.exists()


def test_changes_from_another_window_are_shown_first(schedule, draft):
    response = schedule(version="of an hour ago")
    assert response.url == confirm_url(draft)
    assert not ScheduledMessage.objects.exists()


def test_get_requests_schedule_nothing(manager_client, draft):
    assert manager_client.get(later_url(draft)).url == confirm_url(draft)
    manager_client.get(confirm_url(draft))
    assert not ScheduledMessage.objects.exists()


def test_a_blast_to_an_event_without_registrations_can_be_scheduled(schedule, draft, make_event, manager_client):
    Draft.objects.filter(pk=draft.pk).update(target="event", event=make_event())
    page = text_of(manager_client.get(confirm_url(draft)))
    assert re.search(r'value="Schedule"(?! disabled)', page)
    assert schedule().status_code == 302
    assert ScheduledMessage.objects.get().target == "event"


def test_a_test_without_a_test_phone_is_not_scheduled(schedule, draft, settings):
    settings.ADMIN_TEST_PHONE = ""
    Draft.objects.filter(pk=draft.pk).update(test_mode=True)
    page = text_of(schedule())
    assert "set ADMIN_TEST_PHONE" in page
    assert re.search(r'value="Schedule for Mon, Mar 2, 6:30 PM" disabled', page)
    assert not ScheduledMessage.objects.exists()


@pytest.mark.parametrize("missing", ["messaging.send_blast", "messaging.add_scheduledmessage"])
def test_without_both_permissions_it_is_refused(schedule, draft, manager_client, monkeypatch, missing):
    from accounts import roles

    held = roles.PERMISSIONS["social_manager"] - {missing}
    monkeypatch.setitem(roles.PERMISSIONS, "social_manager", held)
    assert schedule().status_code == 403
    assert manager_client.get(later_url(draft)).status_code == 403
    if missing != "messaging.send_blast":
        assert 'id="schedule"' not in text_of(manager_client.get(confirm_url(draft)))
    assert not ScheduledMessage.objects.exists()


def test_another_users_draft_is_refused(schedule, admin_client):
    assert schedule(client=admin_client).status_code == 403
    assert not ScheduledMessage.objects.exists()


def test_a_deleted_draft_redirects_to_a_new_one(manager_client):
    address = reverse("admin:messaging_messagelog_later", args=[uuid.uuid4()])
    assert manager_client.post(address).url == f"{BLASTS}compose/"


@pytest.mark.parametrize("when", [{"when": "later"}, {}])
def test_a_filled_in_time_never_sends_at_once(manager_client, draft, when):
    form = {"version": draft.version, "date": "2026-03-02", "time": "18:30", "zone": "America/Denver", **when}
    manager_client.post(confirm_url(draft), form)
    assert not MessageLog.objects.exists()
    assert ScheduledMessage.objects.get().scheduled_at == datetime(2026, 3, 3, 1, 30, tzinfo=UTC)


def test_schedule_without_a_time_asks_for_one_and_does_not_send(manager_client, draft):
    page = text_of(manager_client.post(confirm_url(draft), {"version": draft.version, "when": "later"}))
    assert "Choose a date." in page
    assert not MessageLog.objects.exists()


def test_now_sends_at_once_even_if_a_time_was_tried_before(manager_client, draft):
    form = {"version": draft.version, "when": "now", "date": "2026-03-02", "time": "18:30", "zone": "UTC"}
    manager_client.post(confirm_url(draft), form)
    assert MessageLog.objects.exists()
    assert not ScheduledMessage.objects.exists()


def test_suggested_times_are_links_that_fill_in_the_form(manager_client, draft):
    page = text_of(manager_client.get(confirm_url(draft)))
    # It is Sunday, 5 AM.
    assert re.findall(r'<a class="chip" href="([^"]+)"[^>]*>([^<]+)</a>', page) == [
        ("?at=2026-03-01T18:00", "Today 6 PM"),
        ("?at=2026-03-02T09:00", "Tomorrow 9 AM"),
        ("?at=2026-03-08T09:00", "Sunday 9 AM"),
    ]
    page = text_of(manager_client.get(confirm_url(draft), {"at": "2026-03-08T09:00"}))
    assert 'value="Schedule for Sun, Mar 8, 9:00 AM"' in page
    assert '<input type="date" name="date" value="2026-03-08"' in page
    assert 'id="when_later" value="later" checked' in page


def test_a_time_at_night_is_warned_about(schedule, manager_client, draft):
    page = text_of(manager_client.get(confirm_url(draft)))
    assert "It’s outside 8 AM to 9 PM now" in page
    assert re.search(r'id="night" hidden', page)
    assert not re.search(r'id="night" hidden', text_of(schedule("2026-11-01 01:30")))
    page = text_of(manager_client.get(schedule("2026-03-02 21:30").url))
    assert "That’s outside 8 AM to 9 PM" in page


def test_a_time_by_day_is_not_warned_about(schedule, manager_client):
    assert "outside 8 AM" not in text_of(manager_client.get(schedule("2026-03-02 21:00").url))


def test_the_page_has_no_inline_code_and_a_label_for_each_field(schedule):
    page = text_of(schedule("2026-11-01 01:30"))
    assert inline_code(page) == []
    labels = set(re.findall(r'<label for="([^"]+)"', page))
    fields = set(re.findall(r'<(?:input|select)[^>]* id="(leaves_[^"]+)"', page))
    assert fields <= labels
    assert len(fields) == 5


def test_the_scheduled_time_is_in_the_change_log(schedule, admin_client):
    schedule()
    page = text_of(admin_client.get(f"{SCHEDULED}{ScheduledMessage.objects.get().pk}/history/"))
    assert "Scheduled for Mar 2, 2026, 6:30 PM MST." in page


def test_daylight_saving_time_does_not_move_the_scheduled_time(schedule):
    """In winter time today, for a day in summer time."""
    schedule("2026-07-01 18:30")
    assert ScheduledMessage.objects.get().scheduled_at - NOW > timedelta(days=100)
    assert ScheduledMessage.objects.get().scheduled_at == datetime(2026, 7, 2, 0, 30, tzinfo=UTC)
