"""Finds unfinished work again and again, so that nothing is lost with a lost task or a killed worker.

Each worker's clock sweeps once a second (`smsadmin.worker.clock`). Any number of processes can sweep at the same time
and as often as they like.
"""

from datetime import timedelta

from django.utils import timezone

from smsadmin.lib import shared_clock

from ..models import Delivery, MessageLog
from ..models.deliveries import ABANDONED_AFTER
from ..sending import breaker, dispatch, staleness
from . import repeating, scheduled_messages

RECENT = timedelta(days=3)


def sweep() -> None:
    """Queues due messages, starts senders for replies and unfinished blasts, marks abandoned calls as unknown, stops
    faulty blasts, pauses stale ones, skips everyone still waiting in canceled ones, closes finished ones, updates
    scheduled messages to match their blasts, and schedules the next blasts of series."""
    now = shared_clock.now()
    scheduled_messages.queue_due(now)
    Delivery.objects.filter(message_log=None).doubt_abandoned(now - ABANDONED_AFTER)
    dispatch.nudge_replies()
    unfinished = list(MessageLog.objects.filter(status=MessageLog.Status.PROCESSING))
    if unfinished:
        Delivery.objects.filter(message_log__in=unfinished).doubt_abandoned(now - ABANDONED_AFTER)
    for log in unfinished:
        if log.cancelled_at is not None:
            log.skip_waiting()
        elif log.is_running and not breaker.stop_if_faulty(log):
            staleness.pause_if_stale(log, now)
        dispatch.nudge(log)
    scheduled_messages.follow_blasts()
    repeating.schedule_next(now)


def recount() -> None:
    """Updates the counters of recent blasts with what late callbacks have changed."""
    finished = MessageLog.objects.exclude(status=MessageLog.Status.PROCESSING)
    for log in finished.filter(finished_at__gte=timezone.now() - RECENT):
        log.write_totals()
