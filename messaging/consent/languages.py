"""The phrases of all languages, loaded from `languages/*.toml` and prepared for search."""

import re
import string
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

from .phrases import Phrases
from .tokens import composed, plain

FOLDER: Final = Path(__file__).with_name("languages")
OWN: Final = "English"

# The part of a phrase that restricts what comes before it.
_PLACE: Final = re.compile(r"^(?:\^|-\([^)]*\) )")

# The role of a phrase in a clause made only of phrases (see `classifier`).
TEXTS, LIST, ALONE, GROUNDS, REASON, POLITE = "texts", "list", "alone", "grounds", "reason", "polite"


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of a language's file: what a phrase says, in plain English, and its language."""

    kind: str
    says: str = ""
    language: str = OWN

    @property
    def why(self) -> str:
        """For staff, such as "asks to be removed", or "Vietnamese for “stop”"."""
        return self.says if self.language == OWN else f"{self.language} for “{self.says}”"


@dataclass(frozen=True, slots=True)
class Together:
    """A rule for clauses that contain a word of each group, and none of `unless`."""

    groups: tuple[frozenset[str], ...]
    unless: frozenset[str]
    rule: Rule

    def counts(self, words: frozenset[str]) -> bool:
        return self.unless.isdisjoint(words) and not any(group.isdisjoint(words) for group in self.groups)


@dataclass(slots=True)
class Languages:
    """Spellings and phrases of all languages combined, by purpose."""

    spellings: dict[str, tuple[str, ...]] = field(default_factory=dict)
    # Words with one typo, and the words they stand for.
    slips: dict[str, str] = field(default_factory=dict)
    # What a recognized clause is made of.
    parts: Phrases = field(default_factory=Phrases)
    flagged: Phrases = field(default_factory=Phrases)
    # A whole clause, apart from polite words.
    flagged_alone: Phrases = field(default_factory=Phrases)
    together: list[Together] = field(default_factory=list)
    hedged: Phrases = field(default_factory=Phrases)
    for_now: Phrases = field(default_factory=Phrases)
    not_meant: Phrases = field(default_factory=Phrases)
    requests: Phrases = field(default_factory=Phrases)
    own_doing: Phrases = field(default_factory=Phrases)
    contrary: Phrases = field(default_factory=Phrases)
    but_texts: Phrases = field(default_factory=Phrases)
    of_event: Phrases = field(default_factory=Phrases)
    signatures: Phrases = field(default_factory=Phrases)
    instructions: Phrases = field(default_factory=Phrases)
    auto_replies: Phrases = field(default_factory=Phrases)
    capitals: Phrases = field(default_factory=Phrases)
    aside: set[str] = field(default_factory=set)
    questions: set[str] = field(default_factory=set)
    please: set[str] = field(default_factory=set)
    # Words before a request, words that join it to the rest of a clause, and phrases where they don't.
    ours: set[str] = field(default_factory=set)
    fillers: set[str] = field(default_factory=set)
    joints: set[str] = field(default_factory=set)
    breaks: set[str] = field(default_factory=set)
    # Verbs that begin a request, and words after which they begin none.
    verbs: set[str] = field(default_factory=set)
    governing: set[str] = field(default_factory=set)
    no_joints: Phrases = field(default_factory=Phrases)
    until: set[str] = field(default_factory=set)
    no_names: set[str] = field(default_factory=set)
    # Phrases before a name that isn't the writer's.
    not_called: Phrases = field(default_factory=Phrases)
    # For languages without spaces between words: fragments, longest first.
    pieces: list[tuple[str, Rule]] = field(default_factory=list)
    # What counts only as a whole between two marks, in lower case with accents.
    whole: dict[str, Rule] = field(default_factory=dict)


@cache
def languages() -> Languages:
    """Load all languages. Raises phrases.BadPhrase for an invalid phrase."""
    everything = Languages()
    for path in sorted(FOLDER.glob("*.toml")):
        _add(everything, tomllib.loads(path.read_text("utf-8")))
    known = everything.parts.words | everything.flagged.words | everything.flagged_alone.words
    for slip, word in everything.slips.items():
        # A real word of some language isn't a typo.
        if slip not in known:
            everything.spellings.setdefault(slip, (word,))
    everything.pieces.sort(key=lambda each: -len(each[0]))
    return everything


