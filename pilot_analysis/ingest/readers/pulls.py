"""Exports of totals since the school year began: months from one of them, weeks from several."""

import re

import numpy as np

from pilot_analysis.config import PilotConfig, Source
from pilot_analysis.errors import DataError
from pilot_analysis.ingest.cells import Cells
from pilot_analysis.ingest.faults import Origin, describe
from pilot_analysis.ingest.files import Files
from pilot_analysis.ingest.formats import Format, TableMap
from pilot_analysis.ingest.parse import parse_cells
from pilot_analysis.ingest.raw import RawTable, header_key
from pilot_analysis.ingest.readers.growth import LAST_DAY, weeks_of
from pilot_analysis.ingest.readers.log_files import names_of
from pilot_analysis.ingest.readers.periods import school_years
from pilot_analysis.ingest.readers.reading import Reading, Step
from pilot_analysis.ingest.readers.rows import rows_aside, rows_wanted
from pilot_analysis.schema import Table

__all__ = ["read_pulls"]

_MONTHS = (
    "July", "August", "September", "October", "November", "December", "January", "February",
    "March", "April", "May", "June",
)  # fmt: skip
_JULY = 6  # months since January
_EPOCH = 1970
_USE = re.compile("[1-9]")
_AFTER, _NONE = "month after the export was made", "no use recorded in the month"


def read_pulls(
    files: Files, source: Source, form: Format, table: Table, config: PilotConfig
) -> Reading:
    """Read totals of the school year so far.

    Parameters
    ----------
    files, source, form, table, config
        As for every reader. `source.file` is one export, or a folder or pattern of several.

    Returns
    -------
    Reading
        Rows by month from one export, by week from several.
    """
    given = form.tables.get(table.name, TableMap.empty())
    raws = []
    for name in names_of(files.folder, source.file):
        own = source.model_copy(update={"file": name})
        raws.append(files.raw(own))
        for read in files.reads(own):
            files.note(source, read)
    filled = [given.fill(source, raw, table) for raw in raws]
    if len(raws) > 1:
        return weeks_of(raws, filled, given, form.unit, table)
    return _months_of(raws[0], filled[0], given, form.unit, table)


def _months_of(raw: RawTable, source: Source, given: TableMap, unit: str, table: Table) -> Reading:
    """Put the columns of the months under one another."""
    n, m = len(raw.rows), len(_MONTHS)
    columns, names = _measures(raw, given)
    aside = rows_aside(raw, given)
    wanted = rows_wanted(raw, source, aside)
    begins, faults = _begins(raw, source, wanted)
    last, more = _last_day(raw, source, table, wanted)
    after = (begins > last).ravel()
    faults += more + _use_to_come(raw, columns, after & np.repeat(wanted, m), last)
    if faults:
        raise DataError("\n  ".join(faults))
    none = np.logical_and.reduce([cells.texts() == "" for cells in columns.values()])
    masks = {reason: np.repeat(mask, m) for reason, mask in aside.items()}
    free = ~np.logical_or.reduce([np.zeros(n * m, dtype=bool), *masks.values()])
    masks |= {_AFTER: after & free, _NONE: none & ~after & free}
    columns["period_start"] = Cells.of(np.datetime_as_string(begins.ravel(), "D").tolist())
    keys = {clean: f"{clean} of a month" for clean in columns}
    long = {key: Cells(np.repeat(c.codes, m), c.distinct) for key, c in raw.columns.items()}
    long |= {keys[clean]: cells for clean, cells in columns.items()}
    labels = raw.names | {keys[clean]: names.get(clean, "period_start") for clean in columns}
    rest = {c: name for c, name in source.columns.items() if c not in given.columns or c in keys}
    rest |= {c: name for c, name in source.columns.items() if c == "student_id"}
    constants = source.values
    constants = {clean: text for clean, text in constants.items() if clean not in keys}
    settled = source.model_copy(
        update={"columns": rest | keys, "values": constants | {"period": "month"}}
    )
    steps = (Step(unit, n, {}),)
    return Reading(RawTable(raw.file, labels, long, np.repeat(raw.rows, m)), settled, masks, steps)


def _measures(raw: RawTable, given: TableMap) -> tuple[dict[str, Cells], dict[str, str]]:
    """Return the text of each measure by row and month, and what the file calls it."""
    columns, names = {}, {}
    blank = Cells.constant("", len(raw.rows))
    for clean, aliases in given.columns.items():
        for alias in (alias for alias in aliases if "{month}" in alias):
            keys = [header_key(alias.replace("{month}", month)) for month in _MONTHS]
            if any(key in raw.columns for key in keys):
                cells = [raw.columns.get(key, blank).texts() for key in keys]
                columns[clean] = Cells.of(np.column_stack(cells).ravel())
                names[clean] = alias.replace("{month}", "(month)")
    if not columns:
        what = "there is no column of a month, and the totals of one export tell of no week"
        advice = "Put exports of several weeks, each made seven days after the last, in a folder"
        raise DataError(describe(raw.file, what, advice, row=1))
    return columns, names


def _begins(raw: RawTable, source: Source, wanted: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """Return the first day of each month, for each row, by its school year."""
    years, faults = school_years(raw, source, wanted)
    months = (years[:, None] - _EPOCH) * 12 + _JULY + np.arange(len(_MONTHS))
    return months.astype("datetime64[M]").astype("datetime64[D]"), faults


def _last_day(
    raw: RawTable, source: Source, table: Table, wanted: np.ndarray
) -> tuple[np.datetime64, list[str]]:
    """Return the last day that the totals reach to: an export is made on one day."""
    days = np.full(len(raw.rows), np.datetime64("NaT"), dtype="datetime64[D]")
    faults: list[str] = []
    if (key := header_key(LAST_DAY)) in raw.columns:
        rows = np.full(int(wanted.sum()), raw.file, dtype=object)
        origin = Origin(rows, raw.rows[wanted], {(raw.file, "period_start"): raw.names[key]})
        field = table.by_name["period_start"]
        found, faults = parse_cells(field, raw.columns[key].where(wanted), origin, source.dates)
        days[wanted] = np.asarray(found, dtype="datetime64[D]")
    latest = np.datetime64(source.pulled_on, "D") if source.pulled_on else np.fmax.reduce(days)
    if np.isnat(latest) and not faults:
        what = "does not say when it was made, and months that were still to come hold no use"
        advice = "Say the day, e.g. pulled_on = 2025-10-10, for this source"
        faults = [describe(raw.file, what, advice)]
    return latest, faults


def _use_to_come(
    raw: RawTable, columns: dict[str, Cells], after: np.ndarray, last: np.datetime64
) -> list[str]:
    """Return a line where a month that was still to come has use."""
    used = np.zeros(len(after), dtype=bool)
    for cells in columns.values():
        used |= np.array([bool(_USE.search(text)) for text in cells.distinct])[cells.codes]
    found = np.flatnonzero(after & used)
    if not len(found):
        return []
    row, month = divmod(int(found[0]), len(_MONTHS))
    what = f"{_MONTHS[month]} has use, and the totals reach to {last} only"
    advice = "Correct pulled_on, or the school year"
    return [describe(raw.file, what, advice, row=int(raw.rows[row]), rows=len(found))]
