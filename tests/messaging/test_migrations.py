"""What migrations do to existing rows."""

import importlib
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection

from messaging.models import Delivery, MessageLog

count_deliveries = importlib.import_module("messaging.migrations.0010_blast_sums").count_deliveries
find_families = importlib.import_module("messaging.migrations.0002_blast_families").find_families


@pytest.fixture
def families(make_log):
    """Existing blasts: a chain of retries, a second retry of its first blast, a test of one, and a separate one."""
    first = make_log()
    second = make_log(retry_of=first)
    third = make_log(retry_of=second)
    fourth = make_log(retry_of=third)
    sibling = make_log(retry_of=first)
    test = make_log(retry_of=first, test_mode=True)
    retry_of_test = make_log(retry_of=test)
    alone = make_log()
    find_families(apps, SimpleNamespace(connection=connection))
    found = dict(MessageLog.objects.values_list("pk", "family"))
    return [
        ({each.pk for each in members}, {found[each.pk] for each in members})
        for members in ([first, second, third, fourth, sibling], [test, retry_of_test], [alone])
    ]


def test_existing_retries_get_the_family_of_their_first_blast(families):
    for members, found in families[:2]:
        assert found == {min(members)}


def test_a_blast_without_retries_gets_no_family(families):
    assert families[2][1] == {None}


def test_blasts_of_before_count_who_has_the_text_and_what_is_billed(make_log):
    logs = make_log(), make_log()
    for number, status in enumerate(("delivered", "sent", "delivered")):
        Delivery.objects.create(message_log=logs[0], phone=f"+1720555011{number}", status=status, segments=number)
    count_deliveries(apps, SimpleNamespace(connection=connection))
    found = dict(MessageLog.objects.values_list("pk", "delivered_count"))
    assert found == {logs[0].pk: 2, logs[1].pk: 0}
    assert dict(MessageLog.objects.values_list("pk", "segment_count")) == {logs[0].pk: 3, logs[1].pk: 0}
