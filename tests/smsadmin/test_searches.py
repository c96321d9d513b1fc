"""Lists are searched case-insensitively in any alphabet."""

import pytest
from django.urls import reverse
from django.utils import timezone

from contacts.models import ConsentRecord, ContactImport, Event
from messaging.models import Delivery, KeywordAutomationRule, MessageLog, SavedAudience, ScheduledMessage
from surveys.models import SurveyFlow

pytestmark = pytest.mark.django_db
WORDS = "ÉCOLE fermée"


def make(model):
    fields = {
        Event: {"title": WORDS},
        ConsentRecord: {"words": WORDS, "phone": "+17205550123", "kind": "opt_out", "source": "inbound"},
        ContactImport: {"file_name": WORDS, "target": "community"},
        MessageLog: {"message_body": WORDS, "target": "community"},
        SavedAudience: {"name": WORDS, "definition": {"any": [{"community": True}]}},
        ScheduledMessage: {"message_body": WORDS, "target": "community", "scheduled_at": timezone.now()},
        KeywordAutomationRule: {"keyword": "SCHOOL", "response_body": WORDS},
        SurveyFlow: {"name": WORDS, "trigger_keyword": "SCHOOL", "questions_json": '["Why?"]'},
    }
    return model.objects.create(**fields[model])


@pytest.mark.parametrize(
    "model",
    [
        Event,
        ConsentRecord,
        ContactImport,
        MessageLog,
        SavedAudience,
        ScheduledMessage,
        KeywordAutomationRule,
        SurveyFlow,
    ],
)
def test_a_list_is_searched_in_any_case(admin_client, model):
    make(model)
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    for typed, is_found in [("école FERMÉE", True), ("lycée", False)]:
        text = admin_client.get(address, {"q": typed}).content.decode()
        assert (WORDS in text) == is_found


def test_the_recipients_of_a_blast_are_searched_in_any_case(admin_client):
    log = make(MessageLog)
    for name, phone in [("Émile Öhman", "+17205550123"), ("Ada", "+17205550124")]:
        Delivery.objects.create(message_log=log, phone=phone, name=name, status="delivered")
    page = admin_client.get(f"/admin/messaging/messagelog/{log.pk}/change/", {"q": "émile ÖHMAN"}).content.decode()
    assert "Émile Öhman" in page
    assert "555-0124" not in page
