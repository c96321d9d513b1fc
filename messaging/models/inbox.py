"""Conversations: what people text us, and our replies."""

from collections.abc import Callable
from typing import Any, Final, Self

from django.conf import settings
from django.db import models
from django.db.models import Count, F, OuterRef, Q, Subquery
from django.utils import timezone

from smsadmin.lib.registry import Registry

from ..consent.words import OPT_IN_WORDS, YES
from .deliveries import Delivery

# Functions that label special conversations by phone.
tags: Registry[Callable[[str], str]] = Registry()


class InboxThreadQuerySet(models.QuerySet):
    def unread(self) -> Self:
        """Conversations with unread texts."""
        return self.filter(unread_count__gt=0)

    def undecided(self) -> Self:
        """Conversations with possible opt-outs to review."""
        return self.filter(flagged_at__isnull=False)

    def with_newest_text(self) -> Self:
        """With `newest_text`: the id of the latest text when the row is read, or None."""
        texts: Any = self.model._meta.get_field("messages").related_model
        newest = texts._default_manager.filter(thread=OuterRef("pk")).order_by("-pk").values("pk")[:1]
        return self.annotate(newest_text=Subquery(newest))

    def miscounted(self) -> Self:
        """Conversations with more unread texts than received ones (`received`), or a negative number."""
        received = Count("messages", filter=Q(messages__direction=InboxMessage.Direction.INBOUND))
        some_unread = self.exclude(unread_count=0).annotate(received=received)
        return some_unread.filter(Q(unread_count__lt=0) | Q(unread_count__gt=F("received")))

    def limit_unread(self) -> int:
        """Clamp wrong unread counts. Returns how many changed; rows that change meanwhile are skipped."""
        changed = 0
        for pk, unread, received in self.miscounted().values_list("pk", "unread_count", "received"):
            possible = min(max(unread, 0), received)
            rows = self.model._default_manager.filter(pk=pk, unread_count=unread)
            changed += rows.update(unread_count=possible)
        return changed


class InboxMessageQuerySet(models.QuerySet):
    def received(self) -> Self:
        return self.filter(direction=InboxMessage.Direction.INBOUND)

    def written(self) -> Self:
        """Received texts that a person wrote: no reactions, automatic replies or copies of our own words."""
        return self.received().filter(kind=InboxMessage.Kind.TEXT)

    def on_their_own(self) -> Self:
        """Without reactions that are shown on the text they are about."""
        return self.filter(about_message=None, about_delivery=None)

    def flagged(self) -> Self:
        """Possible opt-outs to review."""
        return self.filter(is_flagged=True)

    def for_staff(self) -> Self:
        """Received texts that count as unread: not opt-outs or survey answers, for example."""
        return self.received().filter(needs_reading=True)


