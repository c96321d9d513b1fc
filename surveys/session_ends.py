"""How sessions end other than by the last answer: by a text, by an opt-out from any source, and by time."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from smsadmin.lib.locks import lock_bulk_changes

from .models import SurveySession

Status = SurveySession.Status


def end(session: SurveySession, status: SurveySession.Status, reason: str = "") -> None:
    SurveySession.objects.active().filter(pk=session.pk).update(status=status, end_reason=reason)


def end_for_opt_out(phones: Iterable[str], **_: Any) -> None:
    """Receives contacts.consent.opting_out.opted_out: whoever opts out is asked nothing more."""
    SurveySession.objects.active().filter(phone__in=list(phones)).update(
        status=Status.CANCELLED, end_reason=SurveySession.EndReason.OPTED_OUT
    )


def expire(now: datetime | None = None) -> int:
    """Ends sessions that have had no answer for SURVEY_SESSION_HOURS, and returns how many."""
    late = SurveySession.objects.active().filter(last_activity_at__lt=expired_before(now or timezone.now()))
    with transaction.atomic():
        lock_bulk_changes()
        return late.update(status=Status.EXPIRED)


def expired_before(now: datetime) -> datetime:
    """A session whose last answer is older than this has expired."""
    return now - timedelta(hours=settings.SURVEY_SESSION_HOURS)
