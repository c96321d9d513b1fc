"""The staff's pages for messages, a module a model."""

from .blasts import MessageLogAdmin

__all__ = ["MessageLogAdmin"]
