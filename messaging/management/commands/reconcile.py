"""manage.py reconcile: settle the deliveries of which nobody knows whether Twilio took them."""

import sys
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone
from django.utils.translation import ngettext

from contacts.phones import display
from messaging import reconciling
from messaging.models import Delivery, MessageLog
from messaging.sender import ABANDONED_AFTER


class Command(BaseCommand):
    help = (
        "Looks up every doubtful delivery in Twilio's list of messages. For those that stay in doubt after the "
        "grace period it asks: send again, or leave. Exit code 0: no doubt is left; 1: some is."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--grace", type=int, metavar="MINUTES", help="ask about those older than this (SMS_UNKNOWN_GRACE_MINUTES)"
        )
        choice = parser.add_mutually_exclusive_group()
        choice.add_argument("--send-again", action="store_true", help="send again without asking")
        choice.add_argument("--leave", action="store_true", help="leave them as they are without asking")

    def handle(self, *args: Any, **options: Any) -> None:
        minutes = settings.SMS_UNKNOWN_GRACE_MINUTES if options["grace"] is None else max(0, options["grace"])
        now = timezone.now()
        Delivery.objects.doubt_abandoned(
            MessageLog.objects.filter(status=MessageLog.Status.PROCESSING), now - ABANDONED_AFTER
        )
        report = reconciling.reconcile(now, most=100_000, at_once=True)
        if report.unchecked:
            self.stderr.write(
                f"{report.problem} Nobody is asked about those who were not looked up: try again later."
            )
        self.stdout.write(
            ngettext("%(count)s text had been accepted.", "%(count)s texts had been accepted.", report.accepted)
            % {"count": report.accepted}
        )
        doubtful = Delivery.objects.in_doubt().filter(
            pk__in=report.unresolved, claimed_at__lte=now - timedelta(minutes=minutes)
        )
        for log in MessageLog.objects.filter(pk__in=doubtful.values("message_log")).order_by("pk"):
            self.decide(log, list(doubtful.filter(message_log=log).order_by("pk")), options)
        left = Delivery.objects.in_doubt().count()
        self.stdout.write(
            ngettext("%(count)s delivery is in doubt.", "%(count)s deliveries are in doubt.", left) % {"count": left}
        )
        if left:
            sys.exit(1)

    def decide(self, log: MessageLog, rows: list[Delivery], options: dict[str, Any]) -> None:
        self.stdout.write(
            ngettext(
                "Blast %(log)s: %(count)s person may not have got it:",
                "Blast %(log)s: %(count)s people may not have got it:",
                len(rows),
            )
            % {"log": log.pk, "count": len(rows)}
        )
        for row in rows:
            self.stdout.write(f"  {row.name or 'No name'}, {display(row.phone)}")
        ids = [row.pk for row in rows]
        if options["send_again"] or (not options["leave"] and self.ask("Send it to them again, for certain?")):
            self.stdout.write(f"Sending again to {reconciling.send_again(log, ids)}.")
        elif options["leave"] or self.ask("Leave them as they are, and ask no more?"):
            self.stdout.write(f"Left {reconciling.leave(log, ids)} as they are.")

    def ask(self, question: str) -> bool:
        """What a person at the prompt answers; no where nobody is there."""
        if not sys.stdin.isatty():
            return False
        return input(f"{question} [y/N] ").strip().lower() in {"y", "yes"}
