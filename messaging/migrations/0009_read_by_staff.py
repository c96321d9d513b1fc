"""Which texts were unread when they came is told by each one, and no longer found out from what answers are left."""

from django.db import migrations, models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Trim, Upper

# As far as the texts of before still show it: those with an answer, and the bare words.
WORDS = ("STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT", "START", "UNSTOP")


def mark_dealt_with(apps, schema_editor):
    texts = apps.get_model("messaging", "InboxMessage").objects
    answers = texts.filter(answer_to=OuterRef("pk"), automation_source__in=("survey", "keyword"))
    received = texts.filter(direction="inbound", is_flagged=False)
    received.annotate(word=Upper(Trim("body"))).filter(Q(word__in=WORDS) | Exists(answers)).update(
        needs_reading=False
    )


class Migration(migrations.Migration):
    dependencies = [
        ("messaging", "0008_replies_left"),
    ]

    operations = [
        migrations.AddField(
            model_name="inboxmessage",
            name="needs_reading",
            field=models.BooleanField(
                default=True,
                help_text="Of what came in: whether it was unread then, as nothing else had dealt with it.",
            ),
        ),
        migrations.RunPython(mark_dealt_with, migrations.RunPython.noop),
    ]
