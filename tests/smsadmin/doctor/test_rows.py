from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import AppUser, Organization
from accounts.roles import Role
from contacts.models import CommunityMember, UnsubscribedContact
from messaging.models import Delivery, InboxThread

from .conftest import execute, findings, mend, notes, problems

pytestmark = pytest.mark.django_db


def spoil_phone(row, phone):
    """Writes a phone as only a program that bypasses the models can."""
    execute(f"UPDATE {row._meta.db_table} SET phone = %s WHERE id = %s", phone, row.pk)  # noqa: S608


def test_a_time_zone_that_this_machine_does_not_know_is_found():
    Organization.objects.create(time_zone="Mars/Olympus")
    [found] = problems("rows.values")
    assert "The organization's time zone is “Mars/Olympus”" in found
    Organization.objects.update(time_zone="Europe/Berlin")
    assert problems("rows.values") == []


def test_phones_in_e164_are_fine(make_member, make_unsubscribed, make_delivery, make_log):
    make_member()
    make_unsubscribed()
    make_delivery(make_log())
    assert problems("rows.phones") == []


@pytest.mark.parametrize(
    "phone", ["(720) 555-0123", "7205550123", "+1720555012x", "+0720555012", "+123", "+17205550123\n", ""]
)
def test_a_phone_in_another_form_is_found(make_member, phone):
    member = make_member()
    spoil_phone(member, phone)
    [sentence] = problems("rows.phones")
    assert sentence.startswith("community_members has 1 phone not in E.164, or in an old national spelling")
    assert f"(id {member.pk})" in sentence
    assert phone not in sentence or not phone


def test_a_phone_in_another_form_is_fixed(make_unsubscribed):
    gone = make_unsubscribed()
    spoil_phone(gone, "(720) 555-0123")
    assert mend("rows.phones") == ["1 phone of unsubscribed_contacts was converted to E.164."]
    assert UnsubscribedContact.objects.get().phone == "+17205550123"
    assert problems("rows.phones") == []


@pytest.mark.parametrize(
    ("phone", "kept"),
    [("+5215512345678", "+525512345678"), ("+541123456789", "+5491123456789"), ("+551187654321", "+5511987654321")],
)
def test_a_phone_in_an_old_national_spelling_is_found_and_fixed(make_unsubscribed, phone, kept):
    spoil_phone(make_unsubscribed(), phone)
    assert problems("rows.phones") != []
    mend("rows.phones")
    assert UnsubscribedContact.objects.get().phone == kept
    assert problems("rows.phones") == []


def test_a_phone_in_the_kept_spelling_is_fine(make_member):
    for phone in ("+525512345678", "+5491123456789", "+5511987654321", "+551137654321"):
        make_member(phone=phone)
    assert problems("rows.phones") == []


def test_invalid_and_duplicate_phones_are_left_alone(make_member):
    make_member(phone="+17205550123")
    twin, junk = make_member(), make_member()
    spoil_phone(twin, "720-555-0123")
    spoil_phone(junk, "nobody")
    [sentence] = mend("rows.phones")
    assert "0 phones of community_members were converted to E.164. 2 rows could not be fixed" in sentence
    assert set(CommunityMember.objects.values_list("phone", flat=True)) == {"+17205550123", "720-555-0123", "nobody"}


def test_a_phone_in_past_records_is_found_and_left_to_the_operator(make_delivery, make_log):
    spoil_phone(make_delivery(make_log()), "7205550123")
    [finding] = [one for one in findings("rows.phones") if one.fix is None and one.remedy]
    assert finding.sentence.startswith("deliveries has 1 phone not in E.164")


def test_short_codes_may_text(make_member):
    InboxThread.objects.create(phone="55512")
    assert problems("rows.phones") == []


def test_an_unknown_status_is_found(make_log):
    log = make_log()
    execute("UPDATE message_logs SET status = 'gone' WHERE id = %s", log.pk)
    assert problems("rows.values") == [f"1 row of message_logs has an unknown status (id {log.pk})."]


def test_an_installation_that_nobody_can_administer_is_found(make_user):
    assert problems("rows.values") == []
    make_user(role=Role.SOCIAL_MANAGER)
    make_user(role=Role.ADMIN, is_active=False)
    assert problems("rows.values") == ["No active user is an admin."]
    AppUser.objects.filter(role=Role.ADMIN).update(is_active=True)
    assert problems("rows.values") == []


def test_people_who_were_texted_after_opting_out_are_found(make_log, make_delivery, make_unsubscribed):
    now = timezone.now()
    log = make_log()
    gone = make_unsubscribed(created_at=now - timedelta(hours=2))
    make_delivery(log, phone=gone.phone, claimed_at=now)
    assert problems("rows.opt_outs") == [f"Blast {log.pk} texted 1 person after they had opted out."]


def test_people_who_opted_out_afterwards_or_were_skipped_are_no_finding(make_log, make_delivery, make_unsubscribed):
    now = timezone.now()
    log = make_log()
    make_delivery(log, phone=make_unsubscribed(created_at=now).phone, claimed_at=now - timedelta(hours=1))
    early = make_unsubscribed(created_at=now - timedelta(hours=1))
    make_delivery(log, Delivery.Status.SKIPPED, phone=early.phone)
    assert problems("rows.opt_outs") == notes("rows.opt_outs") == []


def test_the_opted_out_who_still_wait_are_noted_and_can_be_skipped(make_log, make_delivery, make_unsubscribed):
    log = make_log(status="processing")
    gone = make_delivery(log, Delivery.Status.PENDING, phone=make_unsubscribed().phone)
    other = make_delivery(log, Delivery.Status.PENDING)
    assert notes("rows.opt_outs") == ["1 person who opted out still waits in unfinished blasts."]
    assert mend("rows.opt_outs") == ["1 person who had opted out was skipped."]
    gone.refresh_from_db()
    other.refresh_from_db()
    assert (gone.status, gone.skip_reason, other.status) == ("skipped", "opted_out", "pending")
