"""The page of a list of people, an event or a group: who is on it, and adding people without leaving it."""

from dataclasses import dataclass
from typing import Any, ClassVar, Final

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_POST

from contacts import phones, searching, textability
from contacts.known_people import Person
from smsadmin.lib.ids import read_key

from .changelist import MOST_FOUND
from .picking import PersonForm

SHOWN: Final = 50


@dataclass(frozen=True)
class Words:
    """What the page calls things. `added` and `present` are sentences with the person's name to be filled in."""

    count: str
    add: str
    button: str
    heading: str
    search: str
    nobody: str
    none_found: str
    details: str
    added: str
    present: str


class PeoplePage(admin.ModelAdmin):
    """Adds the people to the page of their list, and the view that adds one.

    `entry_model` is the model of the people, `list_field` its foreign key to the list, and `adding` the last part of
    the address that adds one. `is_removable` says whether the page offers to remove each of them.
    """

    change_form_template = "contacts/people_page.html"
    entry_model: type[Model]
    list_field: str
    adding: str
    is_removable = False
    words: ClassVar[Words]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_POST(self.add_person_view))
        name = f"contacts_{self.opts.model_name}_{self.adding}"
        return [path(f"<path:object_id>/{self.adding}/", view, name=name), *super().get_urls()]

    def add_person_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Adds the posted person. What needs a choice or a correction is asked on the list's page."""
        if not self._may(request, "add"):
            raise PermissionDenied
        obj = get_object_or_404(self.model, pk=read_key(unquote(object_id)))
        form = PersonForm(request.user, request.POST)
        if form.is_valid() and form.person:
            self._add_person(request, obj, form.person)
            return HttpResponseRedirect(self._page_of(obj))
        return HttpResponseRedirect(self._page_of(obj, request.POST.get("who", "")))

    def _add_person(self, request: HttpRequest, obj: Any, person: Person) -> None:
        entry: Any
        entry, is_new = self.entry_model._default_manager.get_or_create(
            phone=person.phone, defaults={"name": person.name or None}, **{self.list_field: obj}
        )
        if not is_new:
            messages.info(request, self.words.present.format(entry.name or person.number))
            return
        entries = self.admin_site.get_model_admin(self.entry_model)
        entries.log_addition(request, entry, [{"added": {}}])
        said = self.words.added.format(person.title)
        match textability.standings([person.phone])[person.phone].state:
            case "opted_out":
                said += " They opted out, so blasts skip them."
            case "suppressed":
                said += " Their number is unreachable, so blasts skip them."
        messages.success(request, said)

    def people_context(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        """The newest people, or those that `q` finds, and the form for one more; only words for who may not see."""
        if not self._may(request, "view"):
            return {"words": self.words}
        query = request.GET.get("q", "").replace("\0", "").strip()
        found: Any = self.entry_model._default_manager.filter(**{self.list_field: obj}).order_by("-pk")
        found = searching.search(found, query, limit=MOST_FOUND)
        rows = list(found[: SHOWN + 1])
        entries: Any = self.admin_site.get_model_admin(self.entry_model)
        entries.prepare_page(rows)
        page = f"admin:contacts_{self.entry_model._meta.model_name}"
        may_remove = self.is_removable and self._may(request, "delete")
        for row in rows:
            row.number = phones.display(row.phone)
            row.address = reverse(f"{page}_change", args=[row.pk])
            row.remove_address = reverse(f"{page}_delete", args=[row.pk]) if may_remove else ""
        return {
            "shown_people": rows[:SHOWN],
            "may_remove": may_remove,
            "has_more": len(rows) > SHOWN,
            "shown": SHOWN,
            "query": query,
            "words": self.words,
            "list_address": f"{reverse(f'{page}_changelist')}?{urlencode({self.list_field: obj.pk})}",
            "form": PersonForm(request.user, request.GET if "who" in request.GET else None),
            "add_address": reverse(f"admin:contacts_{self.opts.model_name}_{self.adding}", args=[obj.pk])
            if self._may(request, "add")
            else "",
        }

    def _may(self, request: HttpRequest, verb: str) -> bool:
        return request.user.has_perm(f"contacts.{verb}_{self.entry_model._meta.model_name}")

    def _page_of(self, obj: Any, typed: str | None = None) -> str:
        """The page with the field for the next person in focus; `typed` is what it is to ask about."""
        address = reverse(f"admin:contacts_{self.opts.model_name}_change", args=[obj.pk])
        query = f"?{urlencode({'who': typed})}" if typed is not None else ""
        return f"{address}{query}#id_who"
