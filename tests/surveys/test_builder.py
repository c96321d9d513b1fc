import json

import pytest

from messaging.models import KeywordAutomationRule
from surveys import editing
from surveys.editing import Row
from surveys.models import SurveyFlow
from surveys.questions import Kind, Question, load
from tests.admin_pages import squeeze
from tests.messaging.admin.pages import inline_code

from .pages import SURVEYS, address, builder_form, show

UNKNOWN = {"prompt": "How many?", "kind": "number", "least": 1}


@pytest.fixture
def post(manager_client, db):
    """Post the builder's form, for a new survey or an existing one; the errors, as text of the page."""

    def run(*rows, survey=None, **fields):
        path = address(survey) if survey else f"{SURVEYS}add/"
        response = manager_client.post(path, builder_form(*rows, **fields))
        return squeeze(response.content.decode()) if response.status_code == 200 else ""

    return run


@pytest.mark.parametrize("event", ["99999999", "none", "9" * 30, "²", " "])
def test_an_event_that_is_gone_is_said_to_be(post, event):
    assert "This event no longer exists." in post("Your name?", linked_event=event)


def test_a_survey_is_written_with_its_questions(post, make_event):
    event = make_event()
    assert post({"prompt": "Your name?", "is_name": "on"}, "A dish?", linked_event=event.pk) == ""
    survey = SurveyFlow.objects.get()
    assert (survey.name, survey.trigger_keyword, survey.linked_event) == ("Picnic", "JOIN", event)
    assert load(survey.questions_json) == [Question("Your name?", Kind.NAME), Question("A dish?")]
    assert (survey.intro_message, survey.completion_message, survey.is_active) == ("Hi!", "Thank you!", True)


def test_questions_are_asked_in_the_order_of_their_positions(post):
    post({"prompt": "Second?", "ORDER": 2}, {"prompt": "First?", "ORDER": 1}, {"prompt": "Last?", "ORDER": ""})
    assert SurveyFlow.objects.get().questions_json == '["First?", "Second?", "Last?"]'


def test_a_removed_question_and_an_empty_row_are_left_out(post):
    post({"prompt": "Gone?", "DELETE": "on"}, "Kept?", "  ")
    assert SurveyFlow.objects.get().questions_json == '["Kept?"]'


def test_a_question_without_visible_characters_is_ignored(post):
    unseen = "\u200b\ufeff \u2060"
    assert "Add at least one question." in post(unseen)
    assert post(unseen, "Kept?", intro_message=unseen, completion_message=unseen) == ""
    survey = SurveyFlow.objects.get()
    assert (survey.questions_json, survey.intro_message, survey.completion_message) == ('["Kept?"]', "", "")


def test_rows_that_a_script_took_away_leave_gaps(post):
    post("One?", "Two?", **{"questions-TOTAL_FORMS": 9})
    assert SurveyFlow.objects.get().questions_json == '["One?", "Two?"]'


@pytest.mark.parametrize("typed", ["join", "  Join ", "ＪＯＩＮ"])
def test_the_keyword_is_kept_in_its_one_form(post, typed):
    post("Why?", trigger_keyword=typed)
    assert SurveyFlow.objects.get().trigger_keyword == "JOIN"


@pytest.mark.parametrize(
    ("keyword", "reason"),
    [
        ("", "Enter a keyword"),
        ("stop", "Texting STOP opts people out"),
        ("Start", "Texting START opts people back in"),
        ("help", "HELP asks for help"),
        ("exit", "EXIT is already the word that ends a survey"),
        ("Exit!", "EXIT is already the word that ends a survey"),
        ("x" * 41, "has 41 characters"),
    ],
)
def test_a_keyword_is_refused_with_the_reason(post, keyword, reason):
    assert reason in post("Why?", trigger_keyword=keyword)
    assert not SurveyFlow.objects.exists()


def test_a_keyword_of_another_survey_or_reply_is_refused(post, make_survey):
    make_survey(name="Carpool", trigger_keyword="JOIN")
    assert "JOIN is already the keyword of the survey “Carpool”" in post("Why?")
    KeywordAutomationRule.objects.create(keyword="PARK", response_body="Behind the hall")
    assert "PARK is already the keyword of a keyword reply" in post("Why?", trigger_keyword="park")
    assert SurveyFlow.objects.count() == 1


def test_a_word_that_cannot_be_changed_is_not_to_be_changed_first(post):
    page = post("Why?", trigger_keyword="exit")
    assert "EXIT is already the word that ends a survey. Choose another word." in page


def test_a_name_that_another_survey_has_is_refused_with_a_remedy(post, make_survey):
    survey = make_survey(trigger_keyword="CARPOOL")
    assert "Another survey already has this name. Choose a different one." in post("Why?", name=survey.name)


