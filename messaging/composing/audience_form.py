"""The builder of audiences: a name, and conditions as rows of which all, any or none must be met.

A row posts its id as the value of "all", "any" or "none", the key of its form (see `condition_forms`) as "<id>-form",
and what is filled in as "<id>-<input>". A condition that no form makes is kept as JSON in "<id>-kept".
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, Self

from django.http import QueryDict
from django.utils.text import capfirst

from ..models import SavedAudience
from . import conditions, definitions, saved_audiences
from .audience import Audience
from .condition_forms import Choices, Form, Input
from .conditions import Condition
from .definitions import JOINS, MOST_CONDITIONS, BadDefinition, Definition

TITLES: Final = {"all": "All of these", "any": "At least one of these", "none": "None of these"}
_ID: Final = re.compile(r"[a-z0-9]{1,16}")
_LONGEST: Final = 500
NO_FORM: Final = Form("", "", "", lambda values: {})


@dataclass(slots=True)
class Row:
    """One condition. `words` describe a kept one; a lost one was made by a form that no longer exists."""

    id: str
    join: str
    form: Form = NO_FORM
    values: Mapping[str, str] = field(default_factory=dict)
    kept: str = ""
    words: str = ""
    is_lost: bool = False
    error: str = ""
    number: int = 0

    @property
    def is_blank(self) -> bool:
        return not (self.form.key or self.kept or self.is_lost)

    @property
    def inputs(self) -> Iterator[tuple[Input, str, Choices]]:
        """Each input with its value and its choices."""
        for one in self.form.inputs:
            value = self.values.get(one.name, "")
            choices = one.rows.listed() if one.rows else one.choices
            if one.rows and value and value not in dict(choices):
                choices = (*choices, *one.rows.one(value))
            yield one, value, choices

    def data(self) -> Any:
        """The condition's JSON. Raises BadDefinition if something is missing."""
        if self.is_lost:
            raise BadDefinition("This no longer exists. Choose another condition, or remove it.")
        if self.kept:
            return json.loads(self.kept)
        if missing := self.form.missing(self.values):
            raise BadDefinition(missing)
        return self.form.data(self.values)


