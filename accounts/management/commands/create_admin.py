from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from accounts.new_admins import create_admin


class Command(BaseCommand):
    help = "Create an admin and print a one-time password."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username", metavar="NAME", help="The user name of the new admin")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            user, password = create_admin(options["username"])
        except ValidationError as error:
            raise CommandError(
                f"{options['username']!r} was not created: {' '.join(error.messages)} "
                "Choose another name. To give an existing user a new password, run: manage.py reset_password"
            ) from error
        self.stdout.write(
            f"Created the admin {user.username}.\nPassword: {password}\n"
            "This password is shown only once. The first sign-in asks for a new one."
        )
