"""Every page of the admin, found in the site itself, with an address of each to visit."""

import functools
import itertools
import uuid
from datetime import timedelta

from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.core.files.base import ContentFile
from django.urls import URLResolver, get_resolver, reverse
from django.utils import timezone
from django_q.models import OrmQ, Schedule, Task

from accounts import events
from accounts.models import AppUser, LoginAttempt, Organization
from accounts.security_events import Kind, SecurityEvent
from contacts import person_ids
from contacts.imports import lifecycle, staging
from contacts.models import (
    CommunityMember,
    ConsentRecord,
    ContactImport,
    Event,
    EventRegistration,
    Group,
    GroupMember,
    ProfileField,
    SuppressedContact,
    UnsubscribedContact,
)
from messaging.models import (
    Delivery,
    Draft,
    InboxMessage,
    InboxThread,
    KeywordAutomationRule,
    MessageLog,
    PlanLine,
    SavedAudience,
    ScheduledMessage,
)
from surveys.models import SurveyFlow, SurveyResponse

from .conftest import fictional_phone

STANDARD = ("changelist", "add", "change", "delete", "history")


@functools.cache
def find_patterns():
    """The URL patterns of the admin, including those of its models. Built once, because building them is slow."""
    get_resolver().url_patterns  # noqa: B018 - the pages register themselves when the URLs are built

    def walk(entries):
        for entry in entries:
            if isinstance(entry, URLResolver):
                yield from walk(entry.url_patterns)
            else:
                yield entry

    return list(walk(admin.site.get_urls()))


def find_names():
    """The names of all pages, in order."""
    return sorted({pattern.name for pattern in find_patterns() if pattern.name})


def models():
    """The registered models, by the prefix of their pages' names."""
    find_patterns()
    return {f"{model._meta.app_label}_{model._meta.model_name}": model for model in admin.site._registry}


def find_actions():
    """(model's name, action) for every action of every list."""
    find_patterns()
    return sorted(
        (name, action)
        for name, model in models().items()
        if admin.site._registry[model].actions is not None
        for _, action, _ in admin.site._registry[model]._get_base_actions()
    )


def squeeze(html):
    """HTML with single spaces, so that sentences can be searched for."""
    return " ".join(html.split())


