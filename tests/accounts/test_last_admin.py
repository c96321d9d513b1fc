"""Nobody takes their own rights away, and somebody can always manage the users."""

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django.test import Client

from accounts.last_admin import check_admin_remains
from accounts.models import AppUser
from accounts.roles import Role

USERS = "/admin/accounts/appuser/"


@pytest.fixture
def ben(make_user):
    return make_user(username="ben")


def change(client, user, **fields):
    data = {"username": user.username, "role": user.role, "is_active": "on", **fields}
    return client.post(f"{USERS}{user.pk}/change/", {name: value for name, value in data.items() if value})


def delete_selected(client, *users):
    data = {"action": "delete_selected", "_selected_action": [user.pk for user in users], "post": "yes"}
    return client.post(USERS, data, follow=True)


@pytest.fixture
def demoted_meanwhile(monkeypatch, admin_user):
    """The admin who acts has been demoted by another request, which this one does not know of yet."""
    AppUser.objects.filter(pk=admin_user.pk).update(role=Role.SOCIAL_MANAGER)
    monkeypatch.setattr("accounts.roles.is_allowed", lambda *_: True)
    monkeypatch.setattr("accounts.roles.may_enter", lambda *_: True)


def test_users_cannot_demote_or_deactivate_themselves(admin_client, admin_user, ben):
    assert change(admin_client, admin_user, role=Role.SOCIAL_MANAGER, is_active="").status_code == 302
    admin_user.refresh_from_db()
    assert (admin_user.role, admin_user.is_active) == (Role.ADMIN, True)


def test_ones_own_role_is_shown_and_not_offered(admin_client, admin_user):
    form = admin_client.get(f"{USERS}{admin_user.pk}/change/").context["adminform"].form
    assert not {"role", "is_active"} & set(form.fields)


@pytest.mark.parametrize("method", ["get", "post"])
def test_users_cannot_delete_themselves(admin_client, admin_user, ben, method):
    assert getattr(admin_client, method)(f"{USERS}{admin_user.pk}/delete/", {"post": "yes"}).status_code == 403
    assert AppUser.objects.filter(pk=admin_user.pk).exists()


def test_users_cannot_delete_themselves_among_others(admin_client, admin_user, ben):
    response = delete_selected(admin_client, admin_user, ben)
    assert "You can’t delete yourself: uncheck your own name." in response.content.decode()
    assert AppUser.objects.count() == 2


def test_others_are_deleted_from_the_list(admin_client, ben):
    question = admin_client.post(USERS, {"action": "delete_selected", "_selected_action": [ben.pk]})
    assert question.status_code == 200
    assert AppUser.objects.count() == 2
    delete_selected(admin_client, ben)
    assert AppUser.objects.count() == 1


def test_another_admin_is_demoted_and_deactivated(admin_client, ben):
    change(admin_client, ben, role=Role.SOCIAL_MANAGER)
    change(admin_client, ben, is_active="")
    ben.refresh_from_db()
    assert not ben.is_active


@pytest.mark.parametrize("fields", [{"role": Role.SOCIAL_MANAGER}, {"is_active": ""}])
def test_the_last_admin_keeps_the_role(demoted_meanwhile, admin_client, ben, fields):
    response = change(admin_client, ben, **fields)
    assert "ben is the last active admin. Make someone else an admin first" in response.content.decode()
    ben.refresh_from_db()
    assert ben.is_superuser


def test_the_last_admin_is_not_deleted(demoted_meanwhile, admin_client, ben):
    response = admin_client.post(f"{USERS}{ben.pk}/delete/", {"post": "yes"}, follow=True)
    assert "Nobody was deleted. ben is the last active admin." in response.content.decode()
    assert AppUser.objects.filter(pk=ben.pk).exists()


def test_the_last_admin_is_not_deleted_from_the_list(demoted_meanwhile, admin_client, ben, make_user):
    response = delete_selected(admin_client, ben, make_user(role=Role.SOCIAL_MANAGER))
    assert "Nobody was deleted. ben is the last active admin." in response.content.decode()
    assert AppUser.objects.count() == 3


def test_the_last_admin_can_be_renamed(admin_client, admin_user):
    assert change(admin_client, admin_user, username="anna").status_code == 302
    admin_user.refresh_from_db()
    assert admin_user.username == "anna"


def test_two_last_admins_do_not_leave_together(make_user):
    users = [make_user(username="ann"), make_user(username="ben")]
    with pytest.raises(ValidationError, match="ann, ben are the last active admins"), transaction.atomic():
        check_admin_remains([user.pk for user in users])


def test_an_inactive_admin_is_no_reason_to_let_the_last_active_one_go(make_user):
    user = make_user(username="ann")
    make_user(username="ben", is_active=False)
    with pytest.raises(ValidationError), transaction.atomic():
        check_admin_remains([user.pk])


def test_users_other_than_admins_can_always_be_deleted(make_user):
    with transaction.atomic():
        check_admin_remains([make_user(role=Role.SOCIAL_MANAGER).pk])


def test_a_deactivated_user_has_no_session_left(admin_client, ben):
    client = Client()
    client.force_login(ben)
    change(admin_client, ben, is_active="")
    assert client.get("/admin/").headers["Location"].startswith("/admin/login/")
