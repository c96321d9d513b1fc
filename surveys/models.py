"""Survey definitions (`survey_flows` of the schema of record)."""

from django.db import models
from django.utils import timezone


class SurveyFlow(models.Model):
    """A conversation by text that a keyword starts."""

    name = models.CharField(max_length=120, unique=True)
    trigger_keyword = models.CharField(max_length=40, unique=True)
    intro_message = models.TextField(null=True, blank=True)
    questions_json = models.TextField()
    completion_message = models.TextField(null=True, blank=True)
    linked_event = models.ForeignKey("contacts.Event", models.PROTECT, null=True, blank=True, related_name="surveys")
    is_active = models.BooleanField("active", default=True)
    start_count = models.IntegerField(default=0, editable=False)
    completion_count = models.IntegerField(default=0, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        db_table = "survey_flows"
        verbose_name = "survey"
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name
