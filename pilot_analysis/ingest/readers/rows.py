"""Files with one row per row of the clean table: only names differ."""

from collections.abc import Mapping

import numpy as np

from pilot_analysis.config import PilotConfig, Source
from pilot_analysis.ingest.files import Files
from pilot_analysis.ingest.formats import Format, TableMap
from pilot_analysis.ingest.raw import RawTable, header_key
from pilot_analysis.ingest.readers.reading import Reading
from pilot_analysis.schema import Table

__all__ = ["read_rows", "rows_aside", "rows_wanted"]


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
