import runpy

import pytest

from messaging.consent import languages, reactions


@pytest.fixture
def memory_stays(monkeypatch):
    monkeypatch.setattr("gc.freeze", lambda: None)


def test_the_first_texts_do_not_wait_for_the_opt_out_phrases(memory_stays):
    for cached in (languages.languages, reactions._patterns):
        cached.cache_clear()
    runpy.run_path("gunicorn.conf.py")["on_starting"](None)
    assert languages.languages.cache_info().currsize == 1
    assert reactions._patterns.cache_info().currsize == 1
