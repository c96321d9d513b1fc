"""The page of a person: everything known of one phone, and what staff can do with it.

A person has no row of their own. The page's address has an id that is the phone in disguise (`contacts.person_ids`).
"""

from collections.abc import Callable
from typing import Any, Final

from django.contrib import admin, messages
from django.contrib.admin.models import ADDITION, LogEntry
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.models import AppUser
from contacts import known_people, person_ids, person_records, phones, profile_values, profiles, textability
from contacts.consent import opting_out
from contacts.known_people import Person
from contacts.models import CommunityMember, SuppressedContact, UnsubscribedContact

from . import person_additions, person_sections  # noqa: F401 - the latter registers its sections
from .person_forms import AddForm, PersonEditForm
from .recording import stop_address
from .textable import CONSENT, STOP_STAYS

SEE: Final = "contacts.view_communitymember"
EDIT: Final = "contacts.change_profile"
ALLOW: Final = ("contacts.delete_unsubscribedcontact", "contacts.delete_suppressedcontact")
EXPORT: Final = "contacts.export_person"
ERASE: Final = "contacts.erase_person"
_ADDING: Final = ("contacts.add_communitymember", "contacts.add_groupmember", "contacts.add_eventregistration")

View = Callable[[HttpRequest, Person], HttpResponse]


class NobodyKnown(Exception):
    """The address has no id of ours, or that of a phone that we know nothing of."""


def urls(site: admin.AdminSite) -> list[URLPattern]:
    """The page, and what is posted to it."""

    def on(address: str, view: View, name: str) -> URLPattern:
        def found(request: HttpRequest, person: str) -> HttpResponse:
            try:
                return view(request, _find(request, person))
            except NobodyKnown:
                return _say_unknown(request, site)

        return path(f"people/<str:person>/{address}", site.admin_view(found), name=name)

    return [
        on("", show, "person"),
        on("edit/", edit, "person_edit"),
        on("add/", add, "person_add"),
        on("allow/", allow, "person_allow"),
        on("download/", export, "person_download"),
        on("erase/", erase, "person_erase"),
    ]


def _find(request: HttpRequest, person_id: str) -> Person:
    if not request.user.has_perm(SEE):
        raise PermissionDenied
    phone = person_ids.decode(person_id)
    if phone is None or not person_records.is_known(phone):
        raise NobodyKnown
    return known_people.of_phone(phone)


def _say_unknown(request: HttpRequest, site: admin.AdminSite) -> HttpResponse:
    context = site.each_context(request) | {"title": "Nobody is here"}
    return TemplateResponse(request, "contacts/person_unknown.html", context, status=404)


def _require(request: HttpRequest, *permissions: str) -> AppUser:
    user = request.user
    if not isinstance(user, AppUser) or not user.has_perms(permissions):
        raise PermissionDenied
    return user


def _page(request: HttpRequest, person: Person, template: str, title: str, **context: Any) -> TemplateResponse:
    whole = admin.site.each_context(request) | {"title": title, "person": person, "address": _address(person)}
    return TemplateResponse(request, template, whole | context)


def _address(person: Person, action: str = "") -> str:
    return reverse(f"admin:person{action}", args=[person_ids.encode(person.phone)])


@require_safe
def show(request: HttpRequest, person: Person) -> HttpResponse:
    """The page; its sections come from all apps."""
    user = request.user
    standing = textability.standings([person.phone])[person.phone]
    sources = textability.source_labels({standing.opt_out.source} if standing.opt_out else ())
    reason = standing.reason(sources)
    found = [one for make in person_additions.sections if (one := make(request, person)) is not None]
    found.sort(key=lambda one: one.place)
    adding = AddForm(user, person)
    return _page(
        request,
        person,
        "contacts/person.html",
        person.title,
        standing=standing,
        reason=f"{reason}." if reason else "",
        sections=[one for one in found if not one.is_beside],
        beside=[one for one in found if one.is_beside],
        links=[link for make in person_additions.actions for link in make(request, person)],
        stop_address="" if standing.opt_out else stop_address(request, person.phone),
        edit_address=_address(person, "_edit") if user.has_perm(EDIT) else "",
        record_address=_record_address(user, standing.record),
        allow_address=_address(person, "_allow") if standing.record and user.has_perms(ALLOW) else "",
        export_address=_address(person, "_download") if user.has_perm(EXPORT) else "",
        erase_address=_address(person, "_erase") if user.has_perm(ERASE) else "",
        adding=adding if phones.E164.fullmatch(person.phone) and adding.has_lists else None,
        add_address=_address(person, "_add"),
    )


