"""Admin pages for people: one module per model."""

from .consent import ConsentRecordAdmin
from .events import EventAdmin
from .fields import ProfileFieldAdmin
from .groups import GroupAdmin, GroupMemberAdmin
from .imports import ContactImportAdmin
from .members import CommunityMemberAdmin
from .opt_outs import SuppressedContactAdmin, UnsubscribedContactAdmin
from .registrations import EventRegistrationAdmin

__all__ = [
    "CommunityMemberAdmin",
    "ConsentRecordAdmin",
    "ContactImportAdmin",
    "EventAdmin",
    "EventRegistrationAdmin",
    "GroupAdmin",
    "GroupMemberAdmin",
    "ProfileFieldAdmin",
    "SuppressedContactAdmin",
    "UnsubscribedContactAdmin",
]
