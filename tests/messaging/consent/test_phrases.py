"""The syntax of phrases, and the automaton that finds them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.consent.languages import languages
from messaging.consent.phrases import BadPhrase, Phrases


def find(phrase, text, **named):
    phrases = Phrases(named)
    phrases.add(phrase, "rule")
    words = text.split()
    return [" ".join(words[start:end]) for start, end, _ in phrases.search(words)]


@pytest.mark.parametrize(
    ("phrase", "text", "found"),
    [
        ("stop texting", "please stop texting me", ["stop texting"]),
        ("stop|quit texting", "quit texting or stop texting", ["quit texting", "stop texting"]),
        ("stop [all] texts", "stop all texts stop texts", ["stop all texts", "stop texts"]),
        ("(get off|leave) this", "i leave this and get off this", ["leave this", "get off this"]),
        ("unsub*", "unsubscribing is to unsub not unload", ["unsubscribing", "unsub"]),
        ("stop ~2 texts", "stop the bingo texts", ["stop the bingo texts"]),
        ("stop ~2 texts", "stop all the bingo texts", []),
        ("^stop", "please stop", []),
        ("stop$", "stop it", []),
        ("stop !(by|at)", "stop by", []),
        ("stop !(by|at)", "stop it", ["stop"]),
        ("-(bus|pit) stop", "bus stop", []),
        ("-(bus|pit) stop", "the stop", ["stop"]),
        ("Stóp", "stop", ["stop"]),
    ],
)
def test_a_phrase_matches_its_words(phrase, text, found):
    assert find(phrase, text) == found


def test_word_sequences_can_be_named():
    assert find("stop <me>", "stop my phone", me=["me|us", "my phone"]) == ["stop my phone"]
    assert find("stop <which>*2 texts", "stop all these texts", which=["all", "these"]) == ["stop all these texts"]


@pytest.mark.parametrize(
    "phrase",
    [
        "",
        "stop (texts",
        "stop texts)",
        "stop [all",
        "stop <nobody>",
        "a|b c|d",
        "stop ^ it",
        "stop !(by) it",
        "it -(a) b",
    ],
)
def test_a_malformed_phrase_is_refused(phrase):
    with pytest.raises(BadPhrase):
        find(phrase, "stop")


def test_circular_names_are_refused():
    with pytest.raises(BadPhrase):
        find("<a>", "stop", a=["<b>"], b=["<a>"])


words = st.lists(st.sampled_from(["stop", "all", "these", "texts", "please", "sunday"]), max_size=12)


@given(words)
def test_cached_states_do_not_change_the_result(text):
    fresh, used = Phrases(), Phrases()
    for phrases in (fresh, used):
        phrases.add("stop [all] ~1 texts", 1)
        phrases.add("please stop", 2)
    used.search(["please", "stop", "all", "these", "texts", "sunday"])
    assert fresh.search(text) == used.search(text)


def test_every_word_of_a_phrase_can_occur_in_a_text():
    """If a spelling is normalized to another word, the phrase must use that one."""
    known = languages()
    for phrases in (known.parts, known.flagged, known.flagged_alone, known.contrary):
        wrong = {word: known.spellings[word] for word in phrases.words if word in known.spellings}
        assert {word: means for word, means in wrong.items() if word not in means} == {}
