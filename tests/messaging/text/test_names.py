import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.text.names import clean_name, first_name


@pytest.mark.parametrize(
    ("name", "cleaned"),
    [
        ("Ann Lee", "Ann Lee"),
        ("  Ann   Lee ", "Ann Lee"),
        ("Ann\r\n\tLee", "Ann Lee"),
        ("Ann\x00\x07Lee", "Ann Lee"),
        ("Ann\xa0Lee\u3000", "Ann Lee"),
        ("Ann\u2028Lee", "Ann Lee"),
        ("\u202aAnn\u200b Lee\u202c", "Ann Lee"),
        ("\ufeff", ""),
        ("José Ñúñez", "José Ñúñez"),
        ("می\u200cخواهم", "می\u200cخواهم"),
    ],
)
def test_a_name_is_cleaned_for_the_text(name, cleaned):
    assert clean_name(name) == cleaned


@given(st.text(st.characters(exclude_categories=[])))
def test_a_cleaned_name_is_on_one_line_and_clean(text):
    name = clean_name(text)

    assert name == clean_name(name) == " ".join(name.split())


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("Maria", "Maria"),
        ("Maria del Carmen Lopez", "Maria"),
        ("Dr. Maria Lopez", "Maria"),
        ("dr Maria Lopez", "Maria"),
        ("Prof. Dr. Maria Lopez", "Maria"),
        ("Fr. Tom Walsh", "Tom"),
        ("Br. Luke", "Br. Luke"),
        ("Msgr. Paul Dee", "Paul"),
        ("Rt. Rev. Paul Dee", "Paul"),
        ("Sgt. Ann Alder", "Ann"),
        ("Hon. Ann Alder", "Ann"),
        ("Hon Nguyen", "Hon"),
        ("M. Paul Dee", "Paul"),
        ("Lic. Ana Ruiz", "Ana"),
        ("Doña Ana Ruiz", "Ana"),
        ("Don Alder", "Don"),
        ("Frau Dr. Anna Alder", "Anna"),
        ("Mme Anna Alder", "Anna"),
        ("The Alder Family", "The Alder Family"),
        ("Familie Alder", "Familie Alder"),
        ("Alder Family", "Alder Family"),
        ("Sra. Ana Silva", "Ana"),
        ("Mr. Lopez", "Mr. Lopez"),
        ("Mr. and Mrs. Lopez", "Mr. and Mrs. Lopez"),
        ("Miss", "Miss"),
        ("Drew Lee", "Drew"),
        ("Lopez, Maria", "Maria"),
        ("Lopez, Maria J.", "Maria"),
        ("Garcia Lopez,Maria", "Maria"),
        ("Smith, John, Jr.", "John"),
        ("Maria Lopez, PhD", "Maria"),
        ("Maria Lopez, M.D.", "Maria"),
        ("Dr. Maria Lopez, Ph.D.", "Maria"),
        ("Maria Lopez, Dr.", "Maria"),
        ("Lopez,", "Lopez"),
        (",", ","),
    ],
)
def test_the_first_name_is_what_people_call_the_person(name, first):
    assert first_name(name) == first


@given(st.text().map(clean_name).filter(bool))
def test_a_first_name_is_a_part_of_the_name(name):
    assert first_name(name)
    assert first_name(name) in name
