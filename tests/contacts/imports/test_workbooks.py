"""Workbooks that are made to hurt whoever opens them: one sentence each, and nothing else happens."""

import io
import os
import signal
import subprocess
import sys
import tempfile
import zipfile

import pytest

from contacts.imports.formats import workbooks
from contacts.imports.formats.tables import Unreadable
from tests.processes import wait_until

from .importing import cells_of, form_of, lines_of, table_of, workbook

SHEET = "xl/worksheets/sheet1.xml"
STRINGS = "xl/sharedStrings.xml"
ROW = '<row r="1"><c r="A1" t="inlineStr"><is><t>Ada</t></is></c><c r="B1"><v>7205550101</v></c>{cells}</row>'


def altered(data, **parts):
    """The workbook with parts in place of its own, or added; `sheet` and `strings` name the usual two."""
    names = {"sheet": SHEET, "strings": STRINGS}
    changed = {names.get(name, name): content for name, content in parts.items()}
    source, target = zipfile.ZipFile(io.BytesIO(data)), io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in source.namelist():
            if name not in changed:
                archive.writestr(name, source.read(name))
        for name, content in changed.items():
            archive.writestr(name, content)
    return target.getvalue()


def sheet_of(cells="", before="", after=""):
    return (
        '<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        f"{before}<sheetData>{ROW.format(cells=cells)}{after}</sheetData></worksheet>"
    )


@pytest.fixture
def small(monkeypatch):
    """Limits so low that each is reached at once."""
    monkeypatch.setattr(workbooks, "MEMORY", 128 * 1024**2)
    monkeypatch.setattr(workbooks, "PROCESSOR_SECONDS", 1)


@pytest.fixture
def play(monkeypatch, tmp_path):
    """Have another program in place of the one that reads."""

    def start(code):
        program = tmp_path / "reader.py"
        program.write_text(code)
        monkeypatch.setattr(workbooks, "PROGRAM", program)

    return start


def first_cells_or_sentence(data):
    """The first two cells, or the code of the sentence for what cannot be read."""
    try:
        return cells_of(data)[0][:2]
    except Unreadable as refused:
        return next(code for code, sentence in workbooks._SENTENCES.items() if sentence == refused.sentence)


@pytest.mark.parametrize(
    "cell",
    [
        '<c r="XFD1048576"><v>1</v></c>',
        "<c r='XFD1048576'><v>1</v></c>",
        '<c\tr="XFD1048576"><v>1</v></c>',
        '<c\nr = "XFD1048576" ><v>1</v></c>',
        '<c r="xfd1048576"><v>1</v></c>',
        '<c x=">" r="XFD1048576"><v>1</v></c>',
        '<c r="XFD1048576" x=">"><v>1</v></c>',
        '<x:c r="XFD1048576" xmlns:x="urn:x"><x:v>1</x:v></x:c>',
        '<c r="ZZZZ99999999"><v>1</v></c>',
        '<c r="A4294967295"><v>1</v></c>',
    ],
)
@pytest.mark.usefixtures("small")
def test_a_far_cell_however_it_is_written_costs_no_more_than_a_sentence(cell):
    data = altered(workbook(["x"]), sheet=sheet_of(after=f'<row r="1048576">{cell}</row>'))
    assert len(data) < 8_000
    assert first_cells_or_sentence(data) in (["Ada", 7205550101.0], "too much", "damaged")


@pytest.mark.usefixtures("small")
def test_a_sheet_elsewhere_in_the_archive_is_limited_too():
    data = workbook(["x"])
    relations = zipfile.ZipFile(io.BytesIO(data)).read("xl/_rels/workbook.xml.rels").decode()
    far = sheet_of(after='<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')
    moved = {"xl/_rels/workbook.xml.rels": relations.replace("worksheets/sheet1.xml", "other/far.xml")}
    with pytest.raises(Unreadable, match="far away"):
        lines_of(altered(data, **moved, **{"xl/other/far.xml": far}))


