"""Sessions expire while many people are opted out, on PostgreSQL."""

from datetime import timedelta

import pytest
from django.utils import timezone

from contacts.consent import opting_out
from contacts.models import CommunityMember
from surveys import tasks
from surveys.models import SurveySession
from tests.meanwhile import meanwhile, on_postgresql

pytestmark = [pytest.mark.django_db(transaction=True), on_postgresql]


def test_sessions_expire_while_many_people_are_opted_out(make_survey, make_member):
    survey, members = make_survey(), [make_member() for _ in range(2)]
    late = timezone.now() - timedelta(days=3)
    for member in members:
        survey.sessions.create(phone=member.phone, questions_json="[]", last_activity_at=late)

    def opt_out(member):
        opting_out.unsubscribe(CommunityMember.objects.filter(pk=member.pk), "Asked")

    with meanwhile(lambda: opt_out(members[1]), lambda: opt_out(members[0])):
        tasks.expire_sessions()
    assert not SurveySession.objects.filter(status="active").exists()
