"""The automatic answers to STOP, START and HELP."""

import pytest

from messaging.consent import answers
from messaging.text.encoding import Encoding, measure

pytestmark = pytest.mark.django_db

EACH = pytest.mark.parametrize("answer", [answers.opt_out_answer, answers.opt_in_answer, answers.help_answer])


@pytest.fixture
def choir(settings):
    settings.ORGANIZATION_NAME = "Riverside Choir"
    settings.ORGANIZATION_CONTACT = "choir@example.org"
    return settings


@EACH
def test_each_names_the_organization(choir, answer):
    assert answer().startswith("Riverside Choir: ")


@EACH
def test_without_a_name_each_is_still_a_sentence(settings, answer):
    assert settings.ORGANIZATION_NAME == ""
    assert answer()[0].isupper()
    assert not {"{", "}", "  "} & set(answer())


def test_help_gives_a_contact_and_says_that_texts_may_cost(choir):
    assert "choir@example.org" in answers.help_answer()
    assert "Msg & data rates may apply" in answers.help_answer()
    assert "STOP" in answers.help_answer()


def test_help_without_a_contact_says_that_the_text_will_be_read(choir):
    choir.ORGANIZATION_CONTACT = ""
    assert "will read it" in answers.help_answer()


@EACH
@pytest.mark.parametrize("name", ["", "Riverside Choir", "St. Mary's Neighborhood Center of Denver"])
@pytest.mark.parametrize("contact", ["", "(720) 555-0100", "office@stmarys.example.org"])
def test_each_fits_one_plain_segment(settings, answer, name, contact):
    settings.ORGANIZATION_NAME, settings.ORGANIZATION_CONTACT = name, contact
    size = measure(answer())
    assert (size.encoding, size.segments) == (Encoding.GSM_7, 1)


def test_the_operators_wording_gives_way_to_ours_while_a_field_of_it_has_no_value(choir):
    choir.SMS_HELP_REPLY = "Write to {contact}."
    assert answers.lacking() == []
    choir.ORGANIZATION_CONTACT = ""
    assert "will read it" in answers.help_answer()
    assert answers.lacking() == ["SMS_HELP_REPLY"]


def test_the_operators_own_wording_is_used_with_its_fields_filled(choir):
    choir.SMS_OPT_OUT_REPLY = "Goodbye from {organization}. Write to {contact}."
    assert answers.opt_out_answer() == "Goodbye from Riverside Choir. Write to choir@example.org."