def _add(to: Languages, data: Mapping[str, Any]) -> None:
    language = data["language"]
    named = data.get("words", {})
    for means, written in data.get("spellings", {}).items():
        for word in written.split():
            to.spellings[plain(word)] = tuple(plain(means).split())
    slips = data.get("misspelled", {})
    real = {*slips.get("but_not", "").split(), *slips.get("words", "").split()}
    for word in slips.get("words", "").split():
        to.slips.update((slip, word) for slip in _slips(word) if slip not in real)

    def add(phrases: Phrases, lines: Iterable[str], rule: Rule) -> None:
        for line in lines:
            phrases.add(line, rule, named)

    for kind in (TEXTS, LIST, ALONE):
        for phrase, says in data.get("opts_out", {}).get(kind, {}).items():
            to.parts.add(phrase, Rule(kind, says, language), named)
    polite = data.get("polite", {})
    add(to.parts, polite.get("phrases", ()), Rule(POLITE))
    add(to.parts, data.get("reasons", {}).get("phrases", ()), Rule(REASON))
    for phrase, says in data.get("flagged", {}).get("clause", {}).items():
        to.flagged_alone.add(phrase, Rule("flagged", says, language), named)
    add(to.flagged_alone, polite.get("phrases", ()), Rule(POLITE))
    for phrase, says in data.get("flagged", {}).get("anywhere", {}).items():
        to.flagged.add(phrase, Rule("flagged", says, language), named)
    for phrase, says in data.get("flagged", {}).get("complaints", {}).items():
        to.flagged.add(phrase, Rule(GROUNDS, says, language), named)
    for phrase, says in data.get("flagged", {}).get("grounds", {}).items():
        to.flagged.add(phrase, Rule(GROUNDS, says, language), named)
        to.parts.add(_inside(phrase, named), Rule(GROUNDS, says, language), named)
    for each in data.get("flagged", {}).get("together", ()):
        groups = tuple(frozenset(plain(group).split()) for group in each["words"])
        unless = frozenset(plain(each.get("unless", "")).split())
        to.together.append(Together(groups, unless, Rule("flagged", each["says"], language)))
    for piece, says in data.get("flagged", {}).get("pieces", {}).items():
        to.pieces.append((plain(piece), Rule("flagged", says, language)))
    for words, says in data.get("flagged", {}).get("whole", {}).items():
        to.whole[composed(words)] = Rule("flagged", says, language)
    doubt = data.get("doubt", {})
    for name in ("hedged", "for_now", "not_meant", "requests", "own_doing"):
        add(getattr(to, name), doubt.get(name, ()), Rule(name))
    for name in ("aside", "questions", "please", "ours", "fillers", "joints", "breaks", "verbs", "governing"):
        getattr(to, name).update(doubt.get(name, "").split())
    add(to.no_joints, doubt.get("no_joints", ()), Rule("no_joint"))
    contrary = data.get("contrary", {})
    add(to.contrary, contrary.get("phrases", ()), Rule("contrary"))
    add(to.contrary, contrary.get("unless_texts", ()), Rule("unless_texts"))
    add(to.but_texts, contrary.get("but_texts", ()), Rule("texts"))
    add(to.of_event, contrary.get("of_event", ()), Rule("event"))
    to.until |= set(contrary.get("until", "").split())
    to.no_names |= set(data.get("names", {}).get("never", "").split())
    add(to.not_called, data.get("names", {}).get("not_called", ()), Rule("not_called"))
    add(to.signatures, data.get("signatures", {}).get("lines", ()), Rule("signature"))
    add(to.instructions, data.get("instructions", {}).get("phrases", ()), Rule("instructions", language=language))
    replies = data.get("auto_replies", {}).get("phrases", ())
    add(to.auto_replies, replies, Rule("auto_reply", "an automatic reply", language))
    add(to.capitals, data.get("capitals", {}).get("phrases", ()), Rule("flagged", "has a stop word in capitals"))


def _inside(phrase: str, named: Mapping[str, Any]) -> str:
    """The phrase for use within a longer clause, for example after "because we have"."""
    bare = _PLACE.sub("", phrase).removesuffix("$")
    return f"[<subject>] {bare}" if "subject" in named else bare


def _slips(word: str) -> Iterator[str]:
    """The word with one typo: a letter omitted, inserted or replaced, or two letters swapped."""
    for place in range(len(word)):
        before, after = word[:place], word[place:]
        yield before + after[1:]
        if len(after) > 1:
            yield before + after[1] + after[0] + after[2:]
        for letter in string.ascii_lowercase:
            yield before + letter + after
            yield before + letter + after[1:]
