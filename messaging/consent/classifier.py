"""Classifies received texts: opt-out, possible opt-out, opt-in, help, or none of these, and by which rule.

Twilio acts on a few words if they are the whole text. Other wording counts too if a reasonable person would read it
as an opt-out (47 CFR 64.1200(a)(10)). Clear requests opt out; possible ones are flagged for staff. Texts from phones
and robots (reactions, automatic replies, opt-out instructions) request nothing.

A text is split into sentences and clauses. It opts out only by a clause made entirely of known phrases: a request,
with polite words and reasons around it. So "please take me off the list, thanks" opts out, and "take me off the list,
I can't make it" doesn't. The phrases are data by language in `languages/`; see docs/consent.md.
"""

import re
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from ..text.encoding import MAX_CHARACTERS
from .doubts import find_doubt
from .languages import Languages, Rule, languages
from .machines import drop_signatures, without_auto_replies, without_instructions
from .reactions import Reaction, read_reaction
from .tokens import Clause, Text, read
from .wishes import MOST_NAMES, find_request, is_name_like, made_of
from .words import HELP_WORDS, OPT_IN_WORDS, OPT_OUT_WORDS, bare_word

# The fewest digits of a phone number.
_PHONE_DIGITS: Final = 7

_AGAIN_AND_AGAIN: Final = re.compile(r"(?:stop){2,}", re.IGNORECASE)
_STOP_WORD: Final = Rule("word", "says a stop word")
_SPELLED: Final = Rule("flagged", "spells a stop word, with a number")


class Verdict(Enum):
    """What a text is. The first four are about our texts, and the next four aren't a person's own words."""

    OPT_OUT = "opt_out"
    FLAGGED = "flagged"
    OPT_IN = "opt_in"
    HELP = "help"
    REACTION = "reaction"
    AUTO_REPLY = "auto_reply"
    INSTRUCTIONS = "instructions"
    QUOTE = "quote"
    ORDINARY = "ordinary"

    @property
    def is_own_words(self) -> bool:
        """Whether it is a person's own words. If not, it gets no reply and doesn't count as an answer."""
        return self not in {Verdict.REACTION, Verdict.AUTO_REPLY, Verdict.INSTRUCTIONS, Verdict.QUOTE}


@dataclass(frozen=True, slots=True)
class Finding:
    """A verdict, and the rule behind it. `has_more`: the text contains more than the opt-out, such as a new number.
    `reaction` belongs to the verdict REACTION."""

    verdict: Verdict
    rule: Rule | None = None
    has_more: bool = False
    reaction: Reaction | None = None

    @property
    def why(self) -> str:
        return self.rule.why if self.rule else ""


ORDINARY: Final = Finding(Verdict.ORDINARY)


def classify(body: str) -> Finding:
    """Classify a text by its own words. Only as much as Twilio can deliver is read."""
    body = body[:MAX_CHARACTERS]
    if reaction := read_reaction(body):
        return Finding(Verdict.REACTION, reaction=reaction)
    word = bare_word(body)
    if word in OPT_OUT_WORDS:
        return Finding(Verdict.OPT_OUT, _STOP_WORD)
    if word in OPT_IN_WORDS:
        return Finding(Verdict.OPT_IN)
    if word in HELP_WORDS:
        return Finding(Verdict.HELP)
    known = languages()
    text = read(body, known.spellings, MAX_CHARACTERS)
    if spelled := _spelled(text):
        return spelled
    drop_signatures(text, known)
    text, is_auto = without_auto_replies(text, known)
    is_first = _begins_with_instruction(text, known)
    text, instructions = without_instructions(text, known)
    finding = _own_words(body, text, known)
    if is_auto and finding.verdict in {Verdict.OPT_OUT, Verdict.ORDINARY}:
        flagged = replace(finding, verdict=Verdict.FLAGGED)
        return flagged if finding.verdict is Verdict.OPT_OUT else Finding(Verdict.AUTO_REPLY)
    words = text.words
    if len(words) == 1 and words[0].upper() in OPT_OUT_WORDS:
        return Finding(Verdict.OPT_OUT, _STOP_WORD)
    if instructions and _has_line_of_its_own(text):
        return Finding(Verdict.OPT_OUT, _STOP_WORD)
    if instructions and finding.verdict is Verdict.ORDINARY:
        return _instructed(text, instructions if is_first else [], known)
    return finding


def load() -> None:
    """Read the phrases of all languages: a quarter of a second of processor time. Otherwise the first text does."""
    classify("")


def is_clear_opt_out(body: str) -> bool:
    """Whether the text is a clear opt-out, by a reserved word or other wording."""
    return classify(body).verdict is Verdict.OPT_OUT


def _own_words(body: str, text: Text, known: Languages) -> Finding:
    rule, has_other = find_request(body, text, known)
    if not rule and len(text.clauses) > 1 and all(len(clause.words) == 1 for clause in text.clauses):
        # "Stop. Texting. Me."
        rule, has_other = find_request(body, text.joined, known)
    if rule:
        return Finding(Verdict.OPT_OUT, rule, has_more=has_other or _has_phone(body))
    rule = find_doubt(body, text, known)
    return Finding(Verdict.FLAGGED, rule) if rule else ORDINARY


def _spelled(text: Text) -> Finding | None:
    """For a text whose letters spell only a stop word: "s.t.o.p", or "stop 5", which may answer a question."""
    letters = "".join(word for clause in text.clauses for word in clause.typed if not word.isdigit())
    if _AGAIN_AND_AGAIN.fullmatch(letters):
        letters = "stop"
    if letters.upper() not in OPT_OUT_WORDS:
        return None
    if any(character.isdigit() for clause in text.clauses for word in clause.typed for character in word):
        return Finding(Verdict.FLAGGED, _SPELLED)
    return Finding(Verdict.OPT_OUT, _STOP_WORD)


# Not a person's own words ------------------------------------------------------------------------------------------


def _instructed(rest: Text, instructions: list[list[str]], known: Languages) -> Finding:
    """For a text with opt-out instructions and no request. `instructions` are those of a text that starts with one:
    "STOP to end", alone or with a name, copies our instructions and means it."""
    is_whole = len(instructions) == 1 and all(_is_trimming(clause, known) for clause in rest.clauses)
    if is_whole and (instructions[0][0].startswith("stop") or instructions[0][0].upper() in OPT_OUT_WORDS):
        return Finding(Verdict.OPT_OUT, _STOP_WORD)
    return Finding(Verdict.INSTRUCTIONS)


def _begins_with_instruction(text: Text, known: Languages) -> bool:
    """Whether it starts with an instruction, apart from polite words."""
    for clause in text.clauses:
        starts = [found.start for found in known.instructions.search(clause.words)]
        if starts:
            return not min(starts) or made_of(clause.words[: min(starts)], known) == {}
        if made_of(clause.words, known) != {}:
            return False
    return False


def _is_trimming(clause: Clause, known: Languages) -> bool:
    """Whether the clause is only polite words or a name."""
    if len(clause.words) <= MOST_NAMES and is_name_like(clause.words[:1], known):
        return True
    return made_of(clause.words, known) == {}


def _has_line_of_its_own(text: Text) -> bool:
    """Whether a stop word is a sentence of its own, for example added to a copy of our text."""
    alone = (sentence[0].words[0].upper() for sentence in text.sentences if [len(c.words) for c in sentence] == [1])
    return any(word in OPT_OUT_WORDS for word in alone)


def _has_phone(body: str) -> bool:
    return sum(character.isdigit() for character in body) >= _PHONE_DIGITS
