"""Keyword replies, surveys, their sessions, and the answers."""

import json
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Final

from django.db.models import Model

from contacts.models import Event, UnsubscribedContact
from messaging import keywords, practice_numbers
from messaging.models import InboxThread, KeywordAutomationRule
from surveys import questions
from surveys.models import SurveyFlow, SurveyResponse, SurveySession
from surveys.questions import Question, UnreadableQuestions

from .moving import Move, Topic, transfer, write
from .values import OldRow, Refused, shown

SESSIONS: Final = "survey_sessions"

Status = SurveySession.Status
EndReason = SurveySession.EndReason


def move_surveys(move: Move) -> None:
    taken = set(SurveyFlow.objects.values_list("trigger_keyword", flat=True))
    names = set(SurveyFlow.objects.values_list("name", flat=True))
    transfer(
        move,
        Topic(
            "survey_flows",
            SurveyFlow,
            lambda row: _make_survey(move, row, names, taken),
            key=lambda survey: survey.name,
            find=lambda wanted: _find_by("name", SurveyFlow, wanted),
            same="a survey with that name already exists: left unchanged, and the answers were added to it",
            links={"linked_event_id": ("events", Event)},
        ),
    )


def _make_survey(move: Move, row: OldRow, names: set[str], taken: set[str]) -> SurveyFlow:
    """`names` and `taken` are the names of the surveys so far, and the keywords; this one's are added."""
    name = " ".join(row.text("name", 120).split())
    if not name:
        name = f"Survey {row.id}"
        row.mend(f"name is missing: set to “{name}”")
    if name in names:
        # It is left unchanged here, so its keyword belongs to nobody else.
        return SurveyFlow(name=name)
    names.add(name)
    keyword, is_possible = _read_keyword(row, row.text("trigger_keyword"), taken)
    taken.add(keyword)
    asked = _read_questions(row)
    created_at = row.moment_or("created_at", move.now)
    is_active = row.flag("is_active", default=True)
    if not asked and is_active:
        row.mend("it has no readable questions: turned off")
    return SurveyFlow(
        name=name,
        trigger_keyword=keyword,
        intro_message=row.text("intro_message") or None,
        questions_json=questions.dump(asked),
        completion_message=row.text("completion_message") or None,
        linked_event_id=row.link("linked_event_id", "an event"),
        is_active=is_active and is_possible and bool(asked),
        start_count=row.whole("start_count"),
        completion_count=row.whole("completion_count"),
        created_at=created_at,
        updated_at=row.moment("updated_at") or created_at,
    )


def move_rules(move: Move) -> None:
    """Imports the keyword replies, after the surveys: if both have a word, the survey keeps it."""

    def make(row: OldRow) -> KeywordAutomationRule:
        keyword = _fitting(row, row.text("keyword"))
        if not keyword:
            raise Refused("it has no keyword")
        problem = ""
        if not KeywordAutomationRule.objects.filter(keyword=keyword).exists():
            problem = keywords.why_refused(keyword)
        if problem:
            row.mend("its keyword can't be used: turned off", problem)
        created_at = row.moment_or("created_at", move.now)
        return KeywordAutomationRule(
            keyword=keyword,
            response_body=row.text("response_body"),
            is_active=row.flag("is_active", default=True) and not problem,
            match_count=row.whole("match_count"),
            last_matched_at=row.moment("last_matched_at"),
            created_at=created_at,
            updated_at=row.moment("updated_at") or created_at,
        )

    transfer(
        move,
        Topic(
            "keyword_automation_rules",
            KeywordAutomationRule,
            make,
            key=lambda rule: rule.keyword,
            find=lambda wanted: _find_by("keyword", KeywordAutomationRule, wanted),
            same="a reply to that keyword already exists: left unchanged",
            links={},
        ),
    )


def _find_by(field: str, model: type[Model], wanted: Iterable[str]) -> dict[str, int]:
    return dict(model._default_manager.filter(**{f"{field}__in": list(wanted)}).values_list(field, "pk"))


