"""Exports with a row per student and period: which week or month it is, and never a guess."""

import re
from datetime import date, timedelta

import numpy as np
import pandas as pd

from pilot_analysis.config import PilotConfig, Source
from pilot_analysis.errors import DataError
from pilot_analysis.ingest.cells import Cells
from pilot_analysis.ingest.faults import Origin, describe, describe_rows
from pilot_analysis.ingest.files import Files
from pilot_analysis.ingest.formats import Format, TableMap
from pilot_analysis.ingest.parse import parse_cells
from pilot_analysis.ingest.raw import RawTable, header_key
from pilot_analysis.ingest.readers.reading import Reading
from pilot_analysis.ingest.readers.rows import rows_aside, rows_wanted
from pilot_analysis.schema import Table

__all__ = [
    "NO_PERIOD",
    "begin_of_week",
    "period_of",
    "read_snapshot",
    "read_spans",
    "school_years",
]

_MADE = {"period_start": "first day of the period", "period": "kind of the period"}
NO_PERIOD = "Export week by week, Monday to Sunday, or month by month: use is never spread"
_YEAR = re.compile(r"(20[0-9]{2}) ?[-–/] ?(?:20)?([0-9]{2})")


def begin_of_week(day: date) -> date:
    """Return the Monday of a day's week."""
    return day - timedelta(days=day.weekday())


def period_of(first: date, last: date) -> tuple[date, str] | None:
    """Return first day and name of the period that two days span; None: no week and no month.

    A week is whatever lies between a Monday and the next Sunday, since schools leave days out. A
    month is a whole one of the calendar.
    """
    if first > last:
        return None
    if last <= begin_of_week(first) + timedelta(days=6):
        return begin_of_week(first), "week"
    next_month = (first.replace(day=1) + timedelta(days=31)).replace(day=1)
    if first.day == 1 and last == next_month - timedelta(days=1):
        return first, "month"
    return None


