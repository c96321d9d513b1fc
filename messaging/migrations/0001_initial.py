import uuid

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    replaces = [
        ("messaging", "0002_retries"),
        ("messaging", "0003_scheduling"),
        ("messaging", "0004_inbox"),
        ("messaging", "0005_deleted_texts"),
        ("messaging", "0006_replies_of_an_hour"),
        ("messaging", "0007_long_conversations"),
        ("messaging", "0008_replies_left"),
        ("messaging", "0009_read_by_staff"),
    ]

    initial = True

    dependencies = [
        ("contacts", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
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
        migrations.CreateModel(
            name="KeywordAutomationRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("keyword", models.CharField(max_length=40, unique=True)),
                ("response_body", models.TextField(verbose_name="reply")),
                ("is_active", models.BooleanField(default=True, verbose_name="active")),
                ("match_count", models.IntegerField(default=0, editable=False, verbose_name="matches")),
                (
                    "last_matched_at",
                    models.DateTimeField(blank=True, editable=False, null=True, verbose_name="last match"),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("updated_at", models.DateTimeField(auto_now=True)),
            ],
            options={
                "verbose_name": "keyword reply",
                "verbose_name_plural": "keyword replies",
                "db_table": "keyword_automation_rules",
                "ordering": ("keyword",),
            },
        ),
        migrations.CreateModel(
            name="Pace",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("next_at", models.BigIntegerField(default=0, help_text="Microseconds since 1970")),
            ],
            options={
                "db_table": "pace",
            },
        ),
        migrations.CreateModel(
            name="InboxThread",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("phone", models.CharField(max_length=20, unique=True)),
                ("contact_name", models.CharField(blank=True, max_length=100, null=True, verbose_name="name")),
                ("unread_count", models.IntegerField(default=0, verbose_name="unread")),
                ("last_message_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("last_message_preview", models.TextField(blank=True, null=True)),
                ("last_direction", models.CharField(blank=True, max_length=10, null=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "flagged_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="Since when a text waits for a person to decide: does it mean stop?",
                        null=True,
                    ),
                ),
            ],
            options={
                "verbose_name": "conversation",
                "db_table": "inbox_threads",
                "indexes": [
                    models.Index(fields=["-last_message_at", "-id"], name="ix_threads_newest"),
                    models.Index(
                        condition=models.Q(("flagged_at__isnull", False)),
                        fields=["flagged_at"],
                        name="ix_threads_flagged",
                    ),
                    models.Index(
                        condition=models.Q(("unread_count__gt", 0)), fields=["unread_count"], name="ix_threads_unread"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="MessageLog",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name="started"),
                ),
                ("message_body", models.TextField(verbose_name="message")),
                (
                    "target",
                    models.CharField(
                        choices=[("community", "Community"), ("event", "Event registrants")], max_length=20
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[("processing", "Sending"), ("sent", "Sent"), ("failed", "Failed")],
                        default="sent",
                        max_length=20,
                    ),
                ),
                ("total_recipients", models.IntegerField(default=0, verbose_name="recipients")),
                ("success_count", models.IntegerField(default=0, verbose_name="succeeded")),
                ("failure_count", models.IntegerField(default=0, verbose_name="failed")),
                ("stored_details", models.TextField(blank=True, db_column="details", editable=False, null=True)),
                ("token", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "audience_name",
                    models.CharField(default="", editable=False, max_length=250, verbose_name="audience"),
                ),
                ("test_mode", models.BooleanField(default=False)),
                ("paused_at", models.DateTimeField(blank=True, null=True)),
                ("cancelled_at", models.DateTimeField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("stop_code", models.IntegerField(blank=True, null=True)),
                ("stop_reason", models.TextField(blank=True, default="")),
                (
                    "muted_code",
                    models.IntegerField(blank=True, help_text="Stops this blast no more: staff went on.", null=True),
                ),
                ("trouble", models.TextField(blank=True, default="")),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="sent by",
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="message_logs",
                        to="contacts.event",
                    ),
                ),
                (
                    "retry_of",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="retries",
                        to="messaging.messagelog",
                    ),
                ),
            ],
            options={
                "verbose_name": "blast",
                "db_table": "message_logs",
                "permissions": [("send_blast", "Can send blasts")],
                "base_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="Draft",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("token", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("message_body", models.TextField(default="", verbose_name="message")),
                ("has_opt_out_line", models.BooleanField(default=True)),
                (
                    "target",
                    models.CharField(
                        choices=[("community", "Community"), ("event", "Event registrants")],
                        default="community",
                        max_length=20,
                    ),
                ),
                ("is_selection", models.BooleanField(default=False)),
                (
                    "retry_whom",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("failed", "Those who failed for the moment"),
                            ("unreached", "Everyone who did not get it"),
                        ],
                        default="",
                        editable=False,
                        max_length=10,
                    ),
                ),
                ("test_mode", models.BooleanField(default=False)),
                ("sent_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
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
                (
                    "members",
                    models.ManyToManyField(
                        db_table="blast_draft_members", related_name="+", to="contacts.communitymember"
                    ),
                ),
                (
                    "message_log",
                    models.OneToOneField(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="draft",
                        to="messaging.messagelog",
                    ),
                ),
                (
                    "retry_of",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="messaging.messagelog",
                    ),
                ),
            ],
            options={
                "verbose_name": "draft",
                "db_table": "blast_drafts",
            },
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("phone", models.CharField(max_length=20)),
                ("name", models.CharField(blank=True, max_length=100, null=True)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "Waiting"),
                            ("sending", "Being sent"),
                            ("unknown", "In doubt"),
                            ("accepted", "Accepted"),
                            ("sent", "Sent"),
                            ("delivered", "Delivered"),
                            ("undelivered", "Not delivered"),
                            ("failed", "Failed"),
                            ("skipped", "Skipped"),
                        ],
                        default="pending",
                        max_length=12,
                        verbose_name="state",
                    ),
                ),
                ("sid", models.CharField(blank=True, default="", max_length=64)),
                ("error_code", models.IntegerField(blank=True, null=True)),
                ("error_message", models.TextField(blank=True, default="")),
                (
                    "skip_reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("opted_out", "Opted out"),
                            ("suppressed", "Cannot be texted"),
                            ("duplicate", "Already in this blast"),
                            ("cancelled", "Blast cancelled"),
                        ],
                        default="",
                        max_length=12,
                    ),
                ),
                ("segments", models.SmallIntegerField(blank=True, null=True)),
                ("claimed_at", models.DateTimeField(blank=True, null=True)),
                ("accepted_at", models.DateTimeField(blank=True, null=True)),
                ("updated_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "is_left",
                    models.BooleanField(
                        default=False,
                        help_text="Staff have seen that this one is in doubt or has failed, and leave it at that.",
                    ),
                ),
                (
                    "message_log",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="messaging.messagelog",
                        verbose_name="blast",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "deliveries",
                "db_table": "deliveries",
            },
        ),
        migrations.CreateModel(
            name="ScheduledMessage",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("scheduled_at", models.DateTimeField(verbose_name="leaves")),
                ("message_body", models.TextField(verbose_name="message")),
                (
                    "target",
                    models.CharField(
                        choices=[("community", "Community"), ("event", "Event registrants")], max_length=20
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "Waiting"),
                            ("processing", "Being sent"),
                            ("sent", "Sent"),
                            ("failed", "Failed"),
                            ("expired", "Expired"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="pending",
                        max_length=20,
                    ),
                ),
                ("test_mode", models.BooleanField(default=False)),
                ("processing_started_at", models.DateTimeField(blank=True, null=True)),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                ("error_message", models.TextField(blank=True, null=True)),
                ("is_selection", models.BooleanField(default=False, editable=False)),
                ("attempt_count", models.IntegerField(default=0, editable=False)),
                ("next_attempt_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="scheduled by",
                    ),
                ),
                (
                    "draft",
                    models.OneToOneField(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="scheduled",
                        to="messaging.draft",
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="scheduled_messages",
                        to="contacts.event",
                    ),
                ),
                (
                    "message_log",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="scheduled",
                        to="messaging.messagelog",
                    ),
                ),
            ],
            options={
                "verbose_name": "scheduled message",
                "db_table": "scheduled_messages",
            },
        ),
        migrations.CreateModel(
            name="SenderSlot",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.SmallIntegerField()),
                ("owner", models.CharField(blank=True, default="", max_length=32)),
                ("leased_until", models.DateTimeField(blank=True, null=True)),
                (
                    "limit",
                    models.SmallIntegerField(blank=True, help_text="Calls at once; fewer after trouble", null=True),
                ),
                (
                    "message_log",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="slots",
                        to="messaging.messagelog",
                    ),
                ),
            ],
            options={
                "db_table": "sender_slots",
            },
        ),
        migrations.CreateModel(
            name="InboxMessage",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("phone", models.CharField(max_length=20)),
                (
                    "direction",
                    models.CharField(choices=[("inbound", "Received"), ("outbound", "Sent")], max_length=10),
                ),
                ("body", models.TextField()),
                ("message_sid", models.CharField(blank=True, max_length=64, null=True, unique=True)),
                (
                    "automation_source",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("manual", "Staff"),
                            ("keyword", "Keyword reply"),
                            ("survey", "Survey"),
                            ("system", "Opt-out and help"),
                        ],
                        max_length=30,
                        null=True,
                    ),
                ),
                ("automation_source_id", models.IntegerField(blank=True, null=True)),
                ("matched_keyword", models.CharField(blank=True, max_length=40, null=True)),
                ("raw_payload", models.TextField(blank=True, null=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("token", models.UUIDField(blank=True, editable=False, null=True, unique=True)),
                ("is_flagged", models.BooleanField(default=False, help_text="May mean stop: a person is to decide.")),
                (
                    "needs_reading",
                    models.BooleanField(
                        default=True,
                        help_text="Of what came in: whether it was unread then, as nothing else had dealt with it.",
                    ),
                ),
                (
                    "answer_to",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="answers",
                        to="messaging.inboxmessage",
                    ),
                ),
                (
                    "delivery",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="inbox_message",
                        to="messaging.delivery",
                    ),
                ),
                (
                    "sent_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "thread",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="messages",
                        to="messaging.inboxthread",
                    ),
                ),
            ],
            options={
                "verbose_name": "text",
                "db_table": "inbox_messages",
                "indexes": [
                    models.Index(fields=["thread", "id"], name="ix_inbox_messages_thread"),
                    models.Index(fields=["thread", "created_at", "id"], name="ix_inbox_messages_in_time"),
                    models.Index(
                        condition=models.Q(("is_flagged", True)),
                        fields=["thread", "id"],
                        name="ix_inbox_messages_flagged",
                    ),
                    models.Index(
                        condition=models.Q(("automation_source__isnull", False)),
                        fields=["thread", "created_at"],
                        name="ix_inbox_messages_sent",
                    ),
                ],
            },
        ),
        migrations.AddIndex(
            model_name="messagelog",
            index=models.Index(fields=["status"], name="ix_message_logs_status"),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(fields=["message_log", "status", "id"], name="ix_deliveries_log_status"),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.UniqueConstraint(fields=("message_log", "phone"), name="unique_message_log_phone"),
        ),
        migrations.AddIndex(
            model_name="scheduledmessage",
            index=models.Index(fields=["status", "scheduled_at"], name="ix_scheduled_status_at"),
        ),
        migrations.AddConstraint(
            model_name="senderslot",
            constraint=models.UniqueConstraint(fields=("message_log", "number"), name="unique_log_slot"),
        ),
        migrations.AddConstraint(
            model_name="senderslot",
            constraint=models.UniqueConstraint(
                condition=models.Q(("message_log", None)), fields=("number",), name="unique_inbox_slot"
            ),
        ),
    ]
