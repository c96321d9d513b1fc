"""What should have been sent, and what Twilio says about it."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db.models import Count, Exists, Max, OuterRef, Q, Sum
from django.utils import timezone

from messaging.backends import get_backend
from messaging.models import Delivery, InboxMessage, MessageLog, ScheduledMessage, SenderSlot, UnmatchedReports
from messaging.sending import progress, staleness
from smsadmin.legacy.blasts import TABLE as OLD_BLASTS
from smsadmin.lib import dates, shared_clock
from smsadmin.lib.plurals import counted, people
from smsadmin.models import LegacyRow

from .findings import Finding, note, ok, problem

START_WORKER: Final = "Start the worker (manage.py worker). The blast continues where it left off."
PAUSED_AT_START: Final = "Start the worker (manage.py worker), then resume or cancel the blast on its page."
# Longer than a sender's lease plus its time in the queue and the sweep's second.
SILENCE: Final = timedelta(minutes=1)
LATE: Final = timedelta(minutes=5)
# Twilio usually reports within seconds; a carrier may take some minutes.
REPORTED_WITHIN: Final = timedelta(hours=1)
RECENT_BLASTS: Final = 20
# How many days unmatched reports are shown.
UNMATCHED_DAYS: Final = 7
REPORTED: Final = (Delivery.Status.SENT, Delivery.Status.DELIVERED, Delivery.Status.UNDELIVERED)


def find_blasts_without_sender() -> Iterator[Finding]:
    now = shared_clock.now()
    since = now - SILENCE
    unfinished = MessageLog.objects.filter(status=MessageLog.Status.PROCESSING).order_by("pk")
    held = 0
    alone = set(unfinished.without_sender(since).values_list("pk", flat=True))
    for log in unfinished.annotate(slot_count=Count("slots")):
        if log.paused_at is not None:
            reason = f" ({log.stop_reason.rstrip('.')})" if log.stop_reason else ""
            first = "Fix the cause, then resume" if log.is_stopped else "Resume"
            yield note(f"Blast {log.pk} is paused{reason}.", f"{first} or cancel it on its page.")
            continue
        waiting = log.deliveries.in_progress().count()
        if not waiting or log.created_at > since:
            continue
        if not log.slot_count:
            yield problem(
                f"Blast {log.pk} has {people(waiting)} waiting and no sender slot.",
                "Run: manage.py dbdoctor --doctor --fix",
                _giving_slots(log),
            )
        elif log.pk in alone and not log.deliveries.filter(updated_at__gt=since, updated_at__lte=now).exists():
            remedy = PAUSED_AT_START if staleness.find_idle(log, now) else START_WORKER
            yield problem(f"Blast {log.pk} has {people(waiting)} waiting, but isn't being sent.", remedy)
        else:
            held += 1
    for sentence in progress.find_held():
        yield note(sentence)
    answers = Delivery.objects.filter(message_log=None, updated_at__lt=timezone.now() - LATE)
    if number := answers.in_progress().count():
        yield problem(
            f"{counted(number, 'reply is', 'replies are')} waiting in the inbox, but not being sent.", START_WORKER
        )
    yield ok(f"{counted(held, 'blast is', 'blasts are')} being sent." if held else "No blast is being sent.")


def _giving_slots(log: MessageLog) -> Callable[[], str]:
    def fix() -> str:
        SenderSlot.objects.bulk_create(
            [SenderSlot(message_log=log, number=number) for number in range(settings.SMS_SENDERS_PER_BLAST)],
            ignore_conflicts=True,
        )
        return f"Blast {log.pk} can be sent again: the worker continues it."

    return fix


def find_doubt() -> Iterator[Finding]:
    """Deliveries have no index on their state alone: a quarter of a second per million rows."""
    grace = timedelta(minutes=settings.SMS_UNKNOWN_GRACE_MINUTES) + LATE
    before = timezone.now() - grace
    doubtful = Delivery.objects.in_doubt().filter(Q(claimed_at__lt=before) | Q(claimed_at=None))
    if number := doubtful.count():
        yield problem(
            f"{people(number).capitalize()} may not have received a text and still need a decision.",
            "Run: manage.py reconcile, or decide on the page of the blast.",
        )
    abandoned = Delivery.objects.abandoned(timezone.now() - LATE)
    if number := abandoned.count():
        yield problem(
            f"{counted(number, 'text was', 'texts were')} claimed by a sender that is gone.",
            "Start the worker: it marks them as unconfirmed and looks for evidence.",
        )


def find_late_messages() -> Iterator[Finding]:
    before = timezone.now() - LATE
    late = ScheduledMessage.objects.filter(status=ScheduledMessage.Status.PENDING, scheduled_at__lt=before)
    if number := late.count():
        yield problem(
            f"{counted(number, 'scheduled message', 'scheduled messages')} should have been sent by now.",
            "Start the worker, or run: manage.py process_scheduled",
        )
    over = MessageLog.objects.exclude(status=MessageLog.Status.PROCESSING).filter(
        Q(finished_at__lt=before) | Q(finished_at=None), pk=OuterRef("message_log")
    )
    stuck = ScheduledMessage.objects.filter(
        Q(message_log=None) | Exists(over), status=ScheduledMessage.Status.PROCESSING
    )
    if number := stuck.count():
        yield problem(
            f"{counted(number, 'scheduled message is', 'scheduled messages are')} shown as being sent, "
            "although nothing is being sent.",
            "Start the worker, or run: manage.py process_scheduled",
        )
    if not late and not stuck:
        yield ok("No scheduled message is late.")


def find_silence() -> Iterator[Finding]:
    """When Twilio last reported. Reads recent blasts completely; imported ones are left out."""
    # The replaced system sent these, and Twilio reported on them to that system.
    moved_in = LegacyRow.objects.filter(table=OLD_BLASTS, new_id=OuterRef("pk"))
    ours = MessageLog.objects.filter(~Exists(moved_in))
    recent = list(ours.order_by("-pk").values_list("pk", flat=True)[:RECENT_BLASTS])
    rows = Delivery.objects.filter(message_log__in=recent)
    last_report = rows.filter(status__in=REPORTED).aggregate(at=Max("updated_at"))["at"]
    if last_report:
        yield ok(f"The last delivery report came on {dates.moment(last_report)}.")
    else:
        accepted = rows.filter(
            status=Delivery.Status.ACCEPTED, accepted_at__lt=timezone.now() - REPORTED_WITHIN
        ).count()
        if accepted and settings.PUBLIC_BASE_URL and not get_backend().is_simulated:
            yield problem(
                f"Twilio has accepted {counted(accepted, 'text', 'texts')} but reported on none of them.",
                f"Check that Twilio can reach {settings.PUBLIC_BASE_URL}. Its console lists failures (11200).",
            )
        else:
            yield ok("No delivery report has come yet.")
    inbound = InboxMessage.objects.received().order_by("-pk").first()
    yield ok(
        f"The last text came in on {dates.moment(inbound.created_at)}." if inbound else "No text has come in yet."
    )


def find_unmatched_reports() -> Iterator[Finding]:
    """Genuine delivery reports on texts that this database doesn't have: they changed nothing."""
    since = timezone.now() - timedelta(days=UNMATCHED_DAYS)
    found = UnmatchedReports.objects.filter(last_at__gt=since).aggregate(number=Sum("count"), at=Max("last_at"))
    if not found["number"]:
        yield ok("Every delivery report matched a text.")
        return
    reports = counted(found["number"], "delivery report", "delivery reports")
    yield note(
        f"In the last {UNMATCHED_DAYS} days, {reports} matched no text and changed nothing, the last one on "
        f"{dates.moment(found['at'])}.",
        "After a restore or after deleting blasts: nothing, they are about texts that are gone. "
        "Otherwise check that no other installation uses this PUBLIC_BASE_URL. The log has ids and SIDs.",
    )
