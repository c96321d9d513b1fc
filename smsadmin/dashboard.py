"""The home page: what needs attention, what is being sent, what is scheduled, and what was sent recently.

For the inbox it shows how much is unread, and which possible opt-outs await a decision.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import ngettext

from accounts.models import AppUser
from messaging.inbox import conversations as inbox
from messaging.inbox import replies
from messaging.models import Delivery, InboxThread, MessageLog, ScheduledMessage
from messaging.scheduling.scheduled_messages import describe_audience
from messaging.sending import dispatch, reconciliation, staleness
from messaging.sending.progress import Progress, recent_progress, state_in_words
from smsadmin.lib import dates

from .worker import heartbeat, schedules

RECENT: Final = 5
# How long a scheduled message that wasn't sent, or a reply that wasn't delivered, is shown.
TOLD_FOR: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that needs attention: a sentence, and the link to where to deal with it, whose text is a verb."""

    sentence: str
    verb: str
    url: str


@dataclass(frozen=True, slots=True)
class BlastLine:
    """One blast, its progress, and its state in words."""

    log: MessageLog
    progress: Progress
    state: str


@dataclass(frozen=True, slots=True)
class ScheduledLine:
    """One scheduled message, and who would get it now."""

    message: ScheduledMessage
    audience: str
    recipients: int


@dataclass(slots=True)
class Dashboard:
    """The home page for one user: only what they may see."""

    notices: list[Notice] = field(default_factory=list)
    running: list[BlastLine] = field(default_factory=list)
    recent: list[BlastLine] = field(default_factory=list)
    upcoming: list[ScheduledLine] = field(default_factory=list)
    unread: str = ""
    can_see_blasts: bool = False
    can_see_scheduled: bool = False
    can_see_inbox: bool = False
    can_send: bool = False
    can_import: bool = False

    @property
    def again_in(self) -> int | None:
        """In how many seconds to reload; None if nothing is changing."""
        if self.running:
            return 2
        if not self.upcoming:
            return None
        seconds = (self.upcoming[0].message.scheduled_at - timezone.now()).total_seconds()
        return min(max(round(seconds) + 2, 2), 60)


def dashboard(user: AppUser | AnonymousUser) -> Dashboard:
    """What the home page shows to `user`."""
    page = Dashboard(
        can_see_blasts=user.has_perm("messaging.view_messagelog"),
        can_see_scheduled=user.has_perm("messaging.view_scheduledmessage"),
        can_see_inbox=user.has_perm("messaging.view_inboxthread"),
        can_send=user.has_perm("messaging.send_blast"),
        can_import=user.has_perm("contacts.add_communitymember"),
    )
    if page.can_see_blasts:
        logs = MessageLog.objects.select_related("created_by").order_by("-pk")
        page.notices = [*_find_stopped(), *_find_waiting(), *_find_doubt(), *_find_missing_tasks()]
        # One that stopped by itself is among what needs attention.
        running = logs.filter(status=MessageLog.Status.PROCESSING)
        running = running.exclude(paused_at__isnull=False, stop_code__isnull=False)
        page.running = [_line(log) for log in running[:RECENT]]
        page.recent = [_line(log) for log in logs.exclude(status=MessageLog.Status.PROCESSING)[:RECENT]]
    if page.can_see_scheduled:
        page.notices += _find_unsent()
        waiting = ScheduledMessage.objects.upcoming().select_related("event", "draft")
        page.upcoming = [_scheduled_line(message) for message in waiting[:RECENT]]
    if page.can_see_inbox:
        waiting_texts = inbox.waiting()
        page.notices += [
            *_find_undecided(waiting_texts),
            *_find_waiting_replies(),
            *_find_doubtful_replies(),
            *_find_failed_replies(),
        ]
        page.unread = _say_unread(waiting_texts)
    return page


def _scheduled_line(message: ScheduledMessage) -> ScheduledLine:
    audience, recipients = describe_audience(message)
    return ScheduledLine(message, audience, recipients or 0)


def _line(log: MessageLog) -> BlastLine:
    progress = recent_progress(log)
    return BlastLine(log, progress, state_in_words(log, progress.percent))


def _url(log: MessageLog) -> str:
    return reverse("admin:messaging_messagelog_change", args=[log.pk])


def _find_stopped() -> list[Notice]:
    """Blasts that stopped or paused by themselves, or that are having trouble right now."""
    halted = MessageLog.objects.halted().exclude(stop_reason="").order_by("-pk")
    stopped = [log for log in halted[: 4 * RECENT] if log.can_be_resumed]
    troubled = MessageLog.objects.running().exclude(trouble="")
    return [
        *(
            Notice(f"The blast “{log}” {_how_halted(log)}. {log.stop_reason}", _remedy(log), _url(log))
            for log in stopped[:RECENT]
        ),
        *(
            Notice(f"The blast “{log}” is slower than usual. {log.trouble}", "See why", _url(log))
            for log in troubled[:RECENT]
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
        for message in unsent[:RECENT]
    ]


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


def _say_unread(waiting: inbox.Waiting) -> str:
    """Such as "3 unread texts in 2 conversations"; "" if there are none."""
    if not waiting.texts:
        return ""
    texts = ngettext("%(count)s unread text", "%(count)s unread texts", waiting.texts)
    conversations = ngettext("%(count)s conversation", "%(count)s conversations", waiting.conversations)
    return f"{texts % {'count': f'{waiting.texts:,}'}} in {conversations % {'count': f'{waiting.conversations:,}'}}"


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
    counts = {row["message_log"]: row["count"] for row in doubtful[: 4 * RECENT]}
    logs = MessageLog.objects.filter(pk__in=counts).order_by("-pk")[:RECENT]
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
    doubtful = replies.in_question().order_by("-pk").values_list("thread", flat=True)[: 4 * RECENT]
    threads = list(InboxThread.objects.filter(pk__in=set(doubtful)).order_by("-pk")[:RECENT])
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
