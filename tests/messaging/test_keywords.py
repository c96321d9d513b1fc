from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from messaging import keywords
from messaging.consent.answers import opt_out_answer
from messaging.models import InboxMessage
from surveys.models import SurveyFlow

from .inbound.inbound_texts import text_in

ADA = "+17205550123"
BOB = "+17205550124"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" join ", "JOIN"),
        ("food\n  bank", "FOOD BANK"),
        ("ＪＯＩＮ", "JOIN"),
        ("jo\u200bin\ufeff", "JOIN"),
        ("❤\ufe0f", "❤"),
        ("\u200b", ""),
        ("", ""),
    ],
)
def test_a_keyword_is_kept_in_capitals_with_single_spaces(typed, kept):
    assert keywords.normalize(typed) == kept


@given(st.text())
def test_normalizing_twice_changes_nothing(text):
    once = keywords.normalize(text)
    assert keywords.normalize(once) == once


@given(st.text())
def test_no_candidate_is_longer_than_a_keyword(body):
    meant = keywords.candidates(body)
    assert all(0 < len(word) <= 40 for word in meant.whole + meant.first_word)


@pytest.mark.parametrize("body", ["join", "JOIN", " Join! ", "“join”", "join\n", "Join us please", "join, please"])
def test_a_text_matches_as_a_whole_or_by_its_first_word(make_rule, body):
    make_rule()
    assert text_in(ADA, body) == "Welcome!"


@pytest.mark.parametrize("body", ["please join", "joining", "jo in", "", "x" * 5_000])
def test_a_text_that_does_not_begin_with_the_keyword_does_not_match(make_rule, body):
    make_rule()
    assert text_in(ADA, body) == ""


def test_the_whole_text_comes_before_the_first_word(make_rule):
    make_rule("FOOD", "Which food?")
    make_rule("FOOD BANK", "Open on Monday.")
    assert text_in(ADA, "food bank") == "Open on Monday."
    assert text_in(ADA, "food please") == "Which food?"


def test_a_rule_that_matches_the_whole_text_comes_before_a_survey_that_matches_its_first_word(make_rule):
    SurveyFlow.objects.create(name="Food", trigger_keyword="FOOD", questions_json='["What do you need?"]')
    make_rule("FOOD BANK", "Open on Monday.")
    assert text_in(ADA, "food bank") == "Open on Monday."
    assert text_in(ADA, "food please") == "What do you need?"


def test_matches_are_counted(make_rule):
    rule = make_rule()
    text_in(ADA, "JOIN")
    text_in(BOB, "JOIN")
    rule.refresh_from_db()
    assert rule.match_count == 2
    assert rule.last_matched_at == InboxMessage.objects.filter(direction="inbound").latest("pk").created_at


def test_an_inactive_rule_is_not_answered(make_rule):
    make_rule(is_active=False)
    assert text_in(ADA, "JOIN") == ""


def test_two_robots_do_not_text_each_other_forever(make_rule, settings):
    settings.SMS_KEYWORD_REPLIES_PER_HOUR = 3
    make_rule()
    answers = [text_in(ADA, "JOIN") for _ in range(5)]
    assert answers == ["Welcome!"] * 3 + ["", ""]
    assert text_in(BOB, "JOIN") == "Welcome!"


def test_keywords_are_among_the_automatic_replies(make_rule, settings):
    settings.SMS_AUTO_REPLIES_PER_HOUR = 2
    make_rule()
    assert [text_in(ADA, "JOIN") for _ in range(3)] == ["Welcome!"] * 2 + [""]
    # Opt-outs still work and are confirmed.
    assert text_in(ADA, "Please stop texting me") == opt_out_answer()


def test_after_an_hour_the_robot_is_answered_again(make_rule, settings):
    settings.SMS_KEYWORD_REPLIES_PER_HOUR = 3
    make_rule()
    for _ in range(3):
        text_in(ADA, "JOIN")
    InboxMessage.objects.update(created_at=timezone.now() - timedelta(minutes=61))
    assert text_in(ADA, "JOIN") == "Welcome!"


@pytest.mark.parametrize("keyword", ["stop", "Quit", "OPTOUT", "start", "yes", "help", "info", "exit", "Stop please"])
def test_reserved_words_are_refused(db, keyword):
    reason = keywords.why_refused(keyword)
    assert keyword.upper() in reason
    assert "Choose another word" in reason


@pytest.mark.parametrize("keyword", ["", "  ", "x" * 41])
def test_a_keyword_has_between_1_and_40_characters(db, keyword):
    assert keywords.why_refused(keyword)


def test_punctuation_around_it_does_not_matter(make_rule):
    assert [keywords.normalize(word) for word in ("Potluck!", " «potluck?»", "pot-luck.", "C++", "🎉")] == [
        "POTLUCK",
        "POTLUCK",
        "POT-LUCK",
        "C",
        "🎉",
    ]
    make_rule("JOIN")
    assert "already" in keywords.why_refused("join!")


def test_a_keyword_only_has_one_owner(make_rule):
    rule = make_rule("JOIN")
    survey = SurveyFlow.objects.create(name="Picnic", trigger_keyword="PICNIC", questions_json='["Who?"]')
    assert keywords.why_refused("join").startswith("JOIN is already the keyword of a keyword reply.")
    assert keywords.why_refused("picnic").startswith("PICNIC is already the keyword of the survey “Picnic”.")
    assert keywords.why_refused("join", rule) == ""
    assert keywords.why_refused("picnic", survey) == ""
    assert keywords.why_refused("picnic", rule) != ""
    assert keywords.why_refused("lunch") == ""
