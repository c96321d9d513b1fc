"""The condition of audiences that is about a survey's answers.

{"survey": "Food", "answered": true}               answered at least one question; false: none
{"survey": "Food", "question": 2, "is": "yes"}     gave this answer to the second question; also contains
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from django.db.models import Exists, OuterRef, Q

from messaging.composing.condition_forms import Choices, Form, Input
from messaging.composing.conditions import BadCondition, Condition, find, only_keys, read_flag
from messaging.composing.pools import Pool
from smsadmin.lib.ids import read_key

from . import editing
from .models import SurveyFlow, SurveyResponse
from .questions import UnreadableQuestions

_LOOKUPS: Final = {"is": "iexact", "contains": "mentions"}
_WORDS: Final = {"is": ("is", "isn’t"), "contains": ("contains", "doesn’t contain")}
_MOST_QUESTIONS: Final = 1_000


@dataclass(frozen=True, slots=True)
class AnsweredSurvey(Condition):
    """Answered a survey: anything, or a question in some way. `question` counts from 1; 0 is any."""

    key = "survey"
    survey: SurveyFlow
    is_wanted: bool = True
    question: int = 0
    comparison: str = ""
    value: str = ""

    @classmethod
    def read(cls, data: Mapping[str, Any], within: tuple[int, ...]) -> Self:
        only_keys(data, "survey", "answered", "question", *_LOOKUPS)
        survey = find(SurveyFlow, "name", data["survey"], "Survey")
        given = [one for one in _LOOKUPS if one in data]
        if "answered" in data and not given and "question" not in data:
            return cls(survey, read_flag(data, "answered"))
        if len(given) != 1 or "answered" in data:
            raise BadCondition("The condition “survey” takes “answered”, or “question” with “is” or “contains”.")
        question, value = data.get("question"), data[given[0]]
        if not isinstance(question, int) or isinstance(question, bool) or not 0 < question <= _MOST_QUESTIONS:
            raise BadCondition("“question” takes the number of the question, beginning with 1.")
        if not isinstance(value, str | int) or not str(value).strip():
            raise BadCondition(f"“{given[0]}” takes a text.")
        return cls(survey, True, question, given[0], " ".join(str(value).replace("\0", "").split()))

    def q(self, known: Pool | None) -> Q:
        answers = SurveyResponse.objects.filter(survey=self.survey.pk, phone=OuterRef("phone"))
        if self.question:
            asked = {"question_index": self.question - 1, f"answer__{_LOOKUPS[self.comparison]}": self.value}
            answers = answers.filter(**asked)
        return Q(Exists(answers)) if self.is_wanted else Q(~Exists(answers))

    def stored(self) -> dict[str, Any]:
        if not self.question:
            return {"survey": self.survey.pk, "answered": self.is_wanted}
        return {"survey": self.survey.pk, "question": self.question, self.comparison: self.value}

    def words(self, is_met: bool = True) -> str:
        is_so = self.is_wanted == is_met
        if not self.question:
            return f"{'answered' if is_so else 'didn’t answer'} the survey {self.survey.name}"
        verb = _WORDS[self.comparison][0 if is_so else 1]
        return f"answer {self.question} of the survey {self.survey.name} {verb} “{self.value}”"

    @classmethod
    def forms(cls) -> list[Form]:
        return [_form(survey) for survey in SurveyFlow.objects.order_by("name")]

    def filled(self) -> tuple[str, dict[str, str]]:
        if self.question:
            given = {"asked": str(self.question), "comparison": self.comparison, "value": self.value}
        else:
            given = {"asked": "answered" if self.is_wanted else "unanswered"}
        return f"survey:{self.survey.pk}", given


_ANSWERED: Final = (("answered", "answered it"), ("unanswered", "didn’t answer it"))


def _form(survey: SurveyFlow) -> Form:
    def data(values: Mapping[str, str]) -> dict[str, Any]:
        asked = values["asked"]
        if asked in dict(_ANSWERED):
            return {"survey": survey.pk, "answered": asked == "answered"}
        return {"survey": survey.pk, "question": read_key(asked), values["comparison"]: values["value"]}

    unless = ("asked", tuple(dict(_ANSWERED)))
    comparisons = tuple((key, words[0]) for key, words in _WORDS.items())
    inputs = (
        Input("asked", "Answer", choices=(*_ANSWERED, *_answers(survey))),
        Input("comparison", "Comparison", choices=comparisons, unless=unless),
        Input("value", "Value", unless=unless),
    )
    return Form(f"survey:{survey.pk}", f"Survey: {survey.name}", "Surveys", data, inputs)


def _answers(survey: SurveyFlow) -> Choices:
    """One for each question; none if the questions can't be read."""
    try:
        rows = editing.read(survey.questions_json)
    except UnreadableQuestions:
        return ()
    return tuple((str(number), f"answer {number}: {row.prompt[:60]}") for number, row in enumerate(rows, 1))
