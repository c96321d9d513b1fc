"""Profile fields on the pages where blasts are written, reviewed and scheduled."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from contacts import profile_values
from contacts.models import ProfileField
from messaging.models import Draft, MessageLog, ScheduledMessage
from tests.admin_pages import squeeze

COMPOSE = "/admin/messaging/messagelog/compose/"
QUESTION = "1 person has no Grade. Leave them out, or write what they get instead: {grade|your grade}."
LEFT_OUT = "1 person has no Grade, so they won’t get this. To include them, write what they get instead"


def text_of(response):
    return squeeze(response.content.decode())


@pytest.fixture
def grade(db):
    return ProfileField.objects.create(key="grade", label="Grade")


@pytest.fixture
def people(grade, make_member):
    """One person with a grade, and one without."""
    full, empty = make_member(name="Ann Lee"), make_member()
    profile_values.set_value(grade, full.phone, "5")
    return full, empty


@pytest.fixture
def draft(manager_user, people):
    return Draft.objects.create(created_by=manager_user, message_body="Grade {grade}", has_opt_out_line=False)


@pytest.fixture
def press(manager_client, draft, django_capture_on_commit_callbacks):
    """Press a button of the review page, as it is now or as it was `seen`."""

    def run(seen="", page="confirm", **form):
        draft.refresh_from_db()
        with django_capture_on_commit_callbacks(execute=True):
            return manager_client.post(
                reverse(f"admin:messaging_messagelog_{page}", args=[draft.token]),
                {"version": seen or draft.version, **form},
            )

    return run


@pytest.fixture
def review(manager_client, draft):
    return lambda: text_of(manager_client.get(reverse("admin:messaging_messagelog_confirm", args=[draft.token])))


def test_the_compose_page_offers_each_field(manager_client, grade):
    page = text_of(manager_client.get(COMPOSE))
    assert 'data-insert="{grade}">+ Grade</button>' in page
    assert "<code>{grade|…}</code>" in page


def test_without_fields_the_compose_page_says_nothing_of_them(manager_client):
    assert "after a bar" not in text_of(manager_client.get(COMPOSE))


def test_the_preview_shows_real_values(manager_client, people):
    answer = manager_client.post(f"{COMPOSE}preview/", {"to": "community", "message_body": "Grade {grade}"})
    html = squeeze(answer.json()["preview"])
    assert '<p class="bubble" dir="auto">Grade 5</p>' in html
    assert QUESTION in html


def test_a_misspelled_field_is_refused_with_the_nearest(manager_client, grade):
    answer = manager_client.post(f"{COMPOSE}preview/", {"to": "community", "message_body": "Grade {grad}"})
    assert "{grad} is not a field. Did you mean {grade}?" in answer.json()["preview"]


def test_the_review_asks_before_it_leaves_people_out(review):
    page = review()
    assert f"<strong>This can’t be sent yet.</strong> {QUESTION}" in page
    assert 'name="leave_out" value="1">Leave this person out</button>' in page


def test_nothing_is_sent_or_scheduled_before_it_is_decided(press):
    at = timezone.localtime(timezone.now() + timedelta(days=2))
    assert QUESTION in text_of(press())
    assert QUESTION in text_of(press(page="later", date=f"{at:%Y-%m-%d}", time="12:00", zone="America/Denver"))
    assert not MessageLog.objects.exists()
    assert not ScheduledMessage.objects.exists()


def test_people_are_left_out_by_a_click(press, review, draft, locmem, people):
    response = press(leave_out="1")
    assert response.url == reverse("admin:messaging_messagelog_confirm", args=[draft.token])
    page = review()
    assert QUESTION not in page
    assert LEFT_OUT in page
    assert "1 is skipped" in page
    press()
    assert [(to, body) for to, body, _ in locmem.outbox] == [(people[0].phone, "Grade 5")]


def test_the_click_sends_nothing_even_with_a_time_filled_in(press):
    press(leave_out="1", when="later", date="2030-01-01", time="12:00", zone="America/Denver")
    assert not MessageLog.objects.exists()
    assert not ScheduledMessage.objects.exists()


def test_what_was_changed_in_another_window_is_not_decided_about(press, draft):
    press(seen="another", leave_out="1")
    draft.refresh_from_db()
    assert not draft.leaves_out_incomplete


def test_get_requests_decide_nothing(manager_client, draft):
    manager_client.get(reverse("admin:messaging_messagelog_confirm", args=[draft.token]), {"leave_out": "1"})
    draft.refresh_from_db()
    assert not draft.leaves_out_incomplete


@pytest.mark.parametrize(("words", "is_kept"), [("Grade {grade}", True), ("Grade {grade}!", False)])
def test_other_words_have_to_be_decided_about_anew(press, manager_client, draft, words, is_kept):
    press(leave_out="1")
    form = {"token": str(draft.token), "to": "community", "message_body": words}
    manager_client.post(COMPOSE, form)
    draft.refresh_from_db()
    assert (draft.message_body, draft.leaves_out_incomplete) == (words, is_kept)


def test_who_lost_a_value_meanwhile_is_asked_about(press, review, grade, people, make_member):
    profile_values.set_value(grade, people[1].phone, "6")
    assert QUESTION not in review()
    make_member()
    assert QUESTION in text_of(press())
    assert not MessageLog.objects.exists()


@pytest.fixture
def scheduled(people, manager_user):
    return ScheduledMessage.objects.create(
        message_body="Grade {grade}",
        target="community",
        scheduled_at=timezone.now() + timedelta(days=2),
        created_by=manager_user,
    )


def test_a_scheduled_blast_says_who_is_left_out(manager_client, scheduled):
    page = text_of(manager_client.get(reverse("admin:messaging_scheduledmessage_change", args=[scheduled.pk])))
    assert LEFT_OUT in page
    assert "1 person has no Grade</span>" in page


def test_the_list_counts_whom_a_scheduled_blast_would_reach(manager_client, scheduled):
    page = text_of(manager_client.get(reverse("admin:messaging_scheduledmessage_changelist")))
    assert '<span class="note">1 person now</span>' in page


def test_a_scheduled_blast_whose_field_was_deleted_says_so(manager_client, scheduled, grade):
    grade.delete()
    page = text_of(manager_client.get(reverse("admin:messaging_scheduledmessage_change", args=[scheduled.pk])))
    assert "<strong>This couldn’t be sent right now.</strong> {grade} is not a field." in page


def test_a_scheduled_blast_can_be_edited_to_use_a_field(manager_client, scheduled):
    form = {"version": scheduled.version, "to": "community", "message_body": "Bus {grade}"}
    manager_client.post(reverse("admin:messaging_scheduledmessage_edit", args=[scheduled.pk]), form)
    scheduled.refresh_from_db()
    assert scheduled.message_body == "Bus {grade}"


def test_a_scheduled_blast_can_be_sent_now(
    manager_client, scheduled, people, locmem, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        manager_client.post(
            reverse("admin:messaging_scheduledmessage_send", args=[scheduled.pk]), {"version": scheduled.version}
        )
    assert [(to, body) for to, body, _ in locmem.outbox] == [(people[0].phone, "Grade 5")]
