"""Role by page by action: each page of the admin, found in the site itself, obeys the table in accounts.roles.

What a page needs is written down here. A page or action that is not, fails. Who may look at a page is tested along
with what looking does, in smsadmin/test_every_url.py; here is who may post to it.
"""

import itertools

import pytest
from django.contrib import admin
from django.db import transaction
from django.test import Client

from accounts.roles import Role, is_allowed
from tests.admin_pages import STANDARD, World, find_actions, find_names, find_patterns, models
from tests.conftest import fictional_phone

SEND = ("messaging.send_blast",)
SCHEDULE = (*SEND, "messaging.add_scheduledmessage")
RESCHEDULE = (*SEND, "messaging.change_scheduledmessage")
ANSWER = ("messaging.change_inboxthread",)
RECORD = ("contacts.add_unsubscribedcontact",)
OPT_OUT_MANY = (*RECORD, "contacts.change_unsubscribedcontact")
SEE_BLAST = ("messaging.view_messagelog",)
IMPORT = {
    "community": ("contacts.add_communitymember", "contacts.change_communitymember"),
    "event": ("contacts.add_eventregistration", "contacts.change_eventregistration"),
    "group": ("contacts.add_groupmember", "contacts.change_groupmember"),
    "unsubscribed": OPT_OUT_MANY,
}
CHANGE_LOG = ("admin.view_logentry",)
ANYBODY = ()
NOBODY = ("nobody.may",)

