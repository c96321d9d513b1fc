"""The schema of record: all its tables, columns, indexes and values exist under their names after migrating."""

import re
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection

from accounts.models import AppUser
from accounts.roles import Role
from contacts.models import SuppressedContact, UnsubscribedContact
from messaging.models import MessageLog, ScheduledMessage, Target

TABLES = {
    "users": "id username password_hash role must_change_password created_at",
    "community_members": "id name phone created_at",
    "events": "id title date created_at",
    "event_registrations": "id event_id name phone created_at",
    "survey_flows": (
        "id name trigger_keyword intro_message questions_json completion_message linked_event_id is_active "
        "start_count completion_count created_at updated_at"
    ),
    "unsubscribed_contacts": "id name phone reason source created_at",
    "suppressed_contacts": (
        "id phone reason category source source_type source_message_log_id created_at updated_at"
    ),
    "message_logs": (
        "id created_at message_body target event_id status total_recipients success_count failure_count details"
    ),
    "scheduled_messages": (
        "id created_at scheduled_at message_body target event_id status test_mode processing_started_at sent_at "
        "error_message message_log_id"
    ),
    "login_attempts": "id client_ip attempt_count first_attempt_at locked_until",
}
NULLABLE = {
    "community_members": {"name"},
    "events": {"date"},
    "event_registrations": {"name"},
    "survey_flows": {"intro_message", "completion_message", "linked_event_id"},
    "unsubscribed_contacts": {"name", "reason"},
    "suppressed_contacts": {"reason", "source", "source_type", "source_message_log_id"},
    "message_logs": {"event_id", "details"},
    "scheduled_messages": {"event_id", "processing_started_at", "sent_at", "error_message", "message_log_id"},
    "login_attempts": {"locked_until"},
}
UNIQUE = {
    "users": [["username"]],
    "community_members": [["phone"]],
    "event_registrations": [["event_id", "phone"]],
    "survey_flows": [["name"], ["trigger_keyword"]],
    "unsubscribed_contacts": [["phone"]],
    "suppressed_contacts": [["phone"]],
}


@pytest.fixture
def constraints(db):
    def of(table):
        with connection.cursor() as cursor:
            return connection.introspection.get_constraints(cursor, table)

    return of


@pytest.mark.parametrize("table", TABLES)
def test_each_table_has_its_columns(db, table):
    with connection.cursor() as cursor:
        columns = {column.name: column for column in connection.introspection.get_table_description(cursor, table)}
    assert set(TABLES[table].split()) <= set(columns)
    assert {name for name in TABLES[table].split() if columns[name].null_ok} == NULLABLE.get(table, set())


@pytest.mark.parametrize("table", UNIQUE)
def test_what_is_unique_in_the_schema_is_so_here(constraints, table):
    unique = [constraint["columns"] for constraint in constraints(table).values() if constraint["unique"]]
    for columns in UNIQUE[table]:
        assert columns in unique


@pytest.mark.parametrize(
    ("table", "name"),
    [("login_attempts", "ix_login_attempts_client_ip"), ("event_registrations", "unique_event_phone")],
)
def test_named_indexes_have_their_names(constraints, table, name):
    assert name in constraints(table)


def test_a_survey_is_found_by_its_linked_event(constraints):
    assert ["linked_event_id"] in [
        found["columns"] for found in constraints("survey_flows").values() if found["index"]
    ]


def test_the_values_are_those_of_the_schema():
    assert {"admin", "social_manager"} == set(Role.values)
    assert {"community", "event", "audience"} == set(Target.values)
    assert {"processing", "sent", "failed"} == set(MessageLog.Status.values)
    assert {"pending", "processing", "sent", "failed", "expired", "cancelled"} == set(ScheduledMessage.Status.values)
    assert {"opt_out", "hard_fail", "soft_fail"} == set(SuppressedContact.Category.values)
    assert {"manual", "import", "community", "message_failure"} <= set(UnsubscribedContact.Source.values)


def test_the_defaults_are_those_of_the_schema():
    assert AppUser().role == "admin"
    assert AppUser().must_change_password is False
    assert MessageLog().status == "sent"
    assert ScheduledMessage().status == "pending"
    assert UnsubscribedContact().source == "manual"


def test_the_data_dictionary_has_every_table_and_column():
    text = (Path(settings.BASE_DIR) / "docs" / "data-dictionary.md").read_text()
    documented = {
        section.split("\n", 1)[0]: re.findall(r"(?m)^\| `(\w+)` \|", section) for section in text.split("\n### ")[1:]
    }
    ours = ("accounts", "contacts", "messaging", "surveys", "smsadmin")
    models = [model for model in apps.get_models(include_auto_created=True) if model._meta.app_label in ours]
    assert documented == {
        model._meta.db_table: [field.column for field in model._meta.local_fields] for model in models
    }
    for table, columns in TABLES.items():
        assert set(columns.split()) <= set(documented[table])
