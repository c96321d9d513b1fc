import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import contacts.fields


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Event",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("title", models.CharField(max_length=200)),
                ("date", models.DateField(blank=True, null=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
            ],
            options={
                "db_table": "events",
            },
        ),
        migrations.CreateModel(
            name="SuppressedContact",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "phone",
                    contacts.fields.PhoneField(
                        error_messages={"unique": "This number is already suppressed."}, max_length=20, unique=True
                    ),
                ),
                ("reason", models.TextField(blank=True, null=True)),
                (
                    "category",
                    models.CharField(
                        choices=[
                            ("opt_out", "Opted out"),
                            ("hard_fail", "Cannot be texted"),
                            ("soft_fail", "Failed for the moment (still texted)"),
                        ],
                        default="hard_fail",
                        max_length=20,
                    ),
                ),
                ("source", models.CharField(blank=True, editable=False, max_length=50, null=True)),
                ("source_type", models.CharField(blank=True, editable=False, max_length=50, null=True)),
                (
                    "created_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, editable=False, verbose_name="suppressed"
                    ),
                ),
                ("updated_at", models.DateTimeField(auto_now=True)),
            ],
            options={
                "verbose_name": "suppressed contact",
                "db_table": "suppressed_contacts",
            },
        ),
        migrations.CreateModel(
            name="UnsubscribedContact",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(blank=True, max_length=100, null=True)),
                (
                    "phone",
                    contacts.fields.PhoneField(
                        error_messages={"unique": "This number is already unsubscribed."}, max_length=20, unique=True
                    ),
                ),
                ("reason", models.TextField(blank=True, null=True)),
                ("source", models.CharField(default="manual", editable=False, max_length=50)),
                (
                    "created_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, editable=False, verbose_name="unsubscribed"
                    ),
                ),
            ],
            options={
                "verbose_name": "unsubscribed contact",
                "db_table": "unsubscribed_contacts",
            },
        ),
        migrations.CreateModel(
            name="CommunityMember",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(blank=True, max_length=100, null=True)),
                (
                    "phone",
                    contacts.fields.PhoneField(
                        error_messages={"unique": "This number is already in the community."},
                        max_length=20,
                        unique=True,
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name="added"),
                ),
            ],
            options={
                "verbose_name": "community member",
                "db_table": "community_members",
                "indexes": [models.Index(contacts.fields.LastFour("phone"), name="ix_members_last_four")],
            },
        ),
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
        migrations.CreateModel(
            name="ContactImport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "target",
                    models.CharField(
                        choices=[
                            ("community", "Community members"),
                            ("event", "Event registrations"),
                            ("unsubscribed", "Unsubscribed contacts"),
                        ],
                        max_length=20,
                        verbose_name="list",
                    ),
                ),
                ("file_name", models.CharField(max_length=255, verbose_name="file")),
                ("file_size", models.PositiveBigIntegerField(default=0)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting to be read"),
                            ("reading", "Being read"),
                            ("ready", "Ready to import"),
                            ("applying", "Being imported"),
                            ("applied", "Imported"),
                            ("failed", "Could not be read"),
                        ],
                        default="waiting",
                        max_length=20,
                    ),
                ),
                ("attempt", models.PositiveIntegerField(default=0)),
                ("adjustments", models.JSONField(blank=True, default=dict)),
                ("detected", models.JSONField(blank=True, default=dict)),
                ("counts", models.JSONField(blank=True, default=dict)),
                ("rows_done", models.PositiveIntegerField(default=0)),
                ("rows_expected", models.PositiveIntegerField(default=0)),
                ("error_message", models.TextField(blank=True, default="")),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name="uploaded"),
                ),
                ("updated_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("applied_at", models.DateTimeField(blank=True, null=True, verbose_name="imported")),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="uploaded by",
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="contacts.event",
                    ),
                ),
            ],
            options={
                "verbose_name": "import",
                "db_table": "contact_imports",
            },
        ),
        migrations.CreateModel(
            name="EventRegistration",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(blank=True, max_length=100, null=True)),
                ("phone", contacts.fields.PhoneField(max_length=20)),
                (
                    "created_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, editable=False, verbose_name="registered"
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="registrations", to="contacts.event"
                    ),
                ),
            ],
            options={
                "verbose_name": "registration",
                "db_table": "event_registrations",
            },
        ),
        migrations.CreateModel(
            name="ImportChunk",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveIntegerField()),
                ("data", models.BinaryField()),
                (
                    "contact_import",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="chunks",
                        to="contacts.contactimport",
                    ),
                ),
            ],
            options={
                "db_table": "import_chunks",
            },
        ),
        migrations.CreateModel(
            name="ImportRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("line", models.PositiveIntegerField()),
                ("name", models.CharField(blank=True, max_length=100, null=True)),
                ("phone", models.CharField(blank=True, default="", max_length=20)),
                ("problem", models.TextField(blank=True, default="")),
                ("is_repeat", models.BooleanField(default=False)),
                ("cells", models.JSONField(blank=True, null=True)),
                (
                    "contact_import",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="rows",
                        to="contacts.contactimport",
                    ),
                ),
            ],
            options={
                "db_table": "import_rows",
            },
        ),
    ]
