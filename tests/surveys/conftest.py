import itertools

import pytest

from messaging.backends import reset
from messaging.inbound import receive
from surveys import questions
from surveys.models import SurveyFlow
from surveys.questions import Kind, Question

NAME = Question("What is your name?", Kind.NAME)
DISH = Question("What will you bring?")


@pytest.fixture
def make_survey(db):
    """An active survey that asks for a name and a dish; `asked` are other questions."""
    numbers = itertools.count(1)

    def make(asked=(NAME, DISH), **fields):
        number = next(numbers)
        return SurveyFlow.objects.create(
            **{
                "name": f"Picnic {number}",
                "trigger_keyword": f"JOIN{number}",
                "intro_message": "Hi from the club!",
                "questions_json": questions.dump(asked),
                "completion_message": "Thank you!",
                **fields,
            }
        )

    return make


@pytest.fixture
def text_in(db):
    """Send texts from a phone, one after the other; returns the last answer."""
    sids = itertools.count(1)

    def run(phone, *bodies):
        for body in bodies:
            reply = receive.receive(
                {"MessageSid": f"SM{next(sids):032}", "From": phone, "Body": body}, is_simulated=True
            )
        return reply.body

    return run


@pytest.fixture
def answer(text_in, make_phone):
    """Somebody new starts the survey and texts these answers; returns their phone."""

    def run(survey, *answers, phone=None):
        phone = phone or make_phone()
        text_in(phone, survey.trigger_keyword, *answers)
        return phone

    return run


@pytest.fixture
def simulator(settings):
    settings.SMS_BACKEND = "messaging.backends.simulator.SimulatorBackend"
    yield
    reset()
