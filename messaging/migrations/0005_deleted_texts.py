import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("messaging", "0004_inbox"),
    ]

    operations = [
        migrations.CreateModel(
            name="DeletedText",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("message_sid", models.CharField(max_length=64, unique=True)),
                ("deleted_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "db_table": "deleted_texts",
            },
        ),
    ]
