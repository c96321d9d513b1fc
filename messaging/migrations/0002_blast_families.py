"""Blasts and their retries know the first blast of their family."""

from django.db import migrations, models
from django.db.models import Exists, F, OuterRef, Subquery


def find_families(apps, schema_editor):
    """From each first blast down its retries, one generation after the other. A test of a retry belongs to none."""
    logs = apps.get_model("messaging", "MessageLog").objects.using(schema_editor.connection.alias)
    retries = logs.filter(retry_of=OuterRef("pk"), test_mode=False)
    is_first = models.Q(retry_of=None) | models.Q(test_mode=True)
    logs.filter(is_first, Exists(retries)).update(family=F("pk"))
    parent = logs.filter(pk=OuterRef("retry_of"), family__isnull=False)
    lost = logs.filter(Exists(parent), family=None, test_mode=False)
    while lost.update(family=Subquery(parent.values("family"))):
        pass


class Migration(migrations.Migration):
    dependencies = [
        ("messaging", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="messagelog",
            name="family",
            field=models.BigIntegerField(
                blank=True, editable=False, help_text="The first blast of it and its retries.", null=True
            ),
        ),
        migrations.AddIndex(
            model_name="messagelog",
            index=models.Index(fields=["family"], name="ix_message_logs_family"),
        ),
        migrations.AlterField(
            model_name="delivery",
            name="is_left",
            field=models.BooleanField(
                default=False,
                help_text="Nothing more is done about this one, in doubt or not reached: staff leave it at that, or it may have been retried in a blast that is gone.",
            ),
        ),
        migrations.AlterField(
            model_name="delivery",
            name="skip_reason",
            field=models.CharField(
                blank=True,
                choices=[
                    ("opted_out", "Opted out"),
                    ("suppressed", "Cannot be texted"),
                    ("duplicate", "Already texted"),
                    ("cancelled", "Blast cancelled"),
                ],
                default="",
                max_length=12,
            ),
        ),
        migrations.RunPython(find_families, migrations.RunPython.noop),
    ]
