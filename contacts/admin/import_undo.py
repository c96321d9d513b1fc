"""The page that says what undoing an import does and what it can't, and does it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.text import get_text_list

from contacts.imports import summaries, undoing
from contacts.imports.undoing import REASONS, Effect
from contacts.models import ContactImport
from smsadmin.lib.plurals import counted, people

from .import_base import ImportBase
from .import_links import list_link

TOO_LATE = "This import can’t be undone: that is possible for 7 days, once, and only for what it changed."


class ImportUndo(ImportBase):
    """Adds the page to the admin of imports."""

    def undo_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        contact_import = self.get_import(request, pk)
        page = HttpResponseRedirect(self.address_of(contact_import))
        if not undoing.may_be_undone(contact_import):
            messages.warning(request, TOO_LATE)
            return page
        if request.method == "POST":
            if undoing.start(contact_import):
                self.log_change(request, contact_import, "Undone.")
            return page
        effect = undoing.foresee(contact_import)
        context = {
            "title": "Undo this import?",
            "subtitle": contact_import.file_name,
            "contact_import": contact_import,
            "list_link": list_link(contact_import.target, contact_import.place),
            "effect": effect,
            "undone": undone(contact_import, effect),
            "kept": kept(contact_import, effect),
        }
        return self.render(request, "contacts/import_undo.html", context)


def undone(contact_import: ContactImport, effect: Effect) -> list[str]:
    """What undoing does, in sentences."""
    place = summaries.place_name(contact_import)
    said = [f"{people(effect.people)} will be removed from {place}."] if effect.people else []
    if effect.names:
        said.append(f"{counted(effect.names, 'name', 'names')} will be changed back.")
    if effect.values:
        said.append(f"{counted(effect.values, 'field value', 'field values')} will be changed back or removed.")
    return said


def kept(contact_import: ContactImport, effect: Effect) -> list[str]:
    """What it can't undo, in sentences."""
    said = []
    for reason, number in effect.kept_people:
        if reason == "gone":
            said.append(f"{people(number)} {'was' if number == 1 else 'were'} {REASONS[reason]}.")
        else:
            said.append(f"{people(number)} {'stays' if number == 1 else 'stay'}: {REASONS[reason]}.")
    if effect.kept_names:
        said.append(f"{counted(effect.kept_names, 'name stays: it was', 'names stay: they were')} changed since.")
    if effect.kept_values:
        stay = counted(effect.kept_values, "field value stays: it was", "field values stay: they were")
        said.append(f"{stay} changed since.")
    if new := [kept["label"] for kept in contact_import.detected.get("fields", []) if kept["id"] is None]:
        said.append(f"{get_text_list(new, 'and')} {'stays a field' if len(new) == 1 else 'stay fields'}.")
    opted_out = contact_import.counts.get("to_opt_out", 0)
    if contact_import.target == ContactImport.Target.UNSUBSCRIBED:
        opted_out = contact_import.counts["new"]
    if opted_out:
        stay = "stays" if opted_out == 1 else "stay"
        said.append(f"{people(opted_out)} {stay} opted out. An admin can allow texts again.")
    else:
        said.append("Opt-outs aren’t undone.")
    return said
