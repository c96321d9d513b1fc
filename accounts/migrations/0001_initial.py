import django.contrib.auth.validators
import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    replaces = [("accounts", "0002_passwords_and_attempts"), ("accounts", "0003_security_events")]

    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="AppUser",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                (
                    "username",
                    models.CharField(
                        error_messages={"unique": "A user of that name already exists."},
                        max_length=80,
                        unique=True,
                        validators=[django.contrib.auth.validators.UnicodeUsernameValidator()],
                    ),
                ),
                ("password", models.CharField(db_column="password_hash", max_length=255, verbose_name="password")),
                (
                    "role",
                    models.CharField(
                        choices=[("admin", "Admin"), ("social_manager", "Social manager")],
                        default="admin",
                        max_length=30,
                    ),
                ),
                (
                    "must_change_password",
                    models.BooleanField(default=False, help_text="Ask for a new password at the next login."),
                ),
                (
                    "is_active",
                    models.BooleanField(
                        default=True,
                        help_text="Untick this instead of deleting a user who has left.",
                        verbose_name="active",
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
            ],
            options={
                "verbose_name": "user",
                "db_table": "users",
                "ordering": ("username",),
                "constraints": [
                    models.UniqueConstraint(
                        django.db.models.functions.text.Lower("username"),
                        name="unique_username_any_case",
                        violation_error_message="A user of that name already exists.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="LoginAttempt",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("client_ip", models.CharField(max_length=45, verbose_name="address")),
                ("username", models.CharField(blank=True, default="", max_length=80, verbose_name="user name")),
                ("attempt_count", models.IntegerField(default=1, verbose_name="failed logins")),
                ("first_attempt_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="since")),
                ("locked_until", models.DateTimeField(blank=True, null=True)),
                (
                    "recent_attempts",
                    models.JSONField(default=list, help_text="The times counted, in seconds since 1970."),
                ),
            ],
            options={
                "verbose_name": "failed login",
                "db_table": "login_attempts",
                "indexes": [models.Index(fields=["client_ip"], name="ix_login_attempts_client_ip")],
                "constraints": [
                    models.UniqueConstraint(fields=("client_ip", "username"), name="unique_login_attempt")
                ],
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
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "verbose_name": "former password",
                "db_table": "user_password_history",
            },
        ),
        migrations.CreateModel(
            name="KnownAddress",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("client_ip", models.CharField(max_length=45)),
                ("last_login_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
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
            name="SecurityEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "event_type",
                    models.CharField(
                        choices=[
                            ("login", "Login"),
                            ("login_failed", "Failed login"),
                            ("lockout", "Lockout"),
                            ("unlock", "Lock lifted"),
                            ("logout", "Logout"),
                            ("password_changed", "Password changed"),
                            ("password_reset", "Password reset"),
                            ("role_changed", "Role changed"),
                            ("user_added", "User added"),
                            ("user_deactivated", "User deactivated"),
                            ("user_activated", "User activated"),
                            ("user_removed", "User removed"),
                            ("blast_sent", "Blast sent"),
                            ("logs_cleared", "Logs cleared"),
                            ("data_exported", "Data exported"),
                        ],
                        max_length=50,
                        verbose_name="event",
                    ),
                ),
                (
                    "outcome",
                    models.CharField(
                        choices=[("success", "Success"), ("failure", "Failure")], default="success", max_length=20
                    ),
                ),
                ("username", models.CharField(blank=True, max_length=80, verbose_name="who")),
                ("client_ip", models.CharField(blank=True, max_length=45, verbose_name="from")),
                ("metadata", models.JSONField(db_column="metadata_json", default=dict, verbose_name="details")),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="when")),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "security event",
                "db_table": "auth_events",
                "ordering": ("-pk",),
                "indexes": [
                    models.Index(fields=["created_at"], name="ix_auth_events_created_at"),
                    models.Index(fields=["event_type", "-id"], name="ix_auth_events_type"),
                ],
            },
        ),
    ]
