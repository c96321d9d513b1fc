"""The pattern language of phrases, and the automaton that finds them in a text.

A phrase is a line of words:

    stop|quit texting            one of these words, then that one
    stop [all] texts             an optional word
    (get off|leave) this list    alternatives of several words
    unsub*                       a word that starts this way
    stop ~3 texts                up to three arbitrary words between
    <me>                         one of the alternatives that the file defines as "me"
    <which>*4                    up to four of them in a row
    ^stop, stop$                 only at the beginning, or at the end, of a clause
    stop !(by|at)                not if followed by one of these words (at the end of a phrase)
    -(bus|pit) stop              not if preceded by one of these words (at the beginning of a phrase)

All phrases form one automaton over words, built lazily: the cost of a word doesn't depend on the number of phrases,
and the cost of a text is linear in its length.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final, NamedTuple

from .tokens import plain

# A token that is a word, or the beginning of one; and what stands before the first of several alternatives.
_WORD: Final = re.compile(r"[^\s()\[\]|<>^$~*]*[^\s()\[\]|<>^$~*(]\*?")
_BEFORE_ALTERNATIVE: Final = frozenset("([|")
_TOKEN: Final = re.compile(r"[()\[\]|]|<\w+>|\*\d+|~\d+|[!-]\(|\^|\$|[^\s()\[\]|<>^$~*]+\*?")
# The usual kind of definition: single words.
_SINGLE_WORDS: Final = re.compile(r"[^\s()\[\]|<>^$~!]+(?:\|[^\s()\[\]|<>^$~!]+)*")
# Limits of the caches, against malicious texts that would fill the memory.
_MOST_NODES: Final = 50_000
_MOST_WORDS: Final = 50_000


class BadPhrase(ValueError):
    """An invalid phrase; str() says which and why."""


class Found(NamedTuple):
    """A phrase found at words `start` up to `end`, and the rule it was added with."""

    start: int
    end: int
    rule: Any


@dataclass(slots=True)
class _State:
    """A state of the nondeterministic automaton: its transitions, and the phrases that end here."""

    words: dict[str, tuple[int, ...]] = field(default_factory=dict)
    beginnings: tuple[tuple[str, int], ...] = ()
    anything: tuple[int, ...] = ()
    free: tuple[int, ...] = ()
    ends: tuple[int, ...] = ()

    @property
    def is_of_words(self) -> bool:
        """Whether it is left by whole words alone."""
        return not (self.beginnings or self.anything)

    @property
    def is_stop(self) -> bool:
        """Whether it has anything but empty transitions."""
        return bool(self.words or self.beginnings or self.anything or self.ends)


@dataclass(frozen=True, slots=True)
class _Limits:
    """Where a phrase counts: only at a clause's ends, and not next to certain words."""

    at_start: bool
    at_end: bool
    not_after: frozenset[str]
    not_before: frozenset[str]


@dataclass(slots=True)
class _Node:
    """A state of the deterministic automaton: a set of places."""

    places: frozenset[int]
    ends: tuple[int, ...]
    next: dict[str, "_Node"] = field(default_factory=dict)


