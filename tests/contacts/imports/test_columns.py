import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.imports import cells, headings
from contacts.imports.columns import Role, detect
from contacts.imports.formats.tables import Line
from contacts.imports.people import MAX_NAME, NoPerson, clean_name, reader
from smsadmin.lib.csv_files import defuse

GOOGLE = (
    "First Name,Middle Name,Last Name,Phonetic First Name,Phonetic Middle Name,Phonetic Last Name,Name Prefix,"
    "Name Suffix,Nickname,File As,Organization Name,Organization Title,Organization Department,Birthday,Notes,Photo,"
    "Labels,E-mail 1 - Label,E-mail 1 - Value,Phone 1 - Label,Phone 1 - Value,Phone 2 - Label,Phone 2 - Value"
)
GOOGLE_BEFORE_2024 = (
    "Name,Given Name,Additional Name,Family Name,Yomi Name,Nickname,Group Membership,E-mail 1 - Type,"
    "E-mail 1 - Value,Phone 1 - Type,Phone 1 - Value,Phone 2 - Type,Phone 2 - Value"
)
OUTLOOK = (
    "Title,First Name,Middle Name,Last Name,Suffix,Company,Department,Job Title,Business Street,Business City,"
    "Assistant's Phone,Business Fax,Business Phone,Business Phone 2,Callback,Car Phone,Company Main Phone,Home Fax,"
    "Home Phone,Home Phone 2,ISDN,Mobile Phone,Other Fax,Other Phone,Pager,Primary Phone,Radio Phone,TTY/TDD Phone,"
    "Telex,Assistant's Name,Birthday,Categories,E-mail Address,Manager's Name,Notes,Spouse"
)


def sheet(*rows):
    return [Line(number, row) for number, row in enumerate(rows, start=1)]


def record(header, **cells):
    """A row with these cells under the headings; "Phone_1_-_Value" stands for "Phone 1 - Value"."""
    named = {name.replace("_", " "): value for name, value in cells.items()}
    assert set(named) <= set(header.split(","))
    return [named.get(name, "") for name in header.split(",")]


def read(*rows):
    """The people below the headings, as they are detected."""
    lines = sheet(*rows)
    layout = detect(lines)
    read_person = reader(layout)
    return [read_person(line.cells)[:2] for line in lines if line.number > layout.header_line]


# Without headings


@pytest.mark.parametrize(
    ("rows", "roles"),
    [
        ([["7205550101"], ["303-555-0102"]], ["phone"]),
        ([["Ada Lovelace", "7205550101"], ["Grace Hopper", "7205550102"]], ["name", "phone"]),
        ([["7205550101", "Ada Lovelace"], ["7205550102", "Grace Hopper"]], ["phone", "name"]),
        (
            [["Ada", "Lovelace", "7205550101"], ["Grace", "Hopper", "7205550102"]],
            ["first_name", "last_name", "phone"],
        ),
        ([["Ada", "7205550101"], ["Grace", "7205550102"]], ["name", "phone"]),
        (
            [["1", "Ada Lovelace", "Denver", "7205550101"], ["2", "Alan Turing", "Denver", "7205550102"]],
            ["ignored", "name", "ignored", "phone"],
        ),
        ([["Ada Lovelace", "a@example.org", "7205550101"]], ["name", "ignored", "phone"]),
        ([["Ada Lovelace", 7205550101.0], ["Grace Hopper", 7205550102.0]], ["name", "phone"]),
    ],
)
def test_finds_the_columns_by_their_cells(rows, roles):
    layout = detect(sheet(*rows))
    assert layout.header_line == 0
    assert layout.roles == roles


def test_prefers_numbers_in_use_to_numbers_of_members():
    layout = detect(sheet(*[[f"10000000{n}", f"72055501{n}"] for n in range(10, 20)]))
    assert layout.roles == ["ignored", "phone"]


# Headings


