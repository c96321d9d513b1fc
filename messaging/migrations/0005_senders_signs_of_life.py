from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("messaging", "0004_settled_failures")]

    operations = [
        migrations.AddField(
            "messagelog",
            "sending_since",
            models.DateTimeField(blank=True, help_text="When staff last let it go on.", null=True),
        ),
        migrations.AddField("senderslot", "leased_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField(
            "senderslot",
            "sender_seen_at",
            models.DateTimeField(blank=True, help_text="The last sign of life of a sender.", null=True),
        ),
    ]