class Phrases:
    """A searchable set of phrases, each with a rule."""

    def __init__(self, named: Mapping[str, Sequence[str]] | None = None) -> None:
        self._named = named or {}
        self._states = [_State()]
        self._rules: list[Any] = []
        # Only for the few phrases that have limits.
        self._limits: dict[int, _Limits] = {}
        self._beginnings: tuple[str, ...] = ()
        self._words: set[str] = set()
        self._known: dict[str, str] = {}
        self._nodes: dict[frozenset[int], _Node] = {}
        self._root: _Node | None = None
        self._start = _State()

    def add(self, phrase: str, rule: Any, named: Mapping[str, Sequence[str]] | None = None) -> None:
        """Add a phrase with its rule. `named` are the definitions it may refer to."""
        if named is not None:
            self._named = named
        tokens = _TOKEN.findall(plain(phrase))
        at_start = bool(tokens) and tokens[0] == "^"
        at_end = bool(tokens) and tokens[-1] == "$"
        tokens = tokens[at_start : len(tokens) - at_end]
        not_after, tokens = _beside(tokens, "-(", phrase, is_before=True)
        not_before, tokens = _beside(tokens, "!(", phrase, is_before=False)
        parser = _Parser(self, tokens, phrase)
        last = parser.sequence(self._free_from(0))
        if parser.place != len(tokens) or not tokens:
            raise BadPhrase(f"“{phrase}”: nothing to find, or a bracket too many")
        self._states[last].ends += (len(self._rules),)
        if at_start or at_end or not_after or not_before:
            self._limits[len(self._rules)] = _Limits(at_start, at_end, not_after, not_before)
        self._rules.append(rule)
        self._nodes.clear()
        self._root = None

    @property
    def words(self) -> frozenset[str]:
        """The words used in phrases, without prefixes."""
        return frozenset(self._words)

    def search(self, words: Sequence[str]) -> list[Found]:
        """All phrases anywhere in the words of one clause."""
        found: list[Found] = []
        starts = self._first().next
        # Few words begin a phrase.
        if self._start.is_of_words and self._start.words.keys().isdisjoint(words):
            return found
        for start, word in enumerate(words):
            if (node := starts.get(self._key(word))) is None or node.places:
                found += self._run(words, start)
        return found

    def begin(self, words: Sequence[str], start: int) -> Iterator[Found]:
        """The phrases that begin with the word at `start`, the shortest first."""
        self._first()
        if start == len(words) or (self._start.is_of_words and words[start] not in self._start.words):
            return iter(())
        return self._run(words, start)

    def _run(self, words: Sequence[str], start: int) -> Iterator[Found]:
        node = self._first()
        for place in range(start, len(words)):
            key = self._key(words[place])
            after = node.next.get(key)
            if after is None:
                after = node.next[key] = self._step(node, key)
            node = after
            for index in node.ends:
                if index not in self._limits or self._counts(index, words, start, place + 1):
                    yield Found(start, place + 1, self._rules[index])
            if not node.places:
                return

    def _key(self, word: str) -> str:
        """What stands for the word in the machine: itself, or "" where no phrase knows it."""
        key = self._known.get(word)
        return self._learn(word) if key is None else key

    def _counts(self, index: int, words: Sequence[str], start: int, end: int) -> bool:
        limits = self._limits[index]
        if (limits.at_start and start) or (limits.at_end and end < len(words)):
            return False
        if limits.not_after and start and words[start - 1] in limits.not_after:
            return False
        return not (limits.not_before and end < len(words) and words[end] in limits.not_before)

    def _first(self) -> _Node:
        if self._root is None or len(self._nodes) > _MOST_NODES:
            self._nodes.clear()
            self._root = self._node({0})
            # Phrases start in thousands of places, which are merged.
            self._start = _State()
            words: dict[str, list[int]] = defaultdict(list)
            for state in (self._states[place] for place in self._root.places):
                for word, to in state.words.items():
                    words[word].extend(to)
                self._start.beginnings += state.beginnings
                self._start.anything += state.anything
            self._start.words = {word: tuple(to) for word, to in words.items()}
        return self._root

    def _learn(self, word: str) -> str:
        if len(self._known) > _MOST_WORDS:
            self._known.clear()
        is_known = word in self._words or word.startswith(self._beginnings)
        self._known[word] = key = word if is_known else ""
        return key

    def _step(self, node: _Node, word: str) -> _Node:
        places: set[int] = set()
        for state in [self._start] if node is self._root else [self._states[place] for place in node.places]:
            places.update(state.anything)
            if word:
                places.update(state.words.get(word, ()))
                places.update(to for beginning, to in state.beginnings if word.startswith(beginning))
        return self._node(places)

    def _node(self, places: set[int]) -> _Node:
        waiting = list(places)
        while waiting:
            for place in self._states[waiting.pop()].free:
                if place not in places:
                    places.add(place)
                    waiting.append(place)
        key = frozenset(place for place in places if self._states[place].is_stop)
        if key not in self._nodes:
            ends = sorted({end for place in key for end in self._states[place].ends})
            self._nodes[key] = _Node(key, tuple(ends))
        return self._nodes[key]

    def _new(self) -> int:
        self._states.append(_State())
        return len(self._states) - 1

    def _free_from(self, place: int) -> int:
        to = self._new()
        self._states[place].free += (to,)
        return to

    def _join(self, place: int, to: int) -> None:
        self._states[place].free += (to,)

    def _word(self, place: int, word: str, to: int) -> None:
        state = self._states[place]
        if word.endswith("*"):
            state.beginnings += ((word[:-1], to),)
            self._beginnings = (*dict.fromkeys((*self._beginnings, word[:-1])),)
        else:
            state.words[word] = (*state.words.get(word, ()), to)
            self._words.add(word)

    def _anything(self, place: int) -> int:
        to = self._new()
        self._states[place].anything += (to,)
        return to


def _beside(tokens: list[str], sign: str, phrase: str, *, is_before: bool) -> tuple[frozenset[str], list[str]]:
    """The words of a -(…) at the beginning or a !(…) at the end, and the tokens without it."""
    if sign not in tokens:
        return frozenset(), tokens
    begin = tokens.index(sign)
    end = tokens.index(")", begin) if ")" in tokens[begin:] else -1
    if end < 0 or (begin != 0 if is_before else end != len(tokens) - 1):
        where = "beginning" if is_before else "end"
        raise BadPhrase(f"“{phrase}”: {sign}…) is only allowed at the {where}")
    words = frozenset(word for word in tokens[begin + 1 : end] if word != "|")
    return words, tokens[:begin] + tokens[end + 1 :]


