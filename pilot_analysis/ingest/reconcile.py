"""Which rows are kept, which are set aside and why: nothing that was read is ever lost."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from pilot_analysis.config import Source, nearest
from pilot_analysis.ingest.columns import Sheet
from pilot_analysis.ingest.faults import Origin, describe_rows
from pilot_analysis.ingest.readers.reading import SAME_ROW, Reading, Step
from pilot_analysis.schema import TABLES, Table

__all__ = [
    "ANOTHER_IS_USED",
    "OFF_THE_LIST",
    "SAME_ROW",
    "Ledger",
    "Loaded",
    "check_references",
    "drop_repeats",
    "drop_unmeasured",
    "stack",
]

ANOTHER_IS_USED = "another row of the same"
OFF_THE_LIST = {"students": "student not on the roster", "teachers": "teacher not on the list"}


@dataclass(frozen=True, slots=True)
class Loaded:
    """Rows of one clean table and where they came from; see `Sheet` and `Source`."""

    table: Table
    frame: pd.DataFrame
    origin: Origin
    rank: np.ndarray
    keep: np.ndarray
    given: frozenset[str]

    def where(self, mask: np.ndarray) -> "Loaded":
        """Return the rows that `mask` marks."""
        return Loaded(
            self.table, self.frame[mask].reset_index(drop=True), self.origin.where(mask),
            self.rank[mask], self.keep[mask], self.given,
        )  # fmt: skip


@dataclass(slots=True)
class Ledger:
    """Rows read, set aside by reason, and kept, for each table and file."""

    _steps: list[tuple[str, str, Step]] = field(default_factory=list)
    _read: Counter = field(default_factory=Counter)
    _aside: Counter = field(default_factory=Counter)
    _kept: Counter = field(default_factory=Counter)

    def read_sheet(self, table: str, reading: Reading, sheet: Sheet) -> None:
        """Count what a source gave, and what its format and `where` set aside."""
        file = reading.raw.file
        for step in reading.steps:
            self._steps.append((table, file, step))
        self._read[table, file] += len(reading.raw.rows)
        for reason, rows in sheet.aside.items():
            self._aside[table, file, reason] += rows

    def set_aside(self, loaded: Loaded, mask: np.ndarray, reason: str) -> Loaded:
        """Count the rows that `mask` marks, and return the others."""
        if not mask.any():
            return loaded
        for file, rows in Counter(loaded.origin.files[mask]).items():
            self._aside[loaded.table.name, file, reason] += rows
        return loaded.where(~mask)

    def keep(self, loaded: Loaded) -> None:
        """Count the rows that a table ends with."""
        for file, rows in Counter(loaded.origin.files).items():
            self._kept[loaded.table.name, file] += rows

    def reasons(self, table: str) -> list[str]:
        """Return why rows of a table were set aside, in words."""
        return [f"{rows:,} {reason}" for (t, _, reason), rows in self._aside.items() if t == table]

    def frame(self) -> pd.DataFrame:
        """Return the ledger: per table, file and unit, read = set aside + kept.

        Returns
        -------
        pandas.DataFrame
            Columns table, file, unit, step ("read", "set aside" or "kept"), reason, rows. The
            unit is "rows" for rows of the table, and something else for what became them.
        """
        lines = []
        for table, file, step in self._steps:
            start = (table, file, step.unit)
            lines.append((*start, "read", "", step.read))
            lines += [(*start, "set aside", reason, n) for reason, n in step.aside.items() if n]
            lines.append((*start, "kept", "", step.kept))
        for (table, file), read in self._read.items():
            aside = {r: n for (t, f, r), n in self._aside.items() if (t, f) == (table, file)}
            kept = self._kept[table, file]
            assert read == sum(aside.values()) + kept, f"{table}, {file}: rows were lost"
            start = (table, file, "rows")
            lines.append((*start, "read", "", read))
            lines += [(*start, "set aside", reason, n) for reason, n in aside.items() if n]
            lines.append((*start, "kept", "", kept))
        return pd.DataFrame(lines, columns=["table", "file", "unit", "step", "reason", "rows"])


def stack(table: Table, sheets: list[tuple[Source, Sheet]]) -> Loaded:
    """Put what the sources of one table give under one another, in the order of ``pilot.toml``."""
    frames = [sheet.frame for _, sheet in sheets]
    origins = [sheet.origin for _, sheet in sheets]
    offsets = np.cumsum([0] + [int(sheet.rank.max(initial=0)) + 1 for _, sheet in sheets])
    return Loaded(
        table,
        pd.concat(frames, ignore_index=True) if len(frames) > 1 else frames[0],
        Origin(
            np.concatenate([origin.files for origin in origins]),
            np.concatenate([origin.rows for origin in origins]),
            {key: label for origin in origins for key, label in origin.labels.items()},
            set().union(*(origin.refused for origin in origins)),
        ),
        np.concatenate([s.rank + offset for (_, s), offset in zip(sheets, offsets, strict=False)]),
        np.concatenate([np.full(len(s.frame), source.keep, object) for source, s in sheets]),
        frozenset().union(*(sheet.given for _, sheet in sheets)),
    )


def drop_repeats(loaded: Loaded, ledger: Ledger) -> Loaded:
    """Set aside the repeats that a source's `keep` allows: "distinct" and "first"."""
    key = list(loaded.table.key)
    whole = loaded.frame[key].notna().all(axis=1).to_numpy()
    same = loaded.frame.duplicated().to_numpy() & whole & (loaded.keep == "distinct")
    loaded = ledger.set_aside(loaded, same, SAME_ROW)
    if not (loaded.keep == "first").any():
        return loaded
    whole = loaded.frame[key].notna().all(axis=1).to_numpy()
    order = np.argsort(loaded.rank, kind="stable")
    later = np.zeros(len(order), dtype=bool)
    later[order] = loaded.frame[key].iloc[order].duplicated().to_numpy()
    later &= whole & (loaded.keep == "first")
    return ledger.set_aside(loaded, later, f"{ANOTHER_IS_USED} {' and '.join(key)} is used")


