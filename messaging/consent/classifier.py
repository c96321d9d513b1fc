"""What a text says of our texts, and by which rule.

Twilio acts on a few words where they are the whole text. Other wording counts as well where a reasonable person
would read it as an opt-out (47 CFR 64.1200(a)(10)). What is beyond doubt opts out; what may mean it is flagged for a
person. What phones and robots write (reactions, automatic replies, instructions how to stop) asks for nothing.

A text is cut into sentences and clauses. It opts out only by a clause that is made of phrases we know: a request,
with polite words and reasons around it. So "please take me off the list, thanks" opts out, and "take me off the list,
I can't make it" does not. The phrases are data by language, in `languages/`; docs/consent.md tells of them.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from ..encoding import MAX_CHARACTERS
from .languages import ALONE, LIST, POLITE, REASON, TEXTS, Languages, Rule, languages
from .phrases import Found, Phrases
from .reactions import Reaction, read_reaction
from .tokens import Clause, Text, composed, plain, read
from .words import HELP_WORDS, OPT_IN_WORDS, OPT_OUT_WORDS, bare_word

# No request to stop is longer.
_MOST_WORDS: Final = 40
_MOST_NAMES: Final = 4
_SIGNED: Final = frozenset({"from", "by", "signed"})
_LAUGHING: Final = frozenset("😂🤣😹😆😅😄😜😝🤪")
_QUOTES: Final = frozenset('"“”„«»')
# As many digits make a phone number.
_PHONE_DIGITS: Final = 7
_BETWEEN_MARKS: Final = re.compile(r"[^\w\s]+|\n")
_OTHER: Final = "other"
_NAME: Final = "name"

_STOP_WORD: Final = Rule("word", "says a stop word")
_SPELLED: Final = Rule("flagged", "spells a stop word, with a number")
_BESIDE_NAME: Final = Rule("flagged", "says stop beside a name")


class Verdict(Enum):
    """What is done about a text. The first three are about our texts, those up to ORDINARY are nobody's own words."""

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
    def is_nobodys_words(self) -> bool:
        """Whether no person says anything by it: it gets no answer, and answers nothing."""
        return self in {Verdict.REACTION, Verdict.AUTO_REPLY, Verdict.INSTRUCTIONS, Verdict.QUOTE}


@dataclass(frozen=True, slots=True)
class Finding:
    """A verdict, and the rule that led to it. `has_more` says that the text holds more than the opt-out, such as a
    new number; `reaction` is what a REACTION says."""

    verdict: Verdict
    rule: Rule | None = None
    has_more: bool = False
    reaction: Reaction | None = None

    @property
    def why(self) -> str:
        return self.rule.why if self.rule else ""


ORDINARY: Final = Finding(Verdict.ORDINARY)


def classify(body: str) -> Finding:
    """What the text says, as far as its own words go. Only what Twilio can deliver of it is looked at."""
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
    _drop_signatures(text, known)
    text, is_auto = _without_auto_replies(text, known)
    is_first = _begins_with_instruction(text, known)
    text, instructions = _without_instructions(text, known)
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


def is_clear_opt_out(body: str) -> bool:
    """Whether the text asks beyond doubt for no more texts: by a reserved word or in so many words."""
    return classify(body).verdict is Verdict.OPT_OUT


def _own_words(body: str, text: Text, known: Languages) -> Finding:
    rule, has_other = _clear(body, text, known)
    if rule:
        return Finding(Verdict.OPT_OUT, rule, has_more=has_other or _has_phone(body))
    rule = _flagged(body, text, known)
    return Finding(Verdict.FLAGGED, rule) if rule else ORDINARY


def _spelled(text: Text) -> Finding | None:
    """For a text whose letters are those of one stop word and no others: "s.t.o.p", and "stop 5", which may answer a
    question."""
    letters = "".join(word for clause in text.clauses for word in clause.typed if not word.isdigit())
    if letters.upper() not in OPT_OUT_WORDS:
        return None
    if any(character.isdigit() for clause in text.clauses for word in clause.typed for character in word):
        return Finding(Verdict.FLAGGED, _SPELLED)
    return Finding(Verdict.OPT_OUT, _STOP_WORD)


