"""Asks for confirmation before an action on many rows: what happens, to how many, and to whom."""

from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.contrib.admin import ModelAdmin, helpers
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from contacts import phones
from smsadmin.lib.plurals import people

_SAMPLE: Final = 10


@dataclass(frozen=True)
class Question:
    """The page between choosing an action and carrying it out."""

    action: str
    title: str
    sentences: tuple[str, ...]
    button: str
    is_dangerous: bool = False


def is_confirmed(request: HttpRequest, count: int) -> bool:
    """Whether the user has confirmed the action for exactly `count` rows."""
    return request.POST.get("confirmed") == str(count)


def name_people(queryset: QuerySet[Any], count: int) -> tuple[str, str]:
    """(who, their number): ("Tara Lund", "(303) 555-0152") for one person, ("3 people", "them") for several."""
    person = queryset.first() if count == 1 else None
    if person is None:
        return people(count), "them"
    number = phones.display(person.phone)
    return getattr(person, "name", None) or number, number


def ask(
    admin: ModelAdmin,
    request: HttpRequest,
    queryset: QuerySet[Any],
    count: int,
    question: Question,
    form: forms.Form | None = None,
) -> HttpResponse:
    """Shows the question, with the fields of `form`. The page posts the same selection to the same list again.

    For "select all", only the search and filters are posted, and the user is asked again if they now match a
    different number of rows.
    """
    if "confirmed" in request.POST and not is_confirmed(request, count):
        messages.warning(request, "The list changed in the meantime, so nothing was done. Check the numbers again.")
    selected = request.POST.getlist(helpers.ACTION_CHECKBOX_NAME)
    is_across = request.POST.get("select_across") == "1"
    sample = [(getattr(row, "name", None) or "", phones.display(row.phone)) for row in queryset[:_SAMPLE]]
    context = admin.admin_site.each_context(request) | {
        "opts": admin.opts,
        "title": question.title,
        "question": question,
        "form": form,
        "count": count,
        "sample": sample,
        "unlisted": count - len(sample),
        "selected": selected[:1] if is_across else selected,
        "is_across": is_across,
        "checkbox_name": helpers.ACTION_CHECKBOX_NAME,
        "list_address": request.get_full_path(),
    }
    return TemplateResponse(request, "contacts/ask.html", context)
