from argparse import ArgumentParser
from ipaddress import ip_address
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import ngettext

from accounts import login_limits
from accounts.models import AppUser


class Command(BaseCommand):
    help = "Lift locks caused by failed sign-ins: on a user name, on an address, or all of them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("whom", metavar="NAME|ADDRESS", nargs="?", help="omit to list the current locks")
        parser.add_argument("--all", action="store_true", help="lift every lock")
        parser.add_argument(
            "--from",
            dest="address",
            metavar="ADDRESS",
            help="with NAME: lift both locks, and for 30 days ignore locks on that name at this address",
        )

    def handle(self, *args: Any, whom: str | None, address: str | None, **options: Any) -> None:
        if options["all"]:
            if whom or address:
                raise CommandError("Give a name, an address or --all, but only one of them.")
            self.report(login_limits.unlock_all())
        elif address:
            self.unlock_name_at(whom, address)
        elif whom is None:
            self.list_locks()
        else:
            self.unlock(whom)

    def unlock(self, whom: str) -> None:
        """A name may look like an address, and the address of a broken connection is "unknown"."""
        is_somebody = AppUser.objects.filter(username__iexact=whom).exists()
        lifted = login_limits.unlock_users([whom]) + login_limits.unlock_address(whom)
        if not lifted and not is_somebody and not is_address(whom):
            raise CommandError(
                f"There is no user or lock named {whom!r}. To list the locks, run manage.py unlock with no arguments."
            )
        others = login_limits.list_locks()
        if lifted or not others:
            self.report(lifted)
        else:
            self.stdout.write(f"{whom} was not locked.")
        if others:
            self.stdout.write("Still locked (lift with manage.py unlock NAME or ADDRESS):")
            self.list_locks()

    def unlock_name_at(self, name: str | None, address: str) -> None:
        """Lifts the locks on a name and on an address, and lets that user in from there from now on."""
        if name is None:
            raise CommandError("Name the user to let in from there: unlock NAME --from ADDRESS.")
        user = AppUser.objects.filter(username__iexact=name).first()
        if user is None:
            if is_address(name):
                raise CommandError("--from needs a user name, not another address.")
            raise CommandError(f"There is no user {name!r}.")
        if not is_address(address):
            raise CommandError(f"{address!r} is not an IP address. Write it like 203.0.113.9.")
        self.report(login_limits.unlock_users([name]) + login_limits.unlock_address(address))
        login_limits.remember(address, user)
        self.stdout.write(f"For 30 days, {user.username} can sign in from {address} despite locks elsewhere.")

    def report(self, lifted: int) -> None:
        if lifted:
            self.stdout.write(ngettext("%d lock was lifted.", "%d locks were lifted.", lifted) % lifted)
        else:
            self.stdout.write("Nothing was locked. The failed sign-ins were cleared.")

    def list_locks(self) -> None:
        locks = login_limits.list_locks()
        if not locks:
            self.stdout.write("Nothing is locked.")
        for whom, until in locks:
            self.stdout.write(f"{whom} until {login_limits.clock(until)}")


def is_address(text: str) -> bool:
    """Also accepts an IPv6 network, as the locks of addresses are listed."""
    try:
        ip_address(text.removesuffix("/64"))
    except ValueError:
        return False
    return True
