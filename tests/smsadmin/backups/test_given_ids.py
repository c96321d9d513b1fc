import pytest
from django.core.management import call_command
from django.db import connection, models

from messaging.models import Delivery
from smsadmin.backups import given_ids


@pytest.mark.skipif(connection.vendor != "sqlite", reason="only SQLite forgets")
@pytest.mark.django_db(transaction=True)
def test_a_migration_that_rewrites_a_table_reuses_no_id():
    gone = Delivery.objects.create(phone="+17205550100").pk
    Delivery.objects.all().delete()
    given_ids.remember("default")
    field = Delivery._meta.get_field("phone")
    wider = models.CharField(max_length=21)
    wider.set_attributes_from_name("phone")
    wider.model = Delivery
    with connection.schema_editor() as editor:
        editor.alter_field(Delivery, field, wider)
    with connection.schema_editor() as editor:
        editor.alter_field(Delivery, wider, field)
    given_ids.keep("default")
    assert Delivery.objects.create(phone="+17205550100").pk > gone


@pytest.mark.django_db(transaction=True)
def test_migrating_keeps_the_last_id(capsys):
    gone = Delivery.objects.create(phone="+17205550100").pk
    Delivery.objects.all().delete()
    call_command("migrate", verbosity=0)
    assert Delivery.objects.create(phone="+17205550100").pk > gone
