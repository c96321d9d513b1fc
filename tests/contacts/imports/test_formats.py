import codecs
import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.imports.formats import Choices, Unreadable
from contacts.imports.formats.delimited import MAX_LINE

from .importing import archive, cells_of, form_of, lines_of, quoted, text, workbook

PEOPLE = (("Name", "Phone"), ("Zoë Müller", "(720) 555-0101"), ("José Martín", "303.555.0102"))


# Encodings


@pytest.mark.parametrize(
    ("encoding", "bom"),
    [
        ("utf-8", b""),
        ("utf-8", codecs.BOM_UTF8),
        ("utf-16-le", b""),
        ("utf-16-le", codecs.BOM_UTF16_LE),
        ("utf-16-be", b""),
        ("utf-16-be", codecs.BOM_UTF16_BE),
        ("cp1252", b""),
    ],
)
def test_detects_the_encoding(encoding, bom):
    data = bom + text(*PEOPLE, encoding=encoding)
    assert cells_of(data) == [list(line) for line in PEOPLE]
    assert (form_of(data)["encoding"], form_of(data)["bom"]) == (encoding, bool(bom))


def test_one_broken_byte_does_not_make_utf8_another_encoding():
    data = text(*[(f"Zoë {i}", "7205550101") for i in range(50)]) + b"Jos\xe9,7205550102\n"
    assert form_of(data)["encoding"] == "utf-8"
    assert cells_of(data)[-1] == ["Jos\ufffd", "7205550102"]


def test_a_late_accent_decides_the_encoding():
    data = text(*[("Al", "7205550101")] * 50_000) + "José,7205550102".encode("cp1252")
    assert form_of(data)["encoding"] == "cp1252"
    assert cells_of(data)[-1][0] == "José"


def test_reads_in_the_encoding_that_staff_choose():
    data = text(("Łukasz", "7205550101"), encoding="cp1250")
    assert cells_of(data, Choices(encoding="cp1250")) == [["Łukasz", "7205550101"]]


def test_a_wrongly_chosen_encoding_reads_without_an_error():
    assert lines_of(text(*PEOPLE), Choices(encoding="utf-16-be"))


# Separators


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_detects_the_separator(separator):
    data = text(*PEOPLE, separator=separator)
    assert cells_of(data) == [list(line) for line in PEOPLE]
    assert form_of(data)["separator"] == separator


def test_a_comma_in_every_name_is_not_the_separator():
    data = text("Name;Phone", "Lovelace, Ada;7205550101", "Hopper, Grace;7205550102")
    assert cells_of(data)[1] == ["Lovelace, Ada", "7205550101"]


def test_a_decimal_comma_is_not_the_separator():
    data = text("Name;Phone", "Ada;7205550101,0", "Grace;7205550102,0")
    assert cells_of(data)[1] == ["Ada", "7205550101,0"]


def test_a_single_column_has_no_separator():
    assert cells_of(text("7205550101", "(303) 555-0102")) == [["7205550101"], ["(303) 555-0102"]]


def test_excels_separator_line_is_not_part_of_the_list():
    assert lines_of(text("sep=;", "Name;Phone", "Ada;7205550101"))[0] == (2, ["Name", "Phone"], "")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_reads_any_line_ending(end):
    assert cells_of(f"Ada,7205550101{end}Grace,7205550102{end}".encode()) == [
        ["Ada", "7205550101"],
        ["Grace", "7205550102"],
    ]


# Lines and quotation marks


def test_a_quoted_line_break_is_part_of_the_cell():
    assert lines_of(b'Name,Phone\n"Ada\nLovelace",7205550101\nGrace,7205550102\n')[1:] == [
        (2, ["Ada\nLovelace", "7205550101"], ""),
        (4, ["Grace", "7205550102"], ""),
    ]


def test_skips_blank_lines_and_rules_but_counts_them():
    assert lines_of(b"Ada,7205550101\n\n , \n-----,-----\nGrace,7205550102\n") == [
        (1, ["Ada", "7205550101"], ""),
        (5, ["Grace", "7205550102"], ""),
    ]


@pytest.mark.parametrize("after", ["", '"Cy",7205550103\n'])
def test_an_unclosed_quotation_mark_only_costs_its_line(after):
    lines = lines_of(f'Name,Phone\n"Ada,7205550101\nGrace,7205550102\n{after}'.encode())
    assert lines[1][:2] == (2, ['"Ada', "7205550101"])
    assert "quotation mark" in lines[1][2]
    assert lines[2] == (3, ["Grace", "7205550102"], "")
    assert len(lines) == (4 if after else 3)


def test_an_unclosed_quotation_mark_in_a_large_file_only_costs_its_line():
    lines = lines_of(text('"Ada,7205550101', *[f"Person {i},7205550102" for i in range(20_000)]))
    assert [number for number, _, problem in lines if problem] == [1]
    assert len(lines) == 20_001


def test_quotation_marks_inside_a_cell_are_read():
    data = (
        b'Name,Phone\n"Ada ""Countess"" Lovelace",7205550101\n"Grace" Hopper,7205550102\nAl "Al" Turing,7205550103\n'
    )
    assert [cells[0] for cells in cells_of(data)[1:]] == ['Ada "Countess" Lovelace', "Grace Hopper", 'Al "Al" Turing']


def test_a_cell_of_a_megabyte_only_costs_its_line():
    lines = lines_of(text("Name,Phone", f"{'x' * 1_000_000},7205550101", "Grace,7205550102"))
    assert "characters" in lines[1][2]
    assert len(str(lines[1][1])) < 1000
    assert lines[2] == (3, ["Grace", "7205550102"], "")


