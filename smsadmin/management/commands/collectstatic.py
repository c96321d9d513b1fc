import os
from typing import Any

from django.contrib.staticfiles.management.commands import collectstatic


class Command(collectstatic.Command):
    """Django's command. What it writes is public: the web server may read it as another user."""

    def handle(self, **options: Any) -> str | None:
        private = os.umask(0o022)
        try:
            return super().handle(**options)
        finally:
            os.umask(private)
