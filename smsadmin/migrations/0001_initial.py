import uuid

from django.db import migrations, models


class Migration(migrations.Migration):
    replaces = [("smsadmin", "0001_worker_heartbeats"), ("smsadmin", "0002_legacy_rows")]

    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="WorkerHeartbeat",
            fields=[
                ("token", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("host", models.CharField(max_length=255)),
                ("pid", models.IntegerField()),
                ("started_at", models.DateTimeField()),
                ("beat_at", models.DateTimeField(db_index=True)),
            ],
            options={
                "db_table": "worker_heartbeats",
            },
        ),
        migrations.CreateModel(
            name="LegacyRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("table", models.CharField(max_length=40)),
                ("old_id", models.BigIntegerField()),
                ("stamp", models.CharField(max_length=40)),
                ("new_id", models.BigIntegerField()),
            ],
            options={
                "db_table": "legacy_rows",
                "indexes": [models.Index(fields=["table", "new_id"], name="ix_legacy_rows_new")],
                "constraints": [
                    models.UniqueConstraint(fields=("table", "old_id", "stamp"), name="unique_legacy_row")
                ],
            },
        ),
    ]
