import uuid
from datetime import timedelta

import pytest
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.db import DatabaseError, connection
from django.utils import timezone
from django_q.models import OrmQ, Schedule, Task

from accounts.models import AppUser
from accounts.security_events import SecurityEvent
from contacts import search_index
from contacts.models import CommunityMember, ContactImport, EventRegistration, ImportChunk
from messaging.models import Delivery, MessageLog, ScheduledMessage
from smsadmin.copying import addresses, rows
from smsadmin.copying.columns import Column
from smsadmin.doctor.schema import our_models
from smsadmin.models import WorkerHeartbeat

pytestmark = pytest.mark.django_db
on_sqlite = pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite keeps anything in any column")


@pytest.fixture
def make_blast(make_phone):
    def make(people=3, **fields):
        log = MessageLog.objects.create(
            **{"message_body": "Hello", "target": "community", "status": "sent", **fields}
        )
        for _ in range(people):
            Delivery.objects.create(message_log=log, phone=make_phone(), status="accepted", claimed_at=timezone.now())
        return log

    return make


def execute(statement, *parameters):
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


def here(model):
    return list(model._base_manager.order_by("pk").values())


def test_every_table_has_the_same_rows_afterward(copy, copied, make_member, make_registration, make_user, make_blast):
    make_member(name="Zoë O’Brien")
    make_member(name=None)
    make_registration()
    make_user(username="ann").set_password("x")
    make_blast(token=uuid.uuid4())
    SecurityEvent.objects.create(event_type="login", metadata={"b": [1, 2.5, "ü"], "a": None})
    nothing = SecurityEvent.objects.create(event_type="login")
    execute("UPDATE auth_events SET metadata_json = 'null' WHERE id = %s", nothing.pk)
    ImportChunk.objects.create(contact_import=ContactImport.objects.create(), position=0, data=b"\x00\xff")
    Task.objects.create(
        id="b" * 32, name="t", func="f", args=(1,), result={"a": 1}, started=timezone.now(), stopped=timezone.now()
    )
    said, code = copy()
    assert code == 0, said
    for model in rows.tables():
        assert copied(model) == here(model), model
    assert "was read back and matches" in said


def test_every_table_of_ours_is_copied_or_named_as_left_out():
    assert set(our_models()) == {*rows.tables(), *rows.LEFT}
    assert set(rows.LEFT) == {Session, OrmQ, WorkerHeartbeat}


def test_every_column_is_of_a_kind_that_can_be_copied():
    for model in rows.tables():
        for field in model._meta.local_concrete_fields:
            assert Column(field, connection, connection).name == field.column


def test_sessions_and_queued_tasks_are_not_copied(copy, copied):
    Session.objects.create(session_key="k", session_data="", expire_date=timezone.now())
    OrmQ.objects.create(key="smsadmin", payload="x", lock=timezone.now())
    assert copy()[1] == 0
    assert copied(Session) == copied(OrmQ) == []


def test_default_rows_of_a_new_database_are_replaced(copy, copied):
    ContentType.objects.create(app_label="gone", model="gone")
    Schedule.objects.create(name="Ours", func="time.time", minutes=7)
    assert copy()[1] == 0
    assert copied(ContentType) == here(ContentType)
    assert copied(Schedule) == here(Schedule)


def test_the_old_database_is_not_changed(copy, make_member, make_blast):
    make_member()
    make_blast()
    before = {model: here(model) for model in our_models()}
    assert copy()[1] == 0
    assert {model: here(model) for model in our_models()} == before


def test_no_id_is_ever_reused(copy, target_url, make_member, make_blast):
    make_member()
    make_blast(people=1)
    last = Delivery.objects.create(message_log=MessageLog.objects.get(), phone="+17205550190").pk
    Delivery.objects.filter(pk=last).delete()
    assert copy()[1] == 0
    with addresses.opened(target_url) as target:
        log = MessageLog.objects.using(target.alias).get()
        assert Delivery.objects.using(target.alias).create(message_log=log, phone="+17205550191").pk > last
        assert CommunityMember.objects.using(target.alias).create(phone="+17205550191").pk


def test_people_are_found_by_name_in_the_new_database(copy, target_url, run_there, make_member):
    make_member(name="Zoë Lund")
    assert copy()[1] == 0
    with addresses.opened(target_url) as target:
        assert search_index.find_missing(target) == []
    found = (
        "SELECT rowid FROM community_members_names WHERE community_members_names MATCH 'zoe'"
        if connection.vendor == "sqlite"
        else "SELECT id FROM community_members WHERE name_words @@ to_tsquery('simple', 'zoe')"
    )
    assert run_there(found) == [(CommunityMember.objects.get().pk,)]


