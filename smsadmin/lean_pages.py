"""Pages of the admin without the scripts that nothing on them uses.

Django sends jQuery and the scripts of its pop-ups and calendars with every page of a model. Ours have no pop-ups, and
their date fields are the browser's own. So a page loads only what its template and its widgets ask for; the template
of lists asks for the script of the actions. tests/browser/test_budgets.py limits what a page may weigh.
"""

from typing import Any, cast

from django.contrib.admin import ModelAdmin
from django.forms import Media


class LeanPages(ModelAdmin):
    @property
    def media(self) -> Media:
        """The files of the class's own `Media`, without those that Django adds for every model."""
        sent_by_django = cast(Any, ModelAdmin.media).fget(self)._js
        media: Any = super().media
        return Media(css=media._css, js=[script for script in media._js if script not in sent_by_django])
