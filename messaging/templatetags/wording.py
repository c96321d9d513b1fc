"""`{% load wording %}`: how things are said to staff, for templates."""

from django import template

from contacts import phones

register = template.Library()


@register.filter
def phone(e164: str) -> str:
    """The number as people write it, such as "(720) 555-0123"."""
    return phones.display(e164) if e164 else ""
