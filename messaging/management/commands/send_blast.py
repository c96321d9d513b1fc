"""`manage.py send_blast "TEXT" --community | --group NAME | …`: sends a blast, schedules it (--at), or repeats it."""

import sys
import time
import zoneinfo
from argparse import ArgumentParser
from dataclasses import replace
from datetime import date, datetime
from itertools import islice
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from accounts import organization
from contacts import profiles
from contacts.models import Event
from messaging.composing import preview as composing
from messaging.composing.audience import Audience
from messaging.composing.own_phone import own_test_phone
from messaging.composing.warnings import cautions
from messaging.models import Delivery, MessageLog, Target
from messaging.scheduling import forecasts, local_times, repeating, scheduled_messages
from messaging.scheduling.recurrence import BadRule, Recurrence
from messaging.sending import dispatch
from messaging.sending.progress import Progress, progress, state_in_words
from smsadmin.lib import dates
from smsadmin.lib.plurals import people

LOOK_EVERY: Final = 0.5
NO_WORKER_AFTER: Final = 10.0
SHOWN_DATES: Final = 5


class Command(BaseCommand):
    help = "Sends a blast to the community, an event, a group, an audience or people. Shows a preview and asks first."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "text",
            help="The message; {first_name}, {full_name} and {name} become each person's name, {field} or "
            "{field|fallback} the value of a field",
        )
        audience = parser.add_mutually_exclusive_group(required=True)
        audience.add_argument("--community", action="store_true", help="Send to the community")
        audience.add_argument("--event", type=int, metavar="ID", help="Send to people registered for the event")
        audience.add_argument("--group", metavar="NAME", help="Send to a group")
        audience.add_argument(
            "--audience", metavar="NAME", help="Send to a saved audience (manage.py audiences lists them)"
        )
        audience.add_argument("--to", nargs="+", metavar="PHONE", help="Send to these people only")
        parser.add_argument(
            "--at",
            metavar="TIME",
            help="Schedule for this time, such as '2026-12-01 18:30', in the organization's zone or with an offset",
        )
        parser.add_argument(
            "--repeat", metavar="RULE", help="Repeat it by this rule (RFC 5545), such as 'FREQ=WEEKLY;BYDAY=SU'"
        )
        parser.add_argument("--until", metavar="DATE", help="The last day of --repeat, such as 2027-06-01")
        parser.add_argument("--timezone", metavar="NAME", help="The time zone of --at, such as America/Denver")
        parser.add_argument("--test", action="store_true", help="Send to ADMIN_TEST_PHONE only")
        parser.add_argument(
            "--wait", action="store_true", help="Wait until it is finished; exit with 0 if nobody failed"
        )
        parser.add_argument("--yes", action="store_true", help="Send without asking")
        parser.add_argument(
            "--leave-out-incomplete",
            action="store_true",
            help="Leave out people without a value for a {field} that has no fallback",
        )
        parser.add_argument("--no-opt-out-line", action="store_true", help="Leave out “Reply STOP to unsubscribe.”")

    def handle(self, *args: Any, **options: Any) -> None:
        organization.use_zone()
        at = _read_time(options["at"], options["timezone"], options["wait"])
        recurrence = _read_recurrence(options, at)
        preview = composing.preview(
            options["text"],
            replace(self._audience(options), leaves_out_incomplete=options["leave_out_incomplete"]),
            opt_out_line=not options["no_opt_out_line"],
            test_mode=options["test"],
            is_fresh=True,
        )
        # The audience of a scheduled blast is resolved when it starts.
        problems = [problem for problem in preview.problems if at is None or problem.field != "audience"]
        if problems:
            hint = " To leave them out, add --leave-out-incomplete." if preview.asks_about_values else ""
            raise CommandError(" ".join(problem.sentence for problem in problems) + hint)
        self._show(preview)
        if at is not None:
            self.stdout.write(f"\nScheduled for:   {dates.moment(at)}, {dates.countdown(at, timezone.now())}")
        if recurrence is not None:
            self._show_dates(recurrence)
        else:
            self._show_quiet_hours(preview, at)
        if not options["yes"]:
            self._ask("Send" if at is None else "Schedule")
        if at is not None:
            self._schedule(preview, at, recurrence)
            return
        try:
            log = dispatch.start(preview.body, preview.audience)
        except (dispatch.EmptyAudience, dispatch.MissingValues) as reason:
            raise CommandError(f"Nothing was sent. {reason}") from None
        if options["wait"]:
            self._wait(log)
        else:
            self.stdout.write(self.style.SUCCESS(f"Blast {log.pk} is queued. Follow it in the admin under Blasts."))

    def _show_dates(self, recurrence: Recurrence) -> None:
        self.stdout.write(f"Repeats:         {recurrence.words}")
        for at in islice(recurrence.times(), SHOWN_DATES):
            self.stdout.write(f"                 {dates.moment(at, recurrence.zone)}")

    def _show_quiet_hours(self, preview: composing.Preview, at: datetime | None) -> None:
        found = forecasts.forecast(preview.audience, at or timezone.now())
        for later, count in found.later:
            self.stdout.write(
                self.style.WARNING(f"Quiet hours: {people(count)} can't be texted before {dates.moment(later)}.")
            )

    def _schedule(self, preview: composing.Preview, at: datetime, recurrence: Recurrence | None) -> None:
        try:
            if recurrence is not None:
                message = repeating.begin(preview.body, preview.audience, recurrence)
            else:
                message = scheduled_messages.schedule(preview.body, preview.audience, at)
        except scheduled_messages.BadTime as refusal:
            raise CommandError(f"Nothing was scheduled. {refusal}") from None
        self.stdout.write(
            self.style.SUCCESS(f"Blast scheduled ({message.pk}). To list all, run manage.py list_scheduled.")
        )

    def _audience(self, options: dict[str, Any]) -> Audience:
        phone = own_test_phone(None) if options["test"] else None
        for key, value in (("group", options["group"]), ("audience", options["audience"]), ("phones", options["to"])):
            if value is not None:
                audience = Audience.defined({"any": [{key: value}]}, phone)
                if audience.problem:
                    raise CommandError(audience.problem)
                if audience.definition is not None:
                    profiles.ensure(phone for pool in audience.definition.pools() for phone in pool.phones)
                return audience
        if (event_id := options["event"]) is None:
            return Audience(Target.COMMUNITY, test_phone=phone)
        event = Event.objects.filter(pk=event_id).first()
        if event is None:
            raise CommandError(f"There is no event {event_id}. You can find an event's ID in the URL of its page.")
        return Audience(Target.EVENT, event, test_phone=phone)

    def _show(self, preview: composing.Preview) -> None:
        for figure in preview.figures:
            notes = f" ({', '.join(figure.notes)})" if figure.notes else ""
            self.stdout.write(f"{figure.label + ':':<17}{figure.value}{notes}")
        for warning in cautions(preview):
            self.stdout.write(self.style.WARNING(f"Note: {warning}"))
        sample = preview.samples[0]
        self.stdout.write(f"\nHow it looks for {sample.name or 'someone without a name'}:\n")
        self.stdout.write("".join(f"    {line}\n" for line in sample.text.splitlines()))

    def _ask(self, verb: str) -> None:
        if not sys.stdin.isatty():
            raise CommandError("Nothing was sent because there is nobody to ask. Add --yes to send without asking.")
        if input(f"{verb}? [y/N] ").strip().lower() not in {"y", "yes"}:
            raise CommandError("Nothing was sent.")

    def _wait(self, log: MessageLog) -> None:
        try:
            seen = self._follow(log)
        except KeyboardInterrupt:
            self.stderr.write(f"\nBlast {log.pk} is still sending. You can pause or cancel it on its admin page.")
            sys.exit(130)
        self._report(log, seen)

    def _follow(self, log: MessageLog) -> Progress:
        """Waits until the blast is finished or stopped. Returns its progress."""
        seen = progress(log)
        warn_at = time.monotonic() + NO_WORKER_AFTER
        with tqdm(total=seen.to_send, initial=seen.done, unit="text", file=self.stderr, dynamic_ncols=True) as bar:
            while True:
                log.refresh_from_db()
                seen = progress(log)
                bar.total = seen.to_send
                bar.set_description_str(state_in_words(log))
                bar.update(seen.done - bar.n)
                if log.status != MessageLog.Status.PROCESSING or log.stop_reason:
                    return seen
                if warn_at and time.monotonic() > warn_at:
                    warn_at = 0.0
                    if not _is_taken_up(log, seen):
                        bar.write("No worker has picked this up. Start one with manage.py worker.", file=sys.stderr)
                time.sleep(LOOK_EVERY)

    def _report(self, log: MessageLog, seen: Progress) -> None:
        for state in seen.states:
            self.stdout.write(f"{state.label + ':':<17}{state.count:,}  {state.meaning}")
        if log.stop_reason:
            raise CommandError(f"The blast was stopped. {log.stop_reason}")
        if log.cancelled_at is not None:
            raise CommandError("The blast was canceled.")
        if seen.failed or seen.in_doubt:
            raise CommandError(
                f"{seen.reached:,} reached, {seen.failed:,} failed, {seen.in_doubt:,} unconfirmed. "
                "See the blast's admin page for the reasons."
            )
        self.stdout.write(self.style.SUCCESS(f"Blast {log.pk} is finished: nobody failed."))


