"""Compares counters with the rows that they count, and finds conversations that contradict themselves."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from django.db import transaction
from django.db.models import Count, F, Q, QuerySet
from django.utils import timezone

from contacts.models.opt_outs import unsubscribed
from messaging import practice_numbers
from messaging.models import Delivery, InboxThread, KeywordAutomationRule, MessageLog
from smsadmin.checks import uses_twilio
from smsadmin.lib.plurals import counted
from surveys import questions
from surveys.models import SurveyFlow, SurveySession

from .findings import Finding, note, ok, problem, some
from .rows import BATCH, FIX, MOST

# Counters follow their rows within a minute.
SETTLING: Final = timedelta(minutes=2)


@dataclass
class _Blasts:
    """The ids of finished blasts with something wrong."""

    miscounted: list[int] = field(default_factory=list)
    waiting: list[int] = field(default_factory=list)
    without_rows: list[int] = field(default_factory=list)


def find_wrong_counters() -> Iterator[Finding]:
    """Counts all deliveries by an index: about half a second per million rows."""
    counts = _count_deliveries()
    wrong = _compare_with_rows(counts)
    if wrong.miscounted:
        yield problem(
            f"The counters of {counted(len(wrong.miscounted), 'blast', 'blasts')} don't match their rows "
            f"(blast {some(wrong.miscounted)}).",
            FIX,
            lambda: _recount(wrong.miscounted),
        )
    if wrong.waiting:
        yield problem(
            f"{counted(len(wrong.waiting), 'blast has', 'blasts have')} ended with people still waiting "
            f"(blast {some(wrong.waiting)}). They won't be texted.",
            "If it still matters, send them a new blast. The blast's page lists them.",
        )
    if wrong.without_rows:
        yield note(
            f"{counted(len(wrong.without_rows), 'blast has', 'blasts have')} counters but no rows "
            f"(blast {some(wrong.without_rows)}).",
            "Nothing if they were imported without details. Otherwise restore a backup.",
        )
    if unknown := sorted({status for rows in counts.values() for status in rows} - set(Delivery.Status.values)):
        yield problem(
            f"deliveries has states that SMS Admin doesn't know: {some(unknown)}.",
            "Correct them with SQL. docs/sending.md lists the states.",
        )
    if not (wrong.miscounted or wrong.waiting):
        yield ok("All blast counters match their rows.")


def _count_deliveries() -> dict[int, dict[str, int]]:
    """How many rows each blast has in each state."""
    counts: dict[int, dict[str, int]] = defaultdict(dict)
    of_blasts = Delivery.objects.filter(message_log__isnull=False).order_by()
    for log_id, status, number in of_blasts.values_list("message_log", "status").annotate(Count("pk")):
        counts[log_id][status] = number
    return counts


def _compare_with_rows(counts: dict[int, dict[str, int]]) -> _Blasts:
    wrong = _Blasts()
    logs = MessageLog.objects.exclude(status=MessageLog.Status.PROCESSING)
    for pk, *counters in logs.values_list(
        "pk", "total_recipients", "success_count", "failure_count", "delivered_count"
    ):
        rows = counts.get(pk)
        if not rows:
            wrong.without_rows += [pk] if counters[0] else []
            continue
        true = [
            sum(rows.values()),
            sum(rows.get(status, 0) for status in Delivery.SUCCESSFUL),
            sum(rows.get(status, 0) for status in Delivery.UNSUCCESSFUL),
            rows.get(Delivery.Status.DELIVERED, 0),
        ]
        if true != counters and not _is_settling(pk):
            wrong.miscounted.append(pk)
        if rows.get(Delivery.Status.PENDING) or rows.get(Delivery.Status.SENDING):
            wrong.waiting.append(pk)
    return wrong


def _is_settling(log_id: int) -> bool:
    return Delivery.objects.filter(message_log=log_id, updated_at__gt=timezone.now() - SETTLING).exists()


def _recount(ids: list[int]) -> str:
    for log in MessageLog.objects.filter(pk__in=ids[:BATCH]):
        log.write_totals()
    return f"Recounted {counted(len(ids[:BATCH]), 'blast', 'blasts')}."


def find_wrong_surveys() -> Iterator[Finding]:
    """Tests by staff are not counted in any survey."""
    of_people = ~Q(sessions__phone__startswith=practice_numbers.BEGINNING)
    is_completed = Q(sessions__status=SurveySession.Status.COMPLETED)
    surveys = SurveyFlow.objects.annotate(
        starts=Count("sessions", filter=of_people), ends=Count("sessions", filter=of_people & is_completed)
    )
    # A survey imported without its sessions keeps the counts of the replaced system.
    wrong = surveys.filter(starts__gt=0).exclude(start_count=F("starts"), completion_count=F("ends"))
    if ids := list(wrong.order_by("pk").values_list("pk", flat=True)):
        yield problem(
            f"The counters of {counted(len(ids), 'survey', 'surveys')} don't match their sessions "
            f"(survey {some(ids)}).",
            FIX,
            lambda: _recount_surveys(ids),
        )
    for survey in SurveyFlow.objects.order_by("pk"):
        try:
            questions.load(survey.questions_json)
        except questions.UnreadableQuestions as error:
            yield problem(f"Survey {survey.pk} doesn't work. {error}", "Rewrite its questions on its page.")
    active = SurveySession.objects.active().filter(unsubscribed())
    if number := active.count():
        yield problem(
            f"{counted(number, 'person who', 'people who')} opted out "
            f"{'is' if number == 1 else 'are'} still being asked.",
            FIX,
            lambda: _end_sessions(active),
        )
    tries = SurveySession.objects.filter(practice_numbers.IS_TRY)
    if uses_twilio() and (left := tries.count()):
        yield note(
            f"{counted(left, 'survey test is', 'survey tests are')} left over although real texts are sent now "
            f"(survey {some(tries.order_by('survey').values_list('survey', flat=True).distinct())}): "
            "blasts would go to registrations with practice numbers.",
            "Remove them on the survey's results page.",
        )
    if not (ids or number):
        yield ok("All survey counters match their sessions, and nobody is asked questions after opting out.")


def _recount_surveys(ids: list[int]) -> str:
    for pk in ids:
        with transaction.atomic():
            flow = SurveyFlow.objects.select_for_update().get(pk=pk)
            sessions = flow.sessions.exclude(practice_numbers.IS_TRY)
            SurveyFlow.objects.filter(pk=pk).update(
                start_count=sessions.count(),
                completion_count=sessions.filter(status=SurveySession.Status.COMPLETED).count(),
            )
    return f"Recounted {counted(len(ids), 'survey', 'surveys')}."


def _end_sessions(active: QuerySet[SurveySession]) -> str:
    ended = active.update(status=SurveySession.Status.CANCELLED, end_reason=SurveySession.EndReason.OPTED_OUT)
    of = "of people who opted out"
    return f"{counted(ended, f'session {of} was', f'sessions {of} were')} ended."


def find_wrong_threads() -> Iterator[Finding]:
    """Conversations with more unread texts than texts."""
    wrong = InboxThread.objects.miscounted().order_by("pk")
    if ids := list(wrong.values_list("pk", flat=True)[:MOST]):
        yield problem(
            f"{counted(len(ids), 'conversation counts', 'conversations count')} more unread texts than it received "
            f"(conversation {some(ids)}).",
            FIX,
            lambda: _limit_unread(ids),
        )


def _limit_unread(ids: list[int]) -> str:
    fixed = InboxThread.objects.filter(pk__in=ids[:BATCH]).limit_unread()
    return f"The unread count of {counted(fixed, 'conversation was', 'conversations were')} corrected."


def find_keywords_claimed_twice() -> Iterator[Finding]:
    surveys = {
        keyword.strip().casefold(): pk
        for pk, keyword in SurveyFlow.objects.filter(is_active=True).values_list("pk", "trigger_keyword")
    }
    rules = KeywordAutomationRule.objects.filter(is_active=True).order_by("pk").values_list("pk", "keyword")
    for pk, keyword in rules:
        if (survey := surveys.get(keyword.strip().casefold())) is not None:
            yield problem(
                f"Survey {survey} and keyword reply {pk} have the same keyword. Only the survey answers.",
                "Give one of them a different keyword, or turn it off.",
            )
