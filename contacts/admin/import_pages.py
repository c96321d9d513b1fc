"""What the page of an import shows: its progress, its counts, and a preview of its first lines."""

from dataclasses import dataclass, field
from typing import Any, Final

from django.contrib.humanize.templatetags.humanize import intcomma

from contacts import phones
from contacts.imports import merge
from contacts.imports.columns import Role
from contacts.imports.formats import ENCODINGS, SEPARATORS
from contacts.models import ContactImport, ImportRow, ImportValue, SuppressedContact, UnsubscribedContact
from contacts.models.imports import FINISHED
from smsadmin.lib.plurals import counted, people

FIRST_LINES: Final = 20
FIRST_REJECTS: Final = 100
FIRST_NAMES: Final = 20

_SAID_OF_READING: Final = (
    (Role.PHONE, "phone"),
    (Role.NAME, "name"),
    (Role.FIRST_NAME, "first name"),
    (Role.OPT_OUT, "opt-outs"),
    (Role.CONSENT, "consent"),
    (Role.TICKED_CONSENT, "consent"),
    (Role.WISHES, "wishes"),
)

Status = ContactImport.Status
Target = ContactImport.Target


@dataclass
class Figure:
    """A number in the summary, with a label and a note."""

    name: str
    count: int
    label: str
    note: str = ""


@dataclass
class ShownLine:
    """A line of the file in the preview. `outcome` is "new", "renamed", "differing", "known", "repeat" or
    "invalid"."""

    number: int
    phone: str = ""
    name: str = ""
    outcome: str = ""
    says: str = ""
    warnings: list[str] = field(default_factory=list)
    note: str = ""
    values: list[str] = field(default_factory=list)


@dataclass
class OtherName:
    """Somebody whose name on the list is another one than in the file."""

    line: int
    phone: str
    ours: str
    theirs: str


def progress(contact_import: ContactImport) -> dict[str, Any]:
    """What the waiting page polls: status, label, sentence, done and expected (lines), is_busy, is_stalled."""
    done, expected = contact_import.rows_done, contact_import.rows_expected
    if contact_import.is_stalled:
        sentence = "No progress for a minute."
    elif contact_import.status == Status.WAITING:
        sentence = "Waiting to read the file."
    elif contact_import.status == Status.UNDOING:
        sentence = "Undoing the import."
    elif contact_import.status == Status.APPLYING:
        sentence = f"Importing {people(contact_import.counts.get('people', 0))}."
    elif done and done >= expected:
        sentence = f"Comparing {counted(done, 'row', 'rows')} with the list."
    elif done:
        sentence = f"Read {intcomma(done)} of about {counted(expected, 'row', 'rows')}."
    else:
        sentence = "Reading the file."
    return {
        "status": contact_import.status,
        "label": contact_import.get_status_display(),
        "sentence": sentence,
        "done": done if contact_import.status == Status.READING else 0,
        "expected": expected,
        "is_busy": contact_import.is_busy,
        "is_stalled": contact_import.is_stalled,
    }


def figures(contact_import: ContactImport) -> list[Figure]:
    """The counts, worded for the preview (what will happen) or for the result (what happened)."""
    counts = contact_import.counts
    is_done = contact_import.status in FINISHED
    took_names = is_done and contact_import.takes_names
    shown = [
        Figure("new", counts["new"], "added" if is_done else "new"),
        Figure("renamed", counts["renamed"], "names changed" if took_names else "names filled in"),
        Figure("differing", counts.get("differing", 0), "other name", "We keep ours." if is_done else ""),
        Figure("valued", counts.get("valued", 0), "with fields changed" if is_done else "with fields that change"),
        Figure("known", counts["known"], "already on the list", "Nothing changes."),
        Figure("repeats", counts["repeats"], "duplicates", "We keep the first."),
        Figure("invalid", counts["invalid"], "invalid", "Not imported. See why below."),
        Figure("unfit", counts.get("unfit", 0), "with unsuitable values", "Imported without them. See why below."),
        Figure("refused", counts.get("refused", 0), "don’t want texts", "According to the file."),
        Figure("opted_out", counts["opted_out"], "opted out", "Imported, but not texted."),
        Figure("suppressed", counts["suppressed"], "unreachable", "Imported, but not texted."),
    ]
    if contact_import.target == Target.UNSUBSCRIBED:
        shown = [each for each in shown if each.name in {"new", "known", "valued", "repeats", "invalid", "unfit"}]
    always = {"new", "known", "invalid"}
    return [each for each in shown if each.count or each.name in always]


def to_write(contact_import: ContactImport) -> int:
    """How many people the import would add, rename, opt out or change fields of, or may rename."""
    counts = contact_import.counts
    changed = counts.get("new", 0) + counts.get("renamed", 0)
    # People added as opted out, or with fields, count once.
    return int(max(changed, counts.get("to_opt_out", 0), counts.get("valued", 0), counts.get("differing", 0)))


