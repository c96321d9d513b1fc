"""The results of a survey: how far people got, what they answered, and each session.

All counting happens in the database; only time grows with the number of answers. People and tests
(see `messaging.practice_phone`) are never mixed: each function is told whose results to return.
"""

from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Final

from django.db.models import Count, Exists, Max, Min, OuterRef, Q, QuerySet, Window

from contacts import phones
from contacts.models import CommunityMember, EventRegistration
from contacts.names import known_names
from contacts.searching import name_matches, read_query
from messaging.models import InboxThread
from messaging.practice_numbers import IS_TRY
from smsadmin.lib import keyset
from smsadmin.lib.keyset import Page
from smsadmin.lib.percentages import percent

from . import questions
from .equal_answers import Folded
from .models import SurveyFlow, SurveyResponse, SurveySession
from .questions import Kind, UnreadableQuestions

Status = SurveySession.Status

# The most common answers to a question, on the page with all results.
MOST_SHOWN: Final = 10
SESSIONS_A_PAGE: Final = 25
_MOST_WORDS: Final = 8


class Whose(StrEnum):
    PEOPLE = "people"
    TRIES = "tries"


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the survey: how many got this far, out of the `of` who started."""

    label: str
    count: int
    of: int

    @property
    def percent(self) -> str:
        return percent(self.count, self.of)


@dataclass(frozen=True, slots=True)
class Funnel:
    """How far the sessions got. `ends` are those that weren't completed, by how they ended."""

    started: int
    completed: int
    steps: tuple[Step, ...]
    ends: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class AskedQuestion:
    """One wording of a question. `first` is the id of the first answer to it, which identifies it."""

    index: int
    prompt: str
    is_current: bool
    answers: int
    first: int
    last_at: datetime

    @property
    def number(self) -> int:
        return self.index + 1


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """An answer and how often it was given, out of `of`; spelled as in one of the answers."""

    text: str
    count: int
    of: int

    @property
    def percent(self) -> str:
        return percent(self.count, self.of)


@dataclass(frozen=True, slots=True)
class Answers:
    """Some of the answers to a question, the most common first, and how many different ones there are in total."""

    question: AskedQuestion
    given: tuple[GivenAnswer, ...]
    different: int
    before: int

    @property
    def more(self) -> int:
        """How many different answers come after these."""
        return self.different - self.before - len(self.given)


@dataclass(frozen=True, slots=True)
class Line:
    """A session with its answers, and the person's name: the one given as an answer, else the one in the inbox, else
    the one on our lists."""

    session: SurveySession
    name: str
    answers: tuple[SurveyResponse, ...]


def sessions_of(survey: SurveyFlow, whose: Whose) -> QuerySet[SurveySession]:
    return SurveySession.objects.filter(_is_of(whose), survey=survey)


def _is_of(whose: Whose) -> Q:
    return IS_TRY if whose is Whose.TRIES else ~IS_TRY


def funnel(survey: SurveyFlow, whose: Whose) -> Funnel:
    """One query. A session with fewer questions than others counts for the steps that it had."""
    counts = sessions_of(survey, whose).values_list("status", "end_reason", "current_question_index")
    by_answers: Counter[int] = Counter()
    by_end: Counter[str] = Counter()
    for status, reason, answered, count in counts.annotate(count=Count("pk")).order_by():
        by_answers[answered] += count
        by_end[f"{status} {reason}".strip()] += count
    started = by_answers.total()
    completed = by_end[Status.COMPLETED]
    steps = [Step("Started", started, started)]
    for number in range(1, max(by_answers, default=0) + 1):
        came = sum(count for answered, count in by_answers.items() if answered >= number)
        steps.append(Step(f"Answered question {number}", came, started))
    steps.append(Step("Completed", completed, started))
    ends = [Step(label, by_end[key], started) for key, label in _ENDS.items()]
    return Funnel(started, completed, tuple(steps), tuple(end for end in ends if end.count))


_ENDS: Final = {
    f"{Status.ACTIVE}": "In progress",
    f"{Status.EXPIRED}": "No answer in time",
    f"{Status.CANCELLED} {SurveySession.EndReason.EXIT}": "Quit",
    f"{Status.CANCELLED} {SurveySession.EndReason.OPTED_OUT}": "Opted out",
    f"{Status.CANCELLED} {SurveySession.EndReason.RESTARTED}": "Restarted",
    f"{Status.CANCELLED}": "Ended early",
}


