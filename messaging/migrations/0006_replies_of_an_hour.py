"""An index for the automatic replies of the last hour, which are counted at each step of a survey."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("messaging", "0005_deleted_texts"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name="inboxmessage",
            index=models.Index(
                condition=models.Q(("automation_source__isnull", False)),
                fields=["thread", "created_at"],
                name="ix_inbox_messages_sent",
            ),
        ),
    ]