@pytest.mark.usefixtures("small")
def test_cells_without_a_place_are_read_in_their_order():
    cells = "<c><v>1</v></c>" * 50
    data = altered(workbook(["x"]), sheet=sheet_of(cells=cells, after="<row><c><v>7</v></c></row>"))
    assert len(cells_of(data)[0]) == 52


@pytest.mark.usefixtures("small")
def test_a_count_of_strings_that_is_not_true_takes_no_memory():
    strings = '<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" uniqueCount="9999999999999">'
    data = altered(workbook(["Ada", 7205550101]), strings=f"{strings}<si><t>Ada</t></si></sst>")
    with pytest.raises(Unreadable) as refused:
        cells_of(data)
    assert refused.value.sentence.endswith(".")


@pytest.mark.parametrize("part", ["sheet", pytest.param("strings", marks=pytest.mark.slow)])
@pytest.mark.usefixtures("small")
def test_a_bomb_of_zeros_takes_no_more_than_its_limits(part):
    before, _, after = (sheet_of(cells="<c><is><t>|</t></is></c>") if part == "sheet" else "<sst>|").partition("|")
    data = altered(workbook(["Ada", "7205550101"]), **{part: before.encode() + bytes(80_000_000) + after.encode()})
    assert len(data) < 120_000
    with pytest.raises(Unreadable):
        lines_of(data)


@pytest.mark.usefixtures("small")
def test_entities_within_entities_are_not_unfolded():
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    document = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "ha">{laughs}]><sst><si><t>&l11;</t></si></sst>'
    data = altered(workbook(["Ada", "7205550101"]), strings=document)
    assert len(str(first_cells_or_sentence(data))) < 1_000


@pytest.mark.slow
@pytest.mark.usefixtures("small")
def test_a_kind_that_unpacks_to_much_is_not_unpacked():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", bytes(150_000_000))
    with pytest.raises(Unreadable, match="zip archive"):
        lines_of(buffer.getvalue())


@pytest.mark.slow
@pytest.mark.usefixtures("small")
def test_tables_within_tables_without_end_are_a_sentence():
    page = "<html>" + "<table><tr><td>" * 300_000
    with pytest.raises(Unreadable):
        lines_of(page.encode())


@pytest.mark.usefixtures("small")
def test_cells_that_span_the_world_are_as_wide_as_a_list():
    page = "<table><tr><td colspan=9999>Ada</td><td>7205550101</td></tr><tr><td>x</td></tr></table>"
    assert len(cells_of(page.encode())[0]) <= 1_001


# However the reading program ends


@pytest.mark.parametrize(
    ("code", "part"),
    [
        ("import os; os.abort()", "far away"),
        (f"import os; os.kill(os.getpid(), {signal.SIGKILL:d})", "far away"),
        (f"import os; os.kill(os.getpid(), {signal.SIGXCPU:d})", "far away"),
        (f"import os; os.kill(os.getpid(), {signal.SIGSEGV:d})", "far away"),
        ("raise SystemExit(1)", "damaged"),
        ("raise MemoryError", "damaged"),
        ("pass", "damaged"),
        ("print('Ada,7205550101')", "damaged"),
        ("print('7')", "damaged"),
        ("print('[]')", "damaged"),
        (
            'print(\'{"is_sample": false}\'); print(\'{"sheet": "x"}\'); print(\'["x"]\'); print(\'{"end": 1}\')',
            "damaged",
        ),
        ("print('{\"problem\": [7]}')", "damaged"),
        ("print('{\"end\": true}')", "damaged"),
        ("import sys; sys.stdout.write('x' * 5_000_000)", "damaged"),
        ("print('[' * 100_000)", "damaged"),
    ],
)
def test_every_end_of_the_reading_program_is_one_sentence(play, code, part):
    play(code)
    with pytest.raises(Unreadable, match=part):
        lines_of(b"PK\x03\x04")


