"""The questions of a survey, as stored in `questions_json`.

A JSON array in the order of asking. A plain question is its prompt, a string, as in the schema of record; any other
is an object {"prompt": …, "kind": …}. New kinds are added here, to `Kind`, and where an answer is interpreted
(`Question.read`).
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from messaging.text.visibility import is_blank


class Kind(StrEnum):
    TEXT = "text"
    NAME = "name"


class UnreadableQuestions(ValueError):
    """A value of `questions_json` that is not a list of questions; the text is a sentence for staff."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, and what kind of answer it expects. The answer to a NAME question is the person's name."""

    prompt: str
    kind: Kind = Kind.TEXT

    def read(self, body: str) -> str | None:
        """The answer in a text, or None if it contains none (a picture without words, or nothing visible)."""
        return None if is_blank(body) else body.strip()


def load(questions_json: str) -> list[Question]:
    """Raises UnreadableQuestions."""
    return [_read(number, entry) for number, entry in enumerate(load_entries(questions_json), start=1)]


def load_entries(questions_json: str) -> list[Any]:
    """The entries of the list, valid questions or not. Raises UnreadableQuestions if it isn't a list."""
    try:
        entries = json.loads(questions_json)
    except ValueError:
        raise UnreadableQuestions("The questions are not valid JSON.") from None
    if not isinstance(entries, list):
        raise UnreadableQuestions("The questions are not a list.")
    return entries


def dump(questions: Iterable[Question]) -> str:
    entries = [
        question.prompt if question.kind == Kind.TEXT else {"prompt": question.prompt, "kind": question.kind.value}
        for question in questions
    ]
    return json.dumps(entries, ensure_ascii=False)


def _read(number: int, entry: Any) -> Question:
    prompt, kind = (entry.get("prompt"), entry.get("kind", Kind.TEXT)) if isinstance(entry, dict) else (entry, "text")
    if not isinstance(prompt, str) or not prompt.strip():
        raise UnreadableQuestions(f"Question {number} has no text.")
    if kind not in list(Kind):
        raise UnreadableQuestions(f"Question {number} has a type that SMS Admin doesn’t know: {kind!r}.")
    return Question(prompt.strip(), Kind(kind))
