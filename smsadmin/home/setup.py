"""Setting up a new installation: the steps, each with what the system itself finds of it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils import timezone

from accounts import organization
from accounts.models import AppUser
from contacts import phones
from contacts.models import CommunityMember
from messaging.backends.base import CALLBACK_OVERRIDES
from messaging.composing.own_phone import own_test_phone
from messaging.models import Delivery, InboxMessage, MessageLog
from smsadmin.checks import uses_twilio
from smsadmin.lib import dates
from smsadmin.lib.plurals import people

from ..models import LegacyRow, Setup

LOOKED_AT: Final = 50
SET_WEBHOOK: Final = "Set the webhook"
PERMISSION: Final = "smsadmin.change_setup"


@dataclass(frozen=True, slots=True)
class Step:
    """One step: a sentence on how it stands, and the link to where to take it, if a page of ours is the place.

    `is_button`: the link's address is posted to.
    """

    name: str
    is_done: bool
    sentence: str
    verb: str = ""
    url: str = ""
    is_button: bool = False
    is_required: bool = True


@dataclass(frozen=True, slots=True)
class Checklist:
    steps: list[Step]

    @property
    def done(self) -> int:
        return sum(step.is_done for step in self.steps)

    @property
    def can_be_dismissed(self) -> bool:
        """Whether all that is required is done."""
        return all(step.is_done for step in self.steps if step.is_required)


def is_wanted() -> bool:
    """Whether Home shows the checklist: until the first blast, unless it was put away."""
    if MessageLog.objects.filter(test_mode=False).exists():
        return False
    return not Setup.objects.filter(dismissed_at__isnull=False).exists()


def checklist(user: Any) -> Checklist:
    """The steps as `user` sees them: whose test phone it is."""
    return Checklist([*(find() for find in STEPS), *_tests(user), _colleague()])


def dismiss() -> None:
    Setup.objects.update_or_create(pk=Setup.ONLY, defaults={"dismissed_at": timezone.now()})


def webhook_url() -> str:
    """Where Twilio is to forward incoming texts to; "" where it cannot reach us."""
    base = settings.PUBLIC_BASE_URL
    return f"{base}{reverse('messaging:inbound')}{CALLBACK_OVERRIDES}" if base else ""


def note_webhook(url: str) -> None:
    """Remember that Twilio was told to forward incoming texts to `url`."""
    Setup.objects.update_or_create(pk=Setup.ONLY, defaults={"webhook_url": url, "webhook_set_at": timezone.now()})


def is_webhook_known() -> bool:
    """Whether incoming texts come here as far as we can tell without asking Twilio. In practice mode none do."""
    return not uses_twilio() or _webhook_set_at() is not None or _has_been_texted()


def _webhook_set_at() -> datetime | None:
    """When it was set to today's address; None if it never was."""
    url = webhook_url()
    rows = Setup.objects.filter(webhook_url=url).values_list("webhook_set_at", flat=True) if url else ()
    return next(iter(rows), None)


def _has_been_texted() -> bool:
    """Whether one of the latest texts came in by a request of our account's, which Twilio had signed.

    Texts played by staff have no account, and those of the replaced system came in there.
    """
    moved_in = LegacyRow.objects.filter(table="inbox_messages", new_id=OuterRef("pk"))
    texts = InboxMessage.objects.received().filter(~Exists(moved_in)).order_by("-pk")
    payloads = texts.values_list("raw_payload", flat=True)[:LOOKED_AT]
    return any(settings.TWILIO_ACCOUNT_SID in (payload or "") for payload in payloads)


def _organization() -> Step:
    name, contact = organization.name(), organization.contact()
    url = reverse("admin:accounts_organization_changelist")
    if name and contact:
        return Step("Organization", True, f"Automatic replies come from {name}, {contact}.", "Change it", url)
    missing = " and ".join(what for what, value in (("name", name), ("contact", contact)) if not value)
    sentence = f"Enter your {missing}: replies to STOP and HELP have to say who is texting."
    return Step("Organization", False, sentence, "Enter it", url)


def _time_zone() -> Step:
    zone, url = organization.zone_name(), reverse("admin:accounts_organization_changelist")
    sentence = f"Times are shown in {zone.replace('_', ' ')}."
    if zone != "UTC" or organization.is_zone_chosen():
        return Step("Time zone", True, sentence, "Change it", url, is_required=False)
    return Step("Time zone", False, sentence, "Choose yours", url, is_required=False)