@pytest.mark.parametrize("is_new", [True, False])
def test_a_survey_that_is_saved_to_be_tried_leads_to_the_phone(manager_client, make_survey, simulator, is_new):
    path = f"{SURVEYS}add/" if is_new else address(make_survey(name="Old", trigger_keyword="OLD"))
    assert 'name="_try"' in show(manager_client, path)
    response = manager_client.post(path, builder_form("Why?", _continue=None, _try="1"))
    survey = SurveyFlow.objects.get()
    assert (survey.name, survey.trigger_keyword) == ("Picnic", "JOIN")
    assert response.url == address(survey, "phone/")
    assert "Saved “Picnic”. Now try it." in show(manager_client, response.url)


def test_where_texts_are_real_no_survey_is_saved_to_be_tried(manager_client, make_survey):
    for path in (f"{SURVEYS}add/", address(make_survey())):
        page = show(manager_client, path)
        assert 'name="_save"' in page
        assert "_try" not in page
        assert "Try it" not in page


def test_a_survey_keeps_its_own_keyword(post, make_survey):
    survey = make_survey(trigger_keyword="JOIN")
    assert post("Why?", survey=survey, trigger_keyword="JOIN") == ""
    survey.refresh_from_db()
    assert survey.questions_json == '["Why?"]'


@pytest.mark.parametrize("rows", [(), ("",), ({"prompt": "Gone?", "DELETE": "on"},)])
def test_a_survey_needs_a_question(post, rows):
    assert "Add at least one question." in post(*rows)
    assert not SurveyFlow.objects.exists()


def test_at_most_one_question_asks_for_the_name(post):
    assert "Only one question can ask for the person’s name." in post(
        {"prompt": "A?", "is_name": "on"}, {"prompt": "B?", "is_name": "on"}
    )


def test_there_are_fifty_questions_at_most(post):
    assert "This survey has 51 questions. The limit is 50: remove some." in post(*["Why?"] * 51)
    assert post(*["Why?"] * 50) == ""


def test_a_question_longer_than_a_text_is_refused_and_kept_on_the_page(post):
    long = "x" * 1601
    page = post("Why?", long)
    assert "This is 1601 characters. The limit for a text message is 1,600" in page
    assert long in page


def test_the_introduction_and_the_first_question_fit_one_text(post):
    page = post("y" * 800, intro_message="x" * 800)
    assert "are sent as one text, which is 1,602 characters" in page
    assert post("y" * 800, intro_message="x" * 798) == ""


def test_line_breaks_are_counted_as_phones_count_them(post):
    post("Why?\r\nTell us", intro_message="Hi\r\nall")
    survey = SurveyFlow.objects.get()
    assert survey.intro_message == "Hi\nall"
    assert load(survey.questions_json) == [Question("Why?\nTell us")]


def test_errors_lose_nothing_that_was_typed(post):
    page = post({"prompt": "Second?", "ORDER": 2}, {"prompt": "First?", "ORDER": 1}, trigger_keyword="STOP")
    assert "Second?" in page
    assert page.index("First?</p>") < page.index("Second?</p>")


def test_the_form_never_writes_the_counts(manager_client, make_survey, monkeypatch):
    survey = make_survey(trigger_keyword="JOIN")
    from surveys.admin import SurveyFlowAdmin

    def count_meanwhile(self, request, object_id, from_field=None):
        read = SurveyFlow.objects.get(pk=object_id)
        SurveyFlow.objects.filter(pk=object_id).update(start_count=7, completion_count=5)
        return read

    monkeypatch.setattr(SurveyFlowAdmin, "get_object", count_meanwhile)
    manager_client.post(address(survey), builder_form("Why?", name="Renamed"))
    survey.refresh_from_db()
    assert (survey.name, survey.start_count, survey.completion_count) == ("Renamed", 7, 5)


def test_questions_of_an_unknown_kind_are_kept_and_shown(manager_client, post, make_survey):
    survey = make_survey(trigger_keyword="JOIN", questions_json=json.dumps(["Why?", UNKNOWN]))
    page = show(manager_client, address(survey))
    assert "This version of SMS Admin doesn’t know" in page
    assert "nobody can start this survey" in page
    kept = {"kept": json.dumps(UNKNOWN), "ORDER": 1}
    assert post("Why not?", kept, survey=survey) == ""
    survey.refresh_from_db()
    assert json.loads(survey.questions_json) == ["Why not?", UNKNOWN]


def test_a_kept_question_can_be_removed(post, make_survey):
    survey = make_survey(trigger_keyword="JOIN", questions_json=json.dumps(["Why?", UNKNOWN]))
    post("Why?", {"kept": json.dumps(UNKNOWN), "DELETE": "on"}, survey=survey)
    survey.refresh_from_db()
    assert survey.questions_json == '["Why?"]'


