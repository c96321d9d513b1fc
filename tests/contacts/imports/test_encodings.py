import io

import pytest

from contacts.imports.formats import encodings

from ..admin.test_import_pages import address, said
from .importing import cells_of, form_of, preview


@pytest.mark.parametrize(
    ("names", "encoding"),
    [
        (["José Muñoz"], "cp1252"),
        (["José Muñoz"], "mac_roman"),
        (["José Muñoz"], "cp850"),
        (["René Ångström", "Zoë Müller"], "cp1252"),
        (["René Ångström", "Zoë Müller"], "mac_roman"),
        (["François Lefèvre"], "cp1252"),
        (["François Lefèvre"], "mac_roman"),
        (["João Conceição"], "cp1252"),
        (["Jürgen Groß"], "mac_roman"),
        (["¿Cuál es su nombre?", "María Ibáñez"], "cp1252"),
        (["¿cuál es su nombre?", "José Peña"], "cp1252"),
        (["Nº de teléfono"], "cp1252"),
        (["Łukasz Żak"], "cp1250"),
        (["żona"], "cp1250"),
        (["Jiří Dvořák"], "cp1250"),
        (["Анна Иванова", "Иван Петров"], "cp1251"),
        (["山田太郎", "佐藤花子"], "cp932"),
    ],
)
def test_tells_encodings_by_a_few_names(names, encoding):
    lines = [f"{name},7205550{number}" for number, name in enumerate(names, start=101)]
    data = "\r\n".join(["Name,Phone", *lines]).encode(encoding)
    assert encodings.guess(io.BytesIO(data)).encoding == encoding
    assert [cells[0] for cells in cells_of(data)[1:]] == names


def test_a_late_accent_is_guessed_by_too():
    data = "Name,Phone\n" + "Ann,7205550101\n" * 100_000 + "José,7205550102\n"
    assert encodings.guess(io.BytesIO(data.encode("mac_roman"))) == encodings.Guess("mac_roman", ("José",))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_what_is_certain_is_no_guess(encoding):
    assert form_of("Name,Phone\nZoë,7205550101\n".encode(encoding))["guessed"] == []


@pytest.mark.django_db
def test_the_preview_shows_the_odd_names_where_the_encoding_is_a_guess(admin_client):
    data = "name,phone\rRené Ångström,7205550101\rJosé Muñoz,3035550102\r".encode("mac_roman")
    page = said(admin_client.get(address(preview(data), "change")))
    assert "We read it as Mac Roman. Check that these words look right: René, Ångström, José, Muñoz." in page


@pytest.mark.django_db
def test_an_encoding_that_staff_chose_is_no_guess(admin_client):
    page = said(
        admin_client.get(
            address(preview("name,phone\nJosé,7205550101".encode("cp1252"), encoding="cp1252"), "change")
        )
    )
    assert "look right" not in page
