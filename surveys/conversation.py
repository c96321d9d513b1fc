"""The conversation that a survey holds, from the keyword to the last message.

Two handlers of inbound texts (see `messaging.inbound.handlers`) share it: one for people taking a survey, one for the
keyword that starts it. Each text moves a session by one step at most, with a conditional update, so no step is taken
twice. For how sessions end without an answer, see `surveys.session_ends`.
"""

import logging
from collections.abc import Collection
from datetime import UTC
from typing import Final

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import Case, F, Value, When

from contacts.consent import opting_out
from contacts.models import EventRegistration
from contacts.names import known_names
from messaging.consent.words import bare_word
from messaging.inbound.handlers import Answer, InboundText
from messaging.keywords import Claim, candidates, find_rule, first_owner
from messaging.models import InboxMessage
from messaging.practice_numbers import is_try
from smsadmin.lib.prepared_statements import Prepared, PreparedUpdate, insert

from . import questions
from .models import SurveyFlow, SurveyResponse, SurveySession
from .questions import Kind, Question
from .session_ends import end, expired_before

logger = logging.getLogger(__name__)

EXIT: Final = "EXIT"
SOURCE: Final = InboxMessage.Source.SURVEY
_LONGEST_NAME: Final = 100

# What a step of a session needs from it and from its survey, in the order of the models' fields.
_SESSION_FIELDS: Final = (
    "id",
    "survey_id",
    "phone",
    "current_question_index",
    "questions_json",
    "completion_message",
)
_SURVEY_FIELDS: Final = ("id", "trigger_keyword", "linked_event_id", "is_active")
_SESSIONS: Final = Prepared(
    lambda phone: (
        SurveySession.objects.active()
        .filter(phone=phone)
        .values_list(*_SESSION_FIELDS, *(f"survey__{name}" for name in _SURVEY_FIELDS), "last_activity_at")
    )
)
_SURVEYS: Final = Prepared(
    lambda a, b, c, d: (
        SurveyFlow.objects.filter(trigger_keyword__in=(a, b, c, d), is_active=True)
        .order_by()
        .values_list("id", "trigger_keyword")
    )
)
# What starting a session needs from its survey.
_OPENING_FIELDS: Final = ("id", "trigger_keyword", "intro_message", "questions_json", "completion_message")
# Locked as in `_session_of`.
_TO_START: Final = Prepared(
    lambda pk: (
        SurveyFlow.objects.select_for_update(no_key=True)
        .filter(pk=pk, is_active=True)
        .order_by()
        .values_list(*_OPENING_FIELDS)
    )
)
# `since` as in `expired_before`: a session that had expired by then is not ended by the new one.
_RESTART: Final = PreparedUpdate(
    lambda phone, since: (
        SurveySession.objects.active().filter(phone=phone),
        {
            "status": Case(
                When(last_activity_at__lt=since, then=Value(SurveySession.Status.EXPIRED)),
                default=Value(SurveySession.Status.CANCELLED),
            ),
            "end_reason": Case(
                When(last_activity_at__lt=since, then=Value("")),
                default=Value(SurveySession.EndReason.RESTARTED),
            ),
        },
    )
)
_STEP: Final = PreparedUpdate(
    lambda pk, index, at, status, completed_at: (
        SurveySession.objects.active().filter(pk=pk, current_question_index=index),
        {
            "current_question_index": F("current_question_index") + 1,
            "last_activity_at": at,
            "status": status,
            "completed_at": completed_at,
        },
    )
)
_STARTED: Final = PreparedUpdate(lambda pk: (SurveyFlow.objects.filter(pk=pk), {"start_count": F("start_count") + 1}))
_COMPLETED: Final = PreparedUpdate(
    lambda pk: (SurveyFlow.objects.filter(pk=pk), {"completion_count": F("completion_count") + 1})
)


def continue_session(text: InboundText) -> Answer | None:
    """A handler: the next step of the survey that the sender is taking."""
    if not text.takes_automation:
        return None
    session = _session_of(text)
    if session is None:
        return None
    survey = session.survey
    if text.word == EXIT:
        end(session, SurveySession.Status.CANCELLED, SurveySession.EndReason.EXIT)
        words = "You have left the survey."
        if survey.is_active:
            words += f" Text {survey.trigger_keyword} to start it again."
        return Answer(words if text.may_reply_to_keyword() else "", SOURCE, survey.pk, EXIT)
    if survey.trigger_keyword in candidates(text.body).whole:
        return _start(survey.pk, text) if survey.is_active else _ask_again(session, survey, text)
    return _take_answer(session, survey, text)


def start_by_keyword(text: InboundText) -> Answer | None:
    """A handler: starts the survey whose keyword was texted.

    A keyword reply that matches the whole text takes precedence over a survey that only matches its first word.
    """
    if not text.takes_automation:
        return None
    meant = candidates(text.body)
    found = first_owner(_SURVEYS, (*meant.whole, *meant.first_word))
    if found is None:
        return None
    pk, keyword = found
    if keyword not in meant.whole and find_rule(meant.whole) is not None:
        return None
    return _start(pk, text)


def claim_of_survey(keyword: str) -> Claim | None:
    """The survey with this keyword, active or not, or the word that ends one."""
    if bare_word(keyword) == EXIT:
        return Claim("the word that ends a survey")
    survey = SurveyFlow.objects.filter(trigger_keyword=keyword).first()
    return Claim(f"the keyword of the survey “{survey}”", survey) if survey is not None else None


def names_of_surveys(ids: Collection[int]) -> dict[int, str]:
    """The names of surveys."""
    return {pk: f"Survey “{name}”" for pk, name in SurveyFlow.objects.filter(pk__in=ids).values_list("pk", "name")}