@pytest.mark.slow
def test_a_reading_program_that_never_ends_is_killed_with_its_children(play, monkeypatch, tmp_path):
    monkeypatch.setattr(workbooks, "SECONDS", 1)
    pids = tmp_path / "pids"
    play(
        "import os, pathlib, subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        f"pathlib.Path({str(pids)!r}).write_text(f'{{os.getpid()}} {{child.pid}}')\n"
        "time.sleep(600)\n"
    )
    with pytest.raises(Unreadable, match="memory or time"):
        lines_of(b"PK\x03\x04")
    reader, child = map(int, pids.read_text().split())
    with pytest.raises(ProcessLookupError):
        os.kill(reader, 0)
    wait_until(lambda: not _is_running(child), 30, "the end of the child")


def _is_running(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_output_without_end_is_stopped(monkeypatch):
    monkeypatch.setattr(workbooks, "OUTPUT", 1_000_000)
    data = workbook(*[["Ada", "7205550101"] for _ in range(100)])
    assert len(cells_of(data)) == 100
    monkeypatch.setattr(workbooks, "OUTPUT", 1_000)
    with pytest.raises(Unreadable, match="far away"):
        cells_of(data)


def test_who_waits_is_told_and_can_stop_the_reading(play):
    class Enough(Exception):
        pass

    def stop():
        raise Enough

    play("import time; time.sleep(600)")
    with tempfile.TemporaryFile() as file, pytest.raises(Enough):
        workbooks.open_sheet(file, "workbook", "", lambda lines: (len(lines), True), stop)


def test_the_reading_program_needs_no_django():
    check = "import runpy, sys; runpy.run_path(sys.argv[1]); assert 'django' not in sys.modules"
    subprocess.run([sys.executable, "-I", "-c", check, workbooks.PROGRAM], check=True)


def test_a_workbook_can_be_read_twice():
    with table_of(workbook(["Ada", "7205550101"], ["Grace", "303-555-0102"])) as table:
        assert list(table.lines()) == list(table.lines()) != []


# Several sheets


def test_the_sheet_with_people_is_read_and_the_others_with_people_are_named():
    data = workbook(
        ["Name", "Cell"],
        ["Ada", "7205550101"],
        ["Grace", "303-555-0102"],
        sheets=[
            ("Read me", [["This workbook has our list."], ["Call 303-555-0199"]]),
            ("Empty", []),
        ],
    )
    assert cells_of(data)[1] == ["Ada", "7205550101"]
    assert form_of(data) == {"kind": "workbook", "sheet": "People", "sheets": ["Read me", "People"], "others": []}


def test_other_sheets_with_people_are_named():
    ushers = ("Ushers", [["Name", "Cell"], ["Ben", "7205550102"]])
    data = workbook(["Name", "Cell"], ["Ada", "7205550101"], sheets=[ushers, ("Notes", [["Bring cake"]])])
    form = form_of(data)
    assert (form["sheet"], form["others"]) == ("Ushers", ["People"])


def test_a_web_page_named_xls_is_read():
    page = (
        "<html xmlns:x='urn:schemas-microsoft-com:office:excel'><head><style>td {color: red}</style></head><body>"
        "<table><tr><td><img src=logo.png></td></tr></table>"
        "<table><tr><th>Name</th><th>Phone</th><th>Note</th></tr>"
        "<tr><td rowspan=2>Ada <b>Lovelace</b></td><td>720&nbsp;555&#45;0101</td></tr>"
        "<tr><td>303-555-0102<br>home</td><td>x"
        "<tr><td>Zoë</td><td>3035550103</td></tr></table></body></html>"
    )
    expected = [
        ["Name", "Phone", "Note"],
        ["Ada Lovelace", "720 555-0101"],
        ["Ada Lovelace", "303-555-0102\nhome", "x"],
        ["Zoë", "3035550103"],
    ]
    assert cells_of(page.encode()) == expected
    assert cells_of(page.encode("cp1252")) == expected
    assert cells_of(page.replace("<head>", "<head><meta charset=windows-1252>").encode("cp1252")) == expected
    assert cells_of(page.encode("utf-16")) == expected


def test_a_web_page_without_a_table_says_what_to_do():
    with pytest.raises(Unreadable, match="save it from there as an Excel workbook"):
        lines_of(b"<!DOCTYPE html><html><body>Log in</body></html>")
