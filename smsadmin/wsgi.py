"""The WSGI entry point that gunicorn serves: `gunicorn smsadmin.wsgi`."""

import os
from contextlib import suppress
from typing import Any

from django.core.handlers.wsgi import WSGIRequest
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smsadmin.settings")


class Request(WSGIRequest):
    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        """The type may be of no form that can be read, and its character set named with a NUL in it.

        Django reads it before any middleware is asked, so that nobody else could answer but by a 500.
        """
        self.content_type, self.content_params = "", {}
        with suppress(ValueError):
            super()._set_content_type_params(meta)  # type: ignore[misc]


application = get_wsgi_application()
application.request_class = Request
