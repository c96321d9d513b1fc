from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from messaging.models import InboxThread
from messaging.practice_numbers import number_of
from surveys import questions, results, tasks
from surveys.models import SurveyResponse, SurveySession
from surveys.questions import Question
from surveys.results import Whose
from tests.messaging.admin.pages import inline_code

from .conftest import DISH
from .pages import address, show

PEOPLE = Whose.PEOPLE


@pytest.fixture
def dishes(make_survey):
    """A survey that asks for a dish alone."""
    return make_survey([DISH])


def answers_to(survey, number=1, **options):
    question = next(question for question in results.asked_questions(survey, PEOPLE) if question.number == number)
    found = results.given_answers(survey, PEOPLE, question, **options)
    return [(answer.text, answer.count) for answer in found.given]


def test_the_funnel_counts_how_far_people_came(make_survey, answer, text_in):
    survey = make_survey()
    answer(survey, "Ada", "Cake")
    answer(survey, "Bob")
    answer(survey)
    text_in(answer(survey, "Eve"), "EXIT")
    text_in(answer(survey), "STOP")
    found = results.funnel(survey, PEOPLE)
    assert [(step.label, step.count) for step in found.steps] == [
        ("Started", 5),
        ("Answered question 1", 3),
        ("Answered question 2", 1),
        ("Completed", 1),
    ]
    assert [(end.label, end.count) for end in found.ends] == [
        ("In progress", 2),
        ("Quit", 1),
        ("Opted out", 1),
    ]
    assert [step.percent for step in found.steps] == ["100%", "60%", "20%", "20%"]


def test_the_funnel_tells_who_expired_and_who_started_again(make_survey, answer, text_in):
    survey = make_survey()
    phone = answer(survey, "Ada")
    text_in(phone, survey.trigger_keyword)
    SurveySession.objects.filter(status="active").update(last_activity_at=timezone.now() - timedelta(hours=25))
    tasks.expire_sessions()
    ends = {end.label: end.count for end in results.funnel(survey, PEOPLE).ends}
    assert ends == {"No answer in time": 1, "Restarted": 1}


def test_equal_answers_count_together_whatever_their_capitals(dishes, answer):
    for dish in ("cake", "Cake", "CAKE", "pie", "Öl", "öl"):
        answer(dishes, dish)
    assert [(text.lower(), count) for text, count in answers_to(dishes)] == [("cake", 3), ("öl", 2), ("pie", 1)]


def test_surrounding_space_makes_no_difference(dishes, answer):
    for dish in ("cake", "pie"):
        answer(dishes, dish)
    SurveyResponse.objects.filter(answer="cake").update(answer=" \tCake \n")
    answer(dishes, "cake")
    assert [count for _, count in answers_to(dishes)] == [2, 1]


def test_the_most_frequent_answer_comes_first_and_the_rest_is_counted(manager_client, dishes, answer):
    for number in range(12):
        answer(dishes, f"dish {number:02}")
    answer(dishes, "dish 11")
    page = show(manager_client, address(dishes, "results/"))
    assert page.index("dish 11") < page.index("dish 00")
    assert "13 answers, 12 different." in page
    assert "2 more answers" in page


def test_all_answers_to_a_question_are_on_pages_of_their_own(manager_client, dishes, answer, monkeypatch):
    monkeypatch.setattr("surveys.admin.results.ANSWERS_A_PAGE", 2)
    for dish in ("pie", "pie", "cake", "tea"):
        answer(dishes, dish)
    path = f"/admin/surveys/surveyflow/answers/{SurveyResponse.objects.last().pk}/"
    first, second = show(manager_client, path), show(manager_client, path, p=2)
    assert "1. What will you bring?" in first
    assert "pie" in first
    assert "cake" in first
    assert "tea" not in first
    assert "tea" in second
    assert manager_client.get(path, {"p": 3}).status_code == 302


def test_an_answer_that_is_gone_leads_back_to_the_list(manager_client, db):
    for key in (0, 7, 10**30):
        assert manager_client.get(f"/admin/surveys/surveyflow/answers/{key}/").status_code == 302