# What nobody wrote -------------------------------------------------------------------------------------------------


def _drop_signatures(text: Text, known: Languages) -> None:
    """Without the sentences that phones and mail programs add."""
    text.sentences[:] = [
        kept for sentence in text.sentences if (kept := _without_signature(sentence, known.signatures))
    ]


def _without_signature(sentence: list[Clause], signatures: Phrases) -> list[Clause]:
    for place, clause in enumerate(sentence):
        if any(found.start == 0 for found in signatures.begin(clause.words, 0)):
            return sentence[:place]
        for found in signatures.search(clause.words):
            clause.words, clause.typed = clause.words[: found.start], clause.typed[: found.start]
            return sentence[: place + 1]
    return sentence


def _without_auto_replies(text: Text, known: Languages) -> tuple[Text, bool]:
    """The sentences that no machine wrote, and whether there were others. What an automatic reply goes on to say is
    taken for its own."""
    kept = [
        sentence
        for sentence in text.sentences
        if not known.auto_replies.search([word for clause in sentence for word in clause.words])
    ]
    return Text(kept), len(kept) < len(text.sentences)


def _without_instructions(text: Text, known: Languages) -> tuple[Text, list[list[str]]]:
    """The text without what tells somebody how to stop, and the words of each such instruction."""
    instructions: list[list[str]] = []
    sentences = []
    for sentence in text.sentences:
        words = [word for clause in sentence for word in clause.words]
        spans = _longest(known.instructions.search(words))
        instructions += [words[start:end] for start, end in spans]
        if rest := _outside(sentence, spans) if spans else sentence:
            sentences.append(rest)
    return Text(sentences), instructions


def _longest(found: list[Found]) -> list[tuple[int, int]]:
    """The places of what was found: of several at one place the longest, none within another."""
    spans: list[tuple[int, int]] = []
    for start, end in sorted({(each.start, each.end) for each in found}, key=lambda span: (span[0], -span[1])):
        if not spans or start >= spans[-1][1]:
            spans.append((start, end))
    return spans


def _outside(sentence: list[Clause], spans: list[tuple[int, int]]) -> list[Clause]:
    """What is left of the clauses without the words at these places of the sentence."""
    rest: list[Clause] = []
    place = 0
    for clause in sentence:
        part = Clause([], [], clause.mark)
        for word, typed in zip(clause.words, clause.typed, strict=True):
            if any(start <= place < end for start, end in spans):
                if part.words:
                    rest.append(part)
                part = Clause([], [], clause.mark)
            else:
                part.words.append(word)
                part.typed.append(typed)
            place += 1
        if part.words:
            rest.append(part)
    return rest


def _instructed(rest: Text, instructions: list[list[str]], known: Languages) -> Finding:
    """For a text that says how to stop, and nothing else of our texts. `instructions` are those of a text that begins
    with one: who sends nothing but "STOP to end", and perhaps a name, has copied what our texts ask for."""
    is_whole = len(instructions) == 1 and all(_is_trimming(clause, known) for clause in rest.clauses)
    if is_whole and (instructions[0][0].startswith("stop") or instructions[0][0].upper() in OPT_OUT_WORDS):
        return Finding(Verdict.OPT_OUT, _STOP_WORD)
    return Finding(Verdict.INSTRUCTIONS)


def _begins_with_instruction(text: Text, known: Languages) -> bool:
    """Whether nothing but polite words comes before one."""
    for clause in text.clauses:
        starts = [found.start for found in known.instructions.search(clause.words)]
        if starts:
            return not min(starts) or _made_of(clause.words[: min(starts)], known) == {}
        if _made_of(clause.words, known) != {}:
            return False
    return False


