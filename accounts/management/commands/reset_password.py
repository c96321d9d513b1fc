from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import AppUser
from accounts.passwords import reset_password


class Command(BaseCommand):
    help = "Give a user a one-time password and print it. Ends their sessions and lifts any lock on their name."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username", metavar="NAME", help="The user name, in any case")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            user = AppUser.objects.get_by_natural_key(options["username"])
        except AppUser.DoesNotExist as error:
            raise CommandError(
                f"There is no user {options['username']!r}. {name_some_users()} "
                "To create an admin, run: manage.py create_admin"
            ) from error
        password = reset_password(user)
        self.stdout.write(
            f"{user.username} has a new password.\nPassword: {password}\n"
            "This password is shown only once. The next sign-in asks for a new one."
        )
        if not user.is_active:
            self.stdout.write(
                f"{user.username} is not active and can't sign in. An admin can check Active on the user's page."
            )


def name_some_users(at_most: int = 10) -> str:
    names = list(AppUser.objects.order_by("username").values_list("username", flat=True)[: at_most + 1])
    if not names:
        return "There are no users yet."
    more = ", and more" if len(names) > at_most else ""
    return f"Users: {', '.join(names[:at_most])}{more}."
