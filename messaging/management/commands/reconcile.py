"""manage.py reconcile: settle the deliveries of which nobody knows whether Twilio took them."""

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
        unfinished = MessageLog.objects.filter(status=MessageLog.Status.PROCESSING)
        for rows in (Delivery.objects.filter(message_log__in=unfinished), Delivery.objects.filter(message_log=None)):
            rows.doubt_abandoned(now - ABANDONED_AFTER)
        report = reconciliation.reconcile(now, most=100_000, at_once=True)
        if report.unchecked:
            self.stderr.write(
                f"{report.problem} Nobody is asked about those who were not looked up: try again later."
            )
        self.stdout.write(
            ngettext("%(count)s text had been accepted.", "%(count)s texts had been accepted.", report.accepted)
            % {"count": report.accepted}
        )
        grace = timedelta(minutes=minutes)
        doubtful = reconciliation.overdue(now, grace).filter(pk__in=report.unresolved)
        for log in MessageLog.objects.filter(pk__in=doubtful.values("message_log")).order_by("pk"):
            self.decide(log, list(doubtful.filter(message_log=log).order_by("pk")), options)
        self.decide_replies(InboxMessage.objects.filter(delivery__in=doubtful.replies()), options, grace)
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
            self.stdout.write(f"Sending again to {reconciliation.send_again(log, ids)}.")
        elif options["leave"] or self.ask("Leave them as they are, and ask no more?"):
            self.stdout.write(f"Left {reconciliation.leave(log, ids)} as they are.")

    def decide_replies(self, replies: QuerySet[InboxMessage], options: dict[str, Any], grace: timedelta) -> None:
        for reply in replies.select_related("thread").order_by("pk"):
            self.stdout.write(
                f"A reply to {reply.thread.contact_name or 'No name'}, {display(reply.phone)}, may not have arrived."
            )
            if options["send_again"] or (not options["leave"] and self.ask("Send it again, for certain?")):
                try:
                    replying.send_again(reply, None, grace)
                except replying.CannotReply as reason:
                    self.stdout.write(str(reason))
                else:
                    self.stdout.write("Sending it again.")
            elif options["leave"] or self.ask("Leave it as it is, and ask no more?"):
                replying.leave(reply)
                self.stdout.write("Left it as it is.")

    def ask(self, question: str) -> bool:
        """What a person at the prompt answers; no where nobody is there."""
        if not sys.stdin.isatty():
            return False
        return input(f"{question} [y/N] ").strip().lower() in {"y", "yes"}