def _is_trimming(clause: Clause, known: Languages) -> bool:
    """Whether the clause is polite words or a name."""
    if len(clause.words) <= _MOST_NAMES and _is_name_like(clause.words[:1], known):
        return True
    return _made_of(clause.words, known) == {}


def _has_line_of_its_own(text: Text) -> bool:
    """Whether a stop word stands alone in a sentence, as where somebody adds it to a copy of our text."""
    alone = (sentence[0].words[0].upper() for sentence in text.sentences if [len(c.words) for c in sentence] == [1])
    return any(word in OPT_OUT_WORDS for word in alone)


# What opts out -----------------------------------------------------------------------------------------------------


def _clear(body: str, text: Text, known: Languages) -> tuple[Rule | None, bool]:
    """The rule by which the text asks beyond doubt for no more texts, and whether it says other things too.

    Where it names only a list or a number, each other clause has to be polite, a request too, or a reason to want no
    more texts: "I can't make it" speaks of an event. Where it names nothing, as "stop please", the text may say
    nothing else. Questions, other people's words, conditions and exceptions leave doubt.
    """
    rules: dict[str, Rule] = {}
    for sentence in text.sentences:
        for kinds in _kinds(sentence, text, known):
            for kind, rule in kinds.items():
                rules.setdefault(kind, rule)
    has_other = _OTHER in rules
    jokes = _jokes(body, text, known)
    if TEXTS in rules and not jokes and not _quotes(body):
        return rules[TEXTS], has_other
    if jokes or has_other:
        return None, has_other
    if TEXTS in rules or LIST in rules:
        return rules.get(TEXTS) or rules[LIST], False
    return (rules[ALONE] if ALONE in rules and REASON not in rules else None), False


def _kinds(sentence: list[Clause], text: Text, known: Languages) -> Iterator[dict[str, Rule]]:
    """For each clause what it is made of, with the rules; {_OTHER: …} where it says anything that we do not know."""
    whole = [word for clause in sentence for word in clause.words]
    has_doubt = ("?" in sentence[-1].mark and not known.requests.search(whole)) or known.for_now.search(whole)
    hedged = [bool(known.hedged.search(clause.words)) for clause in sentence]
    for clause, is_hedged in zip(sentence, hedged, strict=True):
        if has_doubt or sum(hedged) > is_hedged:
            yield {_OTHER: Rule(_OTHER)}
        else:
            yield _kinds_of(clause, text, known)


def _kinds_of(clause: Clause, text: Text, known: Languages) -> dict[str, Rule]:
    if _is_signature(clause, text, known):
        return {_NAME: Rule(_NAME)}
    if (made_of := _made_of(clause.words, known)) is not None:
        return made_of
    for place in range(1, min(len(clause.words), _MOST_WORDS)):
        if clause.words[place] in known.please:
            aside = clause.words[:place]
            request = _made_of(clause.words[place:], known)
            is_plain = known.aside.isdisjoint(aside) and not known.hedged.search(aside)
            if request and TEXTS in request and is_plain:
                return request
    return {_OTHER: Rule(_OTHER)}


def _made_of(words: Sequence[str], known: Languages, phrases: Phrases | None = None) -> dict[str, Rule] | None:
    """The kinds of phrases, with a rule of each, by which all the words can be told; None where they cannot.

    Of several ways the one with the strongest request counts.
    """
    if len(words) > _MOST_WORDS:
        return None
    phrases = phrases or known.parts
    ways: list[dict[frozenset[str], dict[str, Rule]]] = [{} for _ in range(len(words) + 1)]
    ways[0][frozenset()] = {}
    for start in range(len(words)):
        if not ways[start]:
            continue
        for found in phrases.begin(words, start):
            rule: Rule = found.rule
            for rules in list(ways[start].values()):
                after = rules if rule.kind == POLITE or rule.kind in rules else {**rules, rule.kind: rule}
                ways[found.end].setdefault(frozenset(after), after)
    ending = ways[-1].values()
    return min(ending, key=_rank) if ending else None


