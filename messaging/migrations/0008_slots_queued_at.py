from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("messaging", "0007_restored_at")]

    operations = [
        migrations.AddField(
            "senderslot",
            "queued_at",
            models.DateTimeField(blank=True, help_text="When its waiting task was queued.", null=True),
        ),
    ]
