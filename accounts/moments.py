"""How a point in time is said to staff: in the site's zone, with the zone's name."""

from collections.abc import Callable
from datetime import datetime, tzinfo
from typing import Any

from django.contrib import admin
from django.utils import timezone
from django.utils.formats import date_format


def moment(at: datetime, zone: tzinfo | None = None) -> str:
    """A point in time in that zone, else in the site's, with the zone's name.

    Django's own formats leave the name out in the hour that comes twice in autumn, where it matters.
    """
    local = timezone.localtime(at, zone)
    return f"{date_format(local, 'N j, Y, P')} {local.tzname()}"


def column(field: str, description: str, ordering: str | None = None) -> Callable[[Any, Any], str]:
    """A method for a ModelAdmin that shows the row's time, in a list or as a read-only field.

    A list is sorted by `ordering`, without one by the field. Where there is no time, it is what the admin shows of
    nothing: a read-only field of a page would say "None" by itself.
    """

    @admin.display(description=description, ordering=ordering or field)
    def shown(model_admin: Any, row: Any) -> str:
        at = getattr(row, field)
        return moment(at) if at else model_admin.get_empty_value_display()

    return shown
