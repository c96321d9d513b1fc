"""What other apps know of a person, which makes undoing an import leave them alone."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from smsadmin.lib.registry import Registry

# Given a time, the rows with a `phone` of people who were texted, or texted us, since then.
texted: Registry[Callable[[datetime], QuerySet[Any]]] = Registry()
