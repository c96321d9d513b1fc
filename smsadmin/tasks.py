"""Background tasks for the project as a whole."""

from datetime import timedelta

from django.conf import settings
from django.contrib.sessions.models import Session
from django.utils import timezone
from django_q.models import Task

from accounts import events, login_limits
from contacts.tasks import clean_up_imports
from messaging.inbox import retention
from messaging.models import Draft, UnmatchedReports

from .backups import backup_files

KEPT: timedelta = timedelta(days=30)


def clean_up() -> None:
    """Deletes what is no longer needed: old results, events, sessions and locks, abandoned drafts and imports.

    Old texts lose their words, if INBOX_RETENTION_DAYS says so.
    """
    now = timezone.now()
    Task.objects.filter(stopped__lt=now - KEPT).delete()
    Session.objects.filter(expire_date__lt=now).delete()
    Draft.objects.filter(updated_at__lt=now - KEPT).exclude(scheduled__status="pending").delete()
    clean_up_imports()
    retention.redact_old()
    UnmatchedReports.objects.filter(last_at__lt=now - KEPT).delete()
    login_limits.delete_old()
    events.prune()


def back_up() -> None:
    """Writes the daily backup, unless BACKUP_DAILY is false. Raises BackupFailed, which makes the task fail."""
    if settings.BACKUP_DAILY:
        backup_files.back_up(settings.BACKUP_DIR, settings.BACKUP_KEEP)
