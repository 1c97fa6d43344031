"""Files with one row per row of the clean table: only names differ."""

from collections.abc import Mapping

import numpy as np

from pilot_analysis.config import PilotConfig, Source, fill, placeholders
from pilot_analysis.ingest.cells import Cells
from pilot_analysis.ingest.files import Files
from pilot_analysis.ingest.formats import Format, TableMap
from pilot_analysis.ingest.raw import RawTable, header_key
from pilot_analysis.ingest.readers.reading import Reading
from pilot_analysis.schema import Table

__all__ = ["made_of", "read_rows", "rows_aside", "rows_wanted"]


def read_rows(
    files: Files, source: Source, form: Format, table: Table, config: PilotConfig
) -> Reading:
    """Read a file whose rows are rows of `table`."""
    raw = files.raw(source)
    given = form.tables.get(table.name, TableMap.empty())
    return Reading(raw, given.fill(source, raw, table), rows_aside(raw, given))


def rows_aside(raw: RawTable, given: TableMap) -> dict[str, np.ndarray]:
    """Return reason -> the rows that a format sets aside for it, the first reason counting."""
    aside: dict[str, np.ndarray] = {}
    seen = np.zeros(len(raw.rows), dtype=bool)
    for column, reasons in given.aside.items():
        cells = raw.columns.get(header_key(column))
        if cells is None:
            continue
        for text, reason in reasons.items():
            matches = np.array([t.casefold() == text.casefold() for t in cells.distinct])
            mask = matches[cells.codes] & ~seen
            seen |= mask
            if mask.any():
                aside[reason] = aside.get(reason, np.zeros(len(seen), dtype=bool)) | mask
    return aside


def rows_wanted(raw: RawTable, source: Source, aside: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return which rows neither the format nor `where` sets aside: only their faults are told."""
    wanted = ~np.logical_or.reduce([np.zeros(len(raw.rows), dtype=bool), *aside.values()])
    for name, values in source.where.items():
        if header_key(name) in raw.columns:
            wanted &= np.isin(raw.columns[header_key(name)].texts(), values)
    return wanted


def made_of(raw: RawTable, template: str) -> tuple[Cells, list[str]]:
    """Return a template filled in for every row, and the columns of it that are not there."""
    names = placeholders(template)
    missing = [name for name in names if header_key(name) not in raw.columns]
    if missing:
        return Cells.constant("", len(raw.rows)), missing
    columns = [raw.columns[header_key(name)].texts() for name in names]
    made: dict[tuple[str, ...], str] = {}
    for row in set(zip(*columns, strict=True)):
        # A name made from a blank cell would look like a name: it stays blank.
        made[row] = fill(template, dict(zip(names, row, strict=True))) if all(row) else ""
    return Cells.of([made[row] for row in zip(*columns, strict=True)]), []
