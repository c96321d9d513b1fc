"""Staff leave replies that have failed, too."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("messaging", "0007_long_conversations"),
    ]

    operations = [
        migrations.AlterField(
            model_name="delivery",
            name="is_left",
            field=models.BooleanField(
                default=False,
                help_text="Staff have seen that this one is in doubt or has failed, and leave it at that.",
            ),
        ),
    ]
