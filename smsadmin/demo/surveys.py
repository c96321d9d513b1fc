"""Made-up surveys with sessions of every state, and the registrations that follow from them."""

import random
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from django.utils import timezone

from contacts import opting_out
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
    """A survey; for each question what people answer, between bars, the more often the earlier it stands."""

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
        "We are glad that you want to come to the potluck! Three short questions.",
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
        "Thank you for helping us to get better. Nobody is told who answered what.",
        "Thank you! We read every answer.",
        (
            ("How was your last visit, from 1 (bad) to 5 (very good)?", "5 | 4 | 5 | 3 | 4 | 2 | 5! | 1"),
            (
                "What should we have more of?",
                "Fresh fruit | fresh fruit | Milk | Eggs | Vegetables | eggs | Diapers | Halal meat | Leche | "
                "Coffee | Gluten-free bread | Baby food | Oats | خبز وحليب | Olive oil | Everything was fine",
            ),
            (
                "Is there anything else that you want to tell us?",
                "No | no | Thank you! | No. | The line was long on Saturday | Todo muy bien, gracias | "
                "Could you open one evening a week? I work until 5 and can only come on Saturdays. | You rock 😀",
            ),
        ),
        36,
    ),
)

# How the sessions end, and how many of a hundred do.
ENDS: Final = (
    (Status.COMPLETED, "", 62),
    (Status.EXPIRED, "", 18),
    (Status.CANCELLED, EndReason.EXIT, 8),
    (Status.CANCELLED, EndReason.RESTARTED, 6),
    (Status.ACTIVE, "", 6),
)


@dataclass
class Way:
    """One person's way through a survey, with its sessions and all that was texted."""

    person: Person
    began: datetime
    lines: list[Line] = field(default_factory=list)
    sessions: list[SurveySession] = field(default_factory=list)
    responses: list[SurveyResponse] = field(default_factory=list)

    def moment(self) -> datetime:
        return self.began + timedelta(minutes=self.lines[-1].after)


def add(bystanders: Sequence[Person], is_live: bool) -> int:
    """How many surveys were new. They start for nobody unless `is_live`."""
    luck = random.Random(19)
    # Who gets texts from one of the past blasts cannot have opted out before it.
    listed = {
        *CommunityMember.objects.values_list("phone", flat=True),
        *EventRegistration.objects.values_list("phone", flat=True),
    }
    strangers = [person for person in bystanders if person[0] not in listed][: 2 * len(SURVEYS)]
    others = [person for person in bystanders if person not in strangers]
    crowd = deque(luck.sample(others, len(others)))
    added = 0
    for number, outline in enumerate(SURVEYS):
        people = [crowd.popleft() for _ in range(outline.starts)]
        if keywords.why_refused(outline.keyword) or SurveyFlow.objects.filter(name=outline.name).exists():
            continue
        _add_survey(outline, people, strangers[2 * number : 2 * number + 2], is_live)
        added += 1
    return added


def _add_survey(outline: Outline, people: Sequence[Person], leavers: Sequence[Person], is_live: bool) -> None:
    """`leavers` are those who text STOP in the middle of it."""
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
        way = Way(person, now - timedelta(hours=hours))
        _walk(way, survey, outline, luck, status, reason)
        if reason == EndReason.RESTARTED:
            _walk(way, survey, outline, luck, Status.COMPLETED)
        ways.append(way)
    for person in leavers:
        way = Way(person, now - timedelta(hours=luck.uniform(26, 290)))
        _walk(way, survey, outline, luck, Status.CANCELLED, EndReason.OPTED_OUT)
        ways.append(way)
    _keep(survey, ways)


def _walk(way: Way, survey: SurveyFlow, outline: Outline, luck: random.Random, status: str, reason: str = "") -> None:
    """One session, from the keyword to its end."""
    asked = outline.questions
    count = len(asked) if status == Status.COMPLETED else luck.choice(range(len(asked)))
    after = way.lines[-1].after + luck.uniform(1, 4) if way.lines else 0.0

    def say(body: str, keyword: str | None = None) -> None:
        way.lines.append(Line(after + 0.02, body, Source.SURVEY, survey.pk, keyword))

    way.lines.append(Line(after, luck.choice((outline.keyword, outline.keyword.capitalize()))))
    started = way.moment()
    session = SurveySession(
        survey=survey,
        phone=way.person[0],
        status=status,
        current_question_index=count,
        started_at=started,
        last_activity_at=started,
        questions_json=survey.questions_json,
        completion_message=survey.completion_message,
        end_reason=reason,
    )
    way.sessions.append(session)
    say(opening(outline.intro, asked), outline.keyword)
    for index, (prompt, listed) in enumerate(outline.asked[:count]):
        given = listed.split(" | ")
        after += luck.uniform(0.4, 5)
        # Whoever answers like most people chooses one of the first.
        answer = given[int(len(given) * luck.random() ** 2)] if listed else way.person[1] or luck.choice(FIRST_NAMES)
        way.lines.append(Line(after, answer))
        session.last_activity_at = way.moment()
        way.responses.append(
            SurveyResponse(
                session=session,
                survey=survey,
                phone=session.phone,
                question_index=index,
                question_prompt=prompt,
                answer=answer,
                created_at=session.last_activity_at,
            )
        )
        say(asked[index + 1].prompt if index + 1 < len(asked) else outline.last)
    if status == Status.COMPLETED:
        session.completed_at = session.last_activity_at
    elif reason == EndReason.EXIT:
        after += luck.uniform(0.4, 5)
        way.lines.append(Line(after, EXIT.capitalize()))
        say(f"You have left the survey. Text {outline.keyword} to start it again.", EXIT)
    elif reason == EndReason.OPTED_OUT:
        after += luck.uniform(0.4, 5)
        way.lines.append(Line(after, "STOP"))


def _keep(survey: SurveyFlow, ways: Sequence[Way]) -> None:
    """Write it all: texts, sessions, answers, opt-outs, registrations, counters."""
    scripts = [Script(way.person[0], way.began, way.lines) for way in ways]
    threads = write(scripts)
    sessions = [session for way in ways for session in way.sessions]
    for session in sessions:
        session.thread = threads.get(session.phone)
    SurveySession.objects.bulk_create(sessions)
    SurveyResponse.objects.bulk_create(response for way in ways for response in way.responses)
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
    EventRegistration.objects.bulk_create(
        EventRegistration(event=event, phone=session.phone, name=names.get(session.phone), created_at=at)
        for session in completed
        if session.phone not in known and (at := session.completed_at)
    )
