"""The staff's pages for surveys: the builder and the list, the results, and the phone to try them on."""

from .flows import SurveyFlowAdmin

__all__ = ["SurveyFlowAdmin"]
