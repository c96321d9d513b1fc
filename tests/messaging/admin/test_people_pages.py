"""Links from people's pages to the inbox."""

import pytest

from accounts.models import AppUser

from ..conversations import address, make_thread, read

pytestmark = pytest.mark.django_db


@pytest.fixture(params=["make_member", "make_registration"])
def person(request):
    """A member, then a registration."""
    return request.getfixturevalue(request.param)()


def page_of(person):
    return f"/admin/contacts/{person._meta.model_name}/{person.pk}/change/"


def test_the_page_of_a_person_links_to_an_existing_conversation(admin_client, person):
    assert ">Conversation</a>" not in read(admin_client, page_of(person))
    thread = make_thread(person.phone, "Hello")
    assert f'<a href="{address(thread)}">Conversation</a>' in read(admin_client, page_of(person))


def test_users_who_may_not_see_the_inbox_get_no_link(admin_client, person, monkeypatch):
    make_thread(person.phone, "Hello")
    has_perm = AppUser.has_perm
    monkeypatch.setattr(
        AppUser, "has_perm", lambda user, name, obj=None: "inboxthread" not in name and has_perm(user, name, obj)
    )
    assert ">Conversation</a>" not in read(admin_client, page_of(person))
