"""`manage.py reconcile`: resolves deliveries with unknown outcome."""

import sys
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import ngettext

from contacts.phones import display
from messaging.inbox import replies as replying
from messaging.models import Delivery, InboxMessage, MessageLog
from messaging.models.deliveries import ABANDONED_AFTER
from messaging.sending import reconciliation
from smsadmin.lib.plurals import people


class Command(BaseCommand):
    help = (
        "Looks up every unconfirmed delivery in Twilio's message log. For those still unconfirmed after the grace "
        "period, asks whether to resend. Exits with 0 if none is left unconfirmed, and 1 otherwise."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--grace",
            type=int,
            metavar="MINUTES",
            help="Ask about those older than this (default: SMS_UNKNOWN_GRACE_MINUTES)",
        )
        choice = parser.add_mutually_exclusive_group()
        choice.add_argument("--send-again", action="store_true", help="Resend without asking")
        choice.add_argument("--leave", action="store_true", help="Don't resend, without asking")

    def handle(self, *args: Any, **options: Any) -> None:
        minutes = settings.SMS_UNKNOWN_GRACE_MINUTES if options["grace"] is None else max(0, options["grace"])
        now = timezone.now()
        unfinished = MessageLog.objects.filter(status=MessageLog.Status.PROCESSING)
        for rows in (Delivery.objects.filter(message_log__in=unfinished), Delivery.objects.filter(message_log=None)):
            rows.doubt_abandoned(now - ABANDONED_AFTER)
        report = reconciliation.reconcile(now, most=100_000, at_once=True)
        if report.unchecked:
            self.stderr.write(f"{report.problem} Those that weren't looked up stay as they are. Try again later.")
        self.stdout.write(
            ngettext("Confirmed %(count)s text.", "Confirmed %(count)s texts.", report.accepted)
            % {"count": report.accepted}
        )
        grace = timedelta(minutes=minutes)
        doubtful = reconciliation.overdue(now, grace).filter(pk__in=report.unresolved)
        for log in MessageLog.objects.filter(pk__in=doubtful.values("message_log")).order_by("pk"):
            self.decide(log, list(doubtful.filter(message_log=log).order_by("pk")), options)
        self.decide_replies(InboxMessage.objects.filter(delivery__in=doubtful.replies()), options, grace)
        left = Delivery.objects.in_doubt().count()
        self.stdout.write(
            ngettext("%(count)s delivery is unconfirmed.", "%(count)s deliveries are unconfirmed.", left)
            % {"count": left}
        )
        if left:
            sys.exit(1)

    def decide(self, log: MessageLog, rows: list[Delivery], options: dict[str, Any]) -> None:
        self.stdout.write(
            ngettext(
                "Blast %(log)s: %(count)s person may not have received it:",
                "Blast %(log)s: %(count)s people may not have received it:",
                len(rows),
            )
            % {"log": log.pk, "count": len(rows)}
        )
        for row in rows:
            self.stdout.write(f"  {row.name or 'No name'}, {display(row.phone)}")
        ids = [row.pk for row in rows]
        if options["send_again"] or (not options["leave"] and self.ask("Resend to them?")):
            self.stdout.write(f"Resending to {people(reconciliation.send_again(log, ids))}.")
        elif options["leave"] or self.ask("Close these without resending?"):
            self.stdout.write(f"{people(reconciliation.leave(log, ids))} unconfirmed; not resent.")

    def decide_replies(self, replies: QuerySet[InboxMessage], options: dict[str, Any], grace: timedelta) -> None:
        for reply in replies.select_related("thread").order_by("pk"):
            self.stdout.write(
                f"A reply to {reply.thread.contact_name or 'No name'}, {display(reply.phone)}, may not have arrived."
            )
            if options["send_again"] or (not options["leave"] and self.ask("Resend it?")):
                try:
                    replying.send_again(reply, None, grace)
                except replying.CannotReply as reason:
                    self.stdout.write(str(reason))
                else:
                    self.stdout.write("Resending it.")
            elif options["leave"] or self.ask("Close it without resending?"):
                replying.leave(reply)
                self.stdout.write("Unconfirmed; not resent.")

    def ask(self, question: str) -> bool:
        """Asks at the prompt. Without a terminal, the answer is no."""
        if not sys.stdin.isatty():
            return False
        return input(f"{question} [y/N] ").strip().lower() in {"y", "yes"}