# What a user needs for the pages that are not the standard ones of a model, and for those of these that differ.
# A dictionary is for pages of several kinds.
NEEDS = {
    "index": ANYBODY,
    "logout": ANYBODY,
    "password_change": ANYBODY,
    "password_change_done": ANYBODY,
    "jsi18n": ANYBODY,
    "search": ANYBODY,
    "setup": ("smsadmin.change_setup",),
    "setup_webhook": ("smsadmin.change_setup",),
    "setup_dismiss": ("smsadmin.change_setup",),
    "view_on_site": ANYBODY,
    "autocomplete": ("contacts.view_event",),
    "app_list": {
        "accounts": ("accounts.view_appuser",),
        "contacts": ("contacts.view_communitymember",),
        "messaging": SEE_BLAST,
        "django_q": ("django_q.view_schedule",),
        "surveys": ("surveys.view_surveyflow",),
    },
    "own_account": ANYBODY,
    "accounts_organization_add": NOBODY,
    "accounts_organization_delete": NOBODY,
    "auth_user_password_change": ("accounts.change_appuser",),
    "person": ("contacts.view_communitymember",),
    "person_edit": ("contacts.view_communitymember", "contacts.change_profile"),
    "person_add": ("contacts.view_communitymember", "contacts.add_eventregistration"),
    "person_allow": (
        "contacts.view_communitymember",
        "contacts.delete_unsubscribedcontact",
        "contacts.delete_suppressedcontact",
    ),
    "person_download": ("contacts.view_communitymember", "contacts.export_person"),
    "person_erase": ("contacts.view_communitymember", "contacts.erase_person"),
    "contacts_event_cancel": ("contacts.change_event",),
    "contacts_event_reinstate": ("contacts.change_event",),
    "contacts_event_register": ("contacts.add_eventregistration",),
    "contacts_group_enroll": ("contacts.add_groupmember",),
    "contacts_groupmember_export": ("contacts.view_groupmember",),
    "contacts_communitymember_suggest": ("contacts.view_communitymember",),
    "contacts_unsubscribedcontact_record": RECORD,
    "contacts_unsubscribedcontact_undo": RECORD,
    "contacts_communitymember_export": ("contacts.change_communitymember",),
    "contacts_eventregistration_export": ("contacts.view_eventregistration",),
    "contacts_unsubscribedcontact_export": ("contacts.change_unsubscribedcontact",),
    "contacts_suppressedcontact_export": ("contacts.change_suppressedcontact",),
    "contacts_consentrecord_add": NOBODY,
    "contacts_consentrecord_delete": NOBODY,
    "contacts_consentrecord_export": ("contacts.view_consentrecord",),
    "contacts_contactimport_changelist": IMPORT["event"],
    "contacts_contactimport_choose": IMPORT["event"],
    "contacts_contactimport_add": NOBODY,
    "contacts_contactimport_change": IMPORT,
    "contacts_contactimport_delete": IMPORT,
    "contacts_contactimport_history": IMPORT,
    "contacts_contactimport_new": {target: IMPORT[target] for target in ("community", "unsubscribed")},
    "contacts_contactimport_new_event": IMPORT["event"],
    "contacts_contactimport_new_group": IMPORT["group"],
    "contacts_contactimport_progress": IMPORT,
    "contacts_contactimport_rejects": IMPORT,
    "contacts_contactimport_adjust": IMPORT,
    "contacts_contactimport_confirm": IMPORT,
    "contacts_contactimport_again": IMPORT,
    "contacts_contactimport_discard": IMPORT,
    "contacts_contactimport_undo": IMPORT,
    **{
        f"accounts_{model}_{page}": NOBODY
        for model in ("loginattempt", "securityevent")
        for page in ("add", "delete")
    },
    "messaging_messagelog_add": NOBODY,
    "messaging_messagelog_change": SEE_BLAST,
    "messaging_messagelog_compose": SEND,
    "messaging_messagelog_compose_import": {
        target: (*SEND, *IMPORT[target]) for target in ("community", "event", "group", "unsubscribed")
    },
    "messaging_messagelog_preview": SEND,
    "messaging_messagelog_keep": SEND,
    "messaging_messagelog_test": SEND,
    "messaging_messagelog_anyway": (*SEE_BLAST, "messaging.ignore_quiet_hours"),
    "messaging_messagelog_recipients": SEND,
    "messaging_messagelog_audience": SEND,
    "messaging_messagelog_confirm": SEND,
    "messaging_messagelog_later": SCHEDULE,
    "messaging_messagelog_retry": SEND,
    "messaging_messagelog_doubt": SEND,
    "messaging_messagelog_progress": SEE_BLAST,
    "messaging_messagelog_results": SEE_BLAST,
    "messaging_messagelog_pause": SEND,
    "messaging_messagelog_resume": SEND,
    "messaging_messagelog_cancel": SEND,
    "messaging_draft_add": NOBODY,
    **{f"messaging_draft_{page}": SEND for page in ("changelist", "change", "copy", "delete", "history")},
    "messaging_savedaudience_preview": ("messaging.add_savedaudience",),
    "messaging_savedaudience_options": ("messaging.add_savedaudience",),
    "messaging_savedaudience_count": ("messaging.view_savedaudience",),
    "messaging_scheduledmessage_add": NOBODY,
    "messaging_scheduledmessage_change": ("messaging.view_scheduledmessage",),
    "messaging_scheduledmessage_edit": RESCHEDULE,
    "messaging_scheduledmessage_preview": RESCHEDULE,
    "messaging_scheduledmessage_reschedule": RESCHEDULE,
    "messaging_scheduledmessage_cancel": RESCHEDULE,
    "messaging_scheduledmessage_send": RESCHEDULE,
    "messaging_scheduledmessage_again": SCHEDULE,
    **{
        f"messaging_scheduledmessage_plan_{page}": (*SCHEDULE, "contacts.view_event")
        for page in ("add", "edit", "remove", "copy", "default")
    },
    "surveys_surveyflow_preview": ("surveys.change_surveyflow",),
    "surveys_surveyflow_phone": ("surveys.change_surveyflow",),
    "surveys_surveyflow_forget": ("surveys.change_surveyflow",),
    "surveys_surveyflow_results": ("surveys.view_surveyflow",),
    "surveys_surveyflow_answers": ("surveys.view_surveyflow",),
    "surveys_surveyflow_csv": ("surveys.view_surveyflow",),
    "messaging_inboxthread_add": NOBODY,
    "messaging_inboxthread_delete": NOBODY,
    "messaging_inboxthread_news": ("messaging.view_inboxthread",),
    **{
        f"messaging_inboxthread_{page}": ANSWER
        for page in ("measure", "reply", "read", "unread", "name", "text_again", "text_repeat", "text_leave")
    },
    "messaging_inboxthread_stop": (*ANSWER, *RECORD),
    "messaging_inboxthread_keep": (*ANSWER, "contacts.delete_unsubscribedcontact"),
    "messaging_inboxthread_text_delete": (*ANSWER, "messaging.delete_inboxmessage"),
    "messaging_keywordautomationrule_phone": ("messaging.change_keywordautomationrule",),
    "messaging_keywordautomationrule_measure": ("messaging.add_keywordautomationrule",),
    "django_q_success_add": NOBODY,
    "django_q_failure_add": NOBODY,
    "django_q_ormq_add": NOBODY,
    "django_q_schedule_add": NOBODY,
    "django_q_schedule_delete": NOBODY,
}
# Pages that have one method only, and say so to everybody before they look who asks.
MISSING = {
    *((name, "post") for name in find_names() if name.endswith(("_export", "_rejects", "contactimport_progress"))),
    ("contacts_communitymember_suggest", "post"),
    ("contacts_unsubscribedcontact_undo", "get"),
    ("contacts_event_register", "get"),
    ("contacts_event_reinstate", "get"),
    *((f"messaging_scheduledmessage_plan_{page}", "get") for page in ("remove", "copy", "default")),
    ("contacts_group_enroll", "get"),
    ("contacts_contactimport_choose", "post"),
    *((f"contacts_contactimport_{name}", "get") for name in ("adjust", "confirm", "again", "discard")),
}
# What is only read: the page of a row has no form.
UNCHANGED = {"accounts_loginattempt", "accounts_securityevent", "contacts_consentrecord", "django_q_schedule"}
# Where nobody is asked who they are.
OPEN = {"login"}
# Deleting takes the permission to delete; every other action is here.
ACTIONS = {
    "group_selected": ("contacts.view_group", "contacts.add_groupmember"),
    "text_selected": SEND,
    "unsubscribe_selected": OPT_OUT_MANY,
    "restore_selected": ("contacts.delete_unsubscribedcontact", "contacts.delete_suppressedcontact"),
    "export_selected": None,  # as the download of the whole list
    "lift_selected": None,  # as deleting
    "mark_read": ANSWER,
    "mark_unread": ANSWER,
    "activate_replies": ("messaging.change_keywordautomationrule",),
    "deactivate_replies": ("messaging.change_keywordautomationrule",),
    "unlock": ("accounts.change_appuser",),
    "learn_from_failures": ("contacts.add_unsubscribedcontact", "contacts.add_suppressedcontact"),
    "resubmit_task": None,  # as the list
    "activate_surveys": ("surveys.change_surveyflow",),
    "deactivate_surveys": ("surveys.change_surveyflow",),
}