def asked_questions(survey: SurveyFlow, whose: Whose) -> list[AskedQuestion]:
    """Each question with answers, in each of its wordings, in the order of asking; the newest wording first."""
    now = _prompts(survey.questions_json)
    groups = (
        SurveyResponse.objects.filter(_is_of(whose), survey=survey)
        .order_by()
        .values_list("question_index", "question_prompt")
        .annotate(
            answers=Count("pk"),
            first=Min("pk"),
            last_at=Max("created_at"),
        )
    )
    asked = [AskedQuestion(index, prompt, now.get(index) == prompt, *figures) for index, prompt, *figures in groups]
    return sorted(asked, key=lambda question: (question.index, not question.is_current, -question.first))


def given_answers(
    survey: SurveyFlow, whose: Whose, question: AskedQuestion, most: int = MOST_SHOWN, before: int = 0
) -> Answers:
    """At most that many of the different answers to the question, after the first `before` of them. One query."""
    rows = (
        SurveyResponse.objects.filter(
            _is_of(whose), survey=survey, question_index=question.index, question_prompt=question.prompt
        )
        .order_by()
        .annotate(folded=Folded("answer"))
        .values("folded")
        .annotate(spelling=Min("answer"), count=Count("pk"), different=Window(Count("*")))
        .order_by("-count", "folded")
        .values_list("spelling", "count", "different")[before : before + most]
    )
    found = list(rows)
    given = tuple(GivenAnswer(spelling, count, question.answers) for spelling, count, _ in found)
    return Answers(question, given, found[0][2] if found else 0, before)


def find_sessions(survey: SurveyFlow, whose: Whose, status: str = "", query: str = "") -> QuerySet[SurveySession]:
    """The sessions with that status whose phone matches, or where each word of the query is in the phone, in an
    answer or in the person's name. An empty query matches all."""
    rows = sessions_of(survey, whose)
    if status:
        rows = rows.filter(status=status)
    query = query.strip()
    if not query:
        return rows
    has_words = Q()
    for word in query.split()[:_MOST_WORDS]:
        has_words &= _has(word)
    with suppress(phones.InvalidPhone):
        has_words |= Q(phone=phones.normalize(query))
    return rows.filter(has_words)


def _has(word: str) -> Q:
    """Whether a session has the word: anywhere in an answer or in the name in the inbox, at the start of a word in a
    name on our lists, or in the phone if it has three digits or more."""
    read = read_query(word)
    has = Q(Exists(SurveyResponse.objects.filter(session=OuterRef("pk"), answer__mentions=word)))
    has |= Q(phone__in=InboxThread.objects.filter(contact_name__mentions=word).values("phone"))
    if read.digits:
        has |= Q(phone__contains=read.digits)
    if words := read.words or read.digit_words:
        for people in (CommunityMember, EventRegistration):
            has |= Q(phone__in=people.objects.filter(name_matches(people, words)).values("phone"))
    return has


def page(rows: QuerySet[SurveySession], after: int = 0, before: int = 0) -> Page[Line]:
    """The sessions after one id, or before another, or the first ones; newest first."""
    found = keyset.page(rows, SESSIONS_A_PAGE, after, before, newest_first=True)
    return Page(lines_of(found.rows), found.previous, found.next)


def lines_of(sessions: list[SurveySession]) -> list[Line]:
    """The sessions with everything that belongs to them, in four queries however many there are."""
    answers: dict[int, list[SurveyResponse]] = {session.pk: [] for session in sessions}
    responses = SurveyResponse.objects.filter(session__in=list(answers)).order_by("question_index")
    for response in responses.only("session", "question_index", "question_prompt", "answer"):
        answers[response.session_id].append(response)
    names = {session.pk: _given_name(session, answers[session.pk]) for session in sessions}
    nameless = {session.phone for session in sessions if not names[session.pk]}
    known = known_names(nameless)
    for thread in InboxThread.objects.filter(phone__in=nameless).exclude(contact_name=None):
        known[thread.phone] = str(thread)
    return [
        Line(session, names[session.pk] or known.get(session.phone, ""), tuple(answers[session.pk]))
        for session in sessions
    ]


def _given_name(session: SurveySession, answers: Iterable[SurveyResponse]) -> str:
    """The answer to the question that asks for the name; "" if there is none."""
    place = _place_of_name(session.questions_json)
    return next((" ".join(answer.answer.split()) for answer in answers if answer.question_index == place), "")


@lru_cache(maxsize=64)
def _place_of_name(questions_json: str) -> int | None:
    try:
        asked = questions.load(questions_json)
    except UnreadableQuestions:
        return None
    return next((index for index, question in enumerate(asked) if question.kind == Kind.NAME), None)


def _prompts(questions_json: str) -> dict[int, str]:
    """The current questions by index; none if they can't be read."""
    try:
        return {index: question.prompt for index, question in enumerate(questions.load(questions_json))}
    except UnreadableQuestions:
        return {}