@pytest.mark.parametrize("kept", ["nonsense", '"Why?"', '{"prompt": "Why?", "kind": "text"}', "[" * 100_000])
def test_what_is_no_unknown_question_cannot_be_posted_as_one(post, kept):
    assert "Add at least one question" in post({"kept": kept})


def test_unreadable_questions_are_reported_and_can_be_rewritten(manager_client, post, make_survey):
    survey = make_survey(trigger_keyword="JOIN", questions_json="not json")
    assert "The questions are not valid JSON. Nobody can start this survey." in show(manager_client, address(survey))
    assert post("Why?", survey=survey) == ""
    survey.refresh_from_db()
    assert survey.questions_json == '["Why?"]'


def test_rows_and_questions_are_the_same_both_ways():
    rows = [Row("Why?"), Row("Name?", is_name=True), Row("How many?", kept=json.dumps(UNKNOWN))]
    assert editing.read(editing.write(rows)) == rows


@pytest.mark.parametrize("data", [{}, {"questions-TOTAL_FORMS": "x"}, {"questions-TOTAL_FORMS": "-1"}])
def test_a_damaged_form_gets_a_sentence(manager_client, db, data):
    response = manager_client.post(f"{SURVEYS}add/", {"name": "A", "trigger_keyword": "JOIN", **data})
    assert response.status_code == 200
    assert "One of the questions needs fixing" in response.content.decode()


def test_the_preview_is_the_whole_conversation_with_its_cost(manager_client, db):
    response = manager_client.post(f"{SURVEYS}preview/", builder_form("Your name?", "x" * 200))
    answer = response.json()
    html = squeeze(answer["preview"])
    assert "Hi! Your name?" in html
    assert html.count("Counts as <strong>2 messages</strong>") == 1
    assert answer["summary"] == "Each completed survey sends 3 texts and costs $0.03."
    assert not SurveyFlow.objects.exists()


def test_the_preview_names_the_characters_that_cost_more(manager_client, db):
    html = manager_client.post(f"{SURVEYS}preview/", builder_form("Salad – or cake?")).json()["preview"]
    assert "en dash: use" in squeeze(html)


def test_the_preview_shows_a_text_that_is_too_long(manager_client, db):
    html = manager_client.post(f"{SURVEYS}preview/", builder_form("y" * 800, intro_message="x" * 800)).json()[
        "preview"
    ]
    assert "This text is 1,602 characters. The limit is 1,600." in html


def test_the_page_says_who_is_in_the_survey(manager_client, make_survey, answer):
    survey = make_survey()
    answer(survey)
    assert "1 person is taking this survey now" in show(manager_client, address(survey))


def test_the_page_needs_no_inline_code(manager_client, make_survey):
    assert inline_code(manager_client.get(address(make_survey())).content.decode()) == []


def test_the_list_tells_how_the_surveys_go(manager_client, make_survey, make_event, answer):
    survey = make_survey(linked_event=make_event(title="Summer picnic"))
    answer(survey, "Ada", "Cake")
    answer(survey, "Bob")
    page = show(manager_client, SURVEYS)
    for cell in ("JOIN1", "Summer picnic", '"field-started">2<', '"field-completed">1<', '"field-rate">50%<'):
        assert cell in page
    assert f'href="{address(survey, "results/")}"' in page


def test_an_empty_list_says_what_a_survey_is(manager_client, db):
    assert "No surveys yet." in show(manager_client, SURVEYS)


def test_surveys_are_deactivated_and_activated_from_the_list(manager_client, make_survey):
    survey = make_survey(start_count=3)
    for action, is_active in (("deactivate_surveys", False), ("activate_surveys", True)):
        manager_client.post(SURVEYS, {"action": action, "_selected_action": survey.pk})
        survey.refresh_from_db()
        assert (survey.is_active, survey.start_count) == (is_active, 3)


def test_only_the_survey_that_was_not_active_is_said_and_recorded_to_be_activated(
    admin_client, manager_client, make_survey
):
    active, inactive = make_survey(is_active=True), make_survey(is_active=False)
    data = {"action": "activate_surveys", "_selected_action": [active.pk, inactive.pk]}
    page = manager_client.post(SURVEYS, data, follow=True).content.decode()
    assert "1 survey is now active: its keyword starts it." in page
    assert "Activated." not in show(admin_client, address(active, "history/"))
    assert "Activated." in show(admin_client, address(inactive, "history/"))
    assert active.updated_at == type(active).objects.get(pk=active.pk).updated_at
    page = manager_client.post(SURVEYS, data, follow=True).content.decode()
    assert "All of them were already active." in page


def test_the_history_tells_of_changed_questions(admin_client, make_survey):
    survey = make_survey(trigger_keyword="JOIN")
    admin_client.post(address(survey), builder_form("Why?", **{"questions-INITIAL_FORMS": 2}))
    assert "Questions" in show(admin_client, address(survey, "history/"))
