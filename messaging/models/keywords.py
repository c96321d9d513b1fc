"""Keyword replies: a word that people text, and the answer to it."""

from typing import Any

from django.db import models, transaction
from django.utils import timezone


class KeywordOwnerQuerySet(models.QuerySet):
    """Keyword replies and, in their own app, surveys: what a keyword leads to as long as it is active."""

    def switch(self, *, is_active: bool) -> list[Any]:
        """Activate or deactivate them: those that were not so before."""
        with transaction.atomic():
            others = self.exclude(is_active=is_active).order_by("pk")
            switched: list[Any] = list(others.select_for_update(of=("self",)))
            rows = self.model._default_manager.filter(pk__in=[owner.pk for owner in switched])
            rows.update(is_active=is_active, updated_at=timezone.now())
        return switched


class KeywordAutomationRule(models.Model):
    """A keyword, kept as `messaging.keywords.normalize` makes it, and what its sender is answered."""

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
