"""Sample surveys with sessions in every state, and the resulting registrations."""

import random
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from django.utils import timezone

from contacts.consent import opting_out
from contacts.models import CommunityMember, Event, EventRegistration, UnsubscribedContact
from messaging import keywords
from surveys import questions
from surveys.conversation import EXIT, opening
from surveys.models import SurveyFlow, SurveyResponse, SurveySession
from surveys.questions import Kind, Question

from .people import FIRST_NAMES, Person
from .texts import Line, Script, Source, write

Status = SurveySession.Status
EndReason = SurveySession.EndReason

NAME: Final = "What is your name?"


@dataclass(frozen=True)
class Outline:
    """A survey, and for each question the answers, separated by bars, the most common first."""

    name: str
    keyword: str
    intro: str
    last: str
    asked: Sequence[tuple[str, str]]
    starts: int
    event: str = ""

    @property
    def questions(self) -> list[Question]:
        return [Question(prompt, Kind.NAME if prompt == NAME else Kind.TEXT) for prompt, _ in self.asked]


SURVEYS: Final = (
    Outline(
        "Potluck sign-up",
        "POTLUCK",
        "Glad you want to come to the potluck! Just three short questions.",
        "You are on the list. See you there! Reply here if anything changes.",
        (
            (NAME, ""),
            ("How many of you are coming?", "2 | 1 | 4 | 3 | 2 adults, 2 kids | 5 | just me | 6 or 7"),
            (
                "What will you bring?",
                "Salad | salad | A cake | Rice and beans | Drinks | Tamales | a cake | Not sure yet | Bread | "
                "Injera with lentils 😋 | Chairs! We have 12 folding chairs | Samosas",
            ),
        ),
        44,
        "New Year’s potluck",
    ),
    Outline(
        "Visits to the food shelf",
        "FOOD",
        "Thanks for helping us improve. We keep your answers private.",
        "Thank you! We read every answer.",
        (
            ("How was your last visit, from 1 (bad) to 5 (very good)?", "5 | 4 | 5 | 3 | 4 | 2 | 5! | 1"),
            (
                "What should we have more of?",
                "Fresh fruit | fresh fruit | Milk | Eggs | Vegetables | eggs | Diapers | Halal meat | Leche | "
                "Coffee | Gluten-free bread | Baby food | Oats | خبز وحليب | Olive oil | Everything was fine",
            ),
            (
                "Is there anything else you want to tell us?",
                "No | no | Thank you! | No. | The line was long on Saturday | Todo muy bien, gracias | "
                "Could you open one evening a week? I work until 5 and can only come on Saturdays. | You rock 😀",
            ),
        ),
        36,
    ),
)

# How the sessions end, and how many out of a hundred.
ENDS: Final = (
    (Status.COMPLETED, "", 62),
    (Status.EXPIRED, "", 18),
    (Status.CANCELLED, EndReason.EXIT, 8),
    (Status.CANCELLED, EndReason.RESTARTED, 6),
    (Status.ACTIVE, "", 6),
)


@dataclass
class Way:
    """One person's session with everything that was texted; `minutes` since it began."""

    person: Person
    survey: SurveyFlow
    outline: Outline
    began: datetime
    luck: random.Random
    minutes: float = 0.0
    lines: list[Line] = field(default_factory=list)
    sessions: list[SurveySession] = field(default_factory=list)
    responses: list[SurveyResponse] = field(default_factory=list)

    def moment(self) -> datetime:
        return self.began + timedelta(minutes=self.lines[-1].after)

    def wait(self, least: float, most: float) -> None:
        self.minutes += self.luck.uniform(least, most)

    def text(self, body: str) -> None:
        self.lines.append(Line(self.minutes, body))

    def reply(self, body: str, keyword: str | None = None) -> None:
        self.lines.append(Line(self.minutes + 0.02, body, Source.SURVEY, self.survey.pk, keyword))


def add(bystanders: Sequence[Person], is_live: bool) -> int:
    """Returns how many surveys were new. They are off unless `is_live`."""
    luck = random.Random(19)
    # Someone who got a text from one of the past blasts can't have opted out before it.
    listed = {
        *CommunityMember.objects.values_list("phone", flat=True),
        *EventRegistration.objects.values_list("phone", flat=True),
    }
    strangers = [person for person in bystanders if person[0] not in listed][: 2 * len(SURVEYS)]
    others = [person for person in bystanders if person not in strangers]
    crowd = deque(luck.sample(others, len(others)))
    added = 0
    now = timezone.now()
    # After the last blast that anyone opted out of: the consent history is in order of time.
    times = sorted(now - timedelta(hours=luck.uniform(26, 140)) for _ in strangers)
    leaving = list(zip(strangers, times, strict=True))
    for number, outline in enumerate(SURVEYS):
        people = [crowd.popleft() for _ in range(outline.starts)]
        if keywords.why_refused(outline.keyword) or SurveyFlow.objects.filter(name=outline.name).exists():
            continue
        _add_survey(outline, people, leaving[2 * number : 2 * number + 2], is_live)
        added += 1
    return added


