"""How the rows of a table become ours: each of them once, however often the old database is read.

LegacyRow records what each row has become, by its table, its id and its own time. A row recorded there is left alone,
whatever staff have done with it since. A row that isn't, but already exists under its natural key (a user's name, a
phone, …), is left unchanged, and is recorded so that references to it are found.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Model

from ..models import LegacyRow
from .reading import OldDatabase
from .report import Report
from .values import OldRow, Refused

Pairs = Sequence[tuple[OldRow, Any]]


@dataclass(frozen=True, slots=True)
class Move:
    """One run: the source, the report, and the time."""

    old: OldDatabase
    report: Report
    now: datetime

    def fresh(
        self, table: str, without: Iterable[str] = (), on_known: Callable[[OldRow], None] | None = None
    ) -> Iterator[list[OldRow]]:
        """The rows of a table that haven't been imported before, in batches; the others count as present."""
        for rows in self.old.batches(table, without):
            known = self._known(table, rows)
            fresh = []
            for row in rows:
                if not isinstance(row.id, int):
                    self.report.refused(row, "it has no id")
                elif (row.id, row.stamp) in known:
                    self.report.present(row)
                    if on_known:
                        on_known(row)
                else:
                    fresh.append(row)
            if fresh:
                yield fresh

    def _known(self, table: str, rows: Iterable[OldRow]) -> dict[tuple[int, str], int]:
        ids = [row.id for row in rows if isinstance(row.id, int)]
        entries = LegacyRow.objects.filter(table=table, old_id__in=ids)
        return {(old, stamp): new for old, stamp, new in entries.values_list("old_id", "stamp", "new_id")}

    def remember(self, became: Iterable[tuple[OldRow, int]]) -> None:
        """Records what these rows have become."""
        LegacyRow.objects.bulk_create(
            LegacyRow(table=row.table, old_id=row.id, stamp=row.stamp, new_id=new_id) for row, new_id in became
        )

    def new_ids(self, table: str, model: type[Model], old_ids: Iterable[Any]) -> dict[int, int]:
        """What the rows with these ids have become, as far as they exist there and here."""
        wanted = {old_id for old_id in old_ids if isinstance(old_id, int)}
        rows = self.old.rows(table, wanted)
        known = self._known(table, rows)
        became = {row.id: known[row.id, row.stamp] for row in rows if (row.id, row.stamp) in known}
        existing = set(model._default_manager.filter(pk__in=set(became.values())).values_list("pk", flat=True))
        return {old_id: new_id for old_id, new_id in became.items() if new_id in existing}

    def set_links(self, rows: Iterable[OldRow], links: Mapping[str, tuple[str, type[Model]]]) -> None:
        """Resolves references: `links` has the table and our model for each column."""
        rows = list(rows)
        for column, (table, model) in links.items():
            found = self.new_ids(table, model, (row.values.get(column) for row in rows))
            for row in rows:
                if (new_id := found.get(row.values.get(column, 0))) is not None:
                    row.links[column] = new_id

    def native(self, model: type[Model], table: str) -> Any:
        """Our rows that didn't come from the old table."""
        return model._default_manager.exclude(pk__in=LegacyRow.objects.filter(table=table).values("new_id"))


@dataclass(frozen=True, slots=True)
class Topic:
    """How the rows of one table become ours.

    `make` returns the unsaved row, or raises Refused. `key` returns what makes a row equal to another, None for
    nothing, `find` the ids of our rows with such keys, and `same` is the report's text for that. Unless `is_unique`,
    two old rows with the same key stay two. `after` is called with the pairs of (old row, new row) that were written,
    and of those that already existed.
    """

    table: str
    model: type[Model]
    make: Callable[[OldRow], Any]
    key: Callable[[Any], Hashable]
    find: Callable[[list[Any]], Mapping[Any, int]]
    same: str
    links: Mapping[str, tuple[str, type[Model]]]
    is_unique: bool = True
    after: Callable[[Pairs, Pairs], None] = lambda written, present: None


def transfer(move: Move, topic: Topic) -> None:
    """Imports the rows of a table."""
    for rows in move.fresh(topic.table):
        move.set_links(rows, topic.links)
        made = list(_made(move, topic, rows))
        keys = [key for _, new in made if (key := topic.key(new)) is not None]
        there = topic.find(keys) if keys else {}
        first: dict[Hashable, Any] = {}
        written, present = [], []
        for old, new in made:
            key = topic.key(new)
            if key in there or key in first:
                present.append((old, new))
                continue
            if key is not None and topic.is_unique:
                first[key] = new
            written.append((old, new))
        write(topic.model, [new for _, new in written])
        move.remember((old, new.pk) for old, new in written)
        move.remember((old, there.get(key) or first[key].pk) for old, new in present for key in [topic.key(new)])
        topic.after(written, present)
        for old, _ in written:
            move.report.taken(old)
        for old, new in present:
            key = topic.key(new)
            move.report.present(old, topic.same, key if isinstance(key, str) else "")


def _made(move: Move, topic: Topic, rows: Iterable[OldRow]) -> Iterator[tuple[OldRow, Any]]:
    for row in rows:
        try:
            yield row, topic.make(row)
        except Refused as refusal:
            move.report.refused(row, refusal.reason, refusal.detail)


def write(model: type[Model], rows: Sequence[Any]) -> None:
    """Inserts rows with their original modification times, which Django would set to now."""
    kept = [field.attname for field in model._meta.fields if getattr(field, "auto_now", False)]
    values = [[getattr(row, name) for name in kept] for row in rows]
    model._default_manager.bulk_create(rows)
    if kept and rows:
        for row, times in zip(rows, values, strict=True):
            for name, at in zip(kept, times, strict=True):
                setattr(row, name, at)
        model._default_manager.bulk_update(rows, kept, batch_size=200)
