"""Admin pages for surveys: the builder, the list, the results, and the practice phone."""

from .flows import SurveyFlowAdmin

__all__ = ["SurveyFlowAdmin"]
