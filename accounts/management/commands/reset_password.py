from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import AppUser
from accounts.passwords import reset_password


class Command(BaseCommand):
    help = "Give a user a new password for the next login, which is printed; their sessions end, a lock is lifted."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username", metavar="NAME", help="The user name, in any case")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            user = AppUser.objects.get_by_natural_key(options["username"])
        except AppUser.DoesNotExist as error:
            raise CommandError(
                f"There is no user {options['username']!r}. {name_some_users()} "
                "manage.py create_admin makes a new admin."
            ) from error
        password = reset_password(user)
        self.stdout.write(
            f"{user.username} has a new password.\nPassword: {password}\n"
            "It is shown this once. The next login asks for another one."
        )
        if not user.is_active:
            self.stdout.write(
                f"{user.username} is not active and cannot log in: an admin ticks Active on the page of that user."
            )


def name_some_users(at_most: int = 10) -> str:
    names = list(AppUser.objects.order_by("username").values_list("username", flat=True)[: at_most + 1])
    if not names:
        return "There are no users yet."
    more = ", and more" if len(names) > at_most else ""
    return f"The users are: {', '.join(names[:at_most])}{more}."
