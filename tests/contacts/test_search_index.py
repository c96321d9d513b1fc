"""The index of names agrees with the lists, whatever writes to them."""

import sqlite3

import pytest
from django.core.management import call_command
from django.db import connection

from contacts import search_index
from contacts.models import CommunityMember, EventRegistration
from contacts.searching import search

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL keeps its indexes itself"),
]


def execute(sql, params=()):
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall() if cursor.description else []


def check(table="community_members"):
    """FTS5 itself compares the index with the list, and raises where they differ."""
    names = search_index.names_table(table)
    execute(f'INSERT INTO "{names}" ("{names}", rank) VALUES (\'integrity-check\', 1)')  # noqa: S608


def found(text, people=CommunityMember):
    return sorted(search(people.objects.all(), text).values_list("phone", flat=True))


def test_single_rows_written_by_the_models(make_member):
    member = make_member(name="Ada Lovelace")
    member.name = "Augusta Ada King"
    member.save()
    check()
    assert found("king ada") == [member.phone]
    assert found("lovelace") == []
    member.name = None
    member.save()
    check()
    assert found("ada") == []
    member.name = "Ada"
    member.save()
    assert found("ada") == [member.phone]
    member.delete()
    check()
    assert found("ada") == []


def test_many_rows_written_at_once(make_phone):
    people = [CommunityMember(name=f"Ada {n}" if n % 3 else None, phone=make_phone()) for n in range(30)]
    CommunityMember.objects.bulk_create(people)
    check()
    assert len(found("ada")) == 20
    CommunityMember.objects.filter(name__endswith="5").update(name="Grace")
    check()
    assert len(found("grace")) == 2
    CommunityMember.objects.all().delete()
    check()
    assert found("ada") == []


def test_upserts(make_member, make_phone):
    member = make_member(name="Ada")
    CommunityMember.objects.bulk_create(
        [CommunityMember(name="Grace", phone=member.phone), CommunityMember(name="Alan", phone=make_phone())],
        update_conflicts=True,
        update_fields=["name"],
        unique_fields=["phone"],
    )
    check()
    assert found("ada") == []
    assert found("grace") == [member.phone]
    CommunityMember.objects.bulk_create([CommunityMember(name="Mary", phone=member.phone)], ignore_conflicts=True)
    check()
    assert found("mary") == []


def test_raw_sql(make_member):
    member = make_member(name="Ada")
    execute(
        "INSERT INTO community_members (name, phone, created_at) "
        "SELECT 'Alan', '+13035550145', created_at FROM community_members"
    )
    execute("UPDATE community_members SET name = name || ' King'")
    check()
    assert found("ada king") == [member.phone]
    execute("UPDATE community_members SET id = 77 WHERE phone = %s", [member.phone])
    check()
    assert found("ada") == [member.phone]
    execute("DELETE FROM community_members")
    check()


def test_rows_deleted_with_their_event(make_event, make_registration):
    event = make_event()
    for _ in range(3):
        make_registration(event=event, name="Ada")
    assert len(found("ada", EventRegistration)) == 3
    event.delete()
    check("event_registrations")
    assert found("ada", EventRegistration) == []


def test_the_check_notices_a_difference(make_member):
    make_member(name="Ada")
    execute("DROP TRIGGER community_members_names_update")
    execute("UPDATE community_members SET name = 'Grace'")
    with pytest.raises(Exception, match=r"malformed|corrupt") as caught:
        check()
    assert isinstance(caught.value.__cause__, sqlite3.DatabaseError)


def test_a_trigger_lost_in_a_migration_is_restored(make_member):
    make_member(name="Ada")
    execute("DROP TRIGGER community_members_names_update")
    execute("UPDATE community_members SET name = 'Grace'")
    call_command("migrate", verbosity=0)
    check()
    assert len(found("grace")) == 1