@pytest.mark.parametrize("look", ["asked_questions", "given_answers"])
def test_answers_that_are_deleted_while_they_are_looked_for_are_said_to_be_gone(
    manager_client, dishes, answer, monkeypatch, look
):
    answer(dishes, "cake")
    path = f"/admin/surveys/surveyflow/answers/{SurveyResponse.objects.get().pk}/"
    find = getattr(results, look)

    def delete_first(*args):
        SurveyResponse.objects.all().delete()
        return find(*args)

    with monkeypatch.context() as patch:
        patch.setattr(results, look, delete_first)
        response = manager_client.get(path)
    page = manager_client.get(response.url)
    assert "These answers no longer exist." in page.content.decode()


def test_an_old_wording_is_shown_apart(manager_client, dishes, answer):
    answer(dishes, "cake")
    dishes.questions_json = questions.dump([Question("Cake or salad?")])
    dishes.save()
    answer(dishes, "salad")
    asked = results.asked_questions(dishes, PEOPLE)
    assert [(question.prompt, question.is_current) for question in asked] == [
        ("Cake or salad?", True),
        ("What will you bring?", False),
    ]
    assert answers_to(dishes) == [("salad", 1)]
    assert "The survey no longer asks this" in show(manager_client, address(dishes, "results/"))


def test_the_same_question_at_another_position_is_a_different_one(make_survey, answer):
    survey = make_survey([DISH, Question("Why?")])
    answer(survey, "cake", "because")
    survey.questions_json = questions.dump([Question("Why?"), DISH])
    survey.save()
    answer(survey, "so", "pie")
    asked = [(question.number, question.prompt) for question in results.asked_questions(survey, PEOPLE)]
    assert asked == [(1, "Why?"), (1, DISH.prompt), (2, DISH.prompt), (2, "Why?")]


def test_each_session_is_shown_with_its_answers(manager_client, make_survey, answer):
    survey = make_survey()
    answer(survey, "Ada Lovelace", "Cake", phone="+17205550123")
    page = show(manager_client, address(survey, "results/"))
    assert "<strong>Ada Lovelace</strong>" in page
    assert "(720) 555-0123" in page
    assert '<dd dir="auto">Cake</dd>' in page
    assert "Completed" in page


def test_a_session_leads_to_the_conversation_while_there_is_one(manager_client, make_survey, answer):
    survey = make_survey()
    answer(survey, "Ada", "Cake")
    thread = InboxThread.objects.get()
    link = f'<a href="/admin/messaging/inboxthread/{thread.pk}/change/" aria-label="Conversation with Ada">'
    assert link in show(manager_client, address(survey, "results/"))
    thread.delete()
    assert ">Conversation</a>" not in show(manager_client, address(survey, "results/"))


def test_without_a_name_question_the_name_is_the_one_on_our_lists(dishes, answer, make_member):
    member = make_member(name="Grace Hopper")
    answer(dishes, "cake", phone=member.phone)
    line = results.page(results.find_sessions(dishes, PEOPLE)).rows[0]
    assert line.name == "Grace Hopper"


@pytest.mark.parametrize(
    ("query", "found"),
    [("ada", 1), ("(720) 555-0123", 1), ("0123", 1), ("pie", 1), ("CRÈME", 1), ("nobody", 0), ("", 2)],
)
def test_sessions_are_found_by_name_phone_and_answer(make_survey, answer, query, found):
    survey = make_survey()
    answer(survey, "Ada", "Cake", phone="+17205550123")
    answer(survey, "Bob", "Pie à la crème", phone="+17205550124")
    assert results.find_sessions(survey, PEOPLE, query=query).count() == found


NORA, TREASURER = "Nora García", "The treasurer"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        *((words, {NORA}) for words in ("Nora García", "garcia nora", "nor", "nora soup", "SOUP", "nora 0123")),
        *((words, {TREASURER}) for words in ("treasurer", "The TREASURER", "pie treasure", "555-0124 pie")),
        *((words, set()) for words in ("nora pie", "nora 0124", "ora")),
        ("(720) 555", {NORA, TREASURER}),
    ],
)
def test_sessions_are_found_by_each_word_and_by_the_names_that_they_show(
    manager_client, dishes, answer, make_member, query, found
):
    make_member(name=NORA, phone="+17205550123")
    answer(dishes, "Soup", phone="+17205550123")
    answer(dishes, "Pie", phone="+17205550124")
    InboxThread.objects.filter(phone="+17205550124").update(contact_name=TREASURER)
    page = show(manager_client, address(dishes, "results/"), q=query)
    assert {name for name in (NORA, TREASURER) if f"<strong>{name}</strong>" in page} == found


