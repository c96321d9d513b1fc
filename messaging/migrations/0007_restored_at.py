"""A blast that a restore has brought back knows it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("messaging", "0006_reactions_and_reasons"),
    ]

    operations = [
        migrations.AddField(
            model_name="messagelog",
            name="restored_at",
            field=models.DateTimeField(
                blank=True,
                editable=False,
                help_text="When a restore brought it back: whoever was called before may have been retried since.",
                null=True,
            ),
        ),
    ]
