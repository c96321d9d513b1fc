"""Change logs are for admins."""

import pytest

from contacts.models import Event
from messaging.models import InboxThread, KeywordAutomationRule
from surveys.models import SurveyFlow
from tests.admin_pages import World, models
from tests.messaging.conversations import read

HISTORIES = sorted(f"{name}_history" for name in models())
# Those with a page that social managers may see.
SEEN = (Event, InboxThread, KeywordAutomationRule, SurveyFlow)


@pytest.mark.parametrize("name", HISTORIES)
def test_social_managers_are_refused_every_change_log(manager_client, manager_user, name):
    variant = "event" if "contactimport" in name else ""
    assert manager_client.get(World(manager_user).address(name, variant)).status_code == 403


@pytest.mark.parametrize("model", SEEN)
def test_only_admins_see_the_link_to_it(admin_client, manager_client, admin_user, model):
    row, name = World(admin_user).row(model), f"{model._meta.app_label}/{model._meta.model_name}"
    page, log = f"/admin/{name}/{row.pk}/change/", f"/admin/{name}/{row.pk}/history/"
    assert log in read(admin_client, page)
    assert log not in read(manager_client, page)
    assert admin_client.get(log).status_code == 200
