"""Keyword replies: a word that people text, and the answer to it."""

from django.db import models
from django.utils import timezone

from ..querysets import KeywordOwnerQuerySet


class KeywordAutomationRule(models.Model):
    """A keyword, kept as `messaging.keywords.normalise` makes it, and what its sender is answered."""

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
