"""The staff's pages for messages, a module a model."""

from .blasts import MessageLogAdmin
from .people import TextedEventAdmin, TextedMemberAdmin, TextedRegistrationAdmin

__all__ = ["MessageLogAdmin", "TextedEventAdmin", "TextedMemberAdmin", "TextedRegistrationAdmin"]
