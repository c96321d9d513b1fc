"""`{% load people %}`: template filters for the pages of people, and for times."""

from django import template

from contacts import person_ids
from smsadmin.lib import dates

register = template.Library()
register.filter("when", dates.when_tag)


@register.filter
def person_page(phone: str | None) -> str:
    """The address of the person's page; "" for a phone without one."""
    return person_ids.page_of(phone) if phone else ""
