"""The sessions of a survey as a CSV file: one row per session, one column per question as it was asked."""

from collections.abc import Iterable, Iterator
from typing import Final

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.text import slugify

from smsadmin.lib import csv_files

from .models import SurveyFlow, SurveySession
from .results import AskedQuestion, Line, lines_of

COLUMNS: Final = ("Phone", "Name", "State", "Started", "Last text", "Completed")
_SESSIONS_AT_ONCE: Final = 500


def write_csv(sessions: QuerySet[SurveySession], asked: Iterable[AskedQuestion]) -> Iterator[str]:
    """The file in pieces, oldest session first; times in the site's zone. Memory does not grow with the list."""
    columns = {(question.index, question.prompt): place for place, question in enumerate(asked)}
    header = [*COLUMNS, *(f"{index + 1}. {prompt}" for index, prompt in columns)]
    return csv_files.write(header, _rows(sessions, columns))


def _rows(sessions: QuerySet[SurveySession], columns: dict[tuple[int, str], int]) -> Iterator[list[str]]:
    last = 0
    while batch := list(sessions.filter(pk__gt=last).order_by("pk")[:_SESSIONS_AT_ONCE]):
        for line in lines_of(batch):
            yield _row(line, columns)
        last = batch[-1].pk


def file_name(survey: SurveyFlow) -> str:
    """Such as "picnic-answers-2026-05-03.csv"."""
    name = slugify(survey.name)[:80] or f"survey-{survey.pk}"
    return f"{name}-answers-{timezone.localdate():%Y-%m-%d}.csv"


def _row(line: Line, columns: dict[tuple[int, str], int]) -> list[str]:
    session = line.session
    answers = [""] * len(columns)
    for response in line.answers:
        # An answer to a question that was first asked after the file was started has no column.
        if (place := columns.get((response.question_index, response.question_prompt))) is not None:
            answers[place] = response.answer
    return [
        session.phone,
        line.name,
        session.get_status_display(),
        csv_files.moment(session.started_at),
        csv_files.moment(session.last_activity_at),
        csv_files.moment(session.completed_at),
        *answers,
    ]