@cache
def _read(line: str) -> tuple[bool, list[str]]:
    """Of a line under a name: whether it is words, each for itself, and these, or else its tokens."""
    is_words = bool(_SINGLE_WORDS.fullmatch(line))
    return is_words, plain(line).split("|") if is_words else _TOKEN.findall(plain(line))


class _Parser:
    """Parses the tokens of one phrase, and adds its states to the automaton."""

    def __init__(self, phrases: Phrases, tokens: list[str], phrase: str, depth: int = 0) -> None:
        self.phrases, self.tokens, self.phrase, self.depth = phrases, tokens, phrase, depth
        self.place = self.brackets = self.runs = 0

    def sequence(self, at: int, closing: str = "") -> int:
        """From the place `at` of the machine: alternatives that each are items in a row."""
        phrases, tokens, end = self.phrases, self.tokens, self.phrases._new()
        here = at
        while self.place < len(tokens):
            item = tokens[self.place]
            if item == closing:
                break
            if item == "|" and closing:
                self.place += 1
                phrases._join(here, end)
                here = at
                continue
            if closing and here == at and self._is_alternative(closing):
                # Most alternatives are one word, which leads to the end without a place between.
                phrases._word(at, item, end)
                self.place += 1
                if tokens[self.place] == closing:
                    return end
                self.place += 1
                continue
            here = self._item(here)
        phrases._join(here, end)
        return end

    def _is_alternative(self, closing: str) -> bool:
        """Whether the token is a word, alone between the signs of alternatives."""
        if self.tokens[self.place - 1] not in _BEFORE_ALTERNATIVE or not _WORD.fullmatch(self.tokens[self.place]):
            return False
        return self.tokens[self.place + 1 : self.place + 2] in (["|"], [closing])

    def _item(self, at: int) -> int:
        begin = self.place
        to = self._one(at)
        if self.place < len(self.tokens) and self.tokens[self.place][0] == "*":
            most, after = int(self.tokens[self.place][1:]), self.place + 1
            ends = [at, to]
            for _ in range(most - 1):
                self.place = begin
                ends.append(self._one(ends[-1]))
            self.place = after
            to = self.phrases._new()
            for each in ends:
                self.phrases._join(each, to)
        return to

    def _one(self, at: int) -> int:
        item = self.tokens[self.place]
        self.place += 1
        if item in "([":
            closing = ")" if item == "(" else "]"
            self.brackets += 1
            to = self.sequence(self.phrases._free_from(at), closing)
            self.brackets -= 1
            if self.place == len(self.tokens):
                raise BadPhrase(f"“{self.phrase}”: a {item} is not closed")
            self.place += 1
            if item == "[":
                self.phrases._join(at, to)
            return to
        if item.startswith("~"):
            ends = [at]
            for _ in range(int(item[1:])):
                ends.append(self.phrases._anything(ends[-1]))
            to = self.phrases._new()
            for each in ends:
                self.phrases._join(each, to)
            return to
        if item.startswith("<"):
            return self._named(at, item[1:-1])
        if item in ")]|^$" or item.startswith(("!(", "-(")):
            raise BadPhrase(f"“{self.phrase}”: {item} is in the wrong place")
        words = [item]
        if not self.brackets and self.tokens[self.place : self.place + 1] == ["|"]:
            self.runs += 1
            if self.runs > 1:
                raise BadPhrase(f"“{self.phrase}”: with more than one | group, put each in brackets")
        while self.place + 1 < len(self.tokens) and self.tokens[self.place] == "|" and not self.brackets:
            words.append(self.tokens[self.place + 1])
            self.place += 2
        to = self.phrases._new()
        for word in words:
            self.phrases._word(at, word, to)
        return to

    def _named(self, at: int, name: str) -> int:
        if name not in self.phrases._named:
            raise BadPhrase(f"“{self.phrase}”: <{name}> isn't defined")
        if self.depth > 8:
            raise BadPhrase(f"“{self.phrase}”: <{name}> refers to itself")
        to = self.phrases._new()
        for line in self.phrases._named[name]:
            is_words, tokens = _read(line)
            if is_words:
                for word in tokens:
                    self.phrases._word(at, word, to)
                continue
            inner = _Parser(self.phrases, tokens, line, self.depth + 1)
            self.phrases._join(inner.sequence(self.phrases._free_from(at)), to)
            if inner.place != len(inner.tokens):
                raise BadPhrase(f"“{line}”: an extra bracket")
        return to
