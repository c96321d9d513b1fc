"""What an import says in words, on its page and at the prompt."""

from django.utils.translation import ngettext

from .counts import counted, people
from .models import ContactImport


def headline(contact_import: ContactImport) -> str:
    """What importing will do, or has done, in one sentence."""
    counts = contact_import.counts
    place = place_name(contact_import)
    new, renamed = counts["new"], counts["renamed"]
    if contact_import.status == ContactImport.Status.APPLIED:
        if not new and not renamed:
            return f"Nothing has changed: everybody in the file was in {place} already."
        parts = [f"{people(new)} {ngettext('was', 'were', new)} added to {place}"] if new else []
        parts += [f"{counted(renamed, 'name was', 'names were')} changed"] if renamed else []
        return " and ".join(parts) + "."
    if not counts["people"]:
        return "No line of the file can be imported."
    if not new and not renamed:
        return f"Importing would change nothing: everybody in the file is in {place} already."
    parts = [f"{people(new)} will be added to {place}"] if new else []
    parts += [f"{counted(renamed, 'name', 'names')} will be changed"] if renamed else []
    return " and ".join(parts) + "."


def place_name(contact_import: ContactImport) -> str:
    """The list that is imported into, as a sentence names it."""
    if contact_import.target == ContactImport.Target.EVENT:
        return f"“{contact_import.event}”"
    return "the community" if contact_import.target == ContactImport.Target.COMMUNITY else "the unsubscribed contacts"
