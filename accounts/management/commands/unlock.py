from argparse import ArgumentParser
from ipaddress import ip_address
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import ngettext

from accounts import login_limits
from accounts.models import AppUser


class Command(BaseCommand):
    help = "Lift the locks that failed logins have brought about: of a user name, of an address, or all."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("whom", metavar="NAME|ADDRESS", nargs="?", help="Missing: list the locks there are")
        parser.add_argument("--all", action="store_true", help="Lift every lock")
        parser.add_argument(
            "--from",
            dest="address",
            metavar="ADDRESS",
            help="With NAME: lift the locks of both; for 30 days, no lock of that name applies at this address",
        )

    def handle(self, *args: Any, whom: str | None, address: str | None, **options: Any) -> None:
        if options["all"]:
            if whom or address:
                raise CommandError("Give a name, an address or --all, only one of them.")
            self.report(login_limits.unlock_all())
        elif address:
            self.unlock_name_at(whom, address)
        elif whom is None:
            self.list_locks()
        else:
            self.unlock(whom)

    def unlock(self, whom: str) -> None:
        """Whatever it is: a name may look like an address, and an address of a broken connection is "unknown"."""
        is_somebody = AppUser.objects.filter(username__iexact=whom).exists()
        lifted = login_limits.unlock_users([whom]) + login_limits.unlock_address(whom)
        if not lifted and not is_somebody and not is_address(whom):
            raise CommandError(
                f"There is no user {whom!r}, and no lock of that name. manage.py unlock alone lists the locks."
            )
        others = login_limits.list_locks()
        if lifted or not others:
            self.report(lifted)
        else:
            self.stdout.write(f"{whom} was not locked.")
        if others:
            self.stdout.write("Still locked, and lifted by manage.py unlock NAME or ADDRESS:")
            self.list_locks()

    def unlock_name_at(self, name: str | None, address: str) -> None:
        """Lift the locks of a name and of an address, and let that user in from there from now on."""
        if name is None:
            raise CommandError("Say whose login from there to allow: unlock NAME --from ADDRESS.")
        user = AppUser.objects.filter(username__iexact=name).first()
        if user is None:
            if is_address(name):
                raise CommandError("--from goes with the name of a user, not with another address.")
            raise CommandError(f"There is no user {name!r}.")
        if not is_address(address):
            raise CommandError(f"{address!r} is no address. Write it as 203.0.113.9.")
        self.report(login_limits.unlock_users([name]) + login_limits.unlock_address(address))
        login_limits.remember(address, user)
        self.stdout.write(f"For 30 days, {user.username} can log in from {address} whatever is tried elsewhere.")

    def report(self, lifted: int) -> None:
        if lifted:
            self.stdout.write(ngettext("%d lock was lifted.", "%d locks were lifted.", lifted) % lifted)
        else:
            self.stdout.write("Nothing was locked. Failed logins that were counted are forgotten.")

    def list_locks(self) -> None:
        locks = login_limits.list_locks()
        if not locks:
            self.stdout.write("Nothing is locked.")
        for whom, until in locks:
            self.stdout.write(f"{whom} until {login_limits.clock(until)}")


def is_address(text: str) -> bool:
    """Also a network of IPv6, as the locks of addresses are listed."""
    try:
        ip_address(text.removesuffix("/64"))
    except ValueError:
        return False
    return True