@pytest.mark.parametrize(
    "heading",
    [
        "Phone",
        "phone number",
        "Phone #",
        "PHONE NO.",
        "Phone(s)",
        "Telephone",
        "Tel.",
        "Mobile",
        "Mobile Number",
        "Cell",
        "Cell phone",
        "cellPhone",
        "phone_number",
        "Primary Phone",
        "Phone (Mobile)",
        "Home Phone",
        "Work phone",
        "Teléfono",
        "Número de teléfono",
        "Teléfono móvil",
        "Celular",
        "Móvil",
        "Telefon",
        "Telefonnummer",
        "Handy",
        "Handynr.",
        "Mobilnummer",
        "Rufnummer",
        "Téléphone",
        "N° de téléphone",
        "Portable",
        "Tél. portable",
        "Telefone",
        "Cellulare",
        "Telefoonnummer",
        "WhatsApp",
        "Phone 1 - Value",
    ],
)
def test_knows_the_headings_of_phones(heading):
    assert headings.read(heading).phone == headings.SURE
    assert detect(sheet(["Name", heading], ["Ada", "not a phone"])).roles == ["name", "phone"]


@pytest.mark.parametrize(
    "heading",
    [
        "Fax",
        "Home Fax",
        "Business fax phone",
        "Pager",
        "Phone type",
        "Phone 1 - Label",
        "Mobile provider",
        "Phone ext.",
        "Emergency contact phone",
        "Assistant's Phone",
        "Company Main Phone",
        "TTY/TDD Phone",
        "Texting consent",
        "E-mail",
        "SMS opt-in",
        "Country code",
        "Microphone",
        "Telegram",
    ],
)
def test_is_not_taken_in_by_headings_of_other_things(heading):
    assert headings.read(heading).phone != headings.SURE


@pytest.mark.parametrize(
    ("headings", "roles"),
    [
        ("First Name,Last Name,Phone", "first_name,last_name,phone"),
        ("Last,First,MI,Cell", "last_name,first_name,middle_name,phone"),
        ("Full name,Mobile", "name,phone"),
        ("Surname,Forename,Tel", "last_name,first_name,phone"),
        ("Name,Surname,Tel", "first_name,last_name,phone"),
        ("Vorname,Name,Handy", "first_name,last_name,phone"),
        ("Nachname,Vorname,Telefon", "last_name,first_name,phone"),
        ("Name,Telefon", "name,phone"),
        ("Nombre,Apellidos,Teléfono", "first_name,last_name,phone"),
        ("Nombre,Móvil", "name,phone"),
        ("Nombre,Primer apellido,Segundo apellido,Celular", "first_name,last_name,last_name,phone"),
        ("Nom,Prénom,Téléphone", "last_name,first_name,phone"),
        ("Nom complet,Portable", "name,phone"),
        ("Nome,Cognome,Cellulare", "first_name,last_name,phone"),
        ("Last name, first name,Phone".replace(", ", " / "), "last_first,phone"),
        ("Company,Contact,Phone", "other_name,name,phone"),
        ("Attendee,E-mail,City,Phone number", "name,ignored,ignored,phone"),
    ],
)
def test_knows_the_headings_of_names(headings, roles):
    names = ["Ada", "Byron", "King", "Grace"]
    header, expected = headings.split(","), roles.split(",")
    cells = ["7205550101" if role == "phone" else names[index] for index, role in enumerate(expected)]
    layout = detect(sheet(header, cells))
    assert layout.header_line == 1
    assert layout.roles == expected


def test_finds_headings_in_words_it_does_not_know():
    layout = detect(sheet(["Kto", "Numerek"], ["Ada Lovelace", "7205550101"], ["Grace Hopper", "7205550102"]))
    assert (layout.header_line, layout.roles) == (1, ["name", "phone"])


