"""Choosing whom a blast is for: what the compose page's fields find, what an address presets, and saving a choice."""

from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from accounts.models import AppUser
from messaging.composing import chips, definitions, recipient_search, saved_audiences
from messaging.composing.chips import Chip
from messaging.composing.forms import ComposeForm

from ..permissions import require_sender

SAVE: Final = "messaging.add_savedaudience"
KINDS: Final = ("event", "group", "audience", "person")


def suggest(request: HttpRequest) -> HttpResponse:
    """What `q` may mean, as the options of a list; each brings its chip for the field `name`."""
    user = require_sender(request)
    name = "minus" if request.GET.get("name") == "minus" else "to"
    context = {"found": recipient_search.find(request.GET.get("q", ""), user), "name": name}
    return TemplateResponse(request, "messaging/recipient_options.html", context)


def chips_of_address(request: HttpRequest) -> list[Chip]:
    """Whom the address presets, such as "?event=7"; warns about what no longer exists."""
    found = chips.read(f"{kind}:{wanted}" for kind in KINDS if (wanted := request.GET.get(kind)))
    for lost in (chip for chip in found if chip.is_lost):
        messages.warning(request, f"This {lost.noun.lower()} no longer exists. Choose another audience.")
    return [chip for chip in found if not chip.is_lost]


def save_audience(request: HttpRequest, form: ComposeForm, user: AppUser) -> dict[str, Any]:
    """Save those whom a validated form is for, under a name. `is_done` says whether it did, `sentence` what to tell;
    `field` is the one to correct."""
    if not user.has_perm(SAVE):
        return {"is_done": False, "sentence": "You don’t have access to saving audiences.", "field": "audience_name"}
    errors = [*form.errors.get("to", ()), *form.errors.get("minus", ())]
    stored = chips.definition(form.cleaned_data.get("to", ()), form.cleaned_data.get("minus", ()))
    if errors or stored is None:
        sentence = errors[0] if errors else "Choose who is in it first."
        return {"is_done": False, "sentence": sentence, "field": "to_who"}
    try:
        saved = saved_audiences.create(request.POST.get("audience_name", ""), definitions.read(stored), user)
    except (saved_audiences.BadName, definitions.BadDefinition) as problem:
        return {"is_done": False, "sentence": str(problem), "field": "audience_name"}
    return {"is_done": True, "sentence": f"Saved as “{saved}”. It’s under People → Audiences."}
