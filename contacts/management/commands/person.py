"""`manage.py person`: hands over everything known of a person, or erases it, with the code of the person's page."""

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.db import DatabaseError
from django.utils import timezone

from contacts import person_ids, person_records, phones
from contacts.known_people import of_phone
from smsadmin.lib.commands import ExplainedCommand, first_line


class Command(ExplainedCommand):
    help = "Exports everything known of a person as a ZIP file of JSON and CSV, or erases it."
    epilog = (
        "erasing deletes the name, fields, texts and answers, and redacts deliveries. It keeps that the number has\n"
        "opted out or is unreachable, and its consent history. docs/people.md describes both.\n\n"
        "exit codes:\n"
        "  0  done\n"
        "  1  it failed, and nothing has changed\n"
        "  2  an option is invalid, or we know nothing of the number"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        export = actions.add_parser("export", help="write everything known of a person to a ZIP file")
        export.add_argument("phone", metavar="PHONE", help="the number, in any form")
        export.add_argument("--output", type=Path, metavar="FILE", help="the file; by default one in this folder")
        erase = actions.add_parser("erase", help="erase a person")
        erase.add_argument("phone", metavar="PHONE", help="the number, in any form")
        erase.add_argument("--yes", action="store_true", help="don't ask")

    def handle(self, *args: Any, **options: Any) -> None:
        phone = read_phone(options["phone"])
        try:
            if options["action"] == "export":
                self._export(phone, options["output"])
            else:
                self._erase(phone, is_sure=options["yes"])
        except DatabaseError as error:
            raise CommandError(f"Nothing was done. Database error: {first_line(error)}.", returncode=1) from None

    def _export(self, phone: str, output: Path | None) -> None:
        short = str(person_ids.encode(phone) or "unknown")[:8]
        output = output or Path(f"person-{short}-{timezone.localdate():%Y-%m-%d}.zip")
        if output.is_dir():
            raise CommandError(f"{output} is a folder. Name a file inside it.", returncode=2)
        data = person_records.export(phone)
        try:
            # Only its owner may read it.
            with open(os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(data)
        except OSError as error:
            raise CommandError(f"{output} can't be written: {error.strerror}.", returncode=1) from None
        self.stdout.write(f"Wrote everything known of {phones.display(phone)} to {output}.", self.style.SUCCESS)

    def _erase(self, phone: str, *, is_sure: bool) -> None:
        person = of_phone(phone)
        if problem := person_records.why_not_erasable(phone):
            raise CommandError(problem, returncode=1)
        if not is_sure:
            asked = f"Erase {person.label} for good? This can't be undone. Type yes to go on: "
            try:
                answer = input(asked)
            except EOFError:
                answer = ""
            if answer.strip().lower() != "yes":
                raise CommandError("Nothing was erased. Type yes, or use --yes.", returncode=1)
        try:
            person_records.erase(phone)
        except person_records.CannotErase as problem:
            raise CommandError(str(problem), returncode=1) from None
        said = "Erased. Backups made before now still have the person until they are deleted."
        self.stdout.write(said, self.style.SUCCESS)


def read_phone(typed: str) -> str:
    """The phone as it is stored. CommandError for one that can't be one, and for one that we know nothing of."""
    if person_records.is_known(typed):
        return typed
    try:
        phone = phones.as_stored(typed)
    except phones.InvalidPhone as problem:
        raise CommandError(problem.sentence, returncode=2) from None
    if not person_records.is_known(phone):
        raise CommandError(f"We know nothing of {phones.display(phone)}.", returncode=2)
    return phone
