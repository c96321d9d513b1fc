"""The organization's name, contact and time zone: in the database, or else in the environment."""

import io
from datetime import UTC, datetime, time

import pytest
from django.contrib.admin.models import LogEntry
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import DatabaseError, connections
from django.utils import timezone

from accounts import organization
from accounts.models import Organization
from messaging.consent import answers
from messaging.models import ScheduledMessage
from smsadmin.lib import dates
from smsadmin.lib.daily_hours import DailyHours

pytestmark = pytest.mark.django_db

PAGE = "/admin/accounts/organization/"
LOG = f"{PAGE}1/history/"
NOON_IN_DENVER = datetime(2026, 12, 1, 19, tzinfo=UTC)


@pytest.fixture
def environment(settings):
    settings.ORGANIZATION_NAME = "Riverside Choir"
    settings.ORGANIZATION_CONTACT = "choir@example.org"
    settings.APP_TIMEZONE = "America/Denver"
    return settings


def entered(**fields):
    return Organization.objects.create(**fields)


# What applies -------------------------------------------------------------------------------------------------


def test_the_environment_applies_while_nothing_is_entered(environment):
    assert (organization.name(), organization.contact()) == ("Riverside Choir", "choir@example.org")
    assert organization.zone_name() == "America/Denver"


def test_what_is_entered_applies_field_by_field(environment):
    entered(name="River Choir", time_zone="Europe/Berlin")
    assert (organization.name(), organization.contact()) == ("River Choir", "choir@example.org")
    assert organization.zone_name() == "Europe/Berlin"


def test_automatic_replies_use_what_is_entered(environment):
    entered(name="River Choir", contact="720-555-0123")
    assert answers.help_answer().startswith("River Choir: For help, contact 720-555-0123.")


def test_a_zone_that_this_machine_does_not_know_gives_way_to_the_environments(environment):
    entered(time_zone="Mars/Olympus")
    assert organization.zone_name() == "America/Denver"


def test_a_zone_is_checked(environment):
    with pytest.raises(ValidationError, match="“Mars/Olympus” isn’t a time zone"):
        Organization(time_zone="Mars/Olympus").full_clean()


def test_a_process_asks_the_database_once_in_a_few_seconds(environment, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(organization.kept, "seconds", 60)
    organization.kept.forget()
    with django_assert_num_queries(1):
        for _ in range(3):
            answers.all_answers()
    organization.kept.forget()


def test_without_its_table_the_environment_applies(environment, monkeypatch):
    def fail(**_):
        raise DatabaseError("no such table: organization")

    monkeypatch.setattr(Organization.objects, "filter", fail)
    monkeypatch.setattr(connections["default"], "in_atomic_block", False)
    assert organization.name() == "Riverside Choir"


def test_a_missing_database_is_not_created_to_look(environment, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr("smsadmin.lib.database_file.is_missing", lambda: True)
    with django_assert_num_queries(0):
        assert organization.name() == "Riverside Choir"


# The page -----------------------------------------------------------------------------------------------------


def test_an_admin_enters_all_of_it(environment, admin_client, django_capture_on_commit_callbacks):
    data = {"name": " River  Choir ", "contact": "720-555-0123", "time_zone": "Europe/Berlin"}
    with django_capture_on_commit_callbacks(execute=True):
        page = admin_client.post(PAGE, data, follow=True).content.decode()
    assert "Saved. It applies everywhere within a few seconds." in page
    row = Organization.objects.get()
    assert (row.name, row.contact, row.time_zone) == ("River Choir", "720-555-0123", "Europe/Berlin")


def test_the_next_page_shows_it_although_the_former_was_kept(
    environment, admin_client, monkeypatch, django_capture_on_commit_callbacks
):
    monkeypatch.setattr(organization.kept, "seconds", 60)
    organization.kept.forget()
    assert organization.name() == "Riverside Choir"
    with django_capture_on_commit_callbacks(execute=True):
        admin_client.post(PAGE, {"name": "River Choir"})
    assert organization.name() == "River Choir"
    organization.kept.forget()


def test_emptied_fields_go_back_to_the_environment(environment, admin_client):
    entered(name="River Choir", time_zone="Europe/Berlin")
    admin_client.post(PAGE, {"name": "", "contact": "", "time_zone": ""})
    assert (organization.name(), organization.zone_name()) == ("Riverside Choir", "America/Denver")


def test_each_field_says_what_applies_while_it_is_empty(environment, admin_client):
    environment.ORGANIZATION_NAME, environment.ORGANIZATION_CONTACT = "Smith & Sons", ""
    page = admin_client.get(PAGE).content.decode()
    assert "Empty: Smith &amp; Sons, from the environment (ORGANIZATION_NAME)." in page
    assert "(ORGANIZATION_CONTACT isn’t set in the environment either.)" in page
    assert '<option value="" selected>America/Denver (from the environment)</option>' in page


def test_the_page_has_one_address(admin_client):
    assert admin_client.get(f"{PAGE}1/change/").url == PAGE
    assert admin_client.get(f"{PAGE}2/history/").status_code == 302


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("name", "x" * 81, "This is 81 characters long. Shorten it to 80, so that replies stay short."),
        ("contact", "x" * 121, "This is 121 characters long. Shorten it to 120, so that replies stay short."),
        ("time_zone", "Mars/Olympus", "This time zone doesn’t exist. Choose one from the list."),
    ],
)
def test_what_cannot_be_stored_is_refused_beside_its_field(admin_client, field, value, sentence):
    response = admin_client.post(PAGE, {field: value})
    assert response.context["adminform"].form.errors == {field: [sentence]}
    assert not Organization.objects.exists()


