"""Requests for no more texts that are beyond doubt: clauses that are made of phrases we know and nothing else."""

from collections.abc import Iterator, Sequence
from typing import Final

from .languages import ALONE, GROUNDS, LIST, POLITE, REASON, TEXTS, Languages, Rule
from .phrases import Phrases
from .tokens import Clause, Text
from .words import OPT_OUT_WORDS

# Words that a name has at most.
MOST_NAMES: Final = 4
# Words that lead up to a request, as in "I'm going to need you to stop texting me".
_MOST_FILLERS: Final = 10
# No request to stop is longer.
_MOST_WORDS: Final = 40
_SIGNED: Final = frozenset({"from", "by", "signed"})
_LAUGHING: Final = frozenset("😂🤣😹😆😅😄😜😝🤪")
_QUOTES: Final = frozenset('"“”„«»')
_SOMEBODY_ELSE: Final = Rule(GROUNDS, "says that it is somebody else")
_OTHER: Final = "other"
_NAME: Final = "name"


def find_request(body: str, text: Text, known: Languages) -> tuple[Rule | None, bool]:
    """The rule by which the text asks beyond doubt for no more texts, and whether it says other things too.

    Where it names only a list or a number, each other clause has to be polite, a request too, or a reason to want no
    more texts: "I can't make it" speaks of an event. Where it names nothing, as "stop please", the text may say
    nothing else than grounds that speak for it by themselves: "stop please, I left that church last year". Questions,
    other people's words, conditions and exceptions leave doubt.
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
    """For each clause what it is made of, with the rules; {_OTHER: …} where it says anything that we do not know."""
    whole = [word for clause in sentence for word in clause.words]
    is_question = "?" in sentence[-1].mark and not known.requests.search(whole) and made_of(whole, known) != {}
    has_doubt = is_question or known.for_now.search(whole)
    # "If you would be so kind" is no condition.
    hedged = [bool(known.hedged.search(each.words)) and made_of(each.words, known) != {} for each in sentence]
    for clause, is_hedged in zip(sentence, hedged, strict=True):
        if has_doubt or sum(hedged) > is_hedged:
            yield {_OTHER: Rule(_OTHER)}
            continue
        kinds = _kinds_of(clause, text, known)
        # What complains of our texts speaks of nothing else.
        if _OTHER in kinds and len(kinds) == 1 and (found := known.flagged.search(clause.words)):
            grounds = _grounds(clause.words, known)
            kinds = {GROUNDS: grounds} if grounds else {REASON: found[0].rule}
        yield kinds


def _kinds_of(clause: Clause, text: Text, known: Languages) -> dict[str, Rule]:
    if _is_signature(clause, text, known):
        return {_NAME: Rule(_NAME)}
    if (parts := made_of(clause.words, known)) is not None:
        return parts
    if rule := somebody_else(clause, known):
        return {GROUNDS: rule}
    return _joined(clause.words, known) or {_OTHER: Rule(_OTHER)}


def _starts(words: Sequence[str], known: Languages) -> set[int]:
    """Where a complaint ends, so that a request may begin: "don't know who you are stop texting me"."""
    return {each.end for each in known.flagged.search(words[:_MOST_WORDS]) if not each.start}


def _grounds(words: Sequence[str], known: Languages) -> Rule | None:
    return next((found.rule for found in known.flagged.search(words) if found.rule.kind == GROUNDS), None)


def _joined(words: Sequence[str], known: Languages) -> dict[str, Rule] | None:
    """For a request that names texts, joined to something else that is said: "we're leaving town so please stop
    texting me", "stop texting me because nobody reads it", "stop texting me creep"."""
    if known.own_doing.search(words):
        return None
    for place in range(1, min(len(words), _MOST_FILLERS)):
        if words[place - 1] not in known.fillers:
            break
        if (request := made_of(words[place:], known)) and not {TEXTS, LIST}.isdisjoint(request):
            return request
    starts = _starts(words, known)
    for place in range(1, min(len(words), _MOST_WORDS)):
        word = words[place]
        if place in starts and TEXTS in (request := made_of(words[place:], known) or {}):
            return {**request, REASON: Rule(REASON)}
        if (
            place >= len(words) - 2
            and words[place - 1] in known.ours
            and is_name_like(words[place:], known)
            and (request := made_of(words[:place], known))
            and TEXTS in request
        ):
            return request
        if word not in known.joints or next(known.no_joints.begin(words, place), None):
            continue
        before, after = words[:place], words[place:]
        if known.hedged.search(before) or known.hedged.search(after):
            continue
        request = made_of(after, known) or {}
        is_plain = (word not in known.please or known.aside.isdisjoint(before)) and before[0] not in known.aside
        if TEXTS in request and is_plain:
            return {**request, _OTHER: Rule(_OTHER)}
        if LIST in request and (grounds := _grounds(before, known)):
            return {**request, GROUNDS: grounds}
        if word not in known.please and (request := made_of(before, known)) and TEXTS in request:
            return {**request, _OTHER: Rule(_OTHER)}
    return None


def made_of(words: Sequence[str], known: Languages, phrases: Phrases | None = None) -> dict[str, Rule] | None:
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
    strongest = next((rank for rank, kind in enumerate((TEXTS, LIST, ALONE, "flagged", GROUNDS)) if kind in rules), 9)
    return strongest, len(rules)


def _is_signature(clause: Clause, text: Text, known: Languages) -> bool:
    """Whether the clause is a name below or above the rest: a few words with capitals, none of them a common one."""
    start = int(len(clause.words) > 1 and clause.words[0] in _SIGNED)
    words, typed = clause.words[start:], clause.typed[start:]
    if len(words) > MOST_NAMES or not text.is_at_the_edge(clause):
        return False
    # Of the names some are words, too: Park, Hill, Young. The first one seldom is.
    return is_name_like(words[:1], known) and all(word[0].isupper() or word[0].isdigit() for word in typed)


def somebody_else(clause: Clause, known: Languages) -> Rule | None:
    """The rule of a clause that says "I'm not Debbie". The name has to be written as one."""
    for found in known.not_called.begin(clause.words, 0):
        words, typed = clause.words[found.end :], clause.typed[found.end :]
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
    """What takes back even "stop texting me", wherever in the text it stands: a joke, or a bad moment."""
    if not _LAUGHING.isdisjoint(body):
        return True
    return any(known.not_meant.search([w for c in sentence for w in c.words]) for sentence in text.sentences)


def _quotes(body: str) -> bool:
    """Whether part of the text is between quotation marks, and so may be somebody else's."""
    return not _QUOTES.isdisjoint(body.strip(' \n\t.,!?"“”«»'))
