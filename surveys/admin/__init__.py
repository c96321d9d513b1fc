"""Admin pages for surveys: the builder, the list, the results, and the practice phone."""

from . import person_sections  # noqa: F401 - registers its sections
from .flows import SurveyFlowAdmin

__all__ = ["SurveyFlowAdmin"]