class InboxThread(models.Model):
    """The conversation with one phone. `contact_name` is given by staff; without one, names from the lists are
    used."""

    PREVIEW_LENGTH: Final = 120

    phone = models.CharField(max_length=20, unique=True)
    contact_name = models.CharField("name", max_length=100, null=True, blank=True)
    unread_count = models.IntegerField("unread", default=0)
    last_message_at = models.DateTimeField(default=timezone.now)
    last_message_preview = models.TextField(null=True, blank=True)
    last_direction = models.CharField(max_length=10, null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(auto_now=True)

    flagged_at = models.DateTimeField(
        null=True, blank=True, help_text="Since when a possible opt-out has been waiting for a decision."
    )

    objects = InboxThreadQuerySet.as_manager()

    class Meta:
        db_table = "inbox_threads"
        verbose_name = "conversation"
        indexes = [
            models.Index(fields=["-last_message_at", "-id"], name="ix_threads_newest"),
            models.Index(fields=["flagged_at"], name="ix_threads_flagged", condition=Q(flagged_at__isnull=False)),
            models.Index(fields=["unread_count"], name="ix_threads_unread", condition=Q(unread_count__gt=0)),
        ]

    def __str__(self) -> str:
        return self.contact_name or self.phone

    @property
    def tag(self) -> str:
        """A label for a special conversation, such as a survey test; "" for an ordinary one."""
        return next(filter(None, (tag_of(self.phone) for tag_of in tags)), "")


class InboxMessage(models.Model):
    """One text of a conversation, in either direction.

    Received texts have Twilio's SID, which identifies repeats. Sent texts record who or what wrote them
    (`automation_source`, with the id of the survey or keyword reply), and their delivery records the outcome.
    `answer_to` is the text that an automatic reply answers. `token` makes one reply of a form posted twice, and
    the only automatic reply of a text that we found late; others have none and went out in our response to Twilio.
    `kind` marks texts that a phone sent on its own; a reaction is linked to the text it is about, if known.
    """

    class Direction(models.TextChoices):
        INBOUND = "inbound", "Received"
        OUTBOUND = "outbound", "Sent"

    class Kind(models.TextChoices):
        TEXT = "text", "Text"
        REACTION = "reaction", "Reaction"
        AUTO_REPLY = "auto_reply", "Automatic reply"
        COPY = "copy", "Copied opt-out instructions"

    class Source(models.TextChoices):
        MANUAL = "manual", "Staff"
        KEYWORD = "keyword", "Keyword reply"
        SURVEY = "survey", "Survey"
        SYSTEM = "system", "Opt-out or help"

    REDACTED: Final = "(removed because it is old)"

    # Two indexes below start with the thread.
    thread = models.ForeignKey(InboxThread, models.CASCADE, related_name="messages", db_index=False)
    phone = models.CharField(max_length=20)
    direction = models.CharField(max_length=10, choices=Direction)
    body = models.TextField()
    message_sid = models.CharField(max_length=64, null=True, blank=True, unique=True)
    automation_source = models.CharField(max_length=30, choices=Source, null=True, blank=True)
    automation_source_id = models.IntegerField(null=True, blank=True)
    matched_keyword = models.CharField(max_length=40, null=True, blank=True)
    raw_payload = models.TextField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    answer_to = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="answers")
    delivery = models.OneToOneField(Delivery, models.SET_NULL, null=True, blank=True, related_name="inbox_message")
    sent_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    token = models.UUIDField(null=True, blank=True, unique=True, editable=False)
    is_flagged = models.BooleanField(default=False, help_text="Possible opt-out that staff must review.")
    flag_reason = models.CharField(
        max_length=200, default="", blank=True, help_text="Why it was treated as an opt-out or flagged."
    )
    needs_reading = models.BooleanField(
        default=True, help_text="For received texts: whether it arrived unread because no automation handled it."
    )

    kind = models.CharField(
        max_length=12,
        choices=Kind,
        default=Kind.TEXT,
        help_text="For received texts: what kind of text it is, such as one that a person wrote.",
    )
    reaction = models.CharField(
        max_length=32, default="", blank=True, help_text="The emoji used to react to one of our texts."
    )
    is_removal = models.BooleanField(default=False, help_text="The reaction was removed.")
    # The text of ours that a reaction is about, from the conversation or a blast. Indexed below.
    about_message = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="reactions", db_index=False
    )
    about_delivery = models.ForeignKey(
        Delivery, models.SET_NULL, null=True, blank=True, related_name="reactions", db_index=False
    )

    redacted_at = models.DateTimeField(
        null=True, blank=True, help_text="When its words were removed because of its age."
    )

    is_late = models.BooleanField(
        default=False,
        help_text="Found in Twilio's list too late to be answered: an outage had kept it from arriving.",
    )

    objects = InboxMessageQuerySet.as_manager()

    class Meta:
        db_table = "inbox_messages"
        verbose_name = "text"
        indexes = [
            models.Index(fields=["thread", "id"], name="ix_inbox_messages_thread"),
            models.Index(fields=["thread", "created_at", "id"], name="ix_inbox_messages_in_time"),
            models.Index(fields=["thread", "id"], name="ix_inbox_messages_flagged", condition=Q(is_flagged=True)),
            # For what people wrote after a blast, whoever they are.
            models.Index(
                fields=["created_at", "phone"],
                name="ix_inbox_messages_written",
                condition=Q(direction="inbound", kind="text"),
            ),
            # For the automatic replies of the last hour.
            models.Index(
                fields=["thread", "created_at"],
                name="ix_inbox_messages_sent",
                condition=Q(automation_source__isnull=False),
            ),
            models.Index(
                fields=["about_message"],
                name="ix_inbox_messages_about_text",
                condition=Q(about_message__isnull=False),
            ),
            models.Index(
                fields=["about_delivery"],
                name="ix_inbox_messages_about_blast",
                condition=Q(about_delivery__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_direction_display()} {self.pk}"

    @property
    def shown_body(self) -> str:
        """Its words, or that they have been removed."""
        return self.REDACTED if self.redacted_at else self.body

    @property
    def may_go_to_anyone(self) -> bool:
        """Whether opted-out people may get this automatic reply: the confirmation and the help text, but no
        welcome."""
        is_welcome = self.matched_keyword in OPT_IN_WORDS or self.matched_keyword == YES
        return self.automation_source == self.Source.SYSTEM and not is_welcome


class CatchUp(models.Model):
    """One row: up to when Twilio's list of incoming texts has been read (see `messaging.inbound.catch_up`)."""

    read_up_to = models.DateTimeField()

    class Meta:
        db_table = "catch_ups"

    def __str__(self) -> str:
        return str(self.read_up_to)


class DeletedText(models.Model):
    """The SID of a received text that staff deleted, so that a repeat from Twilio isn't stored again."""

    message_sid = models.CharField(max_length=64, unique=True)
    deleted_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "deleted_texts"

    def __str__(self) -> str:
        return self.message_sid
