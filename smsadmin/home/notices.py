"""What needs attention: a sentence each, and the link to where to deal with it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import ngettext

from accounts.models import AppUser
from messaging.composing.audience import Audience
from messaging.inbox import conversations as inbox
from messaging.inbox import replies
from messaging.models import Delivery, InboxThread, MessageLog, SavedAudience, ScheduledMessage
from messaging.scheduling import scheduled_messages
from messaging.sending import dispatch, reconciliation, staleness
from smsadmin.lib import dates

from ..worker import heartbeat, schedules
from . import setup

MOST: Final = 5
# How many definitions of audiences are read.
CHECKED: Final = 50
# How long a scheduled message that wasn't sent, or a reply that wasn't delivered, is shown.
TOLD_FOR: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that needs attention: a sentence, and the link to where to deal with it, whose text is a verb."""

    sentence: str
    verb: str
    url: str


def find(user: AppUser | AnonymousUser, waiting: inbox.Waiting | None) -> Iterator[Notice]:
    """For one user, only about what they may see. `waiting` is what waits in the inbox; None if that is hidden."""
    if user.has_perm("messaging.view_messagelog"):
        yield from _find_stopped()
        yield from _find_waiting()
        yield from _find_doubt()
        yield from _find_missing_tasks()
    if user.has_perm(setup.PERMISSION):
        yield from _find_missing_webhook()
    if user.has_perm("messaging.view_scheduledmessage"):
        yield from _find_unsent()
        yield from _find_lost()
    if user.has_perm("messaging.view_savedaudience"):
        yield from _find_broken()
    if waiting is not None:
        yield from _find_undecided(waiting)
        yield from _find_waiting_replies()
        yield from _find_doubtful_replies()
        yield from _find_failed_replies()


def _find_stopped() -> list[Notice]:
    """Blasts that stopped or paused by themselves, or that are having trouble right now."""
    halted = MessageLog.objects.halted().exclude(stop_reason="").order_by("-pk")
    stopped = [log for log in halted[: 4 * MOST] if log.can_be_resumed]
    troubled = MessageLog.objects.running().exclude(trouble="")
    return [
        *(
            Notice(f"The blast “{log}” {_how_halted(log)}. {log.stop_reason}", _remedy(log), _url(log))
            for log in stopped[:MOST]
        ),
        *(
            Notice(f"The blast “{log}” is slower than usual. {log.trouble}", "See why", _url(log))
            for log in troubled[:MOST]
        ),
    ]


def _how_halted(log: MessageLog) -> str:
    return "was stopped" if log.is_stopped else "is paused"


def _remedy(log: MessageLog) -> str:
    return "Fix and resume" if log.is_stopped else "Resume or cancel"


def _find_unsent() -> list[Notice]:
    """Recent scheduled messages that expired or failed."""
    unsent = ScheduledMessage.objects.filter(
        status__in=(ScheduledMessage.Status.EXPIRED, ScheduledMessage.Status.FAILED),
        scheduled_at__gte=timezone.now() - TOLD_FOR,
    ).order_by("-scheduled_at")
    return [
        Notice(
            f"The blast “{message}”, scheduled for {dates.moment(message.scheduled_at)}, "
            f"{'expired' if message.status == ScheduledMessage.Status.EXPIRED else 'failed'}. "
            f"{message.error_message or ''}".rstrip(),
            "See why",
            reverse("admin:messaging_scheduledmessage_change", args=[message.pk]),
        )
        for message in unsent[:MOST]
    ]


def _find_lost() -> list[Notice]:
    """Upcoming blasts whose people can't be found any more."""
    defined = ScheduledMessage.objects.upcoming().exclude(definition=None)
    problems = ((message, scheduled_messages.find_problem(message)) for message in defined[:CHECKED])
    return [
        Notice(
            f"The blast “{message}”, scheduled for {dates.moment(message.scheduled_at)}, can’t go out. {problem}",
            "Choose other people",
            reverse("admin:messaging_scheduledmessage_change", args=[message.pk]),
        )
        for message, problem in problems
        if problem
    ][:MOST]


def _find_broken() -> list[Notice]:
    """Saved audiences that can't be understood any more."""
    problems = (
        (saved, Audience.defined(saved.definition).problem)
        for saved in SavedAudience.objects.order_by("-updated_at")[:CHECKED]
    )
    return [
        Notice(
            f"The audience “{saved}” can’t be used any more. {problem}",
            "Fix it",
            reverse("admin:messaging_savedaudience_change", args=[saved.pk]),
        )
        for saved, problem in problems
        if problem
    ][:MOST]


def _find_undecided(waiting: inbox.Waiting) -> list[Notice]:
    """Conversations with a possible opt-out that needs a decision."""
    if not waiting.undecided:
        return []
    sentence = ngettext(
        "%(count)s person may want to stop receiving texts.",
        "%(count)s people may want to stop receiving texts.",
        waiting.undecided,
    ) % {"count": f"{waiting.undecided:,}"}
    return [Notice(sentence, "Decide", f"{reverse('admin:messaging_inboxthread_changelist')}?state=undecided")]


