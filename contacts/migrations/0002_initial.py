import django.db.models.deletion
from django.db import migrations, models

import contacts.fields
from contacts import search_index


def install(apps, schema_editor):
    search_index.install(schema_editor.connection)


def remove(apps, schema_editor):
    search_index.remove(schema_editor.connection)


class Migration(migrations.Migration):
    replaces = [
        ("contacts", "0003_contact_imports"),
        ("contacts", "0004_search"),
        ("contacts", "0005_consent_records"),
    ]

    initial = True

    dependencies = [
        ("contacts", "0001_initial"),
        ("messaging", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="suppressedcontact",
            name="source_message_log",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="suppressed_contacts",
                to="messaging.messagelog",
            ),
        ),
        migrations.AddIndex(
            model_name="eventregistration",
            index=models.Index(fields=["phone"], name="ix_registrations_phone"),
        ),
        migrations.AddIndex(
            model_name="eventregistration",
            index=models.Index(contacts.fields.LastFour("phone"), name="ix_registrations_last_four"),
        ),
        migrations.AddConstraint(
            model_name="eventregistration",
            constraint=models.UniqueConstraint(
                fields=("event", "phone"),
                name="unique_event_phone",
                violation_error_message="This number is already registered for the event.",
            ),
        ),
        migrations.AddConstraint(
            model_name="importchunk",
            constraint=models.UniqueConstraint(fields=("contact_import", "position"), name="unique_import_position"),
        ),
        migrations.AddIndex(
            model_name="importrow",
            index=models.Index(fields=["contact_import", "line"], name="ix_import_rows_line"),
        ),
        migrations.AddIndex(
            model_name="importrow",
            index=models.Index(
                condition=models.Q(("problem", ""), _negated=True),
                fields=["contact_import", "line"],
                name="ix_import_rows_rejected",
            ),
        ),
        migrations.RunPython(install, remove),
    ]
