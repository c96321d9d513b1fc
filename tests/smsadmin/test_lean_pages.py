import pytest

from contacts.models import CommunityMember, Event
from tests.messaging.conversations import read

SCRIPTS = ("jquery", "RelatedObjectLookups", "prepopulate", "calendar.js", "select2", "actions.js")


@pytest.fixture
def loaded(admin_client):
    """Which of the scripts a page loads."""
    return lambda address: [name for name in SCRIPTS if name in read(admin_client, address)]


@pytest.mark.django_db
def test_pages_load_none_of_the_scripts_that_they_do_not_use(loaded, make_phone):
    member = CommunityMember.objects.create(phone=make_phone())
    Event.objects.create(title="Picnic")
    for address in (
        f"/admin/contacts/communitymember/{member.pk}/change/",
        f"/admin/contacts/communitymember/{member.pk}/delete/",
        "/admin/contacts/event/",
        "/admin/contacts/event/add/",
        "/admin/contacts/eventregistration/add/",
        "/admin/messaging/messagelog/compose/",
        "/admin/surveys/surveyflow/add/",
        "/admin/accounts/appuser/add/",
    ):
        assert loaded(address) == [], address


@pytest.mark.django_db
def test_a_list_with_actions_loads_their_script(loaded, make_phone):
    CommunityMember.objects.create(phone=make_phone())
    assert loaded("/admin/contacts/communitymember/") == ["actions.js"]


@pytest.mark.django_db
def test_a_form_that_searches_a_long_list_loads_the_script_for_it(admin_client):
    for address in (
        "/admin/contacts/eventregistration/add/",
        "/admin/contacts/groupmember/add/",
        "/admin/surveys/surveyflow/add/",
    ):
        assert "contacts/chooser.js" in read(admin_client, address), address