def _find_waiting() -> list[Notice]:
    """Blasts with people left to text and nobody sending: usually, the worker isn't running."""
    log = MessageLog.objects.running().without_sender(timezone.now() - dispatch.WAITS_AT_MOST).first()
    if log is None:
        return []
    if heartbeat.living():
        sentence = f"The blast “{log}” isn’t being sent, although the worker is running. The worker’s log says why."
    else:
        then = "you can resume or cancel it" if staleness.find_idle(log) else "it continues by itself"
        sentence = (
            f"The blast “{log}” isn’t being sent because the worker isn’t running. "
            f"Start it with: python manage.py worker. Then {then}."
        )
    return [Notice(sentence, "Open the blast", _url(log))]


def _find_waiting_replies() -> list[Notice]:
    """Replies that nobody is sending: usually, the worker isn't running."""
    threads = list(replies.waiting().order_by("pk").values_list("thread", flat=True))
    is_running = bool(heartbeat.living())
    if not threads or (is_running and replies.have_sender()):
        return []
    waits = ngettext("%(count)s reply is waiting", "%(count)s replies are waiting", len(threads))
    waits %= {"count": f"{len(threads):,}"}
    return [
        Notice(
            f"{waits} to be sent, although the worker is running. The worker’s log says why."
            if is_running
            else f"{waits} to be sent because the worker isn’t running. Start it with: python manage.py worker.",
            "Open the conversation",
            reverse("admin:messaging_inboxthread_change", args=threads[:1]),
        )
    ]


def _find_doubt() -> list[Notice]:
    """Blasts with unconfirmed deliveries that staff have to decide about."""
    doubtful = reconciliation.overdue().of_blasts().order_by().values("message_log").annotate(count=Count("pk"))
    counts = {row["message_log"]: row["count"] for row in doubtful[: 4 * MOST]}
    logs = MessageLog.objects.filter(pk__in=counts).order_by("-pk")[:MOST]
    return [
        Notice(
            ngettext(
                "%(count)s person may not have received the blast “%(log)s”.",
                "%(count)s people may not have received the blast “%(log)s”.",
                counts[log.pk],
            )
            % {"count": f"{counts[log.pk]:,}", "log": log},
            "Decide",
            f"{_url(log)}?status={Delivery.Status.UNKNOWN}",
        )
        for log in logs
    ]


def _find_doubtful_replies() -> list[Notice]:
    """Conversations with an unconfirmed reply that staff have to decide about."""
    doubtful = replies.in_question().order_by("-pk").values_list("thread", flat=True)[: 4 * MOST]
    threads = list(InboxThread.objects.filter(pk__in=set(doubtful)).order_by("-pk")[:MOST])
    names = inbox.shown_names(threads)
    return [
        Notice(
            f"A reply to {names[thread.pk]} may not have arrived.",
            "Check reply",
            reverse("admin:messaging_inboxthread_change", args=[thread.pk]),
        )
        for thread in threads
    ]


def _find_failed_replies() -> list[Notice]:
    """Conversations whose latest reply failed recently and that nobody has dealt with."""
    count = replies.undelivered().filter(created_at__gte=timezone.now() - TOLD_FOR).count()
    if not count:
        return []
    sentence = ngettext(
        "%(count)s reply wasn’t delivered.",
        "%(count)s replies weren’t delivered.",
        count,
    ) % {"count": f"{count:,}"}
    return [Notice(sentence, "See why", f"{reverse('admin:messaging_inboxthread_changelist')}?state=undelivered")]


def _find_missing_webhook() -> list[Notice]:
    """Real texts are sent, and nothing shows that Twilio forwards incoming ones. The checklist says so itself."""
    if setup.is_webhook_known() or setup.is_wanted():
        return []
    sentence = "Twilio may not forward incoming texts to this site, so STOP and replies could be lost."
    return [Notice(sentence, setup.SET_WEBHOOK, reverse("admin:setup"))]


def _find_missing_tasks() -> list[Notice]:
    """No worker is running: there is no heartbeat, or recurring tasks are minutes overdue."""
    if heartbeat.living():
        return []
    # A worker that was stopped in good order has left no sign behind; it may be starting again.
    if heartbeat.last_beat() is None and not schedules.are_late(timezone.now() - timedelta(minutes=5)):
        return []
    return [
        Notice(
            "The worker isn’t running, so nothing is being sent, imported or counted. "
            "Start it with: python manage.py worker.",
            "See its tasks",
            reverse("admin:django_q_schedule_changelist"),
        )
    ]


def _url(log: MessageLog) -> str:
    return reverse("admin:messaging_messagelog_change", args=[log.pk])
