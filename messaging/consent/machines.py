"""Parts of a text that aren't a person's own words: phone signatures, automatic replies, opt-out instructions."""

from .languages import Languages
from .phrases import Found, Phrases
from .tokens import Clause, Text


def drop_signatures(text: Text, known: Languages) -> None:
    """Remove sentences that phones and mail programs add."""
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


def without_auto_replies(text: Text, known: Languages) -> tuple[Text, bool]:
    """The text without automatic replies, and whether there were any."""
    kept = [
        sentence
        for sentence in text.sentences
        if not known.auto_replies.search([word for clause in sentence for word in clause.words])
    ]
    return Text(kept), len(kept) < len(text.sentences)


def without_instructions(text: Text, known: Languages) -> tuple[Text, list[list[str]]]:
    """The text without opt-out instructions, and the words of each instruction."""
    instructions: list[list[str]] = []
    sentences = []
    for sentence in text.sentences:
        words = [word for clause in sentence for word in clause.words]
        # "What do I reply to end these" instructs nobody.
        spans = longest(known.instructions.search(words)) if words[0] not in known.questions else []
        instructions += [words[start:end] for start, end in spans]
        if rest := _outside(sentence, spans) if spans else sentence:
            sentences.append(rest)
    return Text(sentences), instructions


def longest(found: list[Found]) -> list[tuple[int, int]]:
    """The spans of what was found: the longest of overlapping ones."""
    spans: list[tuple[int, int]] = []
    for start, end in sorted({(each.start, each.end) for each in found}, key=lambda span: (span[0], -span[1])):
        if not spans or start >= spans[-1][1]:
            spans.append((start, end))
    return spans


def _outside(sentence: list[Clause], spans: list[tuple[int, int]]) -> list[Clause]:
    """The clauses without the words in these spans of the sentence."""
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
