"""Files of people for the tests of the import, and the way of such a file up to its preview."""

import csv
import io
import tempfile
import zipfile
from contextlib import closing, contextmanager

from django.core.files.base import ContentFile
from openpyxl import Workbook

from contacts.imports import lifecycle, staging
from contacts.imports.formats import open_table
from contacts.models import CommunityMember, ContactImport, ImportRow


def text(*lines, separator=",", encoding="utf-8"):
    """A file with these lines (of cells, or as they stand)."""
    whole = "".join(f"{line if isinstance(line, str) else separator.join(line)}\r\n" for line in lines)
    return whole.encode(encoding)


def quoted(*lines, separator=","):
    """A file as a program writes it that quotes where it must."""
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=separator).writerows(lines)
    return buffer.getvalue().encode()


def workbook(*lines, sheets=()):
    """An .xlsx with these lines in its first sheet; `sheets` is (title, lines) of more that come before it."""
    book = Workbook()
    book.remove(book.active)
    for title, rows in [*sheets, ("People", lines)]:
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
        for cells in sheet:
            for cell in cells:
                if cell.data_type == "f":
                    cell.data_type = "s"  # a text that begins with "="
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def archive(**members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return buffer.getvalue()


@contextmanager
def table_of(data, choices=None):
    with tempfile.TemporaryFile() as file:
        file.write(data)
        with closing(open_table(file, len(data), choices)) as table:
            yield table


def lines_of(data, choices=None):
    """(number, cells, problem) of each line that is not blank."""
    with table_of(data, choices) as table:
        return [(line.number, list(line.cells), line.problem) for line in table.lines() if not line.is_blank]


def cells_of(data, choices=None):
    return [cells for _, cells, _ in lines_of(data, choices)]


def form_of(data, choices=None):
    with table_of(data, choices) as table:
        return table.form()


def preview(data, name="people.csv", target="community", event=None, user=None, **adjustments):
    """The import of that file, read."""
    contact_import = lifecycle.stage(ContentFile(data, name=name), target, event, user, adjustments)
    staging.read(contact_import.pk)
    contact_import.refresh_from_db()
    return contact_import


def confirm(contact_import, names="keep"):
    """The import, confirmed and applied."""
    assert lifecycle.take_for_applying(contact_import, names=names)
    lifecycle.apply(contact_import.pk)
    contact_import.refresh_from_db()
    return contact_import


def import_all(data, names="keep", **options):
    return confirm(preview(data, **options), names)


def people_of(contact_import):
    """[(phone, name)] in the order of the file."""
    rows = ImportRow.objects.filter(contact_import=contact_import).people().order_by("line")
    return list(rows.values_list("phone", "name"))


def problems_of(contact_import):
    """[(line, problem)]"""
    return list(ImportRow.objects.filter(contact_import=contact_import).rejected().values_list("line", "problem"))


def read(data, **options):
    """The people of a file that is read without a rejected line."""
    contact_import = preview(data, **options)
    assert contact_import.status == ContactImport.Status.READY, contact_import.error_message
    assert problems_of(contact_import) == []
    return people_of(contact_import)


def failure(data, **options):
    """The sentence for a file that cannot be read."""
    contact_import = preview(data, **options)
    assert contact_import.status == ContactImport.Status.FAILED
    return contact_import.error_message


def members():
    return dict(CommunityMember.objects.values_list("phone", "name"))
