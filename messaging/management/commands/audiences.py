"""`manage.py audiences`: lists saved audiences, and defines one."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from messaging.composing import definitions, saved_audiences
from messaging.composing.audience import Audience
from messaging.models import SavedAudience
from smsadmin.lib.commands import ExplainedCommand
from smsadmin.lib.plurals import people


class Command(ExplainedCommand):
    help = "Lists saved audiences with how many people they have now, or defines one."
    epilog = (
        "a definition is JSON, with groups, events and audiences by name or number:\n"
        '  manage.py audiences --define "Fifth graders" \\\n'
        '    \'{"all": [{"field": "grade", "is": "5"}], "none": [{"event": "Picnic"}]}\'\n\n'
        "conditions: community, group, event, audience, phones, field, added_since, message, survey.\n"
        "docs/audiences.md describes them."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="write the list as JSON")
        parser.add_argument(
            "--define", nargs=2, metavar=("NAME", "JSON"), help="save an audience, or change the one of this name"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        audiences = list(SavedAudience.objects.order_by("name", "pk"))
        if options["define"]:
            audiences = [self._define(*options["define"])]
        found = [(audience, Audience.defined(audience.definition)) for audience in audiences]
        if options["json"]:
            self.stdout.write(json.dumps([_as_json(*pair) for pair in found], indent=2, ensure_ascii=False))
            return
        for audience, seen in found:
            said = seen.problem or f"{_count(seen)} ({seen.definition.words() if seen.definition else ''})"
            self.stdout.write(f"{audience.name}: {said}")
        if not found:
            self.stdout.write("No audience is saved yet. Define one with --define, or in the admin under Audiences.")

    def _define(self, name: str, text: str) -> SavedAudience:
        try:
            return saved_audiences.define(name, definitions.read_text(text))
        except (definitions.BadDefinition, saved_audiences.BadName) as problem:
            raise CommandError(str(problem)) from None


def _count(audience: Audience) -> str:
    headcount = audience.headcount()
    can_be_texted = f", {headcount.recipients:,} can be texted" if headcount.recipients != headcount.total else ""
    return f"{people(headcount.total)}{can_be_texted}"


def _as_json(saved: SavedAudience, audience: Audience) -> dict[str, Any]:
    headcount = audience.headcount()
    return {
        "id": saved.pk,
        "name": saved.name,
        "people": headcount.total,
        "can_be_texted": headcount.recipients,
        "definition": saved.definition,
        "problem": audience.problem,
    }