def _record_address(user: Any, record: UnsubscribedContact | SuppressedContact | None) -> str:
    """The entry that keeps the person from being texted, for who may see it."""
    if record is None or not user.has_perm(f"contacts.view_{record._meta.model_name}"):
        return ""
    return reverse(f"admin:contacts_{record._meta.model_name}_change", args=[record.pk])


def edit(request: HttpRequest, person: Person) -> HttpResponse:
    """The form for everything that staff may change of a person."""
    user = _require(request, EDIT)
    data = request.POST if request.method == "POST" else None
    form = PersonEditForm(person, data, may_rename=may_rename(user, person.phone))
    if data is not None and form.is_valid():
        try:
            profiles.edit(person.phone, form.changes, user)
        except profile_values.BadValue as problem:
            # A field has changed since the form checked.
            form.add_error(None, str(problem))
        else:
            messages.success(request, "Saved.")
            return HttpResponseRedirect(_address(person))
    return _page(request, person, "contacts/person_edit.html", f"Edit {person.title}", form=form)


def may_rename(user: Any, phone: str) -> bool:
    """Whether the user may change the entries on all lists that the person is on."""
    others = [model for model in profiles.rows_named(phone) if model is not UnsubscribedContact]
    return all(user.has_perm(f"contacts.change_{model._meta.model_name}") for model in others)


def add(request: HttpRequest, person: Person) -> HttpResponse:
    """Adds the person to the posted list."""
    user = request.user
    if not isinstance(user, AppUser) or not any(map(user.has_perm, _ADDING)):
        raise PermissionDenied
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    form = AddForm(user, person, request.POST)
    if not phones.E164.fullmatch(person.phone):
        messages.error(request, "This sender isn’t a phone number, so it can’t be on a list.")
    elif not form.is_valid():
        messages.error(request, "Choose a list. They may be on the one that you chose.")
    else:
        entry, is_new = form.make(person)
        where = _list_name(entry)
        if is_new:
            LogEntry.objects.log_actions(user.pk, [entry], ADDITION, [{"added": {}}])
            messages.success(request, f"Added {person.title} to {where}.")
        else:
            messages.info(request, f"{person.title} is already in {where}.")
    return HttpResponseRedirect(_address(person))


def _list_name(entry: Any) -> str:
    if isinstance(entry, CommunityMember):
        return "the community"
    return f"“{getattr(entry, 'group', None) or entry.event}”"


def allow(request: HttpRequest, person: Person) -> HttpResponse:
    """Asks first: texting people who don't want it breaks the law."""
    user = _require(request, *ALLOW)
    if request.method == "POST":
        entries = (
            UnsubscribedContact.objects.filter(phone=person.phone),
            SuppressedContact.objects.filter(phone=person.phone),
        )
        changed = sum(opting_out.restore(rows, user.get_username()).changed for rows in entries)
        if changed:
            messages.success(request, f"{person.title} can be texted again.")
        else:
            messages.info(request, f"{person.title} could already be texted.")
        return HttpResponseRedirect(_address(person))
    return _page(
        request,
        person,
        "contacts/person_ask.html",
        f"Allow texts to {person.title} again?",
        sentences=("The next blast to any of their lists will reach them again.", CONSENT, STOP_STAYS),
        button="Allow texts again",
    )


def export(request: HttpRequest, person: Person) -> HttpResponse:
    """Everything known of the person, as a ZIP file whose name doesn't say who it is."""
    _require(request, EXPORT)
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    short = str(person_ids.encode(person.phone))[:8]
    name = f"person-{short}-{timezone.localdate():%Y-%m-%d}.zip"
    return HttpResponse(
        person_records.export(person.phone),
        content_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def erase(request: HttpRequest, person: Person) -> HttpResponse:
    """Asks first, and says what stays."""
    _require(request, ERASE)
    problem = ""
    if request.method == "POST":
        try:
            person_records.erase(person.phone)
        except person_records.CannotErase as reason:
            problem = str(reason)
        else:
            messages.success(request, "Erased. Backups made before now still have them until they are deleted.")
            return HttpResponseRedirect(reverse("admin:contacts_communitymember_changelist"))
    return _page(
        request,
        person,
        "contacts/person_ask.html",
        f"Erase {person.title}?",
        sentences=() if problem else ERASED_SENTENCES,
        problem=problem or person_records.why_not_erasable(person.phone),
        button="Erase for good",
    )


ERASED_SENTENCES: Final = (
    "This deletes their name, details, fields, texts and survey answers, and takes them off every list, draft and "
    "scheduled blast. It can’t be undone.",
    "Blasts keep their counts: each text they got stays in the list of recipients, without name and number.",
    "What stays is what protects them: that the number has opted out or is unreachable, and when it opted out or in. "
    "The number stays there, their words don’t.",
)