class AudienceForm:
    """The builder's form, unbound or with what was posted. `definition` is set once it is valid."""

    def __init__(self, audience: SavedAudience | None = None, data: QueryDict | None = None) -> None:
        self.audience = audience
        self.is_bound = data is not None
        self.forms = {form.key: form for kind in conditions.kinds().values() for form in kind.forms()}
        self.name = data.get("name", "") if data is not None else str(audience or "")
        self.rows = self._posted(data) if data is not None else self._stored(audience.definition if audience else {})
        self.definition: Definition | None = None
        self.name_error = ""
        self.problem = ""
        self._number()
        if not self.is_bound:
            # What can't be understood any more is said without being asked.
            for row in self.rows:
                self._check(row)

    def rows_in(self, join: str) -> list[Row]:
        return [row for row in self.rows if row.join == join]

    @property
    def parts(self) -> list[tuple[str, str, list[Row]]]:
        """(join, title, rows) in order."""
        return [(join, title, self.rows_in(join)) for join, title in TITLES.items()]

    @cached_property
    def sections(self) -> list[tuple[str, list[Form]]]:
        """The forms to choose from by section."""
        found: dict[str, list[Form]] = {}
        for form in self.forms.values():
            found.setdefault(form.section, []).append(form)
        return list(found.items())

    def add(self, join: str) -> None:
        """Add a blank row."""
        taken = {row.id for row in self.rows}
        new = next(name for number in range(1, 10_000) if (name := f"r{number}") not in taken)
        self.rows.append(Row(new, join if join in JOINS else "all"))
        self._number()

    def remove(self, row_id: str) -> None:
        self.rows = [row for row in self.rows if row.id != row_id]
        self._number()

    def row(self, row_id: str) -> Row | None:
        return next((row for row in self.rows if row.id == row_id), None)

    @property
    def audience_now(self) -> Audience | None:
        """Those who are in it now; None if the conditions aren't valid."""
        return Audience.defined(self.definition.stored()) if self.definition else None

    @property
    def errors(self) -> list[str]:
        """Sentences, each naming what it is about."""
        return [
            *filter(None, [self.name_error, self.problem]),
            *(f"Condition {row.number}: {row.error}" for row in self.rows if row.error),
        ]

    def read_conditions(self) -> bool:
        """Check the conditions; blank rows don't count. Sets `definition` or what is wrong."""
        filled = [row for row in self.rows if not row.is_blank]
        for row in filled:
            self._check(row)
        if any(row.error for row in filled):
            return False
        joined = {join: [row.data() for row in filled if row.join == join] for join in JOINS}
        try:
            definition = definitions.read(joined)
            if self.audience is not None:
                saved_audiences.check(self.audience, definition)
        except BadDefinition as problem:
            self.problem = str(problem)
            return False
        self.definition = definition
        return True

    def is_valid(self) -> bool:
        """Check everything that is saved."""
        try:
            self.name = saved_audiences.clean_name(self.name)
            others = SavedAudience.objects.named(self.name).exclude(pk=self.audience.pk if self.audience else 0)
            if others.exists():
                self.name_error = f"There is already an audience named “{self.name}”. Choose another name."
        except saved_audiences.BadName as problem:
            self.name_error = str(problem)
        return self.read_conditions() and not self.name_error

    def save(self, user: Any) -> SavedAudience:
        """Save a valid form."""
        audience = self.audience or SavedAudience(created_by=user)
        audience.name = self.name
        audience.definition = self.definition.stored() if self.definition else {}
        audience.save()
        return audience

    def _check(self, row: Row) -> None:
        row.error = ""
        if row.is_blank:
            return
        try:
            definitions.read({"all": [row.data()]})
        except BadDefinition as problem:
            row.error = str(problem)

    def _number(self) -> None:
        shown = [row for join in JOINS for row in self.rows_in(join)]
        for number, row in enumerate(shown, 1):
            row.number = number

    def _posted(self, data: QueryDict) -> list[Row]:
        placed = {row_id: join for join in JOINS for row_id in data.getlist(join) if _ID.fullmatch(row_id)}
        return [self._posted_row(data, *one) for one in list(placed.items())[:MOST_CONDITIONS]]

    def _posted_row(self, data: QueryDict, row_id: str, join: str) -> Row:
        key = data.get(f"{row_id}-form", "")
        form = self.forms.get(key, NO_FORM)
        if kept := data.get(f"{row_id}-kept"):
            try:
                return self._kept(row_id, join, json.loads(kept))
            except (ValueError, RecursionError):
                return Row(row_id, join, is_lost=True)
        typed = {one.name: data.get(f"{row_id}-{one.name}", "")[:_LONGEST].strip() for one in form.inputs}
        return Row(row_id, join, form, typed, is_lost=bool(key and not form.key))

    def _stored(self, definition: Any) -> list[Row]:
        rows: list[Row] = []
        for join in JOINS:
            for condition in definition.get(join, []) if isinstance(definition, Mapping) else []:
                rows.append(self._stored_row(f"r{len(rows) + 1}", join, condition))
        return rows or [Row("r1", "all")]

    def _stored_row(self, row_id: str, join: str, condition: Any) -> Row:
        try:
            (found,) = definitions.read({"all": [condition]})
        except BadDefinition:
            return self._kept(row_id, join, condition)
        filled = found.filled() if isinstance(found, Condition) else None
        if filled is None or filled[0] not in self.forms:
            return self._kept(row_id, join, condition)
        return Row(row_id, join, self.forms[filled[0]], filled[1])

    @staticmethod
    def _kept(row_id: str, join: str, condition: Any) -> Row:
        try:
            words = capfirst(definitions.read({"all": [condition]}).words())
        except BadDefinition:
            words = "This no longer exists. Remove it."
        return Row(row_id, join, kept=json.dumps(condition), words=words)

    @classmethod
    def for_preview(cls, audience: SavedAudience | None, data: QueryDict) -> Self:
        """What was posted, with its conditions checked."""
        form = cls(audience, data)
        form.read_conditions()
        return form
