"""The consent trail, begun with the opt-outs that there are."""

import django.utils.timezone
from django.db import migrations, models

BATCH = 2000


def remember(apps, schema_editor):
    """The opt-outs that there are begin the trail."""
    contacts = apps.get_model("contacts", "UnsubscribedContact").objects.order_by("pk")
    records = apps.get_model("contacts", "ConsentRecord")
    batch = []
    for contact in contacts.iterator(chunk_size=BATCH):
        batch.append(
            records(
                phone=contact.phone,
                kind="opt_out",
                source=contact.source,
                words=contact.reason or "",
                created_at=contact.created_at,
            )
        )
        if len(batch) == BATCH:
            records.objects.bulk_create(batch)
            batch = []
    records.objects.bulk_create(batch)


class Migration(migrations.Migration):
    dependencies = [
        ("contacts", "0004_search"),
    ]

    operations = [
        migrations.CreateModel(
            name="ConsentRecord",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("phone", models.CharField(max_length=20)),
                ("kind", models.CharField(choices=[("opt_out", "Opted out"), ("opt_in", "Opted in")], max_length=10)),
                ("source", models.CharField(max_length=50, verbose_name="how")),
                ("words", models.TextField(default="")),
                ("message_sid", models.CharField(default="", max_length=64, verbose_name="Twilio's SID of the text")),
                ("actor", models.CharField(default="", max_length=80, verbose_name="by")),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="when")),
            ],
            options={
                "verbose_name": "consent record",
                "db_table": "consent_records",
                "indexes": [models.Index(fields=["phone", "id"], name="ix_consent_phone")],
            },
        ),
        migrations.RunPython(remember, migrations.RunPython.noop),
    ]
