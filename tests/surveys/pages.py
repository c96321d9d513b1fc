"""Helpers for the tests of the surveys' pages."""

from tests.admin_pages import squeeze

SURVEYS = "/admin/surveys/surveyflow/"


def address(survey, page="change/"):
    return f"{SURVEYS}{survey.pk}/{page}"


def show(client, path, **query):
    response = client.get(path, query)
    assert response.status_code == 200
    return squeeze(response.content.decode())


def builder_form(*rows, **fields):
    """The data that the builder posts. A row is a prompt or a dictionary of the row's fields."""
    form = {
        "name": "Picnic",
        "trigger_keyword": "JOIN",
        "intro_message": "Hi!",
        "completion_message": "Thank you!",
        "linked_event": "",
        "is_active": "on",
        "questions-TOTAL_FORMS": len(rows),
        "questions-INITIAL_FORMS": 0,
        "_continue": "1",
    }
    for index, row in enumerate(rows):
        given = {"prompt": row} if isinstance(row, str) else row
        form |= {f"questions-{index}-{name}": value for name, value in {"ORDER": index + 1, **given}.items()}
    form |= fields
    return {name: value for name, value in form.items() if value is not None}
