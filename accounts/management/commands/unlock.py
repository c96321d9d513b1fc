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
            help="With NAME: for 30 days, no lock of that name applies at this address",
        )

    def handle(self, *args: Any, whom: str | None, address: str | None, **options: Any) -> None:
        if options["all"]:
            if whom or address:
                raise CommandError("Give a name, an address or --all, only one of them.")
            self.report(login_limits.unlock_all())
        elif whom is None:
            if address:
                raise CommandError("Say whose login from there to allow: unlock NAME --from ADDRESS.")
            self.list_locks()
        elif is_address(whom):
            if address:
                raise CommandError("--from goes with the name of a user, not with another address.")
            self.report(login_limits.unlock_address(whom))
        else:
            self.unlock_name(whom, address)

    def unlock_name(self, name: str, address: str | None) -> None:
        user = AppUser.objects.filter(username__iexact=name).first()
        if address and not is_address(address):
            raise CommandError(f"{address!r} is no address. Write it as 203.0.113.9.")
        if address and user is None:
            raise CommandError(f"There is no user {name!r}.")
        lifted = login_limits.unlock_users([name])
        if user is None and not lifted:
            raise CommandError(
                f"There is no user {name!r}, and no lock of that name. manage.py unlock alone lists the locks."
            )
        self.report(lifted)
        if user and address:
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
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