def _session_of(text: InboundText) -> SurveySession | None:
    """The session that the sender is in, with its survey. One without an answer for too long doesn't count.

    The survey is locked before anything is written to its sessions, because editing or deleting a survey locks it
    first too: otherwise the two could deadlock. For the same reason, a text never locks a second survey.
    """
    for *values, last_activity_at in _SESSIONS.rows(text.phone):
        of_session, of_survey = values[: len(_SESSION_FIELDS)], values[len(_SESSION_FIELDS) :]
        session = SurveySession.from_db(DEFAULT_DB_ALIAS, _SESSION_FIELDS, of_session)
        session.survey = SurveyFlow.from_db(DEFAULT_DB_ALIAS, _SURVEY_FIELDS, of_survey)
        # SQLite's driver returns times as stored: in UTC, but naive.
        is_over = last_activity_at.replace(tzinfo=last_activity_at.tzinfo or UTC) < expired_before(text.received_at)
        if not is_over and _lock(session.survey):
            return session
    return None


def _lock(survey: SurveyFlow) -> bool:
    """Locks the survey until the transaction ends; False if it has just been deleted.

    On SQLite nobody else can write in the meantime.
    """
    if not connection.features.has_select_for_update:
        return True
    return bool(SurveyFlow.objects.select_for_update(no_key=True).filter(pk=survey.pk).values_list("pk"))


def _start(survey_id: int, text: InboundText) -> Answer | None:
    """Starts a session at the first question and ends any other of the sender's. None if it can't start (now).

    Anyone who is opting the sender out right now is waited for, or finds the session and ends it.
    """
    if connection.features.has_select_for_update and opting_out.hold(text.phone):
        return None
    rows = _TO_START.rows(survey_id)
    if not rows:
        return None
    survey = SurveyFlow.from_db(DEFAULT_DB_ALIAS, _OPENING_FIELDS, rows[0])
    try:
        asked = questions.load(survey.questions_json)
    except questions.UnreadableQuestions as problem:
        logger.error("Survey %s cannot be started: %s", survey.pk, problem)
        return None
    if not asked or not text.may_reply_to_keyword():
        return None
    _RESTART.run(text.phone, expired_before(text.received_at))
    insert(
        SurveySession(
            survey=survey,
            thread=text.thread,
            phone=text.phone,
            started_at=text.received_at,
            last_activity_at=text.received_at,
            questions_json=survey.questions_json,
            completion_message=survey.completion_message,
        )
    )
    if not is_try(text.phone):
        _STARTED.run(survey.pk)
    return Answer(opening(survey.intro_message, asked), SOURCE, survey.pk, survey.trigger_keyword)


def opening(intro: str | None, asked: list[Question]) -> str:
    """The text that begins a survey: the introduction, if any, and the first question."""
    return "\n\n".join(filter(None, [(intro or "").strip(), asked[0].prompt]))


def _take_answer(session: SurveySession, survey: SurveyFlow, text: InboundText) -> Answer | None:
    """Saves the answer and asks the next question.

    None if the text contains no answer, if the next question may not be asked yet, or if the session has ended.
    """
    asked = _asked(session)
    index = session.current_question_index
    if index >= len(asked):
        logger.error("Session %s has ended: its questions cannot be read, or there are none left.", session.pk)
        end(session, SurveySession.Status.CANCELLED)
        return None
    answer = asked[index].read(text.body)
    if answer is None or not text.may_auto_reply():
        return None
    is_last = index + 1 == len(asked)
    status = SurveySession.Status.COMPLETED if is_last else SurveySession.Status.ACTIVE
    if not _STEP.run(session.pk, index, text.received_at, status, text.received_at if is_last else None):
        return None
    insert(
        SurveyResponse(
            session=session,
            survey_id=session.survey_id,
            phone=session.phone,
            question_index=index,
            question_prompt=asked[index].prompt,
            answer=answer,
            created_at=text.received_at,
        )
    )
    if not is_last:
        return Answer(asked[index + 1].prompt, SOURCE, session.survey_id)
    _register(session, survey, asked)
    if not is_try(session.phone):
        _COMPLETED.run(session.survey_id)
    return Answer(session.completion_message or "", SOURCE, session.survey_id)


def _ask_again(session: SurveySession, survey: SurveyFlow, text: InboundText) -> Answer | None:
    """The question waiting for an answer: a survey that is turned off doesn't restart, but it continues."""
    prompts = [question.prompt for question in _asked(session)[session.current_question_index :]]
    if not prompts or not text.may_reply_to_keyword():
        return None
    return Answer(prompts[0], SOURCE, survey.pk, survey.trigger_keyword)


def _asked(session: SurveySession) -> list[Question]:
    """The questions of the session; none if they can't be read."""
    try:
        return questions.load(session.questions_json)
    except questions.UnreadableQuestions:
        return []


def _register(session: SurveySession, survey: SurveyFlow, asked: list[Question]) -> None:
    """Registers someone who completed a survey for its linked event. A second time only updates the name."""
    if survey.linked_event_id is None:
        return
    EventRegistration.objects.bulk_create(
        [EventRegistration(event_id=survey.linked_event_id, phone=session.phone, name=_name(session, asked))],
        update_conflicts=True,
        unique_fields=["event", "phone"],
        update_fields=["name"],
    )


def _name(session: SurveySession, asked: list[Question]) -> str | None:
    """The answer to the name question, else the name on our lists, else the first answer."""
    answers = dict(session.responses.values_list("question_index", "answer"))
    given = next((answers.get(i) for i, question in enumerate(asked) if question.kind == Kind.NAME), None)
    name = given or known_names([session.phone]).get(session.phone) or answers.get(0)
    return " ".join((name or "").split())[:_LONGEST_NAME] or None