def _rank(rules: dict[str, Rule]) -> tuple[int, int]:
    strongest = next((rank for rank, kind in enumerate((TEXTS, LIST, ALONE, "flagged")) if kind in rules), 9)
    return strongest, len(rules)


def _is_signature(clause: Clause, text: Text, known: Languages) -> bool:
    """Whether the clause is a name below or above the rest: a few words with capitals, none of them a common one."""
    start = int(len(clause.words) > 1 and clause.words[0] in _SIGNED)
    words, typed = clause.words[start:], clause.typed[start:]
    if len(words) > _MOST_NAMES or not text.is_at_the_edge(clause):
        return False
    # Of the names some are words, too: Park, Hill, Young. The first one seldom is.
    return _is_name_like(words[:1], known) and all(word[0].isupper() or word[0].isdigit() for word in typed)


def _is_name_like(words: Sequence[str], known: Languages) -> bool:
    return all(
        word not in known.no_names and word.upper() not in OPT_OUT_WORDS and not word.endswith("ing")
        for word in words
    )


def _jokes(body: str, text: Text, known: Languages) -> bool:
    """What takes back even "stop texting me", wherever in the text it stands: a joke, or a bad moment."""
    if not _LAUGHING.isdisjoint(body):
        return True
    return any(known.not_meant.search([w for c in sentence for w in c.words]) for sentence in text.sentences)


def _quotes(body: str) -> bool:
    """Whether part of the text is between quotation marks, and so may be somebody else's."""
    return not _QUOTES.isdisjoint(body.strip(' \n\t.,!?"“”«»'))


def _has_phone(body: str) -> bool:
    return sum(character.isdigit() for character in body) >= _PHONE_DIGITS


# What may mean it --------------------------------------------------------------------------------------------------


def _flagged(body: str, text: Text, known: Languages) -> Rule | None:
    """The first rule by which something in the text may mean that no more texts are wanted."""
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
    return _pieces(body, known) or _capitals(clauses, text, known)


def _flagged_clause(clause: Clause, known: Languages) -> Rule | None:
    words = clause.words
    if found := known.flagged.search(words):
        return found[0].rule
    if (alone := _made_of(words, known, known.flagged_alone)) and "flagged" in alone:
        return alone["flagged"]
    for found in known.parts.search(words):
        if found.rule.kind in {TEXTS, LIST}:
            rule: Rule = found.rule
            return rule
    # A request, and perhaps a name or the like after it.
    for end in range(len(words), max(len(words) - _MOST_NAMES, 1) - 1, -1):
        if (made_of := _made_of(words[:end], known)) and ALONE in made_of:
            return made_of[ALONE]
        if not _is_name_like(words[end - 1 : end], known):
            break
    others = words[1:] if words[0] == "stop" else words[:-1] if words[-1] == "stop" else []
    if others and len(others) <= _MOST_NAMES and _is_name_like(others, known) and not known.not_meant.search(words):
        return _BESIDE_NAME
    return None


def _without_contrary(clause: Clause, known: Languages) -> Clause:
    """Without "please don't remove me" and "can't stop laughing", up to a "but" or the like."""
    words, typed = clause.words, clause.typed
    if known.of_event.search(words):
        return Clause([], [], clause.mark)
    kept = Clause([], [], clause.mark)
    place = 0
    for start, end in _longest(
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
    """By pieces of texts that are written without spaces, and by words of which the accents count."""
    for words in _BETWEEN_MARKS.split(composed(body)):
        if rule := known.whole.get(words.strip()):
            return rule
    if body.isascii():
        return None
    whole = "".join(plain(body).split())
    return next((rule for piece, rule in known.pieces if piece in whole), None)


def _capitals(clauses: list[Clause], text: Text, known: Languages) -> Rule | None:
    """A stop word in capitals amid small letters."""
    if all(word.isupper() or not word.isalpha() for clause in text.clauses for word in clause.typed):
        return None
    for clause in clauses:
        for found in known.capitals.search(clause.words):
            if all(word.isupper() for word in clause.typed[found.start : found.end]):
                return found.rule
    return None
