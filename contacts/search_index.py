"""The indexes for finding people by words of their names, built in each database's own way.

SQLite: for each list of people, an FTS5 table that triggers keep up to date, whatever writes to the list
(https://www.sqlite.org/fts5.html#external_content_tables). A statement that writes many rows costs half a microsecond
more per row; one statement per row costs twelve.
PostgreSQL: a generated column with the words and a GIN index on it. It is a column, not an expression, so that the
planner has statistics and can check a row with a common name without computing its words again.
"""

import unicodedata
from typing import Any, Final

from django.apps import AppConfig
from django.db.backends.base.base import BaseDatabaseWrapper

TABLES: Final = ("community_members", "event_registrations", "unsubscribed_contacts", "group_members")
WORDS_COLUMN: Final = "name_words"
# Without % and \, which mean something to drivers, and which PostgreSQL treats as word boundaries anyway.
_PUNCTUATION: Final = "'!\"#$&()*+,-./:;<=>?@[]^_`{|}~"


def names_table(table: str) -> str:
    """The FTS5 table with the names in `table`."""
    return f"{table}_names"


def _sqlite_triggers(table: str) -> dict[str, str]:
    names = names_table(table)
    add = f'INSERT INTO "{names}" (rowid, name) VALUES (new.id, new.name);'  # noqa: S608
    remove = f"""INSERT INTO "{names}" ("{names}", rowid, name) VALUES ('delete', old.id, old.name);"""  # noqa: S608
    return {
        f"{names}_insert": f'AFTER INSERT ON "{table}" BEGIN {add} END',
        f"{names}_delete": f'AFTER DELETE ON "{table}" BEGIN {remove} END',
        f"{names}_update": (
            f'AFTER UPDATE OF id, name ON "{table}" WHEN old.name IS NOT new.name OR old.id <> new.id '
            f"BEGIN {remove} {add} END"
        ),
    }


def _plain_letters() -> tuple[str, str]:
    """The two arguments of PostgreSQL's translate() that turn "Zoë O’Brien-Smith" into "Zoe O Brien Smith".

    Like FTS5's tokenizer: accents are dropped, and anything but letters and digits separates words. Combining marks
    come last and without a counterpart, which deletes them.
    """
    letters = {}
    for code in (*range(0xC0, 0x250), *range(0x1E00, 0x1F00)):
        base = unicodedata.normalize("NFD", chr(code))[0]
        if base != chr(code):
            letters[chr(code)] = base
    letters |= dict.fromkeys(_PUNCTUATION + "’‘“”´·–—", " ")
    marks = "".join(map(chr, range(0x300, 0x370)))
    return "".join(letters) + marks, "".join(letters.values())


def _postgresql_words() -> str:
    """The expression for the words of a name. The long table of letters is only used for names that need it."""

    def quoted(text: str) -> str:
        return "'" + text.replace("'", "''") + "'"

    accented, plain = _plain_letters()
    name = "coalesce(name, '')"
    any_name = f"translate({name}, {quoted(accented)}, {quoted(plain)})"
    ascii_name = f"translate({name}, {quoted(_PUNCTUATION)}, {quoted(' ' * len(_PUNCTUATION))})"
    is_ascii = f"octet_length({name}) = char_length({name})"
    return f"to_tsvector('simple', CASE WHEN {is_ascii} THEN {ascii_name} ELSE {any_name} END)"


def install(connection: BaseDatabaseWrapper) -> None:
    """Creates the complete index of each list that exists, where it is missing or has lost a trigger.

    A migration calls this too, when later lists don't exist yet.
    """
    with connection.cursor() as cursor:
        existing = set(connection.introspection.table_names(cursor))
        for table in sorted(existing.intersection(TABLES)):
            if connection.vendor == "sqlite":
                _install_on_sqlite(cursor, table)
            else:
                cursor.execute(
                    f'ALTER TABLE "{table}" ADD COLUMN IF NOT EXISTS {WORDS_COLUMN} tsvector '
                    f"GENERATED ALWAYS AS ({_postgresql_words()}) STORED"
                )
                cursor.execute(
                    f'CREATE INDEX IF NOT EXISTS "ix_{table}_names" ON "{table}" USING gin ({WORDS_COLUMN})'
                )


def _install_on_sqlite(cursor: Any, table: str) -> None:
    names = names_table(table)
    cursor.execute(
        f'CREATE VIRTUAL TABLE IF NOT EXISTS "{names}" USING fts5 (name, content="{table}", content_rowid="id", '
        """tokenize="unicode61 remove_diacritics 2", prefix='1 2 3', columnsize=0)"""
    )
    triggers = _sqlite_triggers(table)
    cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s", [table])
    existing = {name for (name,) in cursor.fetchall()}
    if triggers.keys() <= existing:
        return
    for name, definition in triggers.items():
        cursor.execute(f'CREATE TRIGGER IF NOT EXISTS "{name}" {definition}')
    cursor.execute(f"""INSERT INTO "{names}" ("{names}") VALUES ('rebuild')""")  # noqa: S608


def remove(connection: BaseDatabaseWrapper) -> None:
    """Undoes `install`."""
    with connection.cursor() as cursor:
        for table in TABLES:
            if connection.vendor == "sqlite":
                for name in _sqlite_triggers(table):
                    cursor.execute(f'DROP TRIGGER IF EXISTS "{name}"')
                cursor.execute(f'DROP TABLE IF EXISTS "{names_table(table)}"')
            else:
                cursor.execute(f'ALTER TABLE "{table}" DROP COLUMN IF EXISTS {WORDS_COLUMN}')


def find_missing(connection: BaseDatabaseWrapper) -> list[str]:
    """The names of what `install` creates and the database lacks or has in another form."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type IN ('table', 'trigger')")
            existing = dict(cursor.fetchall())
            wanted = {name: text for table in TABLES for name, text in _sqlite_triggers(table).items()}
            missing = [name for name in map(names_table, TABLES) if name not in existing]
            return missing + [name for name, text in wanted.items() if not existing.get(name, "").endswith(text)]
        cursor.execute(
            "SELECT table_name FROM information_schema.columns "
            "WHERE table_schema = current_schema() AND column_name = %s",
            [WORDS_COLUMN],
        )
        columns = {f"{table}.{WORDS_COLUMN}" for (table,) in cursor.fetchall()}
        cursor.execute("SELECT indexname FROM pg_indexes WHERE schemaname = current_schema()")
        indexes = {name for (name,) in cursor.fetchall()}
        wanted_names = [name for table in TABLES for name in (f"{table}.{WORDS_COLUMN}", f"ix_{table}_names")]
        return [name for name in wanted_names if name not in columns | indexes]


def reinstall_after_migrate(sender: AppConfig, using: str, **_: Any) -> None:
    """Restores what a migration removed: on SQLite, Django changes a table by recreating it without its triggers."""
    from django.db import connections

    install(connections[using])
