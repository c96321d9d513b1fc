"""Who was given a password chooses another one before anything else, and a change ends the other sessions."""

import pytest
from django.test import Client

from accounts.models import AppUser
from accounts.roles import Role

GIVEN, OWN = "given-to-somebody", "chosen-by-oneself"
CHANGE = "/admin/password_change/"


@pytest.fixture
def ben(make_user):
    return make_user(username="ben", password=GIVEN, must_change_password=True)


@pytest.fixture
def visitor(ben):
    client = Client()
    client.force_login(ben)
    return client


def change(client, old=GIVEN, new=OWN):
    return client.post(CHANGE, {"old_password": old, "new_password1": new, "new_password2": new})


@pytest.mark.parametrize(
    "page",
    [
        "/",
        "/admin/",
        "/admin/contacts/communitymember/",
        "/admin/contacts/communitymember/export/",
        "/admin/messaging/messagelog/compose/",
        "/admin/accounts/appuser/1/password/",
        "/admin/password_change/done/",
        "/admin/no/such/page/",
    ],
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_every_page_leads_to_the_change(visitor, page, method):
    response = getattr(visitor, method)(page)
    assert (response.status_code, response.headers["Location"]) == (302, CHANGE)


def test_nothing_is_done_meanwhile(visitor):
    visitor.post(
        "/admin/accounts/appuser/add/", {"username": "eve", "password1": OWN, "password2": OWN, "role": "admin"}
    )
    assert not AppUser.objects.filter(username="eve").exists()


@pytest.mark.parametrize("headers", [{"X-Poll": "1"}, {"Sec-Fetch-Dest": "empty"}, {"Accept": "application/json"}])
def test_what_a_script_fetches_is_refused(visitor, headers):
    response = visitor.get("/admin/", headers=headers)
    assert response.status_code == 403
    assert "Choose a new password" in response.json()["error"]


def test_the_change_page_says_why(visitor):
    assert "Choose your own password to continue." in visitor.get(CHANGE).content.decode()


def test_the_change_page_says_nothing_of_it_to_others(admin_client):
    assert "Choose your own password" not in admin_client.get(CHANGE).content.decode()


def test_logging_out_stays_possible(visitor):
    assert visitor.post("/admin/logout/").status_code == 200
    assert visitor.get("/admin/").headers["Location"].startswith("/admin/login/")


def test_the_catalogue_of_the_pages_scripts_is_open(visitor):
    assert visitor.get("/admin/jsi18n/").status_code == 200


def test_after_the_change_every_page_is_open(visitor, ben):
    assert change(visitor).headers["Location"] == "/admin/password_change/done/"
    assert visitor.get("/admin/password_change/done/").status_code == 200
    assert visitor.get("/admin/").status_code == 200
    ben.refresh_from_db()
    assert not ben.must_change_password


def test_the_given_password_is_no_new_one(visitor, ben):
    assert change(visitor, new=GIVEN).status_code == 200
    assert visitor.get("/admin/").headers["Location"] == CHANGE


def test_a_change_changes_nothing_else_that_was_changed_meanwhile(visitor, ben, monkeypatch):
    check = AppUser.check_password

    def demote_meanwhile(user, password):
        AppUser.objects.filter(pk=ben.pk).update(role=Role.SOCIAL_MANAGER)
        return check(user, password)

    monkeypatch.setattr(AppUser, "check_password", demote_meanwhile)
    change(visitor)
    ben.refresh_from_db()
    assert (ben.role, ben.must_change_password) == (Role.SOCIAL_MANAGER, False)


def test_without_a_login_pages_lead_to_the_login_as_ever(client, db):
    assert client.get("/admin/").headers["Location"].startswith("/admin/login/")


def test_a_webhook_is_no_page(client, db):
    assert client.post("/webhooks/twilio/status/1").status_code == 403


# The other sessions -------------------------------------------------------------------------------------------


def test_a_change_ends_the_other_sessions(visitor, ben):
    other = Client()
    other.force_login(ben)
    change(visitor)
    assert other.get("/admin/").headers["Location"].startswith("/admin/login/")
    assert visitor.get("/admin/").status_code == 200


def test_a_password_set_by_an_admin_ends_all_sessions_and_has_to_be_changed(admin_client, make_user):
    user = make_user(username="eve", password=GIVEN)
    client = Client()
    client.force_login(user)
    admin_client.post(f"/admin/accounts/appuser/{user.pk}/password/", {"password1": OWN, "password2": OWN})
    assert client.get("/admin/").headers["Location"].startswith("/admin/login/")
    client.login(username="eve", password=OWN)
    assert client.get("/admin/").headers["Location"] == CHANGE


def test_a_new_user_has_to_change_the_password_unless_the_admin_says_otherwise(admin_client):
    page = "/admin/accounts/appuser/add/"
    assert admin_client.get(page).context["adminform"].form.initial["must_change_password"] is True
    data = {"username": "eve", "password1": OWN, "password2": OWN, "role": "admin", "must_change_password": "on"}
    admin_client.post(page, data)
    assert AppUser.objects.get(username="eve").must_change_password


def test_ones_own_password_is_changed_where_the_old_one_is_asked_for(admin_client, admin_user):
    page = f"/admin/accounts/appuser/{admin_user.pk}/password/"
    for response in (admin_client.get(page), admin_client.post(page, {"password1": OWN, "password2": OWN})):
        assert (response.status_code, response.headers["Location"]) == (302, CHANGE)
    admin_user.refresh_from_db()
    assert not admin_user.has_usable_password()
