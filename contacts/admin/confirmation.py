"""Ask before an action on many rows: what happens, to how many, to whom."""

from dataclasses import dataclass
from typing import Any, Final

from django.contrib import messages
from django.contrib.admin import ModelAdmin, helpers
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from contacts import phones

_SAMPLE: Final = 10


@dataclass(frozen=True)
class Question:
    """The page between the choice of an action and its doing."""

    action: str
    title: str
    sentences: tuple[str, ...]
    button: str
    is_grave: bool = False


def is_confirmed(request: HttpRequest, count: int) -> bool:
    """Whether staff have said yes to exactly so many rows."""
    return request.POST.get("confirmed") == str(count)


def ask(
    admin: ModelAdmin, request: HttpRequest, queryset: QuerySet[Any], count: int, question: Question
) -> HttpResponse:
    """The page with the question. Its form posts the same selection to the same list again.

    Of "all that match" only the condition travels; if it finds another number of rows then, it is asked again.
    """
    if "confirmed" in request.POST:
        messages.warning(request, "The list has changed meanwhile, and nothing was done. Look at the numbers again.")
    selected = request.POST.getlist(helpers.ACTION_CHECKBOX_NAME)
    is_across = request.POST.get("select_across") == "1"
    sample = [(getattr(row, "name", None) or "", phones.display(row.phone)) for row in queryset[:_SAMPLE]]
    context = admin.admin_site.each_context(request) | {
        "opts": admin.opts,
        "title": question.title,
        "question": question,
        "count": count,
        "sample": sample,
        "unlisted": count - len(sample),
        "selected": selected[:1] if is_across else selected,
        "is_across": is_across,
        "checkbox_name": helpers.ACTION_CHECKBOX_NAME,
        "list_address": request.get_full_path(),
    }
    return TemplateResponse(request, "contacts/ask.html", context)
