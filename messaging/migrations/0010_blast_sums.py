"""Blasts count who has the text and what Twilio bills, for sums over many of them."""

from django.db import migrations, models
from django.db.models import Count, OuterRef, Subquery, Sum
from django.db.models.functions import Coalesce


def count_deliveries(apps, schema_editor):
    """What the delivery rows of blasts of before say."""
    alias = schema_editor.connection.alias
    rows = apps.get_model("messaging", "Delivery").objects.using(alias).filter(message_log=OuterRef("pk")).order_by()

    def of_blast(found, aggregate):
        return Coalesce(Subquery(found.values("message_log").annotate(total=aggregate).values("total")), 0)

    apps.get_model("messaging", "MessageLog").objects.using(alias).update(
        delivered_count=of_blast(rows.filter(status="delivered"), Count("pk")),
        segment_count=of_blast(rows, Sum("segments")),
    )


class Migration(migrations.Migration):
    dependencies = [
        ("messaging", "0009_wording"),
    ]

    operations = [
        migrations.AddField(
            model_name="messagelog",
            name="delivered_count",
            field=models.IntegerField(default=0, editable=False, verbose_name="delivered"),
        ),
        migrations.AddField(
            model_name="messagelog",
            name="segment_count",
            field=models.IntegerField(default=0, editable=False, verbose_name="segments"),
        ),
        migrations.AddIndex(
            model_name="messagelog",
            index=models.Index(
                fields=["created_at", "success_count", "failure_count", "delivered_count", "segment_count"],
                name="ix_message_logs_sums",
            ),
        ),
        migrations.AddIndex(
            model_name="messagelog",
            index=models.Index(
                fields=["id"],
                name="ix_message_logs_halted",
                condition=models.Q(paused_at__isnull=False, cancelled_at=None),
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                fields=["message_log", "claimed_at"],
                name="ix_deliveries_in_doubt",
                condition=models.Q(status="unknown", is_left=False),
            ),
        ),
        migrations.RunPython(count_deliveries, migrations.RunPython.noop, elidable=True),
    ]