def test_changes_are_in_the_change_log(admin_client, admin_user):
    assert "doesn’t have a change history" in admin_client.get(LOG).content.decode()
    admin_client.post(PAGE, {"name": "River Choir"})
    admin_client.post(PAGE, {"name": "River Choir", "time_zone": "Europe/Berlin"})
    assert [entry.get_change_message() for entry in LogEntry.objects.order_by("pk")] == [
        "Changed Name.",
        "Changed Time zone.",
    ]
    assert "Changed Time zone." in admin_client.get(LOG).content.decode()


@pytest.mark.parametrize("address", [PAGE, f"{PAGE}1/change/", LOG, f"{PAGE}add/", f"{PAGE}1/delete/"])
def test_a_social_manager_is_refused(manager_client, address):
    assert manager_client.get(address).status_code == 403
    assert manager_client.post(address, {"name": "Eve"}).status_code == 403
    assert not Organization.objects.exists()


def test_looking_stores_nothing(admin_client):
    admin_client.get(PAGE)
    assert not Organization.objects.exists()


# The time zone ------------------------------------------------------------------------------------------------


@pytest.fixture
def scheduled():
    return ScheduledMessage.objects.create(
        message_body="Rehearsal", target="community", scheduled_at=NOON_IN_DENVER, status="sent"
    )


def test_staff_pages_show_times_in_it(environment, admin_client, scheduled):
    address = f"/admin/messaging/scheduledmessage/{scheduled.pk}/change/"
    assert "12:00 PM MST" in admin_client.get(address).content.decode()
    entered(time_zone="Europe/Berlin")
    assert "8:00 PM CET" in admin_client.get(address).content.decode()


def test_changing_it_does_not_move_what_is_scheduled(environment, admin_client, scheduled):
    admin_client.post(PAGE, {"time_zone": "Europe/Berlin"})
    scheduled.refresh_from_db()
    assert scheduled.scheduled_at == NOON_IN_DENVER


def test_a_download_has_times_in_it_to_the_end(environment, admin_client, make_member):
    make_member()
    entered(time_zone="Asia/Kolkata")
    exported = b"".join(admin_client.get("/admin/contacts/communitymember/export/")).decode()
    assert "+05:30" in exported


def test_commands_show_and_read_times_in_it(environment, scheduled):
    entered(time_zone="Europe/Berlin")
    shown = io.StringIO()
    call_command("list_scheduled", "--all", stdout=shown)
    assert "2026-12-01 20:00 CET" in shown.getvalue()


def test_no_zone_is_left_to_the_next_test():
    assert timezone.get_current_timezone_name() == "America/Denver"
    assert dates.moment(NOON_IN_DENVER).endswith("MST")


# Quiet hours on some weekdays ---------------------------------------------------------------------------------


def post_hours(client, weekday="sunday", begin="12:00", end="21:00"):
    return client.post(PAGE, {f"{weekday}_from": begin, f"{weekday}_until": end})


def test_hours_of_a_weekday_are_stored_and_shown_again(admin_client):
    post_hours(admin_client)
    assert Organization.objects.get().quiet_weekdays == {"6": ["12:00", "21:00"]}
    assert organization.weekday_hours() == {6: (time(12), time(21))}
    page = admin_client.get(PAGE).content.decode()
    assert 'name="sunday_from" value="12:00" aria-label="Sunday, only from"' in page


def test_emptied_hours_are_gone(admin_client):
    entered(quiet_weekdays={"6": ["12:00", "21:00"]})
    post_hours(admin_client, begin="", end="")
    assert organization.weekday_hours() == {}


@pytest.mark.parametrize(
    ("begin", "end", "sentence"),
    [
        ("12:00", "", "Sunday: enter both times, or neither."),
        ("21:00", "12:00", "Sunday: the second time has to be later than the first, on the same day."),
        ("06:00", "07:30", "Sunday: this leaves no time at all, because of QUIET_HOURS. Choose other hours."),
        ("noon", "21:00", "This isn’t a time. Enter it like 18:30."),
    ],
)
def test_wrong_hours_are_refused_beside_their_weekday(settings, admin_client, begin, end, sentence):
    settings.QUIET_HOURS = DailyHours.read("21:00-08:00")
    response = post_hours(admin_client, begin=begin, end=end)
    assert response.context["adminform"].form.errors == {"sunday": [sentence]}
    assert not Organization.objects.exists()


def test_the_usual_sunday_is_filled_in_and_not_yet_saved(admin_client):
    entered(quiet_weekdays={"5": ["09:00", "20:00"]})
    page = admin_client.get(f"{PAGE}?sundays=noon").content.decode()
    assert 'name="sunday_from" value="12:00"' in page
    assert 'name="saturday_from" value="09:00"' in page
    assert Organization.objects.get().quiet_weekdays == {"5": ["09:00", "20:00"]}


@pytest.mark.parametrize(
    ("hours", "sentence"),
    [
        (
            DailyHours.read("21:00-08:00"),
            "nobody is texted from 9:00 PM to 8:00 AM, from the environment (QUIET_HOURS)",
        ),
        (DailyHours(), "QUIET_HOURS is none in the environment"),
        (None, "QUIET_HOURS isn’t set in the environment"),
    ],
)
def test_the_page_shows_the_hours_of_the_environment(settings, admin_client, hours, sentence):
    settings.QUIET_HOURS = hours
    assert sentence in admin_client.get(PAGE).content.decode()


def test_managers_cannot_change_quiet_hours(manager_client):
    assert post_hours(manager_client).status_code == 403
    assert not Organization.objects.exists()
