"""Recording that somebody asked for no more texts, by phone, in person or by mail, and taking that back at once."""

from typing import Any, Final

from django import forms
from django.contrib import admin, messages
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.csrf import get_token
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from contacts import known_people, person_ids, phones
from contacts.consent import opting_out
from contacts.known_people import Person
from contacts.models import UnsubscribedContact

from .picking import PersonForm, initial_for

RECORD: Final = "contacts.add_unsubscribedcontact"
# The button is shown for ten seconds; a slow connection may take longer.
UNDO_SECONDS: Final = 60
_SALT: Final = "contacts.undo-opt-out"
TOO_LATE: Final = "It’s too late to undo this. An admin can allow texts again."
_WAYS: Final = ("Phone call", "In person", "E-mail", "Letter", "Other")


class RecordForm(PersonForm):
    how = forms.ChoiceField(
        label="How did they ask?",
        choices=[(way, way) for way in _WAYS],
        initial=_WAYS[0],
        widget=forms.RadioSelect,
    )
    note = forms.CharField(
        label="Note (optional)",
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2, "dir": "auto"}),
    )

    @property
    def reason(self) -> str:
        """How they asked and the note, as the consent history keeps it: "Phone call: asked Ann twice"."""
        how, note = self.cleaned_data["how"], self.cleaned_data["note"].strip()
        return f"{how}: {note}" if note else how


class RecordPage(admin.ModelAdmin):
    """Adds the page to the admin of opt-outs, in place of Django's form."""

    def get_urls(self) -> list[URLPattern]:
        undo = require_POST(self.undo_view)
        return [
            path("record/", self.admin_site.admin_view(self.record_view), name="contacts_unsubscribedcontact_record"),
            path("record/undo/", self.admin_site.admin_view(undo), name="contacts_unsubscribedcontact_undo"),
            *super().get_urls(),
        ]

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return HttpResponseRedirect(record_address(request.GET.get("phone", "")))

    def record_view(self, request: HttpRequest) -> HttpResponse:
        """The form, filled in from `phone` or from the id `person`; afterwards leads back to `next`."""
        if not request.user.has_perm(RECORD):
            raise PermissionDenied
        came_from = _read_next(request)
        if request.method == "POST":
            form = RecordForm(request.user, request.POST)
            if form.is_valid() and form.person:
                self._record(request, form.person, form.reason, came_from)
                return HttpResponseRedirect(came_from)
        else:
            form = RecordForm(request.user, initial=initial_for(_read_phone(request)))
        if not form["phone"].value():
            form.fields["who"].widget.attrs["autofocus"] = True
        context = self.admin_site.each_context(request) | {
            "opts": self.opts,
            "title": "Someone asked to stop",
            "form": form,
            "number": _number_shown(form),
            "next": came_from,
        }
        return TemplateResponse(request, "contacts/record.html", context)

    def _record(self, request: HttpRequest, person: Person, reason: str, came_from: str) -> None:
        actor = request.user.get_username()
        source = UnsubscribedContact.Source.MANUAL
        is_new = opting_out.opt_out(person.phone, source, name=person.name or None, reason=reason, actor=actor)
        entry = UnsubscribedContact.objects.filter(phone=person.phone).first()
        if not is_new:
            said = f"{person.title} had already opted out. The consent history now says that they asked again."
            messages.info(request, said)
        elif entry is not None:
            self.log_addition(request, entry, "Recorded.")
            messages.success(request, _with_undo(request, person, entry, came_from))

    def undo_view(self, request: HttpRequest) -> HttpResponse:
        """Takes back what the same user has just recorded."""
        if not request.user.has_perm(RECORD):
            raise PermissionDenied
        try:
            user_pk, entry_pk, phone = signing.loads(request.POST.get("undo", ""), salt=_SALT, max_age=UNDO_SECONDS)
        except signing.BadSignature:
            messages.warning(request, TOO_LATE)
            return HttpResponseRedirect(_read_next(request))
        if user_pk != request.user.pk:
            raise PermissionDenied
        person = known_people.of_phone(phone)
        if opting_out.take_back(entry_pk, phone, request.user.get_username()):
            messages.success(request, f"Undone: {person.title} isn’t opted out.")
        else:
            messages.warning(request, f"Nothing was undone: {person.title}’s consent has changed since.")
        return HttpResponseRedirect(_read_next(request))


def record_address(phone: str = "", came_from: str = "") -> str:
    """The page that records an opt-out, of that number if it is given."""
    address = reverse("admin:contacts_unsubscribedcontact_record")
    query = {name: value for name, value in (("phone", phone), ("next", came_from)) if value}
    return f"{address}?{urlencode(query)}" if query else address


def stop_address(request: HttpRequest, phone: str) -> str:
    """The same for a link on the page of the number's owner, which it leads back to; "" for who may not record it."""
    if not phones.E164.fullmatch(phone) or not request.user.has_perm(RECORD):
        return ""
    query = urlencode({"person": str(person_ids.encode(phone)), "next": request.path})
    return f"{record_address()}?{query}"


def _read_phone(request: HttpRequest) -> str:
    """What the address says of whom the page is about."""
    named = person_ids.decode(request.GET.get("person", ""))
    return named or request.GET.get("phone", "").replace("\0", "")


def _number_shown(form: RecordForm) -> str:
    """The number of the one person whom the page is about, "" as long as that is open."""
    if form.is_bound:
        only = form.found if len(form.found) == 1 else [form.person] if form.person else []
        return only[0].number if only else ""
    phone = form["phone"].value()
    return Person(phone).number if phone else ""


def _with_undo(request: HttpRequest, person: Person, entry: UnsubscribedContact, came_from: str) -> SafeString:
    """The message with its button. It is shown on another page, whose template knows nothing of it."""
    return format_html(
        '<span>No more texts to {}.</span> <form method="post" action="{}" class="undo">'
        '<input type="hidden" name="csrfmiddlewaretoken" value="{}"><input type="hidden" name="undo" value="{}">'
        '<input type="hidden" name="next" value="{}"><button class="button">Undo</button></form>',
        person.title,
        reverse("admin:contacts_unsubscribedcontact_undo"),
        get_token(request),
        signing.dumps([request.user.pk, entry.pk, entry.phone], salt=_SALT),
        came_from,
    )


def _read_next(request: HttpRequest) -> str:
    """The page of ours to go back to; the home page if none is named."""
    wanted = request.POST.get("next") or request.GET.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(wanted, None) and wanted.startswith("/")
    return wanted if is_ours else reverse("admin:index")
