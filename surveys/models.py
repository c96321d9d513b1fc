"""Surveys (`survey_flows` of the schema of record), their sessions, and the answers."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from messaging.models.keywords import KeywordOwnerQuerySet


class SurveyFlow(models.Model):
    """A conversation by text that a keyword starts. `surveys.questions` reads and writes `questions_json`."""

    name = models.CharField(max_length=120, unique=True)
    trigger_keyword = models.CharField("keyword", max_length=40, unique=True)
    intro_message = models.TextField("introduction", null=True, blank=True)
    questions_json = models.TextField("questions")
    completion_message = models.TextField("last message", null=True, blank=True)
    linked_event = models.ForeignKey("contacts.Event", models.PROTECT, null=True, blank=True, related_name="surveys")
    is_active = models.BooleanField("active", default=True)
    start_count = models.IntegerField("started", default=0, editable=False)
    completion_count = models.IntegerField("completed", default=0, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    objects = KeywordOwnerQuerySet.as_manager()

    class Meta:
        db_table = "survey_flows"
        verbose_name = "survey"
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class SurveySessionQuerySet(models.QuerySet):
    def active(self) -> Self:
        """Sessions that wait for an answer."""
        return self.filter(status=SurveySession.Status.ACTIVE)


class SurveySession(models.Model):
    """One person taking a survey. A phone is in one survey at a time.

    active → completed     the last question was answered
       ├→ cancelled        end_reason says why: EXIT, an opt-out, the keyword again
       └→ expired          no answer for SURVEY_SESSION_HOURS

    The session keeps the questions and the last message as they were when it started, so people finish the survey as
    they began it, whatever staff change meanwhile. `current_question_index` is also the number of answers.
    """

    class Status(models.TextChoices):
        ACTIVE = "active", "In progress"
        COMPLETED = "completed", "Completed"
        CANCELLED = "cancelled", "Ended early"
        EXPIRED = "expired", "No answer"

    class EndReason(models.TextChoices):
        EXIT = "exit", "Texted EXIT"
        OPTED_OUT = "opted_out", "Opted out"
        RESTARTED = "restarted", "Restarted"

    survey = models.ForeignKey(SurveyFlow, models.CASCADE, related_name="sessions")
    thread = models.ForeignKey("messaging.InboxThread", models.SET_NULL, null=True, blank=True, related_name="+")
    phone = models.CharField(max_length=20)
    status = models.CharField(max_length=20, choices=Status, default=Status.ACTIVE)
    current_question_index = models.IntegerField("answers", default=0)
    started_at = models.DateTimeField("started", default=timezone.now)
    last_activity_at = models.DateTimeField("last text", default=timezone.now)
    completed_at = models.DateTimeField("completed", null=True, blank=True)

    questions_json = models.TextField()
    completion_message = models.TextField(null=True, blank=True)
    end_reason = models.CharField(max_length=12, choices=EndReason, default="", blank=True)

    objects = SurveySessionQuerySet.as_manager()

    class Meta:
        db_table = "survey_sessions"
        verbose_name = "session"
        constraints = [
            models.UniqueConstraint(
                fields=["phone"], condition=Q(status="active"), name="unique_active_session_phone"
            )
        ]
        indexes = [
            models.Index(fields=["survey", "status"], name="ix_sessions_survey_status"),
            models.Index(fields=["status", "last_activity_at"], name="ix_sessions_status_activity"),
        ]

    def __str__(self) -> str:
        return f"{self.phone}: {self.get_status_display()}"


class SurveyResponse(models.Model):
    """One answer, with the question as it was asked."""

    session = models.ForeignKey(SurveySession, models.CASCADE, related_name="responses")
    survey = models.ForeignKey(SurveyFlow, models.CASCADE, related_name="responses")
    phone = models.CharField(max_length=20)
    question_index = models.IntegerField()
    question_prompt = models.TextField()
    answer = models.TextField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "survey_responses"
        verbose_name = "answer"
        constraints = [models.UniqueConstraint(fields=["session", "question_index"], name="unique_session_question")]
        indexes = [
            models.Index(fields=["survey", "question_index"], name="ix_responses_survey_question"),
            models.Index(fields=["survey", "phone"], name="ix_responses_survey_phone"),
        ]

    def __str__(self) -> str:
        return f"{self.phone}: {self.question_index + 1}"
