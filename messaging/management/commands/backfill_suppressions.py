"""manage.py backfill_suppressions: learn from the failures of old blasts."""

from typing import Any

from django.core.management.base import BaseCommand

from contacts.models import SuppressedContact, UnsubscribedContact
from messaging.sending.suppression_backfill import backfill
from smsadmin.lib.plurals import counted


class Command(BaseCommand):
    help = (
        "Takes every failure of every blast through the classifier of errors: opt-outs become unsubscribed contacts, "
        "dead numbers suppressed ones. Running it again changes nothing."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        before = UnsubscribedContact.objects.count(), SuppressedContact.objects.count()
        failures = backfill()
        unsubscribed = UnsubscribedContact.objects.count() - before[0]
        suppressed = SuppressedContact.objects.count() - before[1]
        self.stdout.write(
            f"Looked at {counted(failures, 'failure', 'failures')}: "
            f"{counted(unsubscribed, 'number is', 'numbers are')} newly unsubscribed, "
            f"{suppressed:,} newly on the list of numbers that cannot be texted."
        )
