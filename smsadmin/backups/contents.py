"""What a backup contains, and how making or reading one fails."""

from collections.abc import Mapping, Set
from dataclasses import dataclass

from django.utils.translation import ngettext

from smsadmin.lib.plurals import counted

from ..migration_state import Contradiction, Migration, as_current, is_too_old, known, schema_after

# A file without these tables is not a backup of this program.
TABLES = ("django_migrations", "community_members", "message_logs")


class BackupFailed(Exception):
    """Its text is a sentence for the operator."""


class Damaged(BackupFailed):
    """The database, or the file, can't be read as one of ours."""


@dataclass(frozen=True, slots=True)
class Contents:
    """How many people and blasts a backup contains, and which migrations its database had.

    `last_ids` has the last id issued by each table that counts its rows. `faults` are sentences on why it can't be
    restored although it can be read. A backup without a checksum is not `is_sealed`: an earlier version made it.
    """

    members: int
    blasts: int
    migrations: frozenset[Migration]
    last_ids: Mapping[str, int]
    faults: tuple[str, ...] = ()
    is_sealed: bool = True

    @property
    def summary(self) -> str:
        """Such as "1,204 people and 35 blasts"."""
        members = ngettext("%(count)s person", "%(count)s people", self.members) % {"count": f"{self.members:,}"}
        blasts = ngettext("%(count)s blast", "%(count)s blasts", self.blasts) % {"count": f"{self.blasts:,}"}
        return f"{members} and {blasts}"

    @property
    def unknown(self) -> list[str]:
        """The migrations that this version of the code doesn't have, as "app name"."""
        return sorted(f"{app} {name}" for app, name in as_current(self.migrations) - known())

    @property
    def missing(self) -> int:
        """How many of the code's migrations were not applied to it."""
        return len(known() - as_current(self.migrations))


ALTERED = "It was changed or damaged after it was written: its checksum doesn't match."


def find_missing(migrations: Set[Migration], tables: Mapping[str, Set[str]]) -> list[str]:
    """Sentences on what a database with these migrations lacks. `tables` are the columns of each existing table.

    Says nothing if the code doesn't know some of the migrations: it is another version's database.
    """
    if is_too_old(migrations) or as_current(migrations) - known():
        return []
    try:
        expected = schema_after(as_current(migrations)).tables
    except Contradiction:
        return ["Its list of migrations is inconsistent: some are missing that others depend on."]
    return [
        *(f"Its table {table} is missing." for table in sorted(expected.keys() - tables.keys())),
        *(
            f"Its table {table} has no column {column}."
            for table in sorted(expected.keys() & tables.keys())
            for column in sorted(expected[table] - tables[table])
        ),
    ]


def orphans(number: int, table: str, parent: str) -> str:
    """The sentence about rows that point nowhere."""
    refer = "refers" if number == 1 else "refer"
    return f"{counted(number, 'row', 'rows')} of {table} {refer} to rows of {parent} that don't exist."
