"""`manage.py list_scheduled`: lists scheduled blasts."""

import json
from argparse import ArgumentParser
from datetime import UTC
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from accounts import organization
from messaging.models import ScheduledMessage
from messaging.scheduling import repeating
from messaging.scheduling.scheduled_messages import describe_audience
from smsadmin.lib import dates
from smsadmin.lib.plurals import people


class Command(BaseCommand):
    help = "Lists scheduled blasts, soonest first."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--all", action="store_true", help="Include blasts that have started or finished, newest first"
        )
        parser.add_argument("--json", action="store_true", help="Print a JSON array with times in UTC")

    def handle(self, *args: Any, **options: Any) -> None:
        organization.use_zone()
        messages = list(ScheduledMessage.objects.upcoming().select_related("event", "draft", "series"))
        if options["all"]:
            rest = ScheduledMessage.objects.exclude(status=ScheduledMessage.Status.PENDING)
            messages += rest.select_related("event", "draft", "series").order_by("-scheduled_at", "-pk")
        if options["json"]:
            entries = [_as_json(message) for message in messages]
            self.stdout.write(json.dumps(entries, ensure_ascii=False, indent=2))
        elif messages:
            self._write_table([_as_cells(message) for message in messages])
        else:
            self.stdout.write("Nothing is scheduled.")

    def _write_table(self, rows: list[tuple[str, ...]]) -> None:
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for row in rows:
            line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            self.stdout.write(line.rstrip())


def _as_cells(message: ScheduledMessage) -> tuple[str, ...]:
    """Its ID, time, countdown, audience, status, the beginning of its text, and its reason or series."""
    local = timezone.localtime(message.scheduled_at)
    name, recipients = describe_audience(message)
    audience = name if recipients is None else f"{name} ({people(recipients)})"
    return (
        str(message.pk),
        f"{local:%Y-%m-%d %H:%M} {local.tzname()}",
        dates.countdown(message.scheduled_at, timezone.now()) if message.is_pending else "",
        audience,
        message.get_status_display(),
        "".join(character if character.isprintable() else "?" for character in str(message)),
        message.error_message or (repeating.recurrence_of(message.series).words if message.series else ""),
    )


def _as_json(message: ScheduledMessage) -> dict[str, Any]:
    name, recipients = describe_audience(message)
    seconds = (message.scheduled_at - timezone.now()).total_seconds()
    return {
        "id": message.pk,
        "scheduled_at": message.scheduled_at.astimezone(UTC).isoformat(),
        "local": timezone.localtime(message.scheduled_at).isoformat(),
        "seconds_left": round(seconds) if message.is_pending else None,
        "audience": name,
        "recipients": recipients,
        "status": message.status,
        "test_mode": message.test_mode,
        "message": message.message_body,
        "reason": message.error_message,
        "message_log_id": message.message_log_id,
        "repeats": message.series.rule if message.series else None,
    }