def _fitting(row: OldRow, written: str) -> str:
    keyword = keywords.normalize(written)
    if len(keyword) > keywords.MAX_LENGTH:
        row.mend(f"its keyword was longer than {keywords.MAX_LENGTH} characters: cut", keyword)
        keyword = keyword[: keywords.MAX_LENGTH].rstrip()
    if keyword != written and keyword == keywords.normalize(written):
        row.mend("its keyword was written as keywords are kept", f"{shown(written)} → {keyword}")
    return keyword


def _read_keyword(row: OldRow, written: str, taken: set[str]) -> tuple[str, bool]:
    """A keyword that no other survey has, and whether it can start this one."""
    keyword = _fitting(row, written)
    if keyword and keyword not in taken:
        problem = keywords.why_refused(keyword)
        if problem:
            row.mend("its keyword can't be used: turned off", problem)
        return keyword, not problem
    stem = keyword[: keywords.MAX_LENGTH - 6] or f"SURVEY{row.id}"
    free = next(one for number in range(2, 10**5) if (one := f"{stem}{number}") not in taken)
    row.mend(
        "its keyword is missing or taken by another survey: replaced, and the survey turned off",
        f"{shown(written)} → {free}",
    )
    return free, False


def _read_questions(row: OldRow) -> list[Question]:
    """The questions, without those that have no text."""
    raw = row.text("questions_json")
    try:
        return questions.load(raw)
    except (UnreadableQuestions, RecursionError) as problem:
        row.mend("some of its questions could not be read", f"{problem} {raw}")
    try:
        entries = questions.load_entries(raw)
    except (UnreadableQuestions, RecursionError):
        return []
    asked = []
    for entry in entries:
        with suppress(UnreadableQuestions):
            asked += questions.load(json.dumps([entry]))
    return asked


def move_sessions(move: Move) -> None:
    """Imports the sessions. A phone is in one survey at a time: of several active ones, the last continues."""
    links = {"survey_id": ("survey_flows", SurveyFlow), "thread_id": ("inbox_threads", InboxThread)}
    active: dict[str, SurveySession] = {}
    touched: set[int] = set()
    for rows in move.fresh(SESSIONS):
        move.set_links(rows, links)
        surveys = SurveyFlow.objects.in_bulk([row.links["survey_id"] for row in rows if "survey_id" in row.links])
        made: list[tuple[OldRow, SurveySession]] = []
        for row in rows:
            try:
                made.append((row, _make_session(move, row, surveys)))
            except Refused as refusal:
                move.report.refused(row, refusal.reason, refusal.detail)
        _leave_one_active(made, active)
        write(SurveySession, [session for _, session in made])
        move.remember((row, session.pk) for row, session in made)
        touched |= {session.survey_id for _, session in made}
        for row, _ in made:
            move.report.taken(row)
    for pk in sorted(touched):
        _count(move, pk)


def _count(move: Move, survey_id: int) -> None:
    """Recounts a survey from its sessions, and reports any difference."""
    survey = SurveyFlow.objects.get(pk=survey_id)
    sessions = survey.sessions.exclude(practice_numbers.IS_TRY)
    started, completed = sessions.count(), sessions.filter(status=Status.COMPLETED).count()
    if (survey.start_count, survey.completion_count) == (started, completed):
        return
    SurveyFlow.objects.filter(pk=survey_id).update(start_count=started, completion_count=completed)
    move.report.notes.append(
        f"The counters of the survey “{survey}” were recounted: "
        f"started {survey.start_count:,} → {started:,}, completed {survey.completion_count:,} → {completed:,}."
    )


