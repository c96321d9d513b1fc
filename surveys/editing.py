"""The questions of a survey as staff edit them: one row a question.

A question that this version cannot read, of a kind that a later one may have added, is a row too: it can be moved and
removed, and is otherwise kept as it is.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from . import questions
from .questions import Kind, Question, UnreadableQuestions


@dataclass(frozen=True, slots=True)
class Row:
    """One question. `kept` is its JSON where it cannot be edited; the prompt then is for reading."""

    prompt: str
    is_name: bool = False
    kept: str = ""

    @property
    def question(self) -> Question:
        """What is asked, which for a kept row is its text alone."""
        return Question(self.prompt, Kind.NAME if self.is_name else Kind.TEXT)


def read(questions_json: str) -> list[Row]:
    """Raises UnreadableQuestions where it is no list."""
    return [_read_row(json.dumps(entry, ensure_ascii=False)) for entry in questions.load_entries(questions_json)]


def write(rows: Iterable[Row]) -> str:
    """The value of `questions_json`: `read(write(rows)) == rows`."""
    entries = [json.loads(row.kept) if row.kept else json.loads(questions.dump([row.question]))[0] for row in rows]
    return json.dumps(entries, ensure_ascii=False)


def read_kept(entry: str) -> Row | None:
    """The row of an entry that is to be kept as it is, or None where it is nothing of the kind."""
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