# What a page takes to be there at all.
QUERIES = {"autocomplete": {"app_label": "contacts", "model_name": "eventregistration", "field_name": "event"}}

CASES = [
    (name, variant)
    for name in find_names()
    if name not in OPEN
    for variant in (NEEDS[name] if isinstance(NEEDS.get(name), dict) else [""])
]


def needs_of(name, variant="", method="get"):
    """The permissions that the page takes, all of them."""
    if name in NEEDS:
        needs = NEEDS[name]
        needs = needs[variant] if isinstance(needs, dict) else needs
        return (*needs, *CHANGE_LOG) if name.endswith("_history") else needs
    model, _, page = name.rpartition("_")
    assert page in STANDARD, f"Say in NEEDS what a user needs for the page {name}."
    if page == "change" and method == "post" and model in UNCHANGED:
        return NOBODY
    if page == "change" and method == "get":
        page = "view"
    if page == "history":
        return (permission(model, "view"), *CHANGE_LOG)
    return (permission(model, "view" if page == "changelist" else page),)


def permission(model, verb):
    meta = models()[model]._meta
    return f"{meta.app_label}.{verb}_{meta.model_name}"


def needs_of_action(model, action):
    if action in ("delete_selected", "lift_selected"):
        return (*needs_of(f"{model}_changelist"), *needs_of(f"{model}_delete"))
    assert action in ACTIONS, f"Say in ACTIONS what a user needs for the action {action}."
    own = needs_of(f"{model}_export") if action == "export_selected" else ACTIONS[action] or ()
    return (*needs_of(f"{model}_changelist"), *own)


