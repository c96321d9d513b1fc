"""The markup of the blasts' pages: no inline code, and a name for each field."""

import re

import pytest
from django.urls import reverse
from django.utils import timezone

from messaging.models import Delivery, Draft

from .pages import BLASTS, address, inline_code

OURS = ["compose", "preview", "confirm", "blast", "stopped", "cancel"]


@pytest.fixture
def page(request, admin_client, admin_user, make_member, make_log, make_delivery):
    """The HTML of the page of that name."""
    make_member(name="Ł")
    log = make_log(trouble="Slow.")
    for status in Delivery.Status.values:
        make_delivery(log, status, error_code=30003)
    stopped = make_log(paused_at=timezone.now(), stop_reason="Wrong credentials.")
    draft = Draft.objects.create(created_by=admin_user, message_body="It’s {name}")
    form = {"token": draft.token, "to": "community", "message_body": "It’s {name}", "preview": "1"}
    answers = {
        "list": lambda: admin_client.get(BLASTS),
        "compose": lambda: admin_client.get(f"{BLASTS}compose/"),
        "preview": lambda: admin_client.post(f"{BLASTS}compose/", form),
        "confirm": lambda: admin_client.get(reverse("admin:messaging_messagelog_confirm", args=[draft.token])),
        "blast": lambda: admin_client.get(address(log)),
        "stopped": lambda: admin_client.get(address(stopped)),
        "cancel": lambda: admin_client.get(address(log, "cancel/")),
    }
    response = answers[request.param]()
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.parametrize("page", ["list", *OURS], indirect=True)
def test_no_page_has_inline_code(page):
    assert inline_code(page) == []


@pytest.mark.parametrize("page", OURS, indirect=True)
def test_every_field_has_a_label(page):
    main = page[page.index("<main") : page.index("</main>")]
    labelled = set(re.findall(r'<label[^>]* for="([^"]+)"', main))
    fields = re.findall(r"<(?:input|select|textarea)\b[^>]*>", main)
    for field in fields:
        kind = re.search(r'type="(\w+)"', field)
        if (kind and kind[1] in {"hidden", "submit"}) or "aria-label" in field:
            continue
        assert re.search(r'id="([^"]+)"', field)[1] in labelled, field
