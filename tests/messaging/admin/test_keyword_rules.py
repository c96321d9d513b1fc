"""Keyword replies in the admin: what is accepted, what is refused and why."""

import pytest

from messaging.admin.keywords import KeywordRuleForm
from messaging.models import KeywordAutomationRule
from surveys.models import SurveyFlow
from tests.admin_pages import squeeze

from ..conversations import read
from .pages import inline_code

pytestmark = pytest.mark.django_db
RULES = "/admin/messaging/keywordautomationrule/"


def save(client, page="add/", **fields):
    data = {"keyword": "parking", "response_body": "Behind the hall", "is_active": "on", **fields}
    return squeeze(client.post(f"{RULES}{page}", data, follow=True).content.decode())


def test_a_keyword_is_normalized(manager_client):
    save(manager_client, keyword="  summer   picnic ", response_body=" Six o'clock\r\nat the lake ")
    rule = KeywordAutomationRule.objects.get()
    assert (rule.keyword, rule.response_body) == ("SUMMER PICNIC", "Six o'clock\nat the lake")


@pytest.mark.parametrize(
    ("keyword", "reason"),
    [
        ("", "This field is required."),
        ("stop", "Texting STOP opts people out"),
        ("Help", "HELP asks for help"),
        ("start", "Texting START opts people back in"),
        ("x" * 41, "The keyword has 41 characters"),
        ("PICNIC", "PICNIC is already the keyword of the survey “Picnic”"),
        ("taken", "TAKEN is already the keyword of a keyword reply"),
    ],
)
def test_an_unavailable_keyword_is_refused_with_the_reason(manager_client, make_rule, keyword, reason):
    make_rule("TAKEN")
    SurveyFlow.objects.create(name="Picnic", trigger_keyword="PICNIC", questions_json="[]")
    assert reason in save(manager_client, keyword=keyword)
    assert KeywordAutomationRule.objects.count() == 1


@pytest.mark.parametrize(
    ("reply", "reason"), [("  ", "This field is required."), ("x" * 1601, "The reply has 1,601 characters")]
)
def test_a_reply_that_cannot_be_sent_is_refused_with_the_reason(manager_client, reply, reason):
    assert reason in save(manager_client, response_body=reply)
    assert not KeywordAutomationRule.objects.exists()


def test_a_reply_changes_and_its_keyword_stays_its_own(manager_client, make_rule):
    rule = make_rule("PARKING", match_count=3)
    save(manager_client, f"{rule.pk}/change/", response_body="In front of it")
    rule.refresh_from_db()
    assert (rule.keyword, rule.response_body, rule.match_count) == ("PARKING", "In front of it", 3)


def test_a_text_that_comes_while_a_reply_is_changed_is_counted(manager_client, make_rule, monkeypatch):
    rule = make_rule("PARKING", match_count=3)

    def clean(form):
        KeywordAutomationRule.objects.filter(pk=rule.pk).update(match_count=4)
        return "In front of it"

    monkeypatch.setattr(KeywordRuleForm, "clean_response_body", clean)
    save(manager_client, f"{rule.pk}/change/")
    rule.refresh_from_db()
    assert (rule.response_body, rule.match_count) == ("In front of it", 4)


def test_the_list_can_be_filtered_and_searched(manager_client, make_rule):
    make_rule("PARKING", "y" * 200, match_count=7)
    text = read(manager_client, RULES)
    assert "PARKING" in text
    assert "y" * 79 + "…" in text
    assert "never" in text
    assert not inline_code(text)


def test_an_empty_list_says_how_to_start(manager_client):
    assert "No keyword replies yet." in read(manager_client, RULES)


@pytest.mark.parametrize(("action", "before"), [("activate_replies", False), ("deactivate_replies", True)])
def test_replies_are_turned_on_and_off(manager_client, make_rule, action, before):
    rule = make_rule(is_active=before)
    data = {"action": action, "_selected_action": rule.pk}
    text = manager_client.post(RULES, data, follow=True).content.decode()
    assert "1 keyword reply turned o" in text
    made_at = rule.updated_at
    rule.refresh_from_db()
    assert rule.is_active is not before
    assert rule.updated_at > made_at
    assert "All of them were" in manager_client.post(RULES, data, follow=True).content.decode()


def test_size_and_segments_are_shown_while_a_reply_is_typed(manager_client):
    answer = manager_client.post(f"{RULES}measure/", {"text": "x" * 200}).json()
    assert answer["sentence"].startswith("200 characters (2 messages)")
    assert [len(part) for part in answer["segments"]] == [153, 47]


def test_the_form_has_nothing_inline_and_asks_for_its_size(manager_client, make_rule):
    text = read(manager_client, f"{RULES}{make_rule().pk}/change/")
    assert f'data-measure-url="{RULES}measure/"' in text
    assert text.index('name="response_body"') < text.index("data-measure-url") < text.index('name="is_active"')
    assert "Nobody has texted it yet." in text