def _quiet_hours() -> Step:
    name, url = "Quiet hours", reverse("admin:accounts_organization_changelist")
    weekdays = bool(organization.weekday_hours())
    if hours := settings.QUIET_HOURS:
        also = ", and longer on some weekdays" if weekdays else ""
        sentence = f"Nobody is texted from {hours.words} by their own clock{also}."
        return Step(name, True, sentence, "Be stricter on weekdays", url, is_required=False)
    if weekdays:
        return Step(
            name, True, "On some weekdays, people aren’t texted at any hour.", "Change it", url, is_required=False
        )
    if hours is not None:
        return Step(name, True, "QUIET_HOURS is none: people are texted at any hour.", is_required=False)
    sentence = (
        "Decide when nobody is texted: set QUIET_HOURS in .env, such as 21:00-08:00 (or none), then restart. Until "
        "then, people are texted at any hour of the night."
    )
    return Step(name, False, sentence, is_required=False)


def _people() -> Step:
    url = reverse("admin:contacts_contactimport_new", args=["community"])
    if count := CommunityMember.objects.count():
        return Step("People", True, f"{people(count)} in the community.", "Import more", url)
    return Step("People", False, "Bring in a spreadsheet or a contacts export.", "Import people", url)


def _twilio() -> Step:
    if not uses_twilio():
        sentence = (
            "Set TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and TWILIO_FROM_NUMBER (or TWILIO_MESSAGING_SERVICE_SID) in "
            ".env, then restart. Until then, you practice."
        )
        return Step("Twilio", False, sentence)
    sender = settings.TWILIO_FROM_NUMBER
    shown = phones.display(sender) if sender else "the Messaging Service"
    return Step("Twilio", True, f"Texts are sent from {shown}.")


def _webhook() -> Step:
    name = "Incoming texts"
    if not uses_twilio():
        return Step(name, False, "Once Twilio is connected, one click here has it forward replies and STOP.")
    if not webhook_url():
        return Step(name, False, "Set PUBLIC_BASE_URL in .env: Twilio has to know this site’s public address.")
    url = reverse("admin:setup_webhook")
    if at := _webhook_set_at():
        sentence = f"Twilio forwards them here since {dates.moment(at)}."
        return Step(name, True, sentence, "Set it again", url, is_button=True)
    if _has_been_texted():
        return Step(name, True, "Twilio forwards them: texts have come in.", "Set it again", url, is_button=True)
    return Step(name, False, "Have Twilio forward replies and STOP to this site.", SET_WEBHOOK, url, is_button=True)


def _tests(user: AppUser) -> list[Step]:
    """The user's test phone, and whether a test arrived there."""
    phone, account = phones.display(own_test_phone(user)), reverse("admin:own_account")
    if not phone:
        return [
            Step("Test phone", False, "Enter your own number: tests go there.", "Enter it", account),
            Step("Test", False, "Once there is a test phone, send a test to see that texts arrive."),
        ]
    return [Step("Test phone", True, f"Tests go to {phone}.", "Change it", account), _test(phone)]


def _test(phone: str) -> Step:
    name, compose = "Test", reverse("admin:messaging_messagelog_compose")
    log = MessageLog.objects.filter(test_mode=True).order_by("-pk").first()
    if log is None:
        return Step(name, False, f"Send a test to {phone}.", "Send a test", compose)
    url = reverse("admin:messaging_messagelog_change", args=[log.pk])
    tests = Delivery.objects.filter(message_log__test_mode=True)
    if tests.filter(status=Delivery.Status.DELIVERED).exists():
        return Step(name, True, f"A test arrived on {phone}.", "See it", url)
    return Step(name, False, f"A test was sent to {phone}. It hasn’t been reported as delivered yet.", "See why", url)


def _colleague() -> Step:
    url = reverse("admin:accounts_appuser_add")
    count = AppUser.objects.filter(is_active=True).count()
    if count > 1:
        return Step("Colleagues", True, f"{people(count)} can sign in.", "Add another", url, is_required=False)
    return Step("Colleagues", False, "Give somebody else a login of their own.", "Add a user", url, is_required=False)


STEPS: Final[tuple[Callable[[], Step], ...]] = (
    _organization,
    _time_zone,
    _quiet_hours,
    _people,
    _twilio,
    _webhook,
)
