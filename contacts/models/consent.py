"""The consent history: who opted out or in, when, how, and in what words. It is kept permanently."""

from typing import Any, NoReturn

from django.db import models
from django.utils import timezone


class ConsentQuerySet(models.QuerySet):
    """Rows can be added and read. Nothing else happens to them, but that an erased person's words are forgotten."""

    def forget_words(self) -> int:
        """Forget the words, for people who are erased. Returns how many records had some."""
        return super().update(words="")

    def update(self, **changes: Any) -> NoReturn:
        raise TypeError("The consent history is kept as it was written.")

    def delete(self) -> NoReturn:
        raise TypeError("The consent history is kept for good.")


class ConsentRecord(models.Model):
    """One opt-out or opt-in. Append-only: records stay even if the number is removed from every list, or its owner
    erased, which takes only their words.

    `source` is how it happened: a value of UnsubscribedContact.Source, "event:ID" or "group:ID". `words` are the
    person's own words, or the reason given. `actor` is the user name of the staff member who did it, "" for the
    person. There are no foreign keys, so that deleting something else never changes this table.
    """

    class Kind(models.TextChoices):
        OPT_OUT = "opt_out", "Opted out"
        OPT_IN = "opt_in", "Opted in"

    phone = models.CharField(max_length=20)
    kind = models.CharField(max_length=10, choices=Kind)
    source = models.CharField("how", max_length=50)
    words = models.TextField(default="")
    message_sid = models.CharField("Twilio SID", max_length=64, default="")
    actor = models.CharField("by", max_length=80, default="")
    created_at = models.DateTimeField("when", default=timezone.now)

    objects = ConsentQuerySet.as_manager()

    class Meta:
        db_table = "consent_records"
        verbose_name = "consent record"
        verbose_name_plural = "consent history"
        indexes = [models.Index(fields=["phone", "id"], name="ix_consent_phone")]

    def __str__(self) -> str:
        return f"{self.phone}: {self.get_kind_display()}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError("The consent history is kept as it was written.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("The consent history is kept for good.")
