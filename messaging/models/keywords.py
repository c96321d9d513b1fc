"""Keyword replies: a word that people text, and the reply they get."""

from typing import Any

from django.db import models, transaction
from django.utils import timezone


class KeywordOwnerQuerySet(models.QuerySet):
    """For owners of keywords, which can be turned on and off: keyword replies and, in their own app, surveys."""

    def switch(self, *, is_active: bool) -> list[Any]:
        """Activate or deactivate. Returns those that changed."""
        with transaction.atomic():
            others = self.exclude(is_active=is_active).order_by("pk")
            switched: list[Any] = list(others.select_for_update(of=("self",)))
            rows = self.model._default_manager.filter(pk__in=[owner.pk for owner in switched])
            rows.update(is_active=is_active, updated_at=timezone.now())
        return switched


class KeywordAutomationRule(models.Model):
    """A keyword, normalized by `messaging.keywords.normalize`, and the reply to it."""

    keyword = models.CharField(max_length=40, unique=True)
    response_body = models.TextField("reply")
    is_active = models.BooleanField("active", default=True)
    match_count = models.IntegerField("matches", default=0, editable=False)
    last_matched_at = models.DateTimeField("last match", null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    objects = KeywordOwnerQuerySet.as_manager()

    class Meta:
        db_table = "keyword_automation_rules"
        verbose_name = "keyword reply"
        verbose_name_plural = "keyword replies"
        ordering = ("keyword",)

    def __str__(self) -> str:
        return self.keyword
