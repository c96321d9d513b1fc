"""Finds possible opt-outs, for staff to review."""

import re
from typing import Final, cast

from .languages import ALONE, LIST, POLITE, TEXTS, Languages, Rule
from .machines import longest
from .tokens import Clause, Text, composed, plain
from .wishes import MOST_NAMES, is_name_like, made_of, somebody_else

_BETWEEN_MARKS: Final = re.compile(r"[^\w\s]+|\n")
_MOST_POLITE: Final = 4
_BESIDE_NAME: Final = Rule("flagged", "says stop next to a name")


def find_doubt(body: str, text: Text, known: Languages) -> Rule | None:
    """The first rule by which the text is a possible opt-out."""
    clauses = [_without_contrary(clause, known) for clause in text.clauses]
    for clause in clauses:
        if clause.words and (rule := _flagged_clause(clause, known)):
            return rule
    for sentence in text.sentences:
        if len(sentence) < 2:
            continue
        parts = [_without_contrary(clause, known) for clause in sentence]
        joined = [word for part in parts for word in part.words]
        if joined and (found := known.flagged.search(joined)):
            return found[0].rule
    for clause in clauses:
        words = frozenset(clause.words)
        for together in known.together:
            if together.counts(words):
                return together.rule
    return _pieces(body, known) or _capitals(clauses, text, known)


def _flagged_clause(clause: Clause, known: Languages) -> Rule | None:
    words = clause.words
    bare = _without_politeness(words, known)
    # A phrase for the end of a clause may be followed by "please".
    if found := known.flagged.search(words) or (known.flagged.search(bare) if len(bare) < len(words) else []):
        return found[0].rule
    if (alone := made_of(words, known, known.flagged_alone)) and "flagged" in alone:
        return alone["flagged"]
    for _, _, rule in known.parts.search(words):
        if rule.kind in {TEXTS, LIST}:
            return cast(Rule, rule)
    # A request, perhaps followed by a name.
    for end in range(len(words), max(len(words) - MOST_NAMES, 1) - 1, -1):
        if (parts := made_of(words[:end], known)) and ALONE in parts:
            return parts[ALONE]
        if not is_name_like(words[end - 1 : end], known):
            break
    if rule := somebody_else(clause, known):
        return rule
    others = words[1:] if words[0] == "stop" else words[:-1] if words[-1] == "stop" else []
    if others and len(others) <= MOST_NAMES and is_name_like(others, known) and not known.not_meant.search(words):
        return _BESIDE_NAME
    return None


def _without_politeness(words: list[str], known: Languages) -> list[str]:
    """Without polite words at the end."""
    end = len(words)
    for _ in range(_MOST_POLITE):
        if end < 2 or not any(found.rule.kind == POLITE for found in known.parts.begin(words[end - 1 : end], 0)):
            break
        end -= 1
    return words[:end]


def _without_contrary(clause: Clause, known: Languages) -> Clause:
    """Without phrases such as "please don't remove me" and "can't stop laughing", up to a word such as "but"."""
    words, typed = clause.words, clause.typed
    if known.of_event.search(words):
        return Clause([], [], clause.mark)
    kept = Clause([], [], clause.mark)
    place = 0
    for start, end in longest(
        [
            found
            for found in known.contrary.search(words)
            if found.rule.kind != "unless_texts" or not next(known.but_texts.begin(words, found.end), None)
        ]
    ):
        if start >= place:
            kept.words += words[place:start]
            kept.typed += typed[place:start]
            place = next((each for each in range(end, len(words)) if words[each] in known.until), len(words))
    kept.words += words[place:]
    kept.typed += typed[place:]
    return kept


def _pieces(body: str, known: Languages) -> Rule | None:
    """By fragments of languages written without spaces, and by words whose accents matter."""
    for words in _BETWEEN_MARKS.split(composed(body)):
        if rule := known.whole.get(words.strip()):
            return rule
    if body.isascii():
        return None
    whole = "".join(plain(body).split())
    return next((rule for piece, rule in known.pieces if piece in whole), None)


def _capitals(clauses: list[Clause], text: Text, known: Languages) -> Rule | None:
    """A stop word in capitals among lower-case words."""
    if all(word.isupper() or not word.isalpha() for clause in text.clauses for word in clause.typed):
        return None
    for clause in clauses:
        for found in known.capitals.search(clause.words):
            if all(word.isupper() for word in clause.typed[found.start : found.end]):
                return found.rule
    return None
