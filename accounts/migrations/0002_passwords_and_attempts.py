import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


def begin_history(apps, schema_editor):
    """The present passwords are the first ones of the history."""
    users = apps.get_model("accounts", "AppUser").objects.all()
    history = apps.get_model("accounts", "PasswordHistory")
    history.objects.bulk_create([history(user=user, password_hash=user.password) for user in users])


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="KnownAddress",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("client_ip", models.CharField(max_length=45)),
                ("last_login_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "known addresses",
                "db_table": "known_addresses",
                "constraints": [models.UniqueConstraint(fields=("user", "client_ip"), name="unique_known_address")],
            },
        ),
        migrations.CreateModel(
            name="PasswordHistory",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("password_hash", models.CharField(max_length=255)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={"verbose_name": "former password", "db_table": "user_password_history"},
        ),
        migrations.AlterModelOptions(name="loginattempt", options={"verbose_name": "failed login"}),
        migrations.AddField(
            model_name="loginattempt",
            name="recent_attempts",
            field=models.JSONField(default=list, help_text="The times counted, in seconds since 1970."),
        ),
        migrations.AddField(
            model_name="loginattempt",
            name="username",
            field=models.CharField(blank=True, default="", max_length=80, verbose_name="user name"),
        ),
        migrations.AlterField(
            model_name="loginattempt",
            name="attempt_count",
            field=models.IntegerField(default=1, verbose_name="failed logins"),
        ),
        migrations.AlterField(
            model_name="loginattempt",
            name="client_ip",
            field=models.CharField(max_length=45, verbose_name="address"),
        ),
        migrations.AlterField(
            model_name="loginattempt",
            name="first_attempt_at",
            field=models.DateTimeField(default=django.utils.timezone.now, verbose_name="since"),
        ),
        migrations.AddConstraint(
            model_name="loginattempt",
            constraint=models.UniqueConstraint(fields=("client_ip", "username"), name="unique_login_attempt"),
        ),
        migrations.RunPython(begin_history, migrations.RunPython.noop),
    ]
