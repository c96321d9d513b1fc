"""Whether a draft can be sent or scheduled: checks before the click does anything."""

from ..models import Draft
from ..text.personalization import UnknownToken
from ..text.visibility import is_blank
from .audience import Audience
from .merge_fields import MergeFields, compile_message
from .own_phone import own_test_phone


def can_send(draft: Draft) -> bool:
    """Whether the draft can be sent now, unless it `asks_about_values`."""
    return can_schedule(draft) and bool(draft.test_mode or Audience.of_draft(draft).sample(1))


def can_schedule(draft: Draft) -> bool:
    """Whether the draft can be scheduled. Its audience may be empty until then."""
    return is_complete(draft) and not (draft.test_mode and not own_test_phone(draft.created_by))


def asks_about_values(draft: Draft) -> bool:
    """Whether staff have to decide about people without a value for a field of the draft, which may have to look at
    everyone. Raises UnknownToken."""
    audience = Audience.of_draft(draft)
    if audience.leaves_out_incomplete or audience.test_phone is not None:
        return False
    merge = MergeFields.of(compile_message(draft.message_body))
    return any(rows.exists() for rows in audience.incomplete(merge))


def is_complete(draft: Draft) -> bool:
    """Whether it has words without unknown fields, and an audience that exists.

    People may lack values of its fields.
    """
    try:
        compile_message(draft.message_body)
    except UnknownToken:
        return False
    return not (is_blank(draft.message_body) or draft.lacks_event or Audience.of_draft(draft).problem)