def school_years(raw: RawTable, source: Source, wanted: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """Return the year in which each row's school year begins, 0 where none is read, and faults."""
    constants = source.values  # noqa: PD011 (a key of pilot.toml)
    if "period_start" in constants:
        cells, name = Cells.constant(constants["period_start"], len(raw.rows)), "period_start"
    else:
        name = source.columns.get("period_start", "period_start")
        if header_key(name) not in raw.columns:
            what = f'there is no column "{name}", so the year of its months is not known'
            advice = 'Say the school year, e.g. values = { period_start = "2025-2026" }'
            raise DataError(describe(raw.file, what, advice, row=1))
        cells = raw.columns[header_key(name)]
    years = np.array([_first_year(text) for text in cells.distinct])[cells.codes]
    faults = describe_rows(
        Origin(np.full(len(years), raw.file, object), raw.rows, {(raw.file, "period_start"): name}),
        "period_start",
        (years == 0) & wanted,
        lambda i: f'"{cells.distinct[cells.codes[i]]}" is no school year such as 2025-2026',
        "Correct it, or say it in pilot.toml: values = { period_start = ... }",
    )
    return years, faults


def _first_year(text: str) -> int:
    """Return the year in which a school year begins; 0: the text is none."""
    found = _YEAR.fullmatch(text)
    follows = found and (int(found[1]) + 1) % 100 == int(found[2])
    return int(found[1]) if follows else 0


def read_spans(
    files: Files, source: Source, form: Format, table: Table, config: PilotConfig
) -> Reading:
    """Read an export whose rows name the first and last day of what they count.

    Parameters
    ----------
    files, source, form, table, config
        As for every reader. The column of `period_start` holds the first day, that of `period`
        the last.

    Raises
    ------
    DataError
        A span that is neither within a week nor a month.
    """
    raw = files.raw(source)
    given = form.tables.get(table.name, TableMap.empty())
    filled, aside = given.fill(source, raw, table), rows_aside(raw, given)
    called = [header_key(filled.columns.get(clean, "")) for clean in _MADE]
    if not all(key in raw.columns for key in called):
        return Reading(raw, filled, aside)  # which column is not there is told for every reader
    wanted = rows_wanted(raw, filled, aside)
    first, last, faults = _days(raw, filled, table, called, wanted)
    periods = [period_of(a, b) for a, b in zip(first, last, strict=True)]
    rows, label = raw.rows[wanted], (raw.file, "period")
    origin = Origin(np.full(len(rows), raw.file, object), rows, {label: raw.names[called[1]]})
    faults += describe_rows(
        origin,
        "period",
        np.array([period is None for period in periods], dtype=bool),
        lambda i: f"{first[i]} to {last[i]} is neither within one week nor a whole month",
        NO_PERIOD,
    )
    if faults:
        raise DataError("\n  ".join(faults))
    made = np.full((len(raw.rows), 2), "", dtype=object)
    made[wanted] = [(day.isoformat(), name) for day, name in periods]
    columns = {key: Cells.of(made[:, i]) for i, key in enumerate(_MADE.values())}
    raw = RawTable(
        raw.file, raw.names | {key: key for key in columns}, raw.columns | columns, raw.rows
    )
    return Reading(raw, filled.model_copy(update={"columns": filled.columns | _MADE}), aside)


def _days(
    raw: RawTable, source: Source, table: Table, called: list[str], wanted: np.ndarray
) -> tuple[list[date], list[date], list[str]]:
    """Return first and last day of each wanted row; none where one cannot be read."""
    found, faults = [], []
    files, rows = np.full(int(wanted.sum()), raw.file, dtype=object), raw.rows[wanted]
    for key in called:
        origin = Origin(files, rows, {(raw.file, "period_start"): raw.names[key]})
        cells = raw.columns[key].where(wanted)
        days, more = parse_cells(table.by_name["period_start"], cells, origin, source.dates)
        blank = pd.isna(days) & ~origin.is_refused("period_start")
        faults += more
        faults += describe_rows(
            origin, "period_start", blank, lambda i: "is blank, and every row needs a day",
            "Fill it in, or delete the row",
        )  # fmt: skip
        found.append(days)
    if faults:
        return [], [], faults
    return *(pd.DatetimeIndex(days).date.tolist() for days in found), []


def read_snapshot(
    files: Files, source: Source, form: Format, table: Table, config: PilotConfig
) -> Reading:
    """Read an export of how things stood on one day, with the use of that week.

    Parameters
    ----------
    files, source, form, table, config
        As for every reader. `source.pulled_on` says the day; a student may have several rows,
        one for each activity, which repeat the use of the week.

    Raises
    ------
    DataError
        The day is not given.
    """
    raw = files.raw(source)
    given = form.tables.get(table.name, TableMap.empty())
    filled, aside = given.fill(source, raw, table), rows_aside(raw, given)
    if filled.keep == "all":
        filled = filled.model_copy(update={"keep": "distinct"})
    constants = filled.values  # noqa: PD011 (a key of pilot.toml)
    said = {*filled.columns, *constants, *filled.templates}
    if "period_start" not in table.by_name or "period_start" in said:
        return Reading(raw, filled, aside)
    if source.pulled_on is None:
        what = "does not say of which week it is"
        advice = "Say when it was exported, e.g. pulled_on = 2025-10-10, for this source"
        raise DataError(describe(raw.file, what, advice))
    week = {"period_start": begin_of_week(source.pulled_on).isoformat(), "period": "week"}
    filled = filled.model_copy(update={"values": constants | week})
    measures = ("minutes", "lessons_passed")
    if any(clean in {*constants, *filled.templates, *filled.blanks} for clean in measures):
        return Reading(raw, filled, aside)
    keys = [header_key(filled.columns.get(clean, "")) for clean in measures]
    measured = [raw.columns[key].texts() != "" for key in keys if key in raw.columns]
    none = ~np.logical_or.reduce([*measured, *aside.values(), np.zeros(len(raw.rows), bool)])
    return Reading(raw, filled, aside | {"no use recorded": none})
