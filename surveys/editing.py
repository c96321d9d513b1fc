"""The questions of a survey as staff edit them: one row per question.

A question that this version can't read, of a type that a later version may have added, is a row too: it can be moved
and removed, but is otherwise left unchanged.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from . import questions
from .questions import Kind, Question, UnreadableQuestions


@dataclass(frozen=True, slots=True)
class Row:
    """One question. `kept` is its JSON if it can't be edited; the prompt is then read-only."""

    prompt: str
    is_name: bool = False
    kept: str = ""

    @property
    def question(self) -> Question:
        """What is asked; for a kept row, only its text."""
        return Question(self.prompt, Kind.NAME if self.is_name else Kind.TEXT)


def read(questions_json: str) -> list[Row]:
    """Raises UnreadableQuestions if it is not a list."""
    return [_read_row(json.dumps(entry, ensure_ascii=False)) for entry in questions.load_entries(questions_json)]


def write(rows: Iterable[Row]) -> str:
    """The value of `questions_json`: `read(write(rows)) == rows`."""
    entries = [json.loads(row.kept) if row.kept else json.loads(questions.dump([row.question]))[0] for row in rows]
    return json.dumps(entries, ensure_ascii=False)


def read_kept(entry: str) -> Row | None:
    """The row of an entry that is kept unchanged, or None if it isn't such an entry."""
    try:
        json.loads(entry)
    except (ValueError, RecursionError):
        return None
    row = _read_row(entry)
    return row if row.kept else None


def _read_row(entry: str) -> Row:
    try:
        question = questions.load(f"[{entry}]")[0]
    except UnreadableQuestions:
        value = json.loads(entry)
        prompt = value.get("prompt") if isinstance(value, dict) else value
        return Row(prompt if isinstance(prompt, str) else "", kept=entry)
    return Row(question.prompt, question.kind == Kind.NAME)