def test_more_rows_than_fit_into_one_batch_are_copied(copy, copied, monkeypatch, make_blast):
    monkeypatch.setattr(rows, "_BATCH", 2)
    make_blast(people=5)
    assert copy()[1] == 0
    assert copied(Delivery) == here(Delivery)


def test_messages_that_both_databases_could_send_are_reported(copy, make_blast):
    make_blast(status="processing")
    ScheduledMessage.objects.create(
        scheduled_at=timezone.now() + timedelta(days=1), message_body="Hi", target="community"
    )
    said, _ = copy()
    assert "1 unfinished blast and 1 scheduled message are now in both databases." in said
    assert "would text the same people again" in said


def test_a_second_copy_into_the_same_database_is_refused(copy, make_member):
    make_member()
    assert copy()[1] == 0
    said, code = copy()
    assert code == 1
    assert "Nothing was copied. The new database is not empty: there are rows in community_members." in said


def test_a_database_that_a_person_has_logged_in_to_is_not_empty(copy, target_url):
    with addresses.opened(target_url) as target:
        AppUser.objects.using(target.alias).create(username="ann")
    assert "there are rows in users" in copy()[0]


def test_a_database_of_another_version_is_refused(copy, run_there):
    run_there(
        "INSERT INTO django_migrations (app, name, applied) VALUES ('contacts', '9999_later', CURRENT_TIMESTAMP)"
    )
    assert "was made by another version of SMS Admin" in copy()[0]


def test_a_database_that_was_never_migrated_to_the_end_is_refused(copy, run_there):
    run_there("DELETE FROM django_migrations WHERE app = 'surveys'")
    assert "was made by another version of SMS Admin" in copy()[0]


def test_a_database_of_another_program_is_refused(copy, run_there):
    run_there("DROP TABLE django_migrations")
    assert "has tables of another program" in copy()[0]


def test_the_current_database_must_be_of_this_version(copy):
    execute("DELETE FROM django_migrations WHERE app = 'surveys'")
    assert "The database in use doesn't match this version of SMS Admin. Run: manage.py dbdoctor" in copy()[0]


def test_a_worker_on_the_current_database_prevents_copying(copy):
    now = timezone.now()
    WorkerHeartbeat.objects.create(host="web1", pid=77, started_at=now, beat_at=now)
    said, code = copy()
    assert code == 1
    assert "A worker is running on the database in use (web1, process 77). Stop it and the web server first" in said


def test_a_worker_on_the_new_database_prevents_copying(copy, target_url):
    now = timezone.now()
    with addresses.opened(target_url) as target:
        WorkerHeartbeat.objects.using(target.alias).create(host="web2", pid=78, started_at=now, beat_at=now)
    assert "A worker is running on the new database (web2, process 78)" in copy()[0]


def test_the_current_database_cannot_be_the_new_one(copy, target_url, monkeypatch):
    monkeypatch.setattr(addresses, "_is_same", lambda target: True)
    assert "The new database is the one in use." in copy()[0]


def test_the_same_file_is_recognized_under_another_name(tmp_path, target_url, monkeypatch):
    if connection.vendor != "sqlite":
        with addresses.opened(target_url) as target:
            assert addresses._identity(target) == addresses._identity(target) != addresses._identity(connection)
        return
    path = target_url.removeprefix("sqlite:///")
    link = tmp_path / "link.db"
    link.symlink_to(path)
    monkeypatch.setattr(addresses.storage, "sqlite_path", lambda: link)
    with addresses.opened(target_url) as target:
        assert addresses._is_same(target)


@pytest.mark.parametrize(
    ("url", "part"),
    [
        ("mysql://u:secret@h/d", "is not a database address that SMS Admin knows. Use sqlite:////absolute"),
        ("postgres://u:secret@h/", "In the password, write % as %25, @ as %40"),
        ("sqlite://:memory:", "would be in memory only"),
        ("sqlite:////no/such/folder/sms.db", "/no/such/folder/sms.db can't be written: No such file or directory."),
        ("postgres://u:secret@127.0.0.1:1/d", "The new database is not responding: connection"),
    ],
)
def test_a_bad_database_url_is_one_sentence_without_the_password(copy, url, part):
    said, code = copy(url)
    assert code == 1
    assert said.startswith("Nothing was copied. ")
    assert part in said
    assert "sec" not in said.replace("seconds", "")