def test_a_first_line_without_a_number_is_no_heading():
    assert detect(sheet(["Ada Lovelace", "n/a"], ["Grace Hopper", "7205550102"])).header_line == 0
    assert detect(sheet(["Ada Lovelace", ""], ["Grace Hopper", "7205550102"])).header_line == 0
    assert detect(sheet(["Ada Lovelace", "720-555-01"], ["Grace Hopper", "7205550102"])).header_line == 0


def test_skips_a_title_above_the_headings():
    layout = detect(sheet(["Phone list 2026", ""], ["Name", "Phone"], ["Ada", "7205550101"]))
    assert (layout.header_line, layout.roles) == (2, ["name", "phone"])


def test_staff_say_where_the_headings_are():
    lines = sheet(["Name", "Phone"], ["Ada", "7205550101"])
    assert detect(lines, header_line=0).header_line == 0
    assert detect(lines, header_line=1).header_line == 1


def test_the_cells_have_the_last_word():
    rows = [["Name", "Phone", "Contact"], *[["Ada", "", f"72055501{n}"] for n in range(10, 20)]]
    assert detect(sheet(*rows)).roles == ["name", "ignored", "phone"]


def test_a_column_of_row_numbers_is_no_phone():
    rows = [["Number", "Name", "Phone number"], *[[str(n), f"Ada {n}", f"72055501{n}"] for n in range(10, 20)]]
    assert detect(sheet(*rows)).roles == ["ignored", "name", "phone"]


def test_keeps_the_phone_column_when_all_its_numbers_are_bad():
    layout = detect(sheet(["Name", "Phone"], ["Ada", "7.20555E+09"], ["Grace", "7.20555E+09"]))
    assert layout.roles == ["name", "phone"]


def test_says_that_there_is_no_phone():
    assert not detect(sheet(["Name", "City"], ["Ada", "Denver"])).has_phone


@given(st.lists(st.lists(st.text(max_size=12), max_size=6), max_size=15))
def test_any_cells_have_a_layout(rows):
    layout = detect(sheet(*rows))
    assert len(layout.roles) == len(layout.headings)
    assert 0 <= layout.header_line <= len(rows)


# Which phone


def test_a_google_export_gives_the_mobile_phone():
    people = read(
        GOOGLE.split(","),
        record(
            GOOGLE, First_Name="Ada", Last_Name="Lovelace", **_phones("Work", "3035550111", "Mobile", "7205550101")
        ),
        record(GOOGLE, First_Name="Grace", Middle_Name="B.", Last_Name="Hopper", **_phones("Home", "3035550102")),
        record(GOOGLE, First_Name="Alan", **_phones("Mobile", "(720) 555-0103 ::: (720) 555-0104")),
        record(GOOGLE, First_Name="Mary", **_phones("Home Fax", "3035550199", "Work", "3035550105")),
        record(GOOGLE, First_Name="Tim", **_phones("", "3035550106", "Home", "3035550107")),
    )
    assert people == [
        ("+17205550101", "Ada Lovelace"),
        ("+13035550102", "Grace B. Hopper"),
        ("+17205550103", "Alan"),
        ("+13035550105", "Mary"),
        ("+13035550106", "Tim"),
    ]


def test_an_older_google_export_gives_the_whole_name():
    row = record(
        GOOGLE_BEFORE_2024,
        Name="Ada King Lovelace",
        Given_Name="Ada",
        Family_Name="Lovelace",
        **_phones("Work", "3035550111", "* Mobile", "7205550101", kind="Type"),
    )
    assert read(GOOGLE_BEFORE_2024.split(","), row) == [("+17205550101", "Ada King Lovelace")]


def _phones(*pairs, kind="Label"):
    cells = {}
    for number, (label, value) in enumerate(zip(pairs[::2], pairs[1::2], strict=True), start=1):
        cells |= {f"Phone_{number}_-_{kind}": label, f"Phone_{number}_-_Value": value}
    return cells


