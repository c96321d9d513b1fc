"""What phones send by themselves is told apart, and why a text was flagged is kept."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("messaging", "0005_senders_signs_of_life"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="inboxmessage",
            name="about_delivery",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="reactions",
                to="messaging.delivery",
            ),
        ),
        migrations.AddField(
            model_name="inboxmessage",
            name="about_message",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="reactions",
                to="messaging.inboxmessage",
            ),
        ),
        migrations.AddField(
            model_name="inboxmessage",
            name="flag_reason",
            field=models.CharField(
                blank=True,
                default="",
                help_text="The rule by which it was taken for an opt-out, or flagged.",
                max_length=200,
            ),
        ),
        migrations.AddField(
            model_name="inboxmessage",
            name="is_removal",
            field=models.BooleanField(default=False, help_text="The reaction was taken back."),
        ),
        migrations.AddField(
            model_name="inboxmessage",
            name="kind",
            field=models.CharField(
                choices=[
                    ("text", "Text"),
                    ("reaction", "Reaction"),
                    ("auto_reply", "Automatic reply"),
                    ("copy", "Copy of instructions"),
                ],
                default="text",
                help_text="Of what came in: whether a person wrote it.",
                max_length=12,
            ),
        ),
        migrations.AddField(
            model_name="inboxmessage",
            name="reaction",
            field=models.CharField(
                blank=True, default="", help_text="The emoji put on a text of ours.", max_length=32
            ),
        ),
        migrations.AddIndex(
            model_name="inboxmessage",
            index=models.Index(
                condition=models.Q(("about_message__isnull", False)),
                fields=["about_message"],
                name="ix_inbox_messages_about_text",
            ),
        ),
        migrations.AddIndex(
            model_name="inboxmessage",
            index=models.Index(
                condition=models.Q(("about_delivery__isnull", False)),
                fields=["about_delivery"],
                name="ix_inbox_messages_about_blast",
            ),
        ),
    ]
