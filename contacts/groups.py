"""Putting many people into a group at a time."""

from typing import Any, Final

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from smsadmin.lib.locks import lock_bulk_changes

from .models import Group, GroupMember

MOST_OFFERED: Final = 500


def add_people(group: Group, people: QuerySet[Any]) -> int:
    """Adds everyone in `people`, rows of any list with names and phones; returns how many were new to the group.

    A single INSERT … SELECT, so memory doesn't grow with the number of people.
    """
    # In the ORM's format: SQLite compares times as text.
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    sql, parameters = people.order_by("pk").values_list("name", "phone").query.sql_with_params()
    with transaction.atomic():
        lock_bulk_changes()
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {GroupMember._meta.db_table} (group_id, source, created_at, name, phone) "  # noqa: S608
                f"SELECT %s, %s, %s, chosen.name, chosen.phone FROM ({sql}) AS chosen WHERE true "
                "ON CONFLICT DO NOTHING",
                [group.pk, GroupMember.Source.MANUAL.value, now, *parameters],
            )
            return cursor.rowcount


def offered() -> list[Group]:
    """The groups to choose from, by name."""
    return list(Group.objects.order_by("name", "pk")[:MOST_OFFERED])