def _is_taken_up(log: MessageLog, seen: Progress) -> bool:
    """Whether a worker has picked it up, or someone has paused it meanwhile."""
    return not log.is_running or bool(seen.done) or bool(seen.counts.get(Delivery.Status.SENDING))


def _read_recurrence(options: dict[str, Any], at: datetime | None) -> Recurrence | None:
    """The series given by --repeat, beginning at the time of --at. Raises CommandError with what to write instead."""
    if options["repeat"] is None:
        if options["until"]:
            raise CommandError("--until needs --repeat.")
        return None
    if at is None:
        raise CommandError("--repeat needs --at, the time of the first one.")
    if options["test"]:
        raise CommandError("--repeat doesn't work with --test.")
    zone = zoneinfo.ZoneInfo(options["timezone"] or organization.zone_name())
    try:
        until = date.fromisoformat(options["until"]) if options["until"] else None
    except ValueError:
        raise CommandError(f"“{options['until']}” isn't a date. Write it like 2027-06-01.") from None
    try:
        return Recurrence.read(options["repeat"], at.astimezone(zone).replace(tzinfo=None), zone, until)
    except BadRule as problem:
        raise CommandError(str(problem)) from None


def _read_time(at: str | None, zone_name: str | None, waits: bool) -> datetime | None:
    """The time given by the options, or None for now. Raises CommandError with what to write instead."""
    if at is None:
        if zone_name:
            raise CommandError("--timezone needs --at.")
        return None
    if waits:
        raise CommandError("--wait doesn't work with --at.")
    try:
        zone = zoneinfo.ZoneInfo(zone_name or organization.zone_name())
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise CommandError(f"“{zone_name}” isn't a time zone. Use a name such as America/Denver.") from None
    try:
        moment = local_times.read(at, zone)
        scheduled_messages.check_time(moment)
    except (local_times.MissingTime, local_times.RepeatedTime) as unclear:
        choices = " or ".join(f"--at {choice.isoformat(timespec='minutes')}" for choice in unclear.args)
        raise CommandError(f"{unclear} Add the offset: {choices}.") from None
    except OverflowError:
        raise CommandError(f"“{at}” is too far away. Choose a time within a year from now.") from None
    except ValueError as refusal:
        raise CommandError(str(refusal)) from None
    return moment
