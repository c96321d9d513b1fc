"""What a backup holds, and how making or reading one fails."""

from dataclasses import dataclass

from django.utils.translation import ngettext

from .migration_state import Migration, known

# Tables without which a file is no backup of this program.
TABLES = ("django_migrations", "community_members", "message_logs")


class BackupFailed(Exception):
    """Its text is a sentence for the operator."""


class Damaged(BackupFailed):
    """The database, or the file, cannot be read as one of ours."""


@dataclass(frozen=True, slots=True)
class Contents:
    """How many members and blasts a backup holds, and which migrations its database had."""

    members: int
    blasts: int
    migrations: frozenset[Migration]

    @property
    def summary(self) -> str:
        """Such as "1,204 members and 35 blasts"."""
        members = ngettext("%(count)s member", "%(count)s members", self.members) % {"count": f"{self.members:,}"}
        blasts = ngettext("%(count)s blast", "%(count)s blasts", self.blasts) % {"count": f"{self.blasts:,}"}
        return f"{members} and {blasts}"

    @property
    def unknown(self) -> list[str]:
        """The migrations that this version of the code does not have, as "app name"."""
        return sorted(f"{app} {name}" for app, name in self.migrations - known())

    @property
    def missing(self) -> int:
        """How many migrations of the code were not applied to it."""
        return len(known() - self.migrations)
