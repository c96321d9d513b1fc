"""Indexes for the search: phones by their last digits, registrations by phone, people by the words of their names."""

from django.db import migrations, models

import contacts.fields
from contacts import search_index


def install(apps, schema_editor):
    search_index.install(schema_editor.connection)


def remove(apps, schema_editor):
    search_index.remove(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("contacts", "0003_contact_imports")]

    operations = [
        migrations.RemoveIndex("communitymember", "ix_members_last_four"),
        migrations.RemoveIndex("eventregistration", "ix_registrations_last_four"),
        migrations.AddIndex(
            "communitymember", models.Index(contacts.fields.LastFour("phone"), name="ix_members_last_four")
        ),
        migrations.AddIndex(
            "eventregistration", models.Index(contacts.fields.LastFour("phone"), name="ix_registrations_last_four")
        ),
        migrations.AddIndex("eventregistration", models.Index(fields=["phone"], name="ix_registrations_phone")),
        migrations.RunPython(install, remove),
    ]
