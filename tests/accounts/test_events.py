"""Security events: what is written down, by whom, from where, and what never is."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from accounts import events, passwords
from accounts.models import AppUser
from accounts.security_events import Kind, SecurityEvent
from contacts.models import CommunityMember
from messaging.composing.audience import Audience
from messaging.models import Delivery, MessageLog, Target
from messaging.sending import dispatch

PASSWORD = "a-password-for-tests-only"
ADDRESS = "192.0.2.44"


@pytest.fixture
def lee(make_user):
    return make_user(username="lee", password=PASSWORD)


def log_in(client, username="lee", password=PASSWORD):
    data = {"username": username, "password": password, "next": "/admin/"}
    return client.post("/admin/login/", data, REMOTE_ADDR=ADDRESS)


def the_event(kind, **details):
    """The only event of that kind, of Ann's at the test client's address unless `details` say otherwise."""
    event = SecurityEvent.objects.get(event_type=kind)
    expected = {"username": "ann", "client_ip": "127.0.0.1", "outcome": "success", **details}
    assert {name: getattr(event, name) for name in expected} == expected
    return event


# Logins ---------------------------------------------------------------------------------------------------------


def test_a_login_and_a_logout(lee):
    client = Client()
    log_in(client)
    assert the_event(Kind.LOGIN, username="lee", client_ip=ADDRESS).user == lee
    client.post("/admin/logout/", REMOTE_ADDR=ADDRESS)
    assert the_event(Kind.LOGOUT, username="lee", client_ip=ADDRESS).user == lee


def test_a_logout_of_nobody_is_no_event(db):
    Client().post("/admin/logout/")
    assert not SecurityEvent.objects.exists()


def test_a_failed_login_names_the_user_but_counts_as_nobodys(lee):
    log_in(Client(), username="LEE", password="wrong")
    event = the_event(Kind.LOGIN_FAILED, username="lee", client_ip=ADDRESS, outcome="failure")
    assert event.user is None


def test_what_was_typed_for_a_name_may_be_a_password_and_is_not_kept(lee):
    log_in(Client(), username="correct horse battery staple", password="x")
    the_event(Kind.LOGIN_FAILED, username="(no such user)", client_ip=ADDRESS, outcome="failure", metadata={})


def test_a_lockout_is_one_event_however_long_somebody_goes_on(lee):
    for _ in range(12):
        log_in(Client(), password="wrong")
    assert SecurityEvent.objects.filter(event_type=Kind.LOGIN_FAILED).count() == 5
    the_event(Kind.LOCKOUT, username="lee", client_ip=ADDRESS, outcome="failure")


def test_a_lock_that_is_lifted(lee, admin_user, admin_client):
    for _ in range(5):
        log_in(Client(), password="wrong")
    data = {"action": "unlock", "_selected_action": lee.pk}
    admin_client.post("/admin/accounts/appuser/", data)
    assert "lee" in the_event(Kind.UNLOCK).metadata["lock_of"].lower()


# Users ----------------------------------------------------------------------------------------------------------


def test_a_password_that_its_user_changes(lee):
    client = Client()
    log_in(client)
    new = "another-password-for-tests"
    data = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    assert client.post("/admin/password_change/", data, REMOTE_ADDR=ADDRESS).status_code == 302
    the_event(Kind.PASSWORD_CHANGED, username="lee", client_ip=ADDRESS, metadata={"of_user": "lee"})


def test_a_password_that_an_admin_sets(lee, admin_client):
    new = "another-password-for-tests"
    address = f"/admin/accounts/appuser/{lee.pk}/password/"
    assert admin_client.post(address, {"password1": new, "password2": new}).status_code == 302
    the_event(Kind.PASSWORD_RESET, metadata={"of_user": "lee"})


def test_a_password_that_an_operator_resets(lee, capsys):
    call_command("reset_password", "lee")
    the_event(Kind.PASSWORD_RESET, username="", client_ip="", metadata={"of_user": "lee"})
    printed = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("Password: "))
    assert printed.removeprefix("Password: ") not in repr(list(SecurityEvent.objects.values()))


def user_form(user, **changes):
    data = {"username": user.username, "role": user.role, "is_active": "on", **changes}
    return {name: value for name, value in data.items() if value is not None}


def test_a_role_that_changes(manager_user, admin_client):
    address = f"/admin/accounts/appuser/{manager_user.pk}/change/"
    assert admin_client.post(address, user_form(manager_user, role="admin")).status_code == 302
    details = {"of_user": "sam", "before": "social_manager", "now": "admin"}
    the_event(Kind.ROLE_CHANGED, metadata=details)


def test_a_user_who_is_deactivated_and_activated_again(manager_user, admin_client):
    address = f"/admin/accounts/appuser/{manager_user.pk}/change/"
    admin_client.post(address, user_form(manager_user, is_active=None))
    the_event(Kind.USER_DEACTIVATED, metadata={"of_user": "sam"})
    admin_client.post(address, user_form(manager_user))
    the_event(Kind.USER_ACTIVATED, metadata={"of_user": "sam"})


def test_saving_without_changes_records_no_event(manager_user, admin_client):
    before = SecurityEvent.objects.count()
    admin_client.post(f"/admin/accounts/appuser/{manager_user.pk}/change/", user_form(manager_user))
    assert SecurityEvent.objects.count() == before


def test_a_user_who_is_added(admin_client):
    data = {"username": "mia", "password1": PASSWORD, "password2": PASSWORD, "role": "social_manager"}
    assert admin_client.post("/admin/accounts/appuser/add/", data).status_code == 302
    the_event(Kind.USER_ADDED, metadata={"added_user": "mia", "role": "social_manager"})


def test_an_admin_created_on_the_command_line(db, capsys):
    call_command("create_admin", "mia")
    the_event(Kind.USER_ADDED, username="", client_ip="", metadata={"added_user": "mia", "role": "admin"})


@pytest.mark.parametrize("how", ["page", "action"])
def test_a_user_who_is_removed(manager_user, admin_client, how):
    if how == "page":
        admin_client.post(f"/admin/accounts/appuser/{manager_user.pk}/delete/", {"post": "yes"})
    else:
        data = {"action": "delete_selected", "_selected_action": manager_user.pk, "post": "yes"}
        admin_client.post("/admin/accounts/appuser/", data)
    assert not AppUser.objects.filter(username="sam").exists()
    the_event(Kind.USER_REMOVED, metadata={"removed_user": "sam", "role": "social_manager"})


def test_events_outlast_the_user_who_did_it(lee, admin_user):
    events.record(Kind.LOGIN, user=lee)
    lee.delete()
    event = the_event(Kind.LOGIN, username="lee", client_ip="")
    assert event.user is None


# Blasts and data ------------------------------------------------------------------------------------------------


def test_a_blast_that_is_sent(admin_user, make_member):
    make_member()
    log = dispatch.start("Hello", Audience(Target.COMMUNITY), admin_user)
    event = the_event(Kind.BLAST_SENT, client_ip="")
    assert event.metadata["blast"] == log.pk
    assert log.created_by == admin_user


def test_a_blast_that_is_not_sent_is_no_event(admin_user):
    with pytest.raises(dispatch.EmptyAudience):
        dispatch.start("Hello", Audience(Target.COMMUNITY), admin_user)
    assert not SecurityEvent.objects.filter(event_type=Kind.BLAST_SENT).exists()


@pytest.mark.parametrize("how", ["page", "action"])
def test_logs_that_are_cleared(admin_client, how):
    log = MessageLog.objects.create(message_body="Hello", target="community", status="sent")
    if how == "page":
        admin_client.post(f"/admin/messaging/messagelog/{log.pk}/delete/", {"post": "yes"})
    else:
        data = {"action": "delete_selected", "_selected_action": log.pk, "post": "yes"}
        admin_client.post("/admin/messaging/messagelog/", data)
    assert not MessageLog.objects.exists()
    the_event(Kind.LOGS_CLEARED, metadata={"blasts": str(log.pk)})


def test_a_list_that_is_downloaded(admin_client, make_member):
    member = make_member()
    response = admin_client.get("/admin/contacts/communitymember/export/", {"q": member.phone[-4:]})
    b"".join(response)
    event = the_event(Kind.DATA_EXPORTED)
    assert event.metadata["list"] == "people"
    assert member.phone[-4:] not in str(event.metadata)


def test_rows_that_are_downloaded(admin_client, make_member):
    data = {"action": "export_selected", "_selected_action": make_member().pk}
    admin_client.post("/admin/contacts/communitymember/", data)
    the_event(Kind.DATA_EXPORTED)


def test_the_recipients_of_a_blast_that_are_downloaded(admin_client, make_phone):
    log = MessageLog.objects.create(message_body="Hello", target="community", status="sent")
    Delivery.objects.create(message_log=log, phone=make_phone(), status="delivered")
    admin_client.get(f"/admin/messaging/messagelog/{log.pk}/results.csv")
    the_event(Kind.DATA_EXPORTED, metadata={"list": "recipients", "blast": log.pk})


def test_an_export_on_the_command_line(make_member, capsys):
    make_member()
    call_command("export_contacts", "--community")
    assert CommunityMember.objects.count() == 1
    the_event(Kind.DATA_EXPORTED, username="", client_ip="")


# Keeping and reading --------------------------------------------------------------------------------------------


def test_events_are_kept_for_180_days(db, monkeypatch):
    monkeypatch.setattr(events, "_DELETED_AT_ONCE", 2)
    now = timezone.now()
    for days in (0, 179, 181, 200, 400):
        event = events.record(Kind.LOGIN)
        SecurityEvent.objects.filter(pk=event.pk).update(created_at=now - timedelta(days=days))
    assert events.prune() == 3
    assert SecurityEvent.objects.count() == 2


def test_the_daily_clean_up_forgets_old_events(db):
    from smsadmin.tasks import clean_up

    event = events.record(Kind.LOGIN)
    SecurityEvent.objects.filter(pk=event.pk).update(created_at=timezone.now() - timedelta(days=181))
    clean_up()
    assert not SecurityEvent.objects.exists()


LIST = "/admin/accounts/securityevent/"


def listed(client, **query):
    response = client.get(LIST, query)
    assert response.status_code == 200
    return [event.event_type for event in response.context["cl"].result_list]


def test_admins_find_events_by_kind_outcome_day_name_and_address(admin_client, rf):
    SecurityEvent.objects.all().delete()
    events.record(Kind.LOGIN, username="Lee", request=rf.get("/", REMOTE_ADDR="192.0.2.44"))
    events.record(
        Kind.LOGIN_FAILED, username="mia", outcome="failure", request=rf.get("/", REMOTE_ADDR="198.51.100.9")
    )
    old = events.record(Kind.LOGOUT, username="lee")
    SecurityEvent.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=10))
    assert listed(admin_client) == ["logout", "login_failed", "login"]
    assert listed(admin_client, event_type__exact="login") == ["login"]
    assert listed(admin_client, outcome__exact="failure") == ["login_failed"]
    assert listed(admin_client, within="7") == ["login_failed", "login"]
    assert listed(admin_client, within="nonsense") == ["logout", "login_failed", "login"]
    assert listed(admin_client, q="lee") == ["logout", "login"]
    assert listed(admin_client, q="192.0.2.") == ["login"]
    assert listed(admin_client, q="nobody") == []


def test_the_list_says_who_from_where_and_what(admin_client, rf):
    events.record(Kind.USER_ADDED, username="ann", added_user="mia", role="admin")
    page = admin_client.get(LIST).content.decode()
    assert "added user: mia" in page
    assert "role: admin" in page
    assert "(command line or worker)" in page


@pytest.mark.parametrize("page", ["", "{}/change/", "{}/history/", "{}/delete/", "add/"])
def test_a_social_manager_sees_no_events(manager_client, page):
    event = events.record(Kind.LOGIN)
    assert manager_client.get(LIST + page.format(event.pk)).status_code == 403


def test_nobody_changes_an_event(admin_client):
    event = events.record(Kind.LOGIN)
    for page in ("add/", f"{event.pk}/delete/", f"{event.pk}/change/"):
        assert admin_client.post(f"{LIST}{page}", {"post": "yes", "username": "x"}).status_code == 403
    assert admin_client.post(LIST, {"action": "delete_selected", "_selected_action": event.pk}).status_code == 403
    assert SecurityEvent.objects.filter(pk=event.pk, username="").exists()


def test_the_page_takes_the_same_queries_however_many_events(admin_client, django_assert_max_num_queries):
    for _ in range(60):
        events.record(Kind.LOGIN)
    admin_client.get(LIST)
    with django_assert_max_num_queries(6):
        admin_client.get(LIST)


def test_a_password_that_is_set_and_its_event_are_one(lee, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("This is only a test.")

    monkeypatch.setattr(passwords, "record", fail)
    with pytest.raises(RuntimeError):
        passwords.save_password(lee, "another-password-for-tests", must_change=False)
    lee.refresh_from_db()
    assert lee.check_password(PASSWORD)


def test_an_event_of_nobody_says_so_in_the_list_and_on_its_page(admin_client):
    event = events.record(Kind.DATA_EXPORTED, list="registrations")
    for address in ("/admin/accounts/securityevent/", f"/admin/accounts/securityevent/{event.pk}/change/"):
        page = admin_client.get(address).text
        assert "(unknown)" in page
        assert "(command line or worker)" in page
