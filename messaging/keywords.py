"""Keywords: how a text is compared with them, who has which, and the keyword replies.

A keyword is kept in upper case with its spaces collapsed, without punctuation around it. A text matches by the whole
of it first, then by its first word. Each keyword belongs to one owner only, a keyword reply or something of another
app, which registers the function that knows them (`owners`).
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

MAX_LENGTH = 40
# What is longer than this begins with no keyword, or with one that stands in its first characters.
_LOOKED_AT = 4 * MAX_LENGTH


@dataclass(frozen=True, slots=True)
class Claim:
    """Who has a keyword: the words end the sentence "JOIN is …", such as "the keyword of the survey “Picnic”"."""

    words: str
    owner: models.Model | None = None


# Asked who has a keyword, before it is given to anybody else.
owners: Registry[Callable[[str], Claim | None]] = Registry()


@dataclass(frozen=True, slots=True)
class Candidates:
    """The keywords that a text can mean: as a whole, and by its first word; each as typed and without punctuation."""

    whole: tuple[str, ...]
    first_word: tuple[str, ...]


def normalize(keyword: str) -> str:
    """The form in which a keyword is kept; any length. People leave out the punctuation around it, or add some."""
    word = _folded(keyword)
    return _bare(word) or word


def candidates(body: str) -> Candidates:
    """What `body` could be meant as. What is longer than a keyword can be is left out."""
    start = _folded(body[:_LOOKED_AT])
    whole = start if len(body) <= _LOOKED_AT else ""
    return Candidates(_variants(whole), _variants(start.partition(" ")[0]))


def _variants(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word for word in (text, _bare(text)) if 0 < len(word) <= MAX_LENGTH))


def _folded(text: str) -> str:
    return " ".join(as_keyword(text).split())


def _bare(text: str) -> str:
    """Without what is neither letter nor digit at both ends; "" where it is nothing else, such as an emoji."""
    return text.strip("".join({character for character in text if not character.isalnum()}))


def why_refused(keyword: str, owner: models.Model | None = None) -> str:
    """Why `owner` (None: a new row) cannot have this keyword, as a sentence; "" if it can."""
    keyword = normalize(keyword)
    if not keyword:
        return "Give a keyword: the word that people are to text, such as JOIN."
    if len(keyword) > MAX_LENGTH:
        return (
            f"The keyword has {len(keyword)} characters, and at most {MAX_LENGTH} are possible. Choose a shorter one."
        )
    word = bare_word(keyword)
    if word in OPT_OUT_WORDS or is_clear_opt_out(keyword):
        return f"{keyword} ends all texts to whoever sends it, so it cannot be a keyword. Choose another word."
    if word in OPT_IN_WORDS or word == YES:
        return (
            f"{keyword} brings the texts back for whoever sends it, so it cannot be a keyword. Choose another word."
        )
    if word in HELP_WORDS:
        return f"{keyword} asks for help, and Twilio answers it, so it cannot be a keyword. Choose another word."
    lock_keywords()
    for claim_of in owners:
        claim = claim_of(keyword)
        if claim is not None and (owner is None or claim.owner != owner):
            remedy = ", or change that one first" if claim.owner else ""
            return f"{keyword} is already {claim.words}. Choose another word{remedy}."
    return ""


def claim_of_rule(keyword: str) -> Claim | None:
    """The keyword reply that has this keyword, active or not."""
    rule = KeywordAutomationRule.objects.filter(keyword=keyword).first()
    return Claim("the keyword of a keyword reply", rule) if rule is not None else None


# In the order of the model's fields, as `from_db` takes them.
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
    """The active keyword reply for the first of these words that has one."""
    row = first_owner(_RULES, words)
    return KeywordAutomationRule.from_db(DEFAULT_DB_ALIAS, _RULE_FIELDS, row) if row is not None else None


def first_owner(owners: Prepared, words: tuple[str, ...]) -> tuple[Any, ...] | None:
    """The row that has the first of these words that any has.

    `owners` selects (id, keyword, …) of the rows with one of four keywords: a text has no more candidates.
    """
    if not words:
        return None
    found = {row[1]: row for row in owners.rows(*words, *words[:1] * (4 - len(words)))}
    return next((found[word] for word in words if word in found), None)


def reply(text: InboundText) -> Answer | None:
    """A handler: the answer of the keyword reply that the text asks for."""
    if text.is_opted_out:
        return None
    meant = candidates(text.body)
    rule = find_rule((*meant.whole, *meant.first_word))
    if rule is None or not text.may_begin():
        return None
    _MATCHED.run(rule.pk, text.received_at)
    return Answer(rule.response_body, InboxMessage.Source.KEYWORD, rule.pk, rule.keyword)
