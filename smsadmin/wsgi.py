"""The WSGI entry point that gunicorn serves: `gunicorn smsadmin.wsgi`."""

import codecs
import os
from contextlib import suppress
from typing import Any, Final

from django.core.exceptions import BadRequest
from django.core.handlers.wsgi import WSGIRequest
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smsadmin.settings")

# What browsers and proxies may actually use, by Python's names. Python knows many more character sets: some decode no
# text at all (hex, zlib), some turn ASCII into other characters, such as NUL (utf-7, utf-16, unicode_escape).
CHARACTER_SETS: Final = frozenset({"utf-8", "iso8859-1", "cp1252"})


class Request(WSGIRequest):
    """Django reads the type and character set of a body before any middleware runs: an error there would be a 500."""

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        """Ignores a content type that can't be parsed."""
        self.content_type, self.content_params = "", {}
        with suppress(ValueError, LookupError):
            super()._set_content_type_params(meta)  # type: ignore[misc]

    def _set_encoding(self, name: str | None) -> None:
        """Reads anything in an unknown character set as UTF-8, which also applies to the query string."""
        known = codecs.lookup(name).name if name else ""
        HttpRequest.encoding.fset(self, known if known in CHARACTER_SETS else None)  # type: ignore[attr-defined]

    encoding = property(lambda self: self._encoding, _set_encoding)

    def _load_post_and_files(self) -> None:
        """Rejects a form in a character set other than UTF-8 only once: the error page asks for it again."""
        try:
            super()._load_post_and_files()
        except BadRequest:
            self._mark_post_parse_error()  # type: ignore[attr-defined]
            raise


application = get_wsgi_application()
application.request_class = Request