def reading(contact_import: ContactImport) -> str:
    """How the file was read, in short: "UTF-8, comma, headings in row 1, phone in “Mobile”"."""
    detected = contact_import.detected
    if detected["kind"] == "text":
        bom = " with byte order mark" if detected["bom"] else ""
        parts = [ENCODINGS[detected["encoding"]].split(" (")[0] + bom, SEPARATORS[detected["separator"]].lower()]
        if len(detected["columns"]) == 1:
            parts[1] = "one column"
    elif detected["kind"] == "vcard":
        return f"vCards, {ENCODINGS[detected['encoding']].split(' (')[0]}"
    else:
        parts = [f"sheet “{detected['sheet']}”"]
    parts.append(f"headings in row {detected['header_line']}" if detected["header_line"] else "no headings")
    for role, word in _SAID_OF_READING:
        if role in detected["roles"]:
            index = detected["roles"].index(role)
            parts.append(f"{word} in {detected['columns'][index]['heading'] or f'column {index + 1}'}")
    parts += [f"field {kept['label']}" for kept in detected.get("fields", [])]
    return ", ".join(parts)


def preview(contact_import: ContactImport) -> dict[str, Any]:
    """What the page shows before the import, besides the counts: `lines`, the first ones, with the `kept` columns as
    their headings, and `other_names`, the first that differ from ours."""
    rows = merge.differing_people(contact_import)[:FIRST_NAMES]
    return {
        "lines": first_lines(contact_import),
        "kept": [kept["label"] for kept in contact_import.detected.get("fields", [])],
        "other_names": [OtherName(row.line, phones.display(row.phone), row.ours, row.name) for row in rows],
    }


def first_lines(contact_import: ContactImport) -> list[ShownLine]:
    """The first lines as they will be read, and what would happen to each now."""
    rows = list(ImportRow.objects.filter(contact_import=contact_import).order_by("line")[:FIRST_LINES])
    numbers = [row.phone for row in rows if row.phone]
    present = dict(merge.list_of(contact_import).filter(phone__in=numbers).values_list("phone", "name"))
    blocked = {} if contact_import.target == Target.UNSUBSCRIBED else _blocked(numbers)
    first: dict[str, int] = {}
    values = _values_of(contact_import, rows)
    kept = [field["position"] for field in contact_import.detected.get("fields", [])]
    shown = []
    for row in rows:
        line = ShownLine(row.line)
        if row.problem:
            line.outcome, line.says = "invalid", row.problem
            line.phone = value_of(row.cells)
        else:
            line.phone, line.name = phones.display(row.phone), row.name or ""
            line.outcome, line.says = _outcome(row, present, first, contact_import.target)
            line.warnings = list(blocked.get(row.phone, []))
            if row.opts_out and contact_import.target != Target.UNSUBSCRIBED:
                line.warnings.append("doesn’t want texts")
            line.note = " ".join(filter(None, (row.note, row.unfit)))
            line.values = [values.get((row.line, position), "") for position in kept]
            first.setdefault(row.phone, row.line)
        shown.append(line)
    return shown


def _values_of(contact_import: ContactImport, rows: list[ImportRow]) -> dict[tuple[int, int], str]:
    """The values that these lines have in columns kept as fields, by line and column."""
    values = ImportValue.objects.filter(contact_import=contact_import, line__in=[row.line for row in rows])
    return {(line, position): value for line, position, value in values.values_list("line", "position", "value")}


def _outcome(row: ImportRow, present: dict[str, Any], first: dict[str, int], target: str) -> tuple[str, str]:
    if row.is_repeat:
        return (
            "repeat",
            f"Duplicate of row {first[row.phone]}" if row.phone in first else "Duplicate of an earlier row",
        )
    if row.phone not in present:
        return "new", "New"
    before = present[row.phone]
    if row.name and row.name != before and target != Target.UNSUBSCRIBED:
        return ("differing", f"Is “{before}” here") if before else ("renamed", "Adds the name")
    return "known", "Already on the list"


def _blocked(numbers: list[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for phone in UnsubscribedContact.objects.filter(phone__in=numbers).values_list("phone", flat=True):
        found.setdefault(phone, []).append("opted out")
    for phone in SuppressedContact.objects.blocking().filter(phone__in=numbers).values_list("phone", flat=True):
        found.setdefault(phone, []).append("unreachable")
    return found


def first_rejects(contact_import: ContactImport) -> list[ShownLine]:
    """The first invalid lines: number, value and reason."""
    rows = ImportRow.objects.filter(contact_import=contact_import).rejected()[:FIRST_REJECTS]
    return [ShownLine(row.line, phone=value_of(row.cells), outcome="invalid", says=row.problem) for row in rows]


def first_unfit(contact_import: ContactImport) -> list[ShownLine]:
    """The first lines with values that don't suit their fields: number, phone and reason."""
    rows = ImportRow.objects.filter(contact_import=contact_import).with_unfit_values()[:FIRST_REJECTS]
    return [ShownLine(row.line, phones.display(row.phone), row.name or "", says=row.unfit) for row in rows]


def value_of(cells: list[Any] | None) -> str:
    """The cells of a line in short, so that people recognize it."""
    text = " · ".join(str(cell).strip() for cell in cells or [] if str(cell).strip())
    return text if len(text) <= 80 else f"{text[:80]}…"
