"""Finds clear opt-out requests: clauses made entirely of known phrases."""

from collections.abc import Collection, Iterator, Sequence
from typing import Final

from .languages import ALONE, GROUNDS, LIST, POLITE, REASON, TEXTS, Languages, Rule
from .phrases import Phrases
from .tokens import Clause, Text
from .words import OPT_OUT_WORDS

# The most words of a name.
MOST_NAMES: Final = 4
# The most words before a request, as in "I'm going to need you to stop texting me".
_MOST_FILLERS: Final = 10
# So many words before a request may make it one of somebody else: "I never told you to please stop".
_MOST_ASIDE: Final = 4
# No request to stop is longer.
_MOST_WORDS: Final = 40
_SIGNED: Final = frozenset({"from", "by", "signed"})
_LAUGHING: Final = frozenset("😂🤣😹😆😅😄😜😝🤪")
_QUOTES: Final = frozenset('"“”„«»')
_SOMEBODY_ELSE: Final = Rule(GROUNDS, "says it is someone else")
_ASKING: Final = frozenset({TEXTS, LIST, ALONE})
_OTHER: Final = "other"
_NAME: Final = "name"


def find_request(body: str, text: Text, known: Languages) -> tuple[Rule | None, bool]:
    """The rule of a clear opt-out request, and whether the text says other things too.

    Where it names only a list, a number or the writer, each other clause has to be polite, a request too, or a
    reason to want no more texts: "I can't make it" speaks of an event. Where it names nothing, as "stop please", the
    text may say nothing else than grounds that speak for it by themselves: "stop please, I left that church last
    year". Questions, other people's words, conditions and exceptions leave doubt.
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
    is_why = GROUNDS in rules or REASON not in rules
    return (rules[ALONE] if ALONE in rules and is_why else None), False


def _kinds(sentence: list[Clause], text: Text, known: Languages) -> Iterator[dict[str, Rule]]:
    """For each clause, the kinds of phrases it is made of with their rules; {_OTHER: …} if anything is unknown."""
    whole = [word for clause in sentence for word in clause.words]
    is_question = "?" in sentence[-1].mark and not known.requests.search(whole) and made_of(whole, known) != {}
    is_for_now = known.for_now.search(whole)
    # "If you would be so kind" is no condition.
    hedged = [bool(known.hedged.search(each.words)) and made_of(each.words, known) != {} for each in sentence]
    for clause, is_hedged in zip(sentence, hedged, strict=True):
        if is_for_now or sum(hedged) > is_hedged:
            yield {_OTHER: Rule(_OTHER)}
            continue
        kinds = _kinds_of(clause, text, known)
        if REASON in kinds and GROUNDS not in kinds and (grounds := _grounds(clause.words, known)):
            kinds = {**kinds, GROUNDS: grounds}
        # What complains of our texts speaks of nothing else.
        if _OTHER in kinds and len(kinds) == 1 and (found := known.flagged.search(clause.words)):
            grounds = _grounds(clause.words, known)
            kinds = {GROUNDS: grounds} if grounds else {REASON: found[0].rule}
        # "Who is this?" is a reason beside a request, but "should you stop texting me?" is none.
        yield {_OTHER: Rule(_OTHER)} if is_question and not _ASKING.isdisjoint(kinds) else kinds


def _kinds_of(clause: Clause, text: Text, known: Languages) -> dict[str, Rule]:
    parts = made_of(clause.words, known)
    if parts is not None and not _ASKING.isdisjoint(parts):
        return parts
    if _is_signature(clause, text, known):
        return {_NAME: Rule(_NAME)}
    if parts is not None:
        return parts
    if rule := somebody_else(clause, known):
        return {GROUNDS: rule}
    return _joined(clause.words, known) or {_OTHER: Rule(_OTHER)}


def _grounds(words: Sequence[str], known: Languages) -> Rule | None:
    return next((found.rule for found in known.flagged.search(words) if found.rule.kind == GROUNDS), None)


def _joined(words: Sequence[str], known: Languages) -> dict[str, Rule] | None:
    """For a request beside something else that is said in the clause: "we're leaving town so please stop texting me",
    "stop texting me because nobody reads it", "stop texting me creep".

    One that names texts may have anything beside it; of another one, all that is beside it has to be grounds.
    """
    if len(words) < 2 or known.own_doing.search(words):
        return None
    for place in range(1, min(len(words), _MOST_FILLERS)):
        if words[place - 1] not in known.fillers:
            break
        if (request := made_of(words[place:], known)) and not {TEXTS, LIST}.isdisjoint(request):
            return request
    ends = [place for place in _joints(words, known, known.breaks) if words[place] not in known.please]
    # The clause as a whole is no request, as its caller knows.
    for start in (*((0,) if ends else ()), *_openings(words, known)):
        before = words[:start]
        if before and known.hedged.search(before):
            continue
        ways = _ways(words[start : start + _MOST_WORDS], known.parts)
        for end in (len(words), *ends):
            request = _strongest(ways[end - start]) if start < end < start + len(ways) else None
            if not request or (end < len(words) and known.hedged.search(words[end:])):
                continue
            if TEXTS in request:
                return {**request, _OTHER: Rule(_OTHER)}
            grounds = [_grounds(beside, known) for beside in (before, words[end:]) if beside]
            if not {LIST, ALONE}.isdisjoint(request) and grounds and (first := grounds[0]) and all(grounds):
                return {**request, GROUNDS: first}
    return _before_a_name(words, known)


def _openings(words: Sequence[str], known: Languages) -> Iterator[int]:
    """Where a request may begin after something else: at "so", "please" and the like, where a complaint ends as in
    "don't know who you are stop texting me", and at a verb that nothing before it governs."""
    complaints = {
        each.end
        for each in known.flagged.search(words[:_MOST_WORDS])
        if known.fillers.issuperset(words[: each.start])
    }
    joints = set(_joints(words, known))
    verbs = {place for place in range(1, len(words)) if words[place] in known.verbs}
    is_question = words[0] in known.questions
    for place in sorted(complaints | joints | verbs):
        before = words[max(place - _MOST_ASIDE, 0) : place]
        is_aside = is_question or not (known.aside.isdisjoint(before) and known.questions.isdisjoint(before))
        if place in complaints:
            yield place
        elif place in joints:
            if not is_question and (words[place] not in known.please or not is_aside):
                yield place
        elif before[-1] not in known.governing and not is_aside:
            yield place


def _joints(words: Sequence[str], known: Languages, others: Collection[str] = ()) -> Iterator[int]:
    """Where a word stands that joins a request to something else, or one of the others. Of a long clause, at its
    ends."""
    for place in range(1, len(words)):
        if words[place] not in known.joints and words[place] not in others:
            continue
        is_near = place < _MOST_WORDS or place > len(words) - _MOST_WORDS
        if is_near and not next(known.no_joints.begin(words, place), None):
            yield place


def _before_a_name(words: Sequence[str], known: Languages) -> dict[str, Rule] | None:
    """For a request with a word or two after it that may be a name."""
    for place in range(max(len(words) - 2, 1), len(words)):
        if (
            words[place - 1] in known.ours
            and is_name_like(words[place:], known)
            and (request := made_of(words[:place], known))
            and TEXTS in request
        ):
            return request
    return None


def made_of(words: Sequence[str], known: Languages, phrases: Phrases | None = None) -> dict[str, Rule] | None:
    """The kinds of phrases, each with a rule, that together cover all of the words; None if none do.

    If there are several ways, the one with the strongest request wins.
    """
    return None if len(words) > _MOST_WORDS else _strongest(_ways(words, phrases or known.parts)[-1])


def _ways(words: Sequence[str], phrases: Phrases) -> list[dict[frozenset[str], dict[str, Rule]]]:
    """For each place, in which ways the words before it can be told by phrases: the rules by their kinds."""
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
    return ways


def _strongest(ways: dict[frozenset[str], dict[str, Rule]]) -> dict[str, Rule] | None:
    return min(ways.values(), key=_rank) if ways else None


def _rank(rules: dict[str, Rule]) -> tuple[int, int]:
    strongest = next((rank for rank, kind in enumerate((TEXTS, LIST, ALONE, "flagged", GROUNDS)) if kind in rules), 9)
    return strongest, len(rules)


def _is_signature(clause: Clause, text: Text, known: Languages) -> bool:
    """Whether the clause is a name above or below the rest: a few capitalized words that aren't common ones."""
    start = int(len(clause.words) > 1 and clause.words[0] in _SIGNED)
    words, typed = clause.words[start:], clause.typed[start:]
    if len(words) > MOST_NAMES or not text.is_at_the_edge(clause):
        return False
    # Some last names are common words, such as Park, Hill or Young. First names seldom are.
    return is_name_like(words[:1], known) and all(word[0].isupper() or word[0].isdigit() for word in typed)


