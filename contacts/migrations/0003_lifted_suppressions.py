import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("contacts", "0002_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="LiftedSuppression",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("phone", models.CharField(max_length=20, unique=True)),
                ("lifted_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "db_table": "lifted_suppressions",
            },
        ),
    ]