def _add_survey(
    outline: Outline, people: Sequence[Person], leaving: Sequence[tuple[Person, datetime]], is_live: bool
) -> None:
    """`leaving` are those who text STOP in the middle of it, and when they begin."""
    luck = random.Random(outline.keyword)
    now = timezone.now()
    survey = SurveyFlow.objects.create(
        name=outline.name,
        trigger_keyword=outline.keyword,
        intro_message=outline.intro,
        questions_json=questions.dump(outline.questions),
        completion_message=outline.last,
        linked_event=Event.objects.filter(title=outline.event).first() if outline.event else None,
        is_active=is_live,
        created_at=now - timedelta(days=14),
    )
    ways = []
    weights = [share for *_, share in ENDS]
    for person in people:
        status, reason, _ = luck.choices(ENDS, weights)[0]
        hours = luck.uniform(0.3, 4) if status == Status.ACTIVE else luck.uniform(26, 290)
        way = Way(person, survey, outline, now - timedelta(hours=hours), luck)
        _walk(way, status, reason)
        if reason == EndReason.RESTARTED:
            _walk(way, Status.COMPLETED)
        ways.append(way)
    for person, began in leaving:
        way = Way(person, survey, outline, began, luck)
        _walk(way, Status.CANCELLED, EndReason.OPTED_OUT)
        ways.append(way)
    _keep(survey, ways)


def _walk(way: Way, status: str, reason: str = "") -> None:
    """One session, from the keyword to its end."""
    number = len(way.outline.asked)
    answers = number if status == Status.COMPLETED else way.luck.choice(range(number))
    session = _start(way, status, reason, answers)
    for index in range(answers):
        _answer(way, session, index)
    if status == Status.COMPLETED:
        session.completed_at = session.last_activity_at
    elif reason == EndReason.EXIT:
        way.wait(0.4, 5)
        way.text(EXIT.capitalize())
        way.reply(f"You have left the survey. Text {way.outline.keyword} to start it again.", EXIT)
    elif reason == EndReason.OPTED_OUT:
        way.wait(0.4, 5)
        way.text("STOP")


def _start(way: Way, status: str, reason: str, answers: int) -> SurveySession:
    keyword = way.outline.keyword
    if way.lines:
        way.wait(1, 4)
    way.text(way.luck.choice((keyword, keyword.capitalize())))
    session = SurveySession(
        survey=way.survey,
        phone=way.person[0],
        status=status,
        current_question_index=answers,
        started_at=way.moment(),
        last_activity_at=way.moment(),
        questions_json=way.survey.questions_json,
        completion_message=way.survey.completion_message,
        end_reason=reason,
    )
    way.sessions.append(session)
    way.reply(opening(way.outline.intro, way.outline.questions), keyword)
    return session


def _answer(way: Way, session: SurveySession, index: int) -> None:
    """Answers the question with that index, and gets the next one or the last message."""
    asked = way.outline.asked
    prompt, listed = asked[index]
    given = listed.split(" | ")
    way.wait(0.4, 5)
    # Popular answers come first.
    answer = (
        given[int(len(given) * way.luck.random() ** 2)] if listed else way.person[1] or way.luck.choice(FIRST_NAMES)
    )
    way.text(answer)
    session.last_activity_at = way.moment()
    way.responses.append(
        SurveyResponse(
            session=session,
            survey=way.survey,
            phone=session.phone,
            question_index=index,
            question_prompt=prompt,
            answer=answer,
            created_at=session.last_activity_at,
        )
    )
    way.reply(asked[index + 1][0] if index + 1 < len(asked) else way.outline.last)


def _keep(survey: SurveyFlow, ways: Sequence[Way]) -> None:
    """Writes it all: texts, sessions, answers, opt-outs, registrations, counters."""
    scripts = [Script(way.person[0], way.began, way.lines) for way in ways]
    threads = write(scripts)
    sessions = sorted((session for way in ways for session in way.sessions), key=lambda session: session.started_at)
    for session in sessions:
        session.thread = threads.get(session.phone)
    SurveySession.objects.bulk_create(sessions)
    responses = (response for way in ways for response in way.responses)
    SurveyResponse.objects.bulk_create(sorted(responses, key=lambda response: response.created_at))
    for way, script in zip(ways, scripts, strict=True):
        if way.sessions[-1].end_reason == EndReason.OPTED_OUT:
            opting_out.opt_out(
                script.phone,
                UnsubscribedContact.Source.INBOUND,
                words=way.lines[-1].body,
                sid=script.sid(way.lines[-1]),
                at=way.moment(),
            )
    completed = [session for session in sessions if session.status == Status.COMPLETED]
    if survey.linked_event is not None:
        names = {
            answer.phone: answer.answer for way in ways for answer in way.responses if answer.question_prompt == NAME
        }
        _register(survey.linked_event, completed, names)
    SurveyFlow.objects.filter(pk=survey.pk).update(start_count=len(sessions), completion_count=len(completed))


def _register(event: Event, completed: Sequence[SurveySession], names: dict[str, str]) -> None:
    known = set(EventRegistration.objects.filter(event=event).values_list("phone", flat=True))
    new = [(at, each.phone) for each in completed if each.phone not in known and (at := each.completed_at)]
    EventRegistration.objects.bulk_create(
        EventRegistration(event=event, phone=phone, name=names.get(phone), created_at=at) for at, phone in sorted(new)
    )