def test_sessions_are_narrowed_by_their_state(manager_client, make_survey, answer):
    survey = make_survey()
    answer(survey, "Ada", "Cake")
    answer(survey, "Bob")
    page = show(manager_client, address(survey, "results/"), status="active")
    sessions = page[page.index('id="sessions"') :]
    assert "<strong>Bob</strong>" in sessions
    assert "<strong>Ada</strong>" not in sessions
    assert "No responses match" in show(manager_client, address(survey, "results/"), status="expired")


def test_sessions_come_page_by_page(make_survey, answer, monkeypatch):
    monkeypatch.setattr(results, "SESSIONS_A_PAGE", 2)
    survey = make_survey()
    for name in "ABCDE":
        answer(survey, name)
    rows = results.find_sessions(survey, PEOPLE)

    def names(page):
        return [line.name for line in page.rows]

    first = results.page(rows)
    second = results.page(rows, after=first.next)
    third = results.page(rows, after=second.next)
    assert (names(first), names(second), names(third)) == (["E", "D"], ["C", "B"], ["A"])
    assert (first.previous, third.next) == (None, None)
    assert names(results.page(rows, before=third.previous)) == ["C", "B"]
    assert names(results.page(rows, before=second.previous)) == ["E", "D"]


def test_a_survey_that_nobody_started_says_how_it_starts(manager_client, make_survey):
    assert "It starts when someone texts <strong>JOIN1</strong>" in show(
        manager_client, address(make_survey(), "results/")
    )
    assert "it isn’t active" in show(manager_client, address(make_survey(is_active=False), "results/"))


def test_tests_are_separate_from_peoples_answers(manager_client, make_survey, answer):
    survey = make_survey()
    answer(survey, "Ann", "Tea", phone=number_of(1))
    answer(survey, "Ada", "Cake")
    people = show(manager_client, address(survey, "results/"))
    assert "Cake" in people
    assert "Tea" not in people
    tries = show(manager_client, address(survey, "results/"), whose="tries")
    assert "Tea" in tries
    assert "Cake" not in tries
    assert "These are tests" in tries


def test_until_people_have_answered_the_tests_are_shown(manager_client, make_survey, answer):
    survey = make_survey()
    answer(survey, "Ann", "Tea", phone=number_of(1))
    assert "These are tests" in show(manager_client, address(survey, "results/"))
    assert "Nobody has started this survey yet" in show(manager_client, address(survey, "results/"), whose="people")


def test_the_page_takes_as_many_queries_for_many_answers_as_for_few(manager_client, make_survey, answer):
    survey = make_survey()
    path = address(survey, "results/")

    def queries():
        with CaptureQueriesContext(
            connection,
        ) as captured:
            manager_client.get(path)
        return len(captured)

    answer(survey, "Ada", "Cake")
    queries()  # the first visit also looks up who is asking
    few = queries()
    for number in range(20):
        answer(survey, f"Ada {number}", f"Cake {number}")
    assert queries() == few


def test_the_page_needs_no_inline_code(manager_client, make_survey, answer):
    survey = make_survey()
    answer(survey, "Ada", "Cake")
    assert inline_code(manager_client.get(address(survey, "results/")).content.decode()) == []


def test_unreadable_questions_do_not_stop_the_results(manager_client, make_survey, answer):
    survey = make_survey()
    answer(survey, "Ada", "Cake")
    survey.questions_json = "not json"
    survey.save()
    assert "The survey no longer asks this" in show(manager_client, address(survey, "results/"))


@pytest.mark.parametrize(
    "query", ["?after=x&before=9", "?after=" + "9" * 30, "?whose=nobody", "?status=x", "?before=0"]
)
def test_odd_addresses_show_the_results(manager_client, make_survey, answer, query):
    survey = make_survey()
    answer(survey, "Ada", "Cake")
    assert manager_client.get(address(survey, "results/") + query).status_code == 200


@pytest.mark.parametrize("page", ["results/", "results.csv", "phone/"])
def test_a_survey_that_is_gone_leads_back_to_the_list(manager_client, db, page):
    for key in (7, 10**30):
        response = manager_client.get(f"/admin/surveys/surveyflow/{key}/{page}")
        assert response.status_code == 302
