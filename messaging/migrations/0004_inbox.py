"""Conversations, keyword replies, and deliveries that belong to no blast."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("messaging", "0003_scheduling"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
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
            ],
            options={
                "verbose_name": "text",
                "db_table": "inbox_messages",
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
        migrations.AlterField(
            model_name="delivery",
            name="message_log",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="deliveries",
                to="messaging.messagelog",
                verbose_name="blast",
            ),
        ),
        migrations.AlterField(
            model_name="senderslot",
            name="message_log",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="slots",
                to="messaging.messagelog",
            ),
        ),
        migrations.AddConstraint(
            model_name="senderslot",
            constraint=models.UniqueConstraint(
                condition=models.Q(("message_log", None)), fields=("number",), name="unique_inbox_slot"
            ),
        ),
        migrations.AddField(
            model_name="inboxmessage",
            name="answer_to",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="answers",
                to="messaging.inboxmessage",
            ),
        ),
        migrations.AddField(
            model_name="inboxmessage",
            name="delivery",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="inbox_message",
                to="messaging.delivery",
            ),
        ),
        migrations.AddField(
            model_name="inboxmessage",
            name="sent_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddIndex(
            model_name="inboxthread",
            index=models.Index(fields=["-last_message_at", "-id"], name="ix_threads_newest"),
        ),
        migrations.AddIndex(
            model_name="inboxthread",
            index=models.Index(
                condition=models.Q(("flagged_at__isnull", False)), fields=["flagged_at"], name="ix_threads_flagged"
            ),
        ),
        migrations.AddIndex(
            model_name="inboxthread",
            index=models.Index(
                condition=models.Q(("unread_count__gt", 0)), fields=["unread_count"], name="ix_threads_unread"
            ),
        ),
        migrations.AddField(
            model_name="inboxmessage",
            name="thread",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="messages", to="messaging.inboxthread"
            ),
        ),
        migrations.AddIndex(
            model_name="inboxmessage",
            index=models.Index(fields=["thread", "id"], name="ix_inbox_messages_thread"),
        ),
    ]