def drop_unmeasured(loaded: Loaded, ledger: Ledger) -> Loaded:
    """Set aside rows that record nothing: a test without a score, a question without an answer."""
    measures = [name for name in loaded.table.measures if name in loaded.given]
    if not measures:
        return loaded
    blank = loaded.frame[measures].isna().all(axis=1).to_numpy()
    return ledger.set_aside(loaded, blank, f"blank: no {' or '.join(measures)}")


def check_references(
    loaded: Loaded, tables: dict[str, pd.DataFrame], ledger: Ledger
) -> tuple[Loaded, list[str]]:
    """Look up every id in the table that it refers to, where that table was given.

    Parameters
    ----------
    loaded : Loaded
    tables : dict of str to pandas.DataFrame
        Tables that are there to be referred to.
    ledger : Ledger
        Counts the rows whose unknown id is set aside.

    Returns
    -------
    loaded : Loaded
        Without the rows set aside.
    faults : list of str
        One line per file and column with an unknown id that is refused.
    """
    faults = []
    for item in loaded.table.fields:
        if item.references not in tables:
            continue
        known = tables[item.references][TABLES[item.references].key[0]]
        ids = loaded.frame[item.name]
        strange = (ids.notna() & ~ids.isin(known)).to_numpy()
        if item.unknown == "set aside":
            loaded = ledger.set_aside(loaded, strange, OFF_THE_LIST[item.references])
            continue
        faults += describe_rows(
            loaded.origin,
            item.name,
            strange,
            lambda i, ids=ids, item=item, known=known: (
                f'"{ids[i]}" is not in the table {item.references}{nearest(ids[i], known)}'
            ),
            f"Correct it, or add it to {item.references}",
        )
    return loaded, faults
