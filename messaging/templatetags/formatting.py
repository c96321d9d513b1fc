"""`{% load formatting %}`: template filters for phone numbers and times."""

from datetime import datetime

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from contacts import phones
from smsadmin.lib import dates

register = template.Library()
register.filter("moment", dates.moment)
register.filter("when", dates.when_tag)


@register.filter
def phone(e164: str) -> str:
    """The number as people write it, such as "(720) 555-0123"."""
    return phones.display(e164) if e164 else ""


@register.filter
def zone(at: datetime) -> str:
    """The name of the site's zone at that time."""
    return timezone.localtime(at).tzname() or ""


@register.filter
def countdown(at: datetime) -> SafeString:
    """The time until `at`, such as "in 3 hours 20 minutes", kept up to date by scheduled.js."""
    now = timezone.now()
    return format_html(
        '<time class="countdown" datetime="{}" data-countdown="{}">{}</time>',
        at.isoformat(timespec="seconds"),
        round((at - now).total_seconds(), 3),
        dates.countdown(at, now),
    )
