"""Who may be texted: the lists of people, the opted-out and the unreachable."""

from .consent import ConsentRecord
from .events import Event, EventRegistration
from .imports import ContactImport, ImportChunk, ImportRow
from .members import CommunityMember
from .opt_outs import UnsubscribedContact
from .suppression import LiftedSuppression, SuppressedContact

__all__ = [
    "CommunityMember",
    "ConsentRecord",
    "ContactImport",
    "Event",
    "EventRegistration",
    "ImportChunk",
    "ImportRow",
    "LiftedSuppression",
    "SuppressedContact",
    "UnsubscribedContact",
]