def test_an_oversized_quoted_cell_only_costs_its_line():
    lines = lines_of(text("Name,Phone", f'"{"x" * 150_000}",7205550101', "Grace,7205550102"))
    assert "characters" in lines[1][2]
    assert lines[2] == (3, ["Grace", "7205550102"], "")


def test_a_line_too_long_after_an_open_quotation_mark_is_still_refused():
    lines = lines_of(text("Name,Phone", '"Ada,7205550101', f"Al,7205550102,{'x' * 300_000}", '"Cy",7205550103'))
    assert [(number, problem != "") for number, _, problem in lines] == [(1, False), (2, True), (3, True), (4, False)]
    assert "quotation mark" in lines[1][2]


def test_a_line_of_exactly_the_limit_is_whole():
    name = "x" * (MAX_LINE - len(",7205550101\n"))
    assert [problem for *_, problem in lines_of(f"{name[:100]},1\n{name},7205550101\nAl,7205550102".encode())][
        2
    ] == ""


def test_zero_bytes_are_dropped():
    assert cells_of(b"Na\0me,Phone\nA\0da,72055\00050101\n")[1] == ["Ada", "7205550101"]


def test_a_table_can_be_read_twice():
    data = text(*PEOPLE)
    assert lines_of(data) == lines_of(data)


@given(
    st.lists(
        st.tuples(
            st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20).map(lambda s: f"n{s}"),
            st.integers(100, 199).map(lambda n: f"7205550{n}"),
        ),
        min_size=1,
        max_size=20,
    ),
    st.sampled_from(",;\t|"),
)
def test_reads_back_whatever_a_csv_writer_wrote(people, separator):
    data = quoted(["Name", "Phone"], *people, separator=separator)
    expected = [[name, phone] for name, phone in people]
    assert cells_of(data, Choices(encoding="utf-8", separator=separator))[1:] == expected


@given(st.binary(max_size=2000))
def test_any_bytes_are_lines_or_a_sentence(data):
    try:
        lines = lines_of(data)
    except Unreadable:
        return
    assert all(number >= 1 and isinstance(problem, str) for number, _, problem in lines)


@given(st.text(st.sampled_from('a,;"\n\r\t 1='), max_size=200))
def test_any_mess_of_quotation_marks_keeps_every_line(mess):
    data = f"first,7205550101\n{mess}\nlast,7205550102\n".encode()
    numbers = [number for number, _, _ in lines_of(data, Choices(encoding="utf-8", separator=","))]
    assert numbers[0] == 1
    assert numbers == sorted(set(numbers))


def test_the_limit_of_the_csv_module_is_left_alone():
    before = csv.field_size_limit()
    lines_of(text("Name,Phone", f"{'x' * 500_000},7205550101"))
    assert csv.field_size_limit() == before


# Workbooks


def test_reads_a_workbook_with_the_numbers_of_its_lines():
    data = workbook(["Name", "Phone"], ["Ada", 7205550101], [], ["Grace", "303-555-0102"])
    assert lines_of(data) == [
        (1, ["Name", "Phone"], ""),
        (2, ["Ada", 7205550101.0], ""),
        (4, ["Grace", "303-555-0102"], ""),
    ]


def test_reads_the_first_sheet_that_holds_anything():
    data = workbook(["Ada", "7205550101"], sheets=[("Empty", [])])
    assert cells_of(data) == [["Ada", "7205550101"]]
    assert form_of(data)["sheet"] == "People"


def test_reads_the_sheet_that_staff_choose():
    data = workbook(["Ada", "7205550101"], sheets=[("Other", [["Grace", "7205550102"]])])
    assert cells_of(data)[0][0] == "Grace"
    assert cells_of(data, Choices(sheet="People"))[0][0] == "Ada"


@pytest.mark.parametrize(
    ("make", "part"),
    [
        (lambda: b"", "empty"),
        (lambda: workbook(), "empty"),
        (lambda: workbook(["Ada", "7205550101"])[:2000], "damaged"),
        (lambda: b"PK\x03\x04 and no archive", "damaged"),
        (lambda: archive(**{"list.csv": "Ada,7205550101"}), "zip archive"),
        (lambda: archive(**{"word/document.xml": "<xml/>"}), "word processor"),
        (lambda: archive(**{"Index/Document.iwa": "x"}), "Numbers"),
        (lambda: archive(mimetype="application/vnd.oasis.opendocument.spreadsheet"), ".xlsx"),
        (lambda: archive(**{"xl/workbook.xml": "<broken"}), "damaged"),
        (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000), "damaged"),
        (lambda: b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "picture"),
        (lambda: b"\xff\xd8\xff\xe0" + bytes(range(256)), "picture"),
        (lambda: b"%PDF-1.7\n" + bytes(range(256)), "PDF"),
        (lambda: b"\x1f\x8b\x08" + bytes(range(256)), "archive"),
        (lambda: b"SQLite format 3\0" + bytes(100), "database"),
        (lambda: b"<!DOCTYPE html><html><body>Log in</body></html>", "web page"),
        (lambda: b'{"people": [{"phone": "7205550101"}]}', "JSON"),
        (lambda: bytes(range(256)) * 50, "neither text nor a workbook"),
    ],
)
def test_refuses_what_is_no_list_with_a_sentence(make, part):
    with pytest.raises(Unreadable, match=part) as refused:
        lines_of(make())
    assert refused.value.sentence.endswith(".")


def test_refuses_an_encrypted_workbook():
    # What of an encrypted workbook tells it from others: an OLE file with a stream of that name (MS-OFFCRYPTO).
    directory = "EncryptionInfo".encode("utf-16-le").ljust(128, b"\0") + "EncryptedPackage".encode("utf-16-le")
    data = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1_048_560) + directory.ljust(512, b"\0")
    with pytest.raises(Unreadable, match="password"):
        lines_of(data)
