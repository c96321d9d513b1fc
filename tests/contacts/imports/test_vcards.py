"""Files of vCards, as phones and address books write them."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.imports import rejected_lines

from ..admin.test_import_pages import address, said
from .importing import cells_of, form_of, people_of, preview, problems_of, read

PLAIN = """BEGIN:VCARD
VERSION:3.0
N:Stone;Mia;;;
FN:Mia Stone
TEL;TYPE=HOME:303-555-0121
TEL;TYPE=CELL:+1 720-555-0111
END:VCARD
"""
UNENDED = PLAIN.encode().replace(b"END:VCARD\n", b"")


def card(*lines, version="3.0"):
    return "\r\n".join(["BEGIN:VCARD", f"VERSION:{version}", *lines, "END:VCARD", ""]).encode()


OLD_PHONE = card(
    "N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;Zo=C3=AB;;;",
    "FN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:Zo=C3=AB =",
    "M=C3=BCller",
    "TEL;HOME:303-555-0122",
    "TEL;CELL;PREF:720-555-0112",
    "PHOTO;ENCODING=BASE64;JPEG:/9j/4AAQSkZJRgABAQ",
    " AAAAB",
    "",
    version="2.1",
)
APPLE = card(
    "N:Reed;Leo;;;",
    "FN:Leo Reed",
    "ORG:Reed\\, Sons;",
    "item1.TEL;type=pref:303-555-0123",
    "item1.X-ABLabel:_$!<Home>!$_",
    "TEL;type=IPHONE;type=CELL;type=VOICE:720-555-0113",
)
NEW = card(
    "FN:Ira Wolfe", 'TEL;VALUE=uri;PREF=2;TYPE="voice,cell":tel:+1-720-555-0114', "TEL;TYPE=work:1", version="4.0"
)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("data", "people"),
    [
        (PLAIN.encode(), [("+17205550111", "Mia Stone")]),
        (PLAIN.replace("\n", "\r").encode(), [("+17205550111", "Mia Stone")]),
        (PLAIN.encode("utf-16"), [("+17205550111", "Mia Stone")]),
        (OLD_PHONE, [("+17205550112", "Zoë Müller")]),
        (APPLE, [("+17205550113", "Leo Reed")]),
        (NEW, [("+17205550114", "Ira Wolfe")]),
        (
            PLAIN.encode() + OLD_PHONE + APPLE + NEW,
            [
                ("+17205550111", "Mia Stone"),
                ("+17205550112", "Zoë Müller"),
                ("+17205550113", "Leo Reed"),
                ("+17205550114", "Ira Wolfe"),
            ],
        ),
        (card("ORG:Elm Bakery;", "TEL;WORK:303-555-0133"), [("+13035550133", "Elm Bakery")]),
        (card("FN:303-555-0134", "TEL:303-555-0134"), [("+13035550134", None)]),
        (card("N:Stone;Mia", "TEL;TYPE=FAX:303-555-0190", "TEL:303-555-0121"), [("+13035550121", "Mia Stone")]),
        (card("FN:Mia\r\n  Stone", "TEL:303-555-0121"), [("+13035550121", "Mia Stone")]),
        (
            PLAIN.encode().replace(b"END:VCARD\n", b"") + APPLE,
            [("+17205550111", "Mia Stone"), ("+17205550113", "Leo Reed")],
        ),
        (PLAIN.encode().replace(b"END:VCARD\n", b""), [("+17205550111", "Mia Stone")]),
        (card("FN:Choir", "KIND:group") + APPLE, [("+17205550113", "Leo Reed")]),
    ],
)
def test_reads_the_cards_of_every_version(data, people):
    assert read(data, name="contacts.vcf") == people


@pytest.mark.django_db
def test_a_card_without_a_phone_is_a_line_with_a_reason():
    contact_import = preview(card("FN:Mia Stone", "EMAIL:mia@example.org") + APPLE, name="contacts.vcf")
    assert people_of(contact_import) == [("+17205550113", "Leo Reed")]
    assert problems_of(contact_import) == [(1, "The phone number is missing.")]


@pytest.mark.django_db
def test_the_cards_that_are_not_valid_come_as_a_list_that_can_be_imported_again():
    contact_import = preview(card("FN:Mia Stone", "TEL:303-555") + APPLE, name="contacts.vcf")
    assert rejected_lines.file_name(contact_import) == "contacts - not imported.csv"
    content = b"".join(rejected_lines.content(contact_import)).decode("utf-8-sig")
    header, line = csv.reader(io.StringIO(content))
    assert (header[0], line[0], line[6]) == ("Full name", "Mia Stone", "303-555")
    assert read(content.replace("303-555", "303-555-0121").encode()) == [("+13035550121", "Mia Stone")]


@pytest.mark.django_db
def test_the_page_of_an_import_of_cards(admin_client):
    page = said(admin_client.get(address(preview(PLAIN.encode() * 2, name="contacts.vcf"), "change")))
    assert "1 person will be added to the community." in page
    assert "vCards, UTF-8" in page


def test_a_photo_of_megabytes_is_passed_over():
    photo = "PHOTO;ENCODING=b;TYPE=JPEG:" + "A" * 3_000_000
    folded = "\r\n ".join(["PHOTO;ENCODING=b:", *["A" * 75] * 5_000])
    assert len(cells_of(card(photo, folded, "FN:Mia", "TEL:3035550121"))) == 1


def test_letters_of_another_encoding_are_guessed_and_said():
    form = form_of(card("FN:Zoë Müller", "TEL:3035550121").decode().encode("cp1252"))
    assert (form["encoding"], form["guessed"]) == ("cp1252", ["Zoë", "Müller"])


@given(st.binary(max_size=500))
def test_any_bytes_in_a_card_are_cells(data):
    for cells in cells_of(b"BEGIN:VCARD\n" + data + b"\nTEL:3035550121\nEND:VCARD\n"):
        assert all(isinstance(cell, str) for cell in cells)