def test_the_address_can_come_from_standard_input(copy, copied, target_url, monkeypatch, make_member):
    make_member()
    monkeypatch.setattr("sys.stdin.readline", lambda: f"{target_url}\n", raising=False)
    assert copy("-")[1] == 0
    assert copied(CommunityMember) == here(CommunityMember)


def test_a_failure_at_the_end_leaves_the_new_database_unchanged(copy, copied, monkeypatch, make_member, make_blast):
    seeded = copied(ContentType)
    make_member()
    make_blast()

    def fail(*args):
        raise DatabaseError("the disk is full")

    # user_password_history and users come last.
    monkeypatch.setattr(rows, "_refuse_broken_references", lambda: None)
    real = rows._continue_ids
    monkeypatch.setattr(
        rows, "_continue_ids", lambda table, *rest: (fail if table == "users" else real)(table, *rest)
    )
    said, code = copy()
    assert code == 1
    assert "Nothing was copied. The new database says: the disk is full." in said
    assert copied(CommunityMember) == copied(Delivery) == []
    assert copied(ContentType) == seeded


def test_ctrl_c_leaves_the_new_database_unchanged(copy, copied, monkeypatch, make_member):
    make_member()

    def interrupt(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(rows, "_continue_ids", interrupt)
    assert "Stopped. Nothing was copied." in copy()[0]
    assert copied(CommunityMember) == []


def test_a_value_that_arrives_changed_is_noticed(copy, copied, monkeypatch, make_member):
    make_member(name="Ada")
    real = Column.write
    monkeypatch.setattr(Column, "write", lambda self, value: "Bob" if value == "Ada" else real(self, value))
    said, code = copy()
    assert code == 1
    assert "community_members differs between the new database and the old one." in said
    assert copied(CommunityMember) == []


def test_rows_that_do_not_arrive_are_noticed(copy, monkeypatch, make_member):
    make_member()
    make_member()
    name = "_write_by_insert" if connection.vendor == "sqlite" else "_write_by_copy"
    real = getattr(rows, name)
    monkeypatch.setattr(
        rows, name, lambda table, columns, target, batches: real(table, columns, target, (b[:1] for b in batches))
    )
    assert " arrived." in copy()[0]


@on_sqlite
@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("name", b"\x00\xff", "cannot be read as a str"),
        ("created_at", "yesterday", "cannot be read as a datetime"),
        ("created_at", "2026-99-01 00:00:00", "cannot be read as a datetime"),
    ],
)
def test_a_value_of_another_kind_is_named_by_table_column_and_row(copy, copied, make_member, column, value, reason):
    member = make_member()
    execute(f"UPDATE community_members SET {column} = %s WHERE id = %s", value, member.pk)  # noqa: S608
    said, code = copy()
    assert code == 1
    assert f"community_members.{column} of the row with id {member.pk} {reason}. Correct it" in said
    assert copied(CommunityMember) == []


@on_sqlite
def test_a_boolean_that_is_neither_is_named(copy, make_blast):
    row = make_blast(people=1).deliveries.get()
    execute("UPDATE deliveries SET is_left = 'perhaps' WHERE id = %s", row.pk)
    assert f"deliveries.is_left of the row with id {row.pk} cannot be read as a bool." in copy()[0]


@on_sqlite
def test_characters_that_cannot_be_stored_are_removed_and_reported(copy, copied, make_member):
    member = make_member()
    execute("UPDATE community_members SET name = CAST(X'416461004CFF' AS TEXT) WHERE id = %s", member.pk)
    SecurityEvent.objects.create(event_type="login", metadata={"typed": "a\0b"})
    said, code = copy()
    assert code == 0, said
    assert copied(CommunityMember)[0]["name"] == "AdaL?"
    assert copied(SecurityEvent)[0]["metadata"] == {"typed": "ab"}
    assert "1 value of community_members.name had characters that cannot be stored" in said
    assert "1 value of auth_events.metadata_json had characters" in said


@on_sqlite
def test_a_row_that_points_nowhere_is_named(copy, make_registration):
    registration = make_registration()
    execute("UPDATE event_registrations SET event_id = 987654 WHERE id = %s", registration.pk)
    said, code = copy()
    EventRegistration.objects.all().delete()
    assert code == 1
    assert f"The row in table 'event_registrations' with primary key '{registration.pk}'" in said
    assert "Delete that row or point it to one that exists" in said
