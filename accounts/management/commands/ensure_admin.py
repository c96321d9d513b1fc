from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from accounts.new_admins import create_first_admin


class Command(BaseCommand):
    help = "Create the first admin (ADMIN_USERNAME, ADMIN_PASSWORD) if there are no users yet."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            created = create_first_admin(settings.ADMIN_USERNAME, settings.ADMIN_PASSWORD)
        except ValidationError as error:
            name = "ADMIN_USERNAME" if hasattr(error, "error_dict") else "ADMIN_PASSWORD"
            reasons = " ".join(error.messages)
            raise CommandError(
                f"The first admin was not created. {name} can't be used: {reasons} "
                f"Change {name}, or leave ADMIN_PASSWORD empty to generate a password."
            ) from error
        if created is None:
            return
        user, password = created
        self.stdout.write(f"Created the first admin. User name: {user.username}")
        if password:
            self.stdout.write(
                f"Password: {password}\nThis password is shown only once. The first sign-in asks for a new one."
            )
        else:
            self.stdout.write("Password: the one in ADMIN_PASSWORD, which you can remove now.")