def may(role, needs):
    return not set(NOBODY) & set(needs) and all(is_allowed(role, name) for name in needs)


def assert_is_answered(visitor, name, variant, method, response):
    """That the page of that name answers the visitor, a role or "anonymous", as what it needs says."""
    assert response.status_code < 500, visitor
    if visitor == "anonymous":
        assert response.status_code == 302
        expected = "/admin/" if name == "logout" else "/admin/login/?next="
        assert response.headers["location"].startswith(expected)
    elif (name, method) in MISSING:
        assert response.status_code == 405, visitor
    elif may(visitor, needs_of(name, variant, method)):
        # Some pages have one method only, and look who asks before they say so. Nothing has an address elsewhere.
        assert response.status_code in (200, 302, 405) or name == "view_on_site", visitor
    else:
        assert response.status_code == 403, visitor


@pytest.fixture
def visitors(db, logins):
    """For each role a logged-in browser and what it can visit."""
    found = {}
    phones = map(fictional_phone, itertools.count(500))
    for role, (user, cookies) in logins.items():
        client = Client()
        client.cookies.load(cookies)
        found[role] = client, World(user, phones)
    return found


def post(client, address, **data):
    """The answer; what posting has changed is undone."""
    with transaction.atomic():
        response = client.post(address, data)
        transaction.set_rollback(True)
    return response


@pytest.mark.parametrize(("name", "variant"), CASES)
def test_posting_to_a_page_is_for_those_whose_role_includes_it(visitors, name, variant):
    visitors["anonymous"] = Client(), visitors[Role.ADMIN][1]
    for visitor, (client, world) in visitors.items():
        response = post(client, world.address(name, variant), **QUERIES.get(name, {}))
        assert_is_answered(visitor, name, variant, "post", response)


@pytest.mark.parametrize(("model", "action"), find_actions())
def test_an_action_is_for_those_whose_role_includes_it(visitors, model, action):
    needs = needs_of_action(model, action)
    for role, (client, world) in visitors.items():
        row = world.row(models()[model])
        address = world.address(f"{model}_changelist")
        status = post(client, address, action=action, _selected_action=row.pk).status_code
        if may(role, needs):
            assert status in (200, 302), role
        else:
            assert status == 403, role


@pytest.mark.parametrize("address", ["", "contacts/", "nonsense/", "contacts/event/7/", "contacts/event/nonsense/"])
def test_addresses_without_a_page_tell_strangers_nothing(db, address):
    response = Client().get(f"/admin/{address}")
    assert response.status_code == 302
    assert response.headers["location"].startswith("/admin/login/?next=")


def test_every_page_is_one_of_the_matrix():
    """Only the redirects to a row's page, and the one that asks strangers for a login, have no name."""
    unnamed = {str(pattern.pattern) for pattern in find_patterns() if not pattern.name}
    assert unnamed == {"<path:object_id>/", "(?P<url>.*)$"}
    assert set(NEEDS) <= set(find_names())
    assert set(ACTIONS) <= {action for _, action in find_actions()}
    assert {app for app, _ in (name.split("_", 1) for name in models()) if app != "django"} <= set(NEEDS["app_list"])
    assert admin.site._registry
