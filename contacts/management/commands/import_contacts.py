"""`manage.py import_contacts`: the admin's import on the command line, with the same code."""

import re
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.files import File
from django.core.management.base import CommandError
from django.db import DatabaseError
from tqdm import tqdm

from contacts import profile_fields
from contacts.imports import lifecycle, rejected_lines, staging
from contacts.imports.formats import ENCODINGS
from contacts.imports.formats.tables import Unreadable
from contacts.imports.summaries import headline, notices
from contacts.models import ContactImport, Event, Group, ImportRow
from contacts.models.imports import KEEP_OURS, LEAVE_OUT, OPT_OUT, TAKE_FILES
from contacts.models.profiles import KEY
from smsadmin.lib.commands import ExplainedCommand, first_line
from smsadmin.lib.plurals import counted, people

SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}
REFUSALS = {"opt-out": OPT_OUT, "leave-out": LEAVE_OUT}
NAMES = {"keep": KEEP_OURS, "take": TAKE_FILES}
SHOWN_REJECTS = 20

Target = ContactImport.Target
Status = ContactImport.Status


class Command(ExplainedCommand):
    help = (
        "Import a file of people (CSV, Excel, OpenDocument or vCard) into the community, an event, a group or\n"
        "the list of people who opted out.\n\n"
        "Encoding, separator, headings and columns are detected. Invalid lines are listed and skipped;\n"
        "the rest are imported in one transaction. Importing the same file again changes nothing."
    )
    epilog = (
        "exit codes:\n"
        "  0  every line was imported (with --dry-run: would be)\n"
        "  1  imported, except for the lines listed as invalid\n"
        "  2  nothing was imported: the file can't be read, or an option is invalid"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="the file to import")
        into = parser.add_mutually_exclusive_group(required=True)
        into.add_argument("--community", action="store_true", help="into the community")
        into.add_argument("--event", type=int, metavar="ID", help="into this event")
        into.add_argument("--group", metavar="NAME", help="into this group; makes it if there is none of this name")
        into.add_argument("--unsubscribed", action="store_true", help="into the list of people who opted out")
        parser.add_argument("--dry-run", action="store_true", help="only report what the import would do")
        parser.add_argument("--encoding", choices=ENCODINGS, help="instead of the detected one")
        parser.add_argument("--separator", choices=SEPARATORS, help="instead of the detected one")
        parser.add_argument("--sheet", metavar="NAME", help="the sheet to read (default: the first one with people)")
        parser.add_argument(
            "--refusals",
            choices=REFUSALS,
            default="opt-out",
            help="people who don't want texts, according to the file: import them as opted out (the default), or "
            "leave them out",
        )
        parser.add_argument(
            "--names",
            choices=NAMES,
            default="keep",
            help="names that differ from ours: keep ours (the default), or take the file's. Missing names are always "
            "added",
        )
        parser.add_argument(
            "--field",
            action="append",
            metavar="HEADING=KEY",
            help="keep the column with this heading as a field, making the field if there is none with this key; "
            "repeat it for more columns (default: those of the last file with the same headings)",
        )
        parser.add_argument("--no-header", action="store_true", help="the first line is a person, not headings")
        parser.add_argument("--rejects", type=Path, metavar="FILE", help="write the invalid lines to this file")

    def handle(self, *args: Any, **options: Any) -> None:
        contact_import = self._stage(options)
        try:
            self._read(contact_import)
            if contact_import.counts["invalid"]:
                self._report_rejects(contact_import, options["rejects"])
            if contact_import.counts["unfit"]:
                self._report_unfit(contact_import)
            for notice in notices(contact_import):
                self.stderr.write(notice)
            if not options["dry_run"] and contact_import.counts["people"]:
                self._apply(contact_import, REFUSALS[options["refusals"]], NAMES[options["names"]])
            self._summarize(contact_import, options)
        except KeyboardInterrupt:
            contact_import.refresh_from_db()
            if contact_import.status != Status.APPLIED:
                raise CommandError("Stopped. Nothing was imported.", returncode=2) from None
            raise
        finally:
            lifecycle.discard(contact_import)
        if invalid := contact_import.counts["invalid"]:
            verb = "would not be" if options["dry_run"] else "was not" if invalid == 1 else "were not"
            raise CommandError(f"{counted(invalid, 'line', 'lines')} {verb} imported.", returncode=1)

    def _stage(self, options: dict[str, Any]) -> ContactImport:
        target, place = self._choose_list(options)
        adjustments: dict[str, Any] = {key: options[key] for key in ("encoding", "sheet") if options[key]}
        if target == Target.GROUP and place is None:
            adjustments["new_group"] = " ".join(options["group"].split())
        if options["separator"]:
            adjustments["separator"] = SEPARATORS[options["separator"]]
        if options["field"]:
            adjustments["named_fields"] = [read_field(text) for text in options["field"]]
        if options["no_header"]:
            adjustments["header_line"] = 0
        path: Path = options["file"]
        try:
            with path.open("rb") as file:
                return lifecycle.stage(File(file, name=path.name), target, place, adjustments=adjustments)
        except OSError as error:
            raise CommandError(f"{path} can't be opened: {error.strerror}.", returncode=2) from None
        except Unreadable as problem:
            raise CommandError(problem.sentence, returncode=2) from None

    def _choose_list(self, options: dict[str, Any]) -> tuple[str, Event | Group | None]:
        """The target and, if there is one already, its event or group."""
        if options["event"] is not None:
            event = Event.objects.filter(pk=options["event"]).first()
            if event is None:
                raise CommandError(f"There is no event {options['event']}.", returncode=2)
            return Target.EVENT, event
        if options["group"] is not None:
            name = " ".join(options["group"].split())
            longest = Group._meta.get_field("name").max_length or 0
            if not 0 < len(name) <= longest or not name.isprintable():
                raise CommandError(f"Name a group, with {longest} characters at most.", returncode=2)
            return Target.GROUP, Group.objects.named(name).first()
        return Target.UNSUBSCRIBED if options["unsubscribed"] else Target.COMMUNITY, None

    def _read(self, contact_import: ContactImport) -> None:
        with tqdm(desc="Reading", unit=" lines", disable=None, leave=False) as bar:

            def report(done: int, expected: int) -> None:
                bar.total = expected
                bar.update(done - bar.n)

            staging.read(contact_import.pk, report)
        contact_import.refresh_from_db()
        if contact_import.status != Status.READY:
            raise CommandError(contact_import.error_message, returncode=2)

    def _report_rejects(self, contact_import: ContactImport, path: Path | None) -> None:
        rows = ImportRow.objects.filter(contact_import=contact_import).rejected()
        for line, problem in rows.values_list("line", "problem")[:SHOWN_REJECTS]:
            self.stderr.write(f"Line {line}: {problem}")
        if (more := contact_import.counts["invalid"] - SHOWN_REJECTS) > 0:
            hint = "" if path else " --rejects FILE writes them all."
            self.stderr.write(f"… and {counted(more, 'more line', 'more lines')}.{hint}")
        if path:
            try:
                with path.open("wb") as file:
                    file.writelines(rejected_lines.content(contact_import))
            except OSError as error:
                raise CommandError(f"{path} can't be written: {error.strerror}.", returncode=2) from None

    def _report_unfit(self, contact_import: ContactImport) -> None:
        rows = ImportRow.objects.filter(contact_import=contact_import).with_unfit_values()
        for line, problem in rows.values_list("line", "unfit")[:SHOWN_REJECTS]:
            self.stderr.write(f"Line {line}, imported without this value: {problem}")
        if (more := contact_import.counts["unfit"] - SHOWN_REJECTS) > 0:
            self.stderr.write(f"… and {counted(more, 'more line', 'more lines')}.")

    def _apply(self, contact_import: ContactImport, refusals: str, names: str) -> None:
        try:
            lifecycle.take_for_applying(contact_import, refusals, names)
            lifecycle.apply(contact_import.pk)
        except DatabaseError as error:
            raise CommandError(f"Nothing was imported. Database error: {first_line(error)}.", returncode=2) from None
        contact_import.refresh_from_db()
        if contact_import.status != Status.APPLIED:
            raise CommandError(contact_import.error_message, returncode=2)

    def _summarize(self, contact_import: ContactImport, options: dict[str, Any]) -> None:
        counts = contact_import.counts
        said_of_names = "which is kept" if options["names"] == "keep" else "which is replaced"
        self.stdout.write(headline(contact_import))
        for number, what in (
            (counts["known"], "already on the list"),
            (counts["differing"], f"already on the list with another name, {said_of_names}"),
            (counts["repeats"], "duplicates"),
            (counts["invalid"], "invalid"),
            (counts.get("left_out", 0), "left out because they don't want texts"),
        ):
            if number:
                self.stdout.write(f"  {counted(number, 'line', 'lines')} {what}")
        if blocked := counts["opted_out"] + counts["suppressed"]:
            self.stdout.write(f"  {people(blocked)} of them opted out or are unreachable, and won't be texted")
        if options["dry_run"]:
            self.stdout.write("Dry run: nothing was changed.")


def read_field(text: str) -> tuple[str, str]:
    """The heading and the key in "Grade=grade". CommandError if it is not of that form."""
    heading, equals, key = (part.strip() for part in text.rpartition("="))
    if not equals or not heading:
        raise CommandError(f"“{text}” is not of the form “HEADING=KEY”, such as “Grade=grade”.", returncode=2)
    if not re.fullmatch(KEY, key) or key in profile_fields.TAKEN:
        raise CommandError(
            f"“{key}” can’t be the key of a field. Use lowercase letters, digits and underscores, and begin with a "
            "letter; name, full_name and first_name are taken.",
            returncode=2,
        )
    return heading, key