def somebody_else(clause: Clause, known: Languages) -> Rule | None:
    """The rule for clauses like "I'm not Debbie". The name has to be capitalized."""
    for found in known.not_called.begin(clause.words, 0):
        end = next(
            (place for place in range(found.end, len(clause.words)) if clause.words[place] in known.joints), None
        )
        words, typed = clause.words[found.end : end], clause.typed[found.end : end]
        is_short = 0 < len(words) <= MOST_NAMES
        if is_short and is_name_like(words[:1], known) and typed[0].istitle():
            return _SOMEBODY_ELSE
    return None


def is_name_like(words: Sequence[str], known: Languages) -> bool:
    return all(
        word not in known.no_names and word.upper() not in OPT_OUT_WORDS and not word.endswith("ing")
        for word in words
    )


def _jokes(body: str, text: Text, known: Languages) -> bool:
    """Whether anything in the text takes back even "stop texting me": a joke, or bad timing."""
    if not _LAUGHING.isdisjoint(body):
        return True
    return any(known.not_meant.search([w for c in sentence for w in c.words]) for sentence in text.sentences)


def _quotes(body: str) -> bool:
    """Whether part of the text is in quotation marks, and so may be someone else's words."""
    return not _QUOTES.isdisjoint(body.strip(' \n\t.,!?"“”«»'))