class World:
    """Creates rows of models on demand, and the addresses of the pages about them."""

    def __init__(self, user, phones=None):
        self.user = user
        self.phones = phones or map(fictional_phone, itertools.count(500))

    def address(self, name, variant=""):
        """An address of the page with that name; for pages of several kinds, `variant` says which."""
        return reverse(f"admin:{name}", kwargs=self.arguments(name, variant))

    def arguments(self, name, variant):
        pattern = next(pattern for pattern in find_patterns() if pattern.name == name)
        wanted = list(pattern.pattern.converters) or list(pattern.pattern.regex.groupindex)
        return {argument: self.argument(argument, name, variant) for argument in wanted}

    def argument(self, argument, name, variant):
        if argument in ("object_id", "pk", "id") and name != "view_on_site":
            model = AppUser if name == "auth_user_password_change" else models()[name.rpartition("_")[0]]
            return self.row(model, variant or name.rpartition("_")[2]).pk
        return {
            "person": lambda: person_ids.encode(self.row(CommunityMember).phone),
            "target": lambda: variant,
            "text": lambda: self.thread().messages.get().pk,
            "import_id": lambda: self.row(ContactImport, variant).pk,
            "event_id": lambda: self.row(Event).pk,
            "line_id": lambda: PlanLine.objects.create(event=self.row(Event), minutes=-60, text="See you there").pk,
            "group_id": lambda: self.row(Group).pk,
            "answer": lambda: self.row(SurveyResponse).pk,
            "token": lambda: Draft.objects.create(created_by=self.user, message_body="Hello").token,
            "whom": lambda: "failed",
            "app_label": lambda: variant,
            "content_type_id": lambda: ContentType.objects.get_for_model(Event).pk,
            "object_id": lambda: self.row(Event).pk,
        }[argument]()

    def row(self, model, variant=""):
        """A row of that model, suitable for the page `variant`. New models have to be added here."""
        make = {
            AppUser: lambda: AppUser.objects.create_user(f"other-{uuid.uuid4().hex}", role="social_manager"),
            Organization: lambda: Organization.objects.get_or_create(pk=Organization.ONLY)[0],
            LoginAttempt: lambda: LoginAttempt.objects.create(username=uuid.uuid4().hex),
            SecurityEvent: lambda: events.record(Kind.LOGIN, user=self.user),
            CommunityMember: lambda: CommunityMember.objects.create(name="Ada", phone=next(self.phones)),
            Event: lambda: Event.objects.create(title="Summer picnic"),
            EventRegistration: lambda: EventRegistration.objects.create(
                name="Ada", phone=next(self.phones), event=self.row(Event)
            ),
            Group: lambda: Group.objects.create(name=f"Choir {uuid.uuid4().hex}"),
            GroupMember: lambda: GroupMember.objects.create(
                name="Ada", phone=next(self.phones), group=self.row(Group)
            ),
            ConsentRecord: lambda: ConsentRecord.objects.create(
                phone=next(self.phones), kind="opt_out", source="manual"
            ),
            UnsubscribedContact: lambda: UnsubscribedContact.objects.create(phone=next(self.phones)),
            SuppressedContact: lambda: SuppressedContact.objects.create(phone=next(self.phones)),
            ProfileField: lambda: ProfileField.objects.create(key=f"field_{uuid.uuid4().hex[:8]}", label="Grade"),
            ContactImport: lambda: self.contact_import(
                variant if variant in ContactImport.Target.values else "event"
            ),
            Draft: lambda: Draft.objects.create(created_by=self.user, message_body="Hello"),
            MessageLog: self.log,
            SavedAudience: lambda: SavedAudience.objects.create(
                name=f"Audience {uuid.uuid4().hex}", definition={"any": [{"community": True}]}
            ),
            ScheduledMessage: lambda: ScheduledMessage.objects.create(
                message_body="Hello",
                target="community",
                scheduled_at=timezone.now() + timedelta(days=1),
                status="cancelled" if variant == "delete" else "pending",
            ),
            SurveyFlow: lambda: SurveyFlow.objects.create(
                name=f"Survey {uuid.uuid4().hex}", trigger_keyword=uuid.uuid4().hex.upper(), questions_json='["Why?"]'
            ),
            SurveyResponse: self.answer,
            InboxThread: self.thread,
            KeywordAutomationRule: lambda: KeywordAutomationRule.objects.create(
                keyword=f"PARKING {uuid.uuid4().hex[:8].upper()}", response_body="Behind the hall"
            ),
            OrmQ: lambda: OrmQ.objects.create(key="smsadmin", payload="", lock=timezone.now()),
            Schedule: lambda: Schedule.objects.create(name="A task", func="math.sqrt", args="4"),
        }
        if issubclass(model, Task):
            now = timezone.now()
            task = Task.objects.create(
                id=uuid.uuid4().hex,
                name="a-task",
                func="math.sqrt",
                args=(4,),
                started=now,
                stopped=now,
                success="success" in model.__name__.lower(),
            )
            return model.objects.get(pk=task.pk)
        return make[model]()

    def log(self):
        log = MessageLog.objects.create(message_body="Hello", target="community", status="sent", total_recipients=1)
        Delivery.objects.create(message_log=log, phone=next(self.phones), status="failed", error_code=30003)
        return log

    def answer(self):
        survey, phone = self.row(SurveyFlow), next(self.phones)
        session = survey.sessions.create(phone=phone, questions_json=survey.questions_json, current_question_index=1)
        return survey.responses.create(
            session=session, phone=phone, question_index=0, question_prompt="Why?", answer="Because"
        )

    def thread(self):
        phone = next(self.phones)
        thread = InboxThread.objects.create(phone=phone, unread_count=1, last_direction="inbound")
        InboxMessage.objects.create(thread=thread, phone=phone, direction="inbound", body="Hello")
        return thread

    def contact_import(self, target):
        place = self.row({"event": Event, "group": Group}[target]) if target in ("event", "group") else None
        file = ContentFile(b"name,phone\nAda,+1720555 0100\nBob,12\n", name="people.csv")
        contact_import = lifecycle.stage(file, target, place, self.user)
        staging.read(contact_import.pk)
        contact_import.refresh_from_db()
        return contact_import
