"""The summary of an import in words, on its page and on the command line."""

from typing import Final

from django.utils.text import capfirst, get_text_list
from django.utils.translation import ngettext

from smsadmin.lib.plurals import counted, people

from ..models import ContactImport, ImportRow, ProfileField
from ..models.imports import FINISHED
from .formats.encodings import ENCODINGS

NOTED_LINES: Final = 8
_KINDS: Final[dict[str, str]] = {
    ProfileField.Kind.TEXT: "text",
    ProfileField.Kind.NUMBER: "a number",
    ProfileField.Kind.DATE: "a date",
    ProfileField.Kind.YES_NO: "yes or no",
}


def headline(contact_import: ContactImport) -> str:
    """What importing will do, or has done, in one sentence."""
    counts = contact_import.counts
    place = place_name(contact_import)
    new, renamed, opted_out = counts["new"], counts["renamed"], counts.get("to_opt_out", 0)
    valued, differing = counts.get("valued", 0), counts.get("differing", 0)
    if contact_import.status == ContactImport.Status.UNDONE:
        return _undone(counts.get("undone", {}), place)
    if contact_import.status in FINISHED:
        if not new and not renamed and not opted_out and not valued:
            return f"Nothing changed: everyone in the file was already in {place}."
        written = "changed" if contact_import.takes_names else "added"
        parts = [f"{people(new)} {ngettext('was', 'were', new)} added to {place}"] if new else []
        parts += [f"{counted(renamed, 'name was', 'names were')} {written}"] if renamed else []
        parts += [f"fields of {people(valued)} were changed"] if valued else []
        parts += [f"{people(opted_out)} {ngettext('was', 'were', opted_out)} opted out"] if opted_out else []
        return capfirst(f"{get_text_list(parts, 'and')}.")
    if not counts["people"]:
        return "None of the rows can be imported."
    if not new and not renamed and not opted_out and not valued:
        if differing:
            return f"Everyone in the file is already in {place}, {people(differing)} with another name."
        return f"Importing would change nothing: everyone in the file is already in {place}."
    parts = [f"{people(new)} will be added to {place}"] if new else []
    parts += [f"{counted(renamed, 'name', 'names')} will be added"] if renamed else []
    parts += [f"fields of {people(valued)} will be changed"] if valued else []
    parts += [f"{people(opted_out)} will be opted out"] if opted_out else []
    return capfirst(f"{get_text_list(parts, 'and')}.")


def _undone(undone: dict[str, int], place: str) -> str:
    """What undoing has done."""
    people_count, names, values = (undone.get(what, 0) for what in ("people", "names", "values"))
    parts = [f"{people(people_count)} {ngettext('was', 'were', people_count)} removed from {place}"]
    parts = parts if people_count else []
    parts += [f"{counted(names, 'name was', 'names were')} changed back"] if names else []
    parts += [f"{counted(values, 'field value was', 'field values were')} changed back"] if values else []
    return f"Undone: {get_text_list(parts, 'and')}." if parts else "Undone. Nothing was left to change back."


def notices(contact_import: ContactImport) -> list[str]:
    """What staff should check before they import."""
    detected, counts = contact_import.detected, contact_import.counts
    said = []
    if words := detected.get("guessed"):
        name = ENCODINGS[detected["encoding"]].split(" (")[0]
        said.append(
            f"The file doesn’t say how its accents are encoded. We read it as {name}. Check that these words look "
            f"right: {', '.join(words)}. If they don’t, choose another encoding and read the file again."
        )
    if others := detected.get("others"):
        sheets = get_text_list([f"“{name}”" for name in others], "and")
        has = "has" if len(others) == 1 else "have"
        said.append(
            f"Only the sheet “{detected['sheet']}” is imported. {sheets} also {has} people: choose another sheet and "
            "read the file again, or import it after this one."
        )
    if unsaid := counts.get("unsaid"):
        said.append(
            f"{people(unsaid)} gave no clear answer about texts in this file. If you import them, they can be texted."
        )
    said += [
        f"“{kept['label']}” becomes a new field: {_KINDS[kept['kind']]}."
        for kept in detected.get("fields", [])
        if kept["id"] is None
    ]
    if counts.get("noted"):
        noted = ImportRow.objects.filter(contact_import=contact_import).people().exclude(note="").order_by("line")
        lines = [str(line) for line in noted.values_list("line", flat=True)[:NOTED_LINES]]
        more = " and others" if counts["noted"] > len(lines) else ""
        where = f"{ngettext('Row', 'Rows', len(lines))} {get_text_list(lines, 'and')}{more}"
        has = "has" if counts["noted"] == 1 else "have"
        said.append(
            f"{where} {has} several numbers in one cell. We use the first that can be texted, preferably a mobile."
        )
    return said


def place_name(contact_import: ContactImport) -> str:
    """The list that is imported into, in words."""
    match contact_import.target:
        case ContactImport.Target.EVENT:
            return f"“{contact_import.event}”"
        case ContactImport.Target.GROUP:
            return f"the group “{contact_import.group or contact_import.adjustments.get('new_group', '')}”"
        case ContactImport.Target.COMMUNITY:
            return "the community"
    return "the opt-out list"
