from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from accounts.new_admins import create_admin


class Command(BaseCommand):
    help = "Create a user of the admin role, with a password for the first login, which is printed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username", metavar="NAME", help="The user name of the new admin")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            user, password = create_admin(options["username"])
        except ValidationError as error:
            raise CommandError(
                f"{options['username']!r} was not created: {' '.join(error.messages)} "
                "Give another name; manage.py reset_password gives somebody who exists a new password."
            ) from error
        self.stdout.write(
            f"The admin {user.username} has been created.\nPassword: {password}\n"
            "It is shown this once. The first login asks for another one."
        )
