"""Whether a draft can be sent or scheduled: checks before the click does anything."""

from ..models import Draft
from ..text.personalization import UnknownToken
from ..text.visibility import is_blank
from .audience import Audience
from .merge_fields import MergeFields, compile_message
from .own_phone import own_test_phone


def can_send(draft: Draft) -> bool:
    """Whether the draft can be sent now. Pre-send validation."""
    return can_schedule(draft) and bool(draft.test_mode or Audience.of_draft(draft).sample(1))


def can_schedule(draft: Draft) -> bool:
    """Whether the draft can be scheduled. Its audience may be empty until then."""
    if not is_complete(draft) or (draft.test_mode and not own_test_phone(draft.created_by)):
        return False
    return draft.leaves_out_incomplete or not lacks_values(draft)


def lacks_values(draft: Draft) -> bool:
    """Whether people lack a value for a field of the draft's text that has no fallback."""
    merge = MergeFields.of(compile_message(draft.message_body))
    audience = Audience.of_draft(draft)
    return audience.test_phone is None and any(rows.exists() for rows in audience.incomplete(merge))


def is_complete(draft: Draft) -> bool:
    """Whether it has words without unknown fields, and an audience that exists.

    People may lack values of its fields.
    """
    try:
        compile_message(draft.message_body)
    except UnknownToken:
        return False
    return not (is_blank(draft.message_body) or draft.lacks_event or Audience.of_draft(draft).problem)
