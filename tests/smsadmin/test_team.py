"""The page My account, and the test phone on it and on the page of a user in Team."""

import pytest
from django.contrib.admin.models import LogEntry

from accounts.roles import Role
from tests.messaging.conversations import read

OWN = "/admin/account/"
COMPOSE = "/admin/messaging/messagelog/compose/"


def test_anybody_enters_their_own_test_phone(manager_client, manager_user):
    page = manager_client.post(OWN, {"test_phone": "720 555 0142"}, follow=True).content.decode()
    manager_user.refresh_from_db()
    assert manager_user.test_phone == "+17205550142"
    assert 'value="(720) 555-0142"' in page
    assert "Saved." in page


def test_send_me_a_test_offers_it(manager_client, manager_user):
    manager_client.post(OWN, {"test_phone": "(720) 555-0142"})
    assert 'id="id_test_phone" value="(720) 555-0142"' in read(manager_client, COMPOSE)


def test_the_page_says_what_applies_while_it_is_empty(manager_client):
    page = read(manager_client, OWN)
    assert "Empty: (720) 555-0199, from the environment (ADMIN_TEST_PHONE)." in page


def test_an_emptied_field_goes_back_to_that(manager_client, manager_user):
    manager_client.post(OWN, {"test_phone": "(720) 555-0142"})
    manager_client.post(OWN, {"test_phone": ""})
    manager_user.refresh_from_db()
    assert manager_user.test_phone == ""


@pytest.mark.parametrize("typed", ["12", "my phone", "(720) 555-0142 ext. 5", "9" * 500, "900 555 0142"])
def test_what_is_not_a_phone_is_refused_with_the_reason(manager_client, manager_user, typed):
    page = manager_client.post(OWN, {"test_phone": typed}).content.decode()
    assert 'class="errorlist"' in page
    manager_user.refresh_from_db()
    assert manager_user.test_phone == ""


def test_nobody_changes_anything_else_there(manager_client, manager_user):
    manager_client.post(OWN, {"test_phone": "", "role": Role.ADMIN, "username": "eve", "is_active": ""})
    manager_user.refresh_from_db()
    assert (manager_user.username, manager_user.role, manager_user.is_active) == ("sam", Role.SOCIAL_MANAGER, True)


def test_only_a_change_is_in_the_change_log(manager_client, manager_user):
    for _ in range(2):
        manager_client.post(OWN, {"test_phone": "(720) 555-0142"})
    [entry] = LogEntry.objects.all()
    assert (entry.user, entry.object_id, entry.get_change_message()) == (
        manager_user,
        str(manager_user.pk),
        "Changed Test phone.",
    )


def test_strangers_are_sent_to_the_login(client, db):
    assert client.get(OWN).url.startswith("/admin/login/")


def test_admins_set_it_for_others(admin_client, manager_user):
    address = f"/admin/accounts/appuser/{manager_user.pk}/change/"
    assert "The number that “Send me a test” offers." in read(admin_client, address)
    data = {"username": "sam", "role": Role.SOCIAL_MANAGER, "is_active": "on", "test_phone": "303.555.0143"}
    admin_client.post(address, data)
    manager_user.refresh_from_db()
    assert manager_user.test_phone == "+13035550143"
    assert LogEntry.objects.get().get_change_message() == "Changed Test phone."


def test_admins_read_there_why_it_was_refused(admin_client, manager_user):
    address = f"/admin/accounts/appuser/{manager_user.pk}/change/"
    response = admin_client.post(address, {"username": "sam", "role": Role.SOCIAL_MANAGER, "test_phone": "12"})
    assert "“12” is too short" in str(response.context["adminform"].form.errors["test_phone"])
