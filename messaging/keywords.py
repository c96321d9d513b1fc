"""Keywords: matching texts against them, their owners, and keyword replies.

A keyword is stored in upper case, with single spaces and without surrounding punctuation. A text matches as a whole
first, then by its first word. Each keyword has one owner: a keyword reply, or an object of another app that registers
a lookup function (`owners`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import DEFAULT_DB_ALIAS, models
from django.db.models import F

from smsadmin.lib.locks import lock_keywords
from smsadmin.lib.prepared_statements import Prepared, PreparedUpdate
from smsadmin.lib.registry import Registry

from .consent.classifier import is_clear_opt_out
from .consent.words import HELP_WORDS, OPT_IN_WORDS, OPT_OUT_WORDS, YES, as_keyword, bare_word
from .inbound.handlers import Answer, InboundText
from .models import InboxMessage, KeywordAutomationRule
from .practice_numbers import is_try

MAX_LENGTH = 40
# How much of a text to look at: a keyword, if any, is at its beginning.
_LOOKED_AT = 4 * MAX_LENGTH


@dataclass(frozen=True, slots=True)
class Claim:
    """Who owns a keyword. `words` complete "JOIN is already …", such as "the keyword of the survey “Picnic”"."""

    words: str
    owner: models.Model | None = None


# Functions that say who has a keyword; asked before it is assigned.
owners: Registry[Callable[[str], Claim | None]] = Registry()


@dataclass(frozen=True, slots=True)
class Candidates:
    """The keywords a text can match: as a whole and by its first word, each with and without punctuation."""

    whole: tuple[str, ...]
    first_word: tuple[str, ...]


def normalize(keyword: str) -> str:
    """The stored form of a keyword, of any length, without surrounding punctuation."""
    word = _folded(keyword)
    return _bare(word) or word


def candidates(body: str) -> Candidates:
    """The keywords that `body` can match. Anything longer than a keyword is left out."""
    start = _folded(body[:_LOOKED_AT])
    whole = start if len(body) <= _LOOKED_AT else ""
    return Candidates(_variants(whole), _variants(start.partition(" ")[0]))


def _variants(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word for word in (text, _bare(text)) if 0 < len(word) <= MAX_LENGTH))


def _folded(text: str) -> str:
    return " ".join(as_keyword(text).split())


def _bare(text: str) -> str:
    """Without anything but letters and digits at both ends; "" if nothing is left, as of an emoji."""
    return text.strip("".join({character for character in text if not character.isalnum()}))


def why_refused(keyword: str, owner: models.Model | None = None) -> str:
    """Why `owner` (None: a new row) can't use this keyword, as a sentence for staff; "" if it can."""
    keyword = normalize(keyword)
    if not keyword:
        return "Enter a keyword: the word people text, such as JOIN."
    if len(keyword) > MAX_LENGTH:
        return f"The keyword has {len(keyword)} characters, and the limit is {MAX_LENGTH}. Choose a shorter one."
    word = bare_word(keyword)
    if word in OPT_OUT_WORDS or is_clear_opt_out(keyword):
        return f"Texting {keyword} opts people out, so it can’t be a keyword. Choose another word."
    if word in OPT_IN_WORDS or word == YES:
        return f"Texting {keyword} opts people back in, so it can’t be a keyword. Choose another word."
    if word in HELP_WORDS:
        return f"{keyword} asks for help and Twilio answers it, so it can’t be a keyword. Choose another word."
    lock_keywords()
    for claim_of in owners:
        claim = claim_of(keyword)
        if claim is not None and (owner is None or claim.owner != owner):
            remedy = ", or change that one first" if claim.owner else ""
            return f"{keyword} is already {claim.words}. Choose another word{remedy}."
    return ""


def claim_of_rule(keyword: str) -> Claim | None:
    """The keyword reply with this keyword, active or not."""
    rule = KeywordAutomationRule.objects.filter(keyword=keyword).first()
    return Claim("the keyword of a keyword reply", rule) if rule is not None else None


# In the order of the model's fields, as `from_db` needs them.
_RULE_FIELDS = ("id", "keyword", "response_body")
_RULES = Prepared(
    lambda a, b, c, d: (
        KeywordAutomationRule.objects.filter(keyword__in=(a, b, c, d), is_active=True)
        .order_by()
        .values_list(*_RULE_FIELDS)
    )
)
_MATCHED = PreparedUpdate(
    lambda pk, at: (
        KeywordAutomationRule.objects.filter(pk=pk),
        {"match_count": F("match_count") + 1, "last_matched_at": at},
    )
)


def find_rule(words: tuple[str, ...]) -> KeywordAutomationRule | None:
    """The active keyword reply for the first matching word."""
    row = first_owner(_RULES, words)
    return KeywordAutomationRule.from_db(DEFAULT_DB_ALIAS, _RULE_FIELDS, row) if row is not None else None


def first_owner(owners: Prepared, words: tuple[str, ...]) -> tuple[Any, ...] | None:
    """The row for the first matching word.

    `owners` selects (id, keyword, …) for four keywords, the most candidates that a text has.
    """
    if not words:
        return None
    found = {row[1]: row for row in owners.rows(*words, *words[:1] * (4 - len(words)))}
    return next((found[word] for word in words if word in found), None)


def reply(text: InboundText) -> Answer | None:
    """Inbound handler: answers with the matching keyword reply."""
    if not text.takes_automation:
        return None
    meant = candidates(text.body)
    rule = find_rule((*meant.whole, *meant.first_word))
    if rule is None or not text.may_reply_to_keyword():
        return None
    if not is_try(text.phone):
        _MATCHED.run(rule.pk, text.received_at)
    return Answer(rule.response_body, InboxMessage.Source.KEYWORD, rule.pk, rule.keyword)
