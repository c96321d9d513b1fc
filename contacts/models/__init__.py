"""Who may be texted: the lists of people, the opted-out and the unreachable."""

from .consent import ConsentRecord
from .events import Event, EventRegistration
from .groups import Group, GroupMember
from .import_fields import ImportChange, ImportValue, RememberedColumns
from .imports import ContactImport, ImportChunk, ImportRow
from .members import CommunityMember
from .opt_outs import UnsubscribedContact
from .profiles import Profile, ProfileField, ProfileValue
from .suppression import LiftedSuppression, SuppressedContact

__all__ = [
    "CommunityMember",
    "ConsentRecord",
    "ContactImport",
    "Event",
    "EventRegistration",
    "Group",
    "GroupMember",
    "ImportChange",
    "ImportChunk",
    "ImportRow",
    "ImportValue",
    "LiftedSuppression",
    "Profile",
    "ProfileField",
    "ProfileValue",
    "RememberedColumns",
    "SuppressedContact",
    "UnsubscribedContact",
]
