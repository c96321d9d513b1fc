"""`manage.py backfill_suppressions`: records opt-outs and unreachable numbers from old failures."""

from typing import Any

from django.core.management.base import BaseCommand

from contacts.models import SuppressedContact, UnsubscribedContact
from messaging.sending.suppression_backfill import backfill
from smsadmin.lib.plurals import counted


class Command(BaseCommand):
    help = "Classifies every failure of every blast, and records opt-outs and unreachable numbers. Safe to run again."

    def handle(self, *args: Any, **options: Any) -> None:
        before = UnsubscribedContact.objects.count(), SuppressedContact.objects.count()
        failures = backfill()
        opted_out = UnsubscribedContact.objects.count() - before[0]
        suppressed = SuppressedContact.objects.count() - before[1]
        self.stdout.write(
            f"Checked {counted(failures, 'failure', 'failures')}. "
            f"Newly opted out: {opted_out:,}. Newly unreachable: {suppressed:,}."
        )
