"""Suppresses or unsubscribes contacts on delivery errors, so that the next blast skips them.

Our fault is not the contact's: configuration errors and soft failures never touch a list. Nobody is
deleted: suppressed people stay in their lists, marked, and staff can restore them.

Whoever writes a failure to a delivery calls `learn` in the same transaction and sets `learned_at`: a crash loses both
or neither. `messaging.sending.suppression_backfill` finds failures without `learned_at`.
"""

from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.utils import timezone

from contacts import phones
from contacts.consent import opting_out
from contacts.models import SuppressedContact, UnsubscribedContact

from ..error_codes import Category, classify, error_table

# Twilio's notes on 30005: the causes include passing ones, so one report is no proof; two a day apart are.
CONFIRMED_LATER: Final = frozenset({30005})
CONFIRMED_AFTER: Final = timedelta(hours=24)
# 30006 says "landline or unreachable carrier"; to a short code it may only mean that the carrier has none.
NOT_FROM_SHORT_CODES: Final = frozenset({30006})
# Twilio's notes on 30004: from toll-free numbers it is the network's own STOP.
OPT_OUT_FROM_TOLL_FREE: Final = frozenset({30004})
TOLL_FREE_PREFIXES: Final = ("+1800", "+1833", "+1844", "+1855", "+1866", "+1877", "+1888")


def meaning(code: int | None) -> Category | None:
    """OPT_OUT or HARD_FAIL where the code says that of the number itself, None where it says nothing about it."""
    if code in OPT_OUT_FROM_TOLL_FREE and settings.TWILIO_FROM_NUMBER.startswith(TOLL_FREE_PREFIXES):
        return Category.OPT_OUT
    if code in NOT_FROM_SHORT_CODES and 0 < len(settings.TWILIO_FROM_NUMBER.lstrip("+")) <= 6:
        return None
    category = classify(code).category
    return category if category in (Category.OPT_OUT, Category.HARD_FAIL) else None


def telling_codes() -> list[int]:
    """The codes that say something about the number itself, with the sender that the settings name."""
    return sorted(code for code in error_table() if meaning(code))


def learn(phone: str, name: str | None, code: int | None, log_id: int | None, at: datetime | None = None) -> None:
    """Record what error `code`, of a text to `phone` in blast `log_id`, says about that number.

    Without a blast it was a text of a conversation. `at` is given for an error of the past: who has opted in since
    then, or was taken off the suppressed contacts by staff, is left in. Safe to repeat: a number that is on the list
    already stays as it is recorded.
    """
    if not phones.E164.fullmatch(phone):
        # Blasts of the replaced system have such numbers, lists have none: there is nobody to learn about.
        return
    sentence = classify(code).sentence
    category = meaning(code)
    if category == Category.OPT_OUT:
        has_come_back = at is not None and opting_out.has_opted_in_since(phone, at)
        if not has_come_back and not UnsubscribedContact.objects.filter(phone=phone).exists():
            source = UnsubscribedContact.Source.MESSAGE_FAILURE
            opting_out.opt_out(phone, source, name=name, reason=sentence, at=at)
    elif category == Category.HARD_FAIL and (at is None or not opting_out.was_lifted_since(phone, at)):
        _suppress(phone, code, sentence, log_id, at or timezone.now())


def _suppress(phone: str, code: int | None, reason: str, log_id: int | None, at: datetime) -> None:
    """A first report that needs confirming is kept as "soft_fail", which blocks nobody."""
    categories = SuppressedContact.Category
    source_type = "inbox" if log_id is None else "message_log"
    first = categories.SOFT_FAIL if code in CONFIRMED_LATER else categories.HARD_FAIL
    contact, is_new = SuppressedContact.objects.get_or_create(
        phone=phone,
        defaults={
            "category": first,
            "reason": reason,
            "source": str(code),
            "source_type": source_type,
            "source_message_log_id": log_id,
            "created_at": at,
        },
    )
    if is_new or contact.category != categories.SOFT_FAIL:
        return
    if code in CONFIRMED_LATER and at - contact.created_at < CONFIRMED_AFTER:
        return
    SuppressedContact.objects.filter(pk=contact.pk, category=categories.SOFT_FAIL).update(
        category=categories.HARD_FAIL,
        reason=reason,
        source_type=source_type,
        source_message_log_id=log_id,
        updated_at=timezone.now(),
    )
