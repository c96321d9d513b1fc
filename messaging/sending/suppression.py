"""Suppresses or unsubscribes contacts on delivery errors, so that the next blast skips them.

Configuration errors and soft failures never affect a contact. Nobody is deleted: suppressed people stay in their
lists, marked, and staff can allow texts again.

Code that writes a failure to a delivery calls `learn` in the same transaction and sets `learned_at`, so a crash loses
both or neither. `messaging.sending.suppression_backfill` finds failures without `learned_at`.
"""

from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.utils import timezone

from contacts import phones
from contacts.consent import opting_out
from contacts.models import SuppressedContact, UnsubscribedContact

from ..error_codes import Category, classify, error_table

# Twilio's notes on 30005: some causes are temporary, so we require two reports a day apart.
CONFIRMED_LATER: Final = frozenset({30005})
CONFIRMED_AFTER: Final = timedelta(hours=24)
# 30006 is "landline or unreachable carrier"; from a short code it may only mean that the carrier doesn't support it.
NOT_FROM_SHORT_CODES: Final = frozenset({30006})
# Twilio's notes on 30004: for toll-free senders it is the network's own STOP.
OPT_OUT_FROM_TOLL_FREE: Final = frozenset({30004})
TOLL_FREE_PREFIXES: Final = ("+1800", "+1833", "+1844", "+1855", "+1866", "+1877", "+1888")


def meaning(code: int | None) -> Category | None:
    """OPT_OUT or HARD_FAIL if the code is about the recipient's number, else None."""
    if code in OPT_OUT_FROM_TOLL_FREE and settings.TWILIO_FROM_NUMBER.startswith(TOLL_FREE_PREFIXES):
        return Category.OPT_OUT
    if code in NOT_FROM_SHORT_CODES and 0 < len(settings.TWILIO_FROM_NUMBER.lstrip("+")) <= 6:
        return None
    category = classify(code).category
    return category if category in (Category.OPT_OUT, Category.HARD_FAIL) else None


def telling_codes() -> list[int]:
    """The codes that are about the recipient's number, given the configured sender."""
    return sorted(code for code in error_table() if meaning(code))


def learn(phone: str, name: str | None, code: int | None, log_id: int | None, at: datetime | None = None) -> None:
    """Record the opt-out or suppression that follows from error `code` of a text to `phone` in blast `log_id`.

    Without a blast, it was a text of a conversation. `at` is the time of a past error: people who have opted in
    since, or for whom staff allowed texts again, aren't affected. Safe to repeat: existing records stay as they are.
    """
    if not phones.E164.fullmatch(phone):
        # Only blasts imported from the old system have such numbers; lists have none.
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
    """A first report that needs confirmation is stored as "soft_fail", which blocks nobody."""
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
