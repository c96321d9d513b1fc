from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("smsadmin", "0001_worker_heartbeats"),
    ]

    operations = [
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
