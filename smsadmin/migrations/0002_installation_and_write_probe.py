import uuid

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("smsadmin", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Installation",
            fields=[
                ("id", models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("token", models.UUIDField(default=uuid.uuid4)),
                ("database", models.CharField(max_length=100)),
            ],
            options={
                "db_table": "installation",
            },
        ),
        migrations.CreateModel(
            name="WriteProbe",
            fields=[
                ("id", models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("written_at", models.DateTimeField()),
            ],
            options={
                "db_table": "write_probe",
            },
        ),
    ]
