"""Which rows: the querysets of the surveys' models."""

from typing import TYPE_CHECKING, Self

from django.db import models

if TYPE_CHECKING:
    from .models import SurveySession  # noqa: F401 - the linter does not look into the quotes below


class SurveySessionQuerySet(models.QuerySet["SurveySession"]):
    def active(self) -> Self:
        """Those that wait for an answer."""
        return self.filter(status="active")
