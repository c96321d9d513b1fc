import pytest

from contacts.models import CommunityMember, Event
from tests.messaging.conversations import read

SCRIPTS = ("jquery", "RelatedObjectLookups", "prepopulate")


@pytest.fixture
def loaded(admin_client):
    """Which of the scripts a page loads."""
    return lambda address: [name for name in SCRIPTS if name in read(admin_client, address)]


@pytest.mark.django_db
def test_a_page_without_completing_fields_loads_no_jquery(loaded, make_phone):
    member = CommunityMember.objects.create(phone=make_phone())
    for address in (
        "/admin/contacts/communitymember/",
        f"/admin/contacts/communitymember/{member.pk}/change/",
        "/admin/contacts/event/add/",
        "/admin/messaging/messagelog/",
        "/admin/accounts/appuser/add/",
    ):
        assert loaded(address) == [], address


@pytest.mark.django_db
def test_a_page_with_a_completing_field_has_what_it_needs(loaded):
    Event.objects.create(title="Picnic")
    assert "jquery" in loaded("/admin/contacts/eventregistration/add/")
    assert "jquery" in loaded("/admin/surveys/surveyflow/add/")
