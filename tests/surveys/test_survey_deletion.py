from messaging.models import InboxMessage
from surveys.models import SurveyFlow, SurveyResponse, SurveySession

from .pages import SURVEYS, address, show, squeeze


def delete_selected(client, *surveys, **data):
    response = client.post(
        SURVEYS, {"action": "delete_selected", "_selected_action": [survey.pk for survey in surveys], **data}
    )
    return squeeze(response.content.decode())


def test_it_is_said_what_goes_with_a_survey(manager_client, make_survey, answer):
    survey = make_survey()
    answer(survey, "Ada", "Cake")
    answer(survey, "Bob")
    page = show(manager_client, address(survey, "delete/"))
    assert "with it go: 2 sessions, 1 of them under way, 3 answers." in page


def test_a_survey_goes_with_its_sessions_and_answers_and_nothing_else(manager_client, make_survey, answer):
    survey, other = make_survey(), make_survey()
    answer(survey, "Ada", "Cake")
    answer(other, "Bob", "Pie")
    texts = InboxMessage.objects.count()
    manager_client.post(address(survey, "delete/"), {"post": "yes"})
    assert list(SurveyFlow.objects.all()) == [other]
    assert set(SurveySession.objects.values_list("survey", flat=True)) == {other.pk}
    assert SurveyResponse.objects.count() == 2
    assert InboxMessage.objects.count() == texts


def test_a_survey_that_nobody_started_says_so(manager_client, make_survey):
    assert "Nobody has started it" in show(manager_client, address(make_survey(), "delete/"))


def test_a_survey_linked_to_an_event_must_be_unlinked_first(manager_client, make_survey, make_event):
    survey = make_survey(linked_event=make_event(title="Summer picnic"))
    sentence = "is linked to the event “Summer picnic”. Unlink it first: open the survey, clear its linked event"
    assert sentence in show(manager_client, address(survey, "delete/"))
    manager_client.post(address(survey, "delete/"), {"post": "yes"})
    assert SurveyFlow.objects.exists()


def test_several_surveys_are_deleted_at_once(manager_client, make_survey, answer):
    surveys = [make_survey(), make_survey()]
    answer(surveys[0], "Ada")
    page = delete_selected(manager_client, *surveys)
    assert "with them go: 1 session, 1 of them under way, 1 answer." in page
    delete_selected(manager_client, *surveys, post="yes")
    assert not SurveyFlow.objects.exists()
    assert not SurveySession.objects.exists()


def test_one_linked_survey_keeps_a_whole_selection(manager_client, make_survey, make_event):
    surveys = [make_survey(), make_survey(linked_event=make_event())]
    assert "Unlink it first" in delete_selected(manager_client, *surveys)
    delete_selected(manager_client, *surveys, post="yes")
    assert SurveyFlow.objects.count() == 2


def test_an_event_with_a_survey_names_it_instead_of_going(admin_client, make_survey, make_event):
    event = make_event()
    survey = make_survey(linked_event=event)
    path = f"/admin/contacts/event/{event.pk}/delete/"
    assert f"Survey “{survey}”" in show(admin_client, path)
    admin_client.post(path, {"post": "yes"})
    event.refresh_from_db()


def test_deleting_takes_few_queries_however_many_answers_there_are(
    manager_client, make_survey, answer, django_assert_max_num_queries
):
    survey = make_survey()
    for _ in range(20):
        answer(survey, "Ada", "Cake")
    with django_assert_max_num_queries(30):
        manager_client.post(address(survey, "delete/"), {"post": "yes"})
    assert not SurveyResponse.objects.exists()
