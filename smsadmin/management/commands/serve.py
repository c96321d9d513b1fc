from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from smsadmin import file_modes
from smsadmin.checks import find_uncollected
from smsadmin.worker import serving


class Command(BaseCommand):
    help = "Serve the site on 127.0.0.1 (PORT, 8000) together with the worker, until Ctrl-C."

    def handle(self, *args: Any, **options: Any) -> None:
        if find_uncollected():
            raise CommandError("The static files are missing. Run: manage.py collectstatic (make run does this).")
        file_modes.close()
        try:
            serving.serve(settings.PORT, self._say)
        except serving.CannotServe as error:
            raise CommandError(str(error)) from error

    def _say(self, sentence: str) -> None:
        self.stdout.write(sentence)
        self.stdout.flush()