def test_an_outlook_export_gives_the_mobile_phone_then_the_others_and_home_last():
    people = read(
        OUTLOOK.split(","),
        record(
            OUTLOOK, First_Name="Ada", Last_Name="Lovelace", Business_Phone="3035550111", Mobile_Phone="7205550101"
        ),
        record(OUTLOOK, First_Name="Grace", Business_Phone="3035550112", Home_Phone="3035550102"),
        record(
            OUTLOOK, First_Name="Alan", Business_Phone="3035550103", Business_Fax="3035550199", Mobile_Phone="ask him"
        ),
        record(OUTLOOK, First_Name="Mary", Company_Main_Phone="3035550100", Primary_Phone="3035550104"),
    )
    assert people == [
        ("+17205550101", "Ada Lovelace"),
        ("+13035550112", "Grace"),
        ("+13035550103", "Alan"),
        ("+13035550104", "Mary"),
    ]


def test_a_line_with_nothing_but_a_fax_is_refused():
    with pytest.raises(NoPerson, match="fax"):
        read(GOOGLE.split(","), record(GOOGLE, First_Name="Ada", **_phones("Home Fax", "3035550199")))


def test_a_line_without_a_valid_phone_gives_the_reason_of_the_first():
    with pytest.raises(NoPerson, match="no area code"):
        read(["Name", "Mobile", "Home phone"], ["Ada", "555-0101", "unknown"], ["Grace", "7205550102", ""])


def test_a_line_that_ends_early_has_no_phone():
    with pytest.raises(NoPerson, match="missing"):
        read(["Name", "Phone"], ["Grace", "7205550102"], ["Ada"])


# Names


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        ("Ada Lovelace", "Ada Lovelace"),
        ("  Ada \t\n Lovelace ", "Ada Lovelace"),
        ("Ada\u00a0Lovelace", "Ada Lovelace"),
        ("Ada\x00\x07Lovelace", "Ada Lovelace"),
        ("\ufeffAda\u200b \u202eLovelace\u2069", "Ada Lovelace"),
        ("Ada 👩\u200d🔬", "Ada 👩\u200d🔬"),
        ("Lovelace, Ada", "Lovelace, Ada"),
        ("x" * MAX_NAME, "x" * MAX_NAME),
        (" \u200b ", None),
        ("", None),
    ],
)
def test_cleans_names(cell, name):
    assert clean_name(cell) == name


@given(st.text(max_size=MAX_NAME))
def test_a_name_that_was_cleaned_and_exported_is_read_as_the_same(text):
    try:
        name = clean_name(text)
    except NoPerson:
        return
    exported = defuse(name or "")
    expected = None if name and cells.is_no_name(name) else name
    assert read(["Name", "Phone"], [exported, "7205550101"])[0][1] == expected


def test_refuses_a_name_that_is_too_long():
    with pytest.raises(NoPerson, match=r"101 characters\. The limit is 100"):
        clean_name("x" * 101)


def test_refuses_a_name_that_the_encoding_broke():
    with pytest.raises(NoPerson, match="“Jos\ufffd” has an unreadable character"):
        clean_name("Jos\ufffd")


def test_turns_last_first_where_the_column_says_so():
    rows = (
        ["Last, First", "Phone"],
        ["Lovelace, Ada", "7205550101"],
        ["Turing", "7205550102"],
        ["A, B, C", "7205550103"],
    )
    assert [name for _, name in read(*rows)] == ["Ada Lovelace", "Turing", "A, B, C"]


def test_joins_the_parts_of_a_name_that_are_there():
    rows = (
        ["Last", "First", "Phone"],
        ["Lovelace", "", "7205550101"],
        ["", "Grace", "7205550102"],
        ["", "", "7205550103"],
    )
    assert [name for _, name in read(*rows)] == ["Lovelace", "Grace", None]


def test_takes_off_the_apostrophe_that_an_export_puts_before_formulas():
    assert read(["Name", "Phone"], ["'=Ada()", "'+1 720 555 0101"]) == [("+17205550101", "=Ada()")]


def test_every_role_has_a_word_for_staff():
    assert all(role.label for role in Role)