def _make_session(move: Move, row: OldRow, surveys: dict[int, SurveyFlow]) -> SurveySession:
    survey = surveys[row.needed_link("survey_id", "a survey")]
    started_at = row.moment_or("started_at", move.now)
    session = SurveySession(
        survey=survey,
        thread_id=row.link("thread_id", "a conversation"),
        phone=row.past_phone(),
        status=row.choice("status", Status.values, Status.CANCELLED),
        current_question_index=row.whole("current_question_index"),
        started_at=started_at,
        last_activity_at=row.moment_or("last_activity_at", started_at, "the start time"),
        completed_at=row.moment("completed_at"),
        questions_json=survey.questions_json,
        completion_message=survey.completion_message,
    )
    if session.status == Status.ACTIVE and session.current_question_index >= len(_asked(survey)):
        row.mend("it was active with all questions answered: kept as completed")
        session.status = Status.COMPLETED
        session.completed_at = session.completed_at or session.last_activity_at
    return session


def _asked(survey: SurveyFlow) -> list[Question]:
    try:
        return questions.load(survey.questions_json)
    except UnreadableQuestions:
        return []


def _leave_one_active(made: list[tuple[OldRow, SurveySession]], active: dict[str, SurveySession]) -> None:
    """Ends sessions of people who opted out, and leaves everyone in one survey; `active` are those so far."""
    phones = {session.phone for _, session in made if session.status == Status.ACTIVE}
    opted_out = set(UnsubscribedContact.objects.filter(phone__in=phones).values_list("phone", flat=True))
    here = set(
        SurveySession.objects.filter(phone__in=phones, status=Status.ACTIVE).values_list("phone", flat=True)
    ) - set(active)
    for row, session in made:
        if session.status != Status.ACTIVE:
            continue
        if session.phone in opted_out:
            row.mend("it was active, but the person has opted out: kept as ended")
            session.status, session.end_reason = Status.CANCELLED, EndReason.OPTED_OUT
        elif session.phone in here:
            row.mend("it was active, but the person is taking another survey here: kept as ended")
            session.status, session.end_reason = Status.CANCELLED, EndReason.RESTARTED
        else:
            earlier = active.get(session.phone)
            if earlier is not None:
                row.mend("the person had another active session: that one was kept as ended")
                earlier.status, earlier.end_reason = Status.CANCELLED, EndReason.RESTARTED
                if earlier.pk:
                    SurveySession.objects.filter(pk=earlier.pk).update(
                        status=earlier.status, end_reason=earlier.end_reason
                    )
            active[session.phone] = session


def move_responses(move: Move) -> None:
    survey_of: dict[int, tuple[int, str]] = {}

    def make(row: OldRow) -> SurveyResponse:
        session_id = row.needed_link("session_id", "a session")
        if session_id not in survey_of:
            if len(survey_of) > 10_000:
                survey_of.clear()
            session = SurveySession.objects.values_list("survey_id", "phone").get(pk=session_id)
            survey_of[session_id] = session
        survey_id, phone = survey_of[session_id]
        index = row.values.get("question_index")
        if not isinstance(index, int) or not 0 <= index < 2**31:
            raise Refused("it doesn't say which question it answers", shown(row.values.get("answer")))
        return SurveyResponse(
            session_id=session_id,
            survey_id=survey_id,
            phone=phone,
            question_index=index,
            question_prompt=row.text("question_prompt"),
            answer=row.text("answer"),
            created_at=row.moment_or("created_at", move.now),
        )

    transfer(
        move,
        Topic(
            "survey_responses",
            SurveyResponse,
            make,
            key=lambda response: (response.session_id, response.question_index),
            find=_find_responses,
            same="that session already has an answer to the question: the first one was kept",
            links={"session_id": (SESSIONS, SurveySession)},
        ),
    )


def _find_responses(keys: list[tuple[int, int]]) -> dict[tuple[int, int], int]:
    found = SurveyResponse.objects.filter(session_id__in={session_id for session_id, _ in keys})
    columns: Any = ("session_id", "question_index", "pk")
    return {(session_id, index): pk for session_id, index, pk in found.values_list(*columns)}
