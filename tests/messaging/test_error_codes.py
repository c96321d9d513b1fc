import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.models import SuppressedContact
from messaging.error_codes import REMEDIES, TABLE, Category, Reason, classify, codes_of, error_table, final_codes


def rows():
    with TABLE.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def test_each_line_of_the_table_is_well_formed():
    for row in rows():
        assert set(row) == {"code", "category", "stop", "reason", "sentence"}, row
        assert row["code"].isdigit(), row
        assert row["category"] in Category.values, row
        assert row["stop"] in {"", "yes"}, row
        assert row["reason"] in Reason.values, row
        assert row["sentence"] == row["sentence"].strip(), row
        assert row["sentence"].endswith("."), row
        assert 30 <= len(row["sentence"]) <= 200, row


def test_the_table_is_sorted_and_lists_each_code_once():
    codes = [int(row["code"]) for row in rows()]
    assert codes == sorted(set(codes))


def test_only_our_own_faults_stop_a_blast():
    stopping = [info for info in error_table().values() if info.stops_blast]
    assert {info.category for info in stopping} == {Category.CONFIG_ERROR}


@pytest.mark.parametrize("code", [20003, 20005, 20404, 21212, 21704, 30002, 30033, 30037])
def test_a_fault_that_every_further_text_would_hit_stops_a_blast(code):
    assert classify(code).stops_blast
    assert classify(code).category == Category.CONFIG_ERROR


@pytest.mark.parametrize("code", [21408, 21606, 21608, 21617, 21703, 30032, 30034, 30040])
def test_a_fault_of_ours_that_depends_on_the_recipient_does_not_stop_a_blast(code):
    assert classify(code).category == Category.CONFIG_ERROR
    assert not classify(code).stops_blast


@pytest.mark.parametrize("code", [21211, 21217, 21614, 21635, 30005, 30006])
def test_a_dead_number_is_a_hard_failure(code):
    assert classify(code).category == Category.HARD_FAIL


@pytest.mark.parametrize("code", [21610, 63033])
def test_an_opt_out_code_is_an_opt_out(code):
    assert classify(code).category == Category.OPT_OUT


@pytest.mark.parametrize("code", [14111, 30014, 30016, 30615, 63003, 63007, 63012, 63013, 63018, 63024, 63026])
def test_each_code_that_sending_can_get_has_its_own_sentence(code):
    assert "See https://" not in classify(code).sentence


@pytest.mark.parametrize("code", [30003, 30004, 30007, 30008, 30410, 20429, 20500, 20503])
def test_codes_that_do_not_prove_a_dead_number_are_soft(code):
    assert classify(code).category == Category.SOFT_FAIL


def test_an_error_without_a_code_is_soft():
    assert classify(None).category == Category.SOFT_FAIL
    assert classify(None).code is None
    assert not classify(None).stops_blast


@given(st.integers())
def test_any_code_is_classified_and_an_unknown_one_is_soft_and_named(code):
    info = classify(code)
    assert info.code == code
    assert info.sentence
    if code not in error_table():
        assert info.category == Category.SOFT_FAIL
        assert not info.stops_blast
        assert str(code) in info.sentence


def test_the_categories_of_contacts_have_the_values_of_the_schema():
    assert set(SuppressedContact.Category.values) <= set(Category.values)


def test_each_reason_has_a_remedy():
    assert set(REMEDIES) == set(Reason)


def test_no_reason_to_resend_has_a_code_that_is_final():
    resendable = {code for reason in Reason if REMEDIES[reason].can_resend for code in codes_of(reason)}
    assert resendable.isdisjoint(final_codes())


def test_unknown_codes_and_failures_without_a_code_are_other_reasons():
    assert classify(None).reason == classify(99).reason == Reason.OTHER
    assert codes_of(Reason.OTHER) == []
