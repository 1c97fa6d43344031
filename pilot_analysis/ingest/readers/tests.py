"""Exports of tests: one row per test, or one per student with several tests side by side."""

import numpy as np

from pilot_analysis.config import PilotConfig, Source
from pilot_analysis.errors import DataError
from pilot_analysis.ingest.cells import Cells
from pilot_analysis.ingest.faults import describe
from pilot_analysis.ingest.files import Files
from pilot_analysis.ingest.formats import Format, TableMap
from pilot_analysis.ingest.parse import Refused, parse_text
from pilot_analysis.ingest.raw import RawTable, header_key
from pilot_analysis.ingest.readers.reading import Reading, Step
from pilot_analysis.ingest.readers.rows import rows_aside
from pilot_analysis.schema import Table

__all__ = ["OUTSIDE_WINDOWS", "read_tests"]

_YES = ("y", "yes", "true", "1")
_OUTSIDE, _NO_DAY = OUTSIDE_WINDOWS = "outside every window", "no day of the test, so no window"


def read_tests(
    files: Files, source: Source, form: Format, table: Table, config: PilotConfig
) -> Reading:
    """Read tests, and say which window each belongs to.

    The window comes from the day of the test where the source has `windows`, else from the marks
    of the format ("baseline", "most recent"), else from a column. A test that no window or mark
    claims is set aside and counted.

    Parameters
    ----------
    files, source, form, table, config
        As for every reader.
    """
    given = form.tables.get(table.name, TableMap.empty())
    raw, steps = _one_row_each(files.raw(source), given)
    filled = given.fill(source, raw, table)
    aside = rows_aside(raw, given)
    said = {*source.columns, *source.values, *source.templates}
    if "window" in table.by_name and "window" not in said:
        if source.windows:
            names, no_day = _by_day(raw, filled, table)
            outside, aside = _OUTSIDE, aside | {_NO_DAY: no_day}
        elif given.marks:
            names = _by_mark(raw, given, table.name)
            outside = f"neither {' nor '.join(given.marks)} test"
        else:
            return Reading(raw, filled, aside, steps)
        raw = _with_column(raw, "window", names)
        filled = filled.model_copy(update={"columns": filled.columns | {"window": "window"}})
        aside[outside] = names == ""
    return Reading(raw, filled, _first_reason(aside), steps)


def _one_row_each(raw: RawTable, given: TableMap) -> tuple[RawTable, tuple[Step, ...]]:
    """Put the tests that stand side by side in a student's row under one another."""
    if not given.repeats:
        return raw, ()
    n, m = len(raw.rows), len(given.repeats)
    endings = [header_key(ending) for ending in given.repeats]
    stems = {
        key.removesuffix(ending).strip(): name[: -len(ending)].strip()
        for key, name in raw.names.items()
        for ending in endings
        if key.endswith(ending)
    }
    if not stems:
        found = f'there is no column whose name ends in "{given.repeats[-1]}"'
        advice = "Export it with a column for each test, or correct `format` in pilot.toml"
        raise DataError(describe(raw.file, found, advice, row=1))
    blank = Cells.constant("", n)
    columns = {
        stem: _under_one_another([raw.columns.get(f"{stem} {end}", blank) for end in endings])
        for stem in stems
    }
    there = np.logical_or.reduce([cells.texts() != "" for cells in columns.values()])
    names = {key: name for key, name in raw.names.items() if not key.endswith(tuple(endings))}
    columns |= {key: _under_one_another([raw.columns[key]] * m) for key in names}
    kept = {key: cells.where(there) for key, cells in columns.items()}
    step = Step("students", n, {})
    return RawTable(raw.file, names | stems, kept, np.repeat(raw.rows, m)[there]), (step,)


def _under_one_another(sets: list[Cells]) -> Cells:
    return Cells.of(np.column_stack([cells.texts() for cells in sets]).ravel())


def _by_day(raw: RawTable, source: Source, table: Table) -> tuple[np.ndarray, np.ndarray]:
    """Return the window of each row by its day (blank: outside), and which rows have no day.

    A bad date is told elsewhere: here it counts as of the first window.
    """
    cells = raw.columns.get(header_key(source.columns.get("taken_on", "taken_on")))
    if cells is None:
        return np.full(len(raw.rows), "", dtype=object), np.ones(len(raw.rows), dtype=bool)
    names, no_day = [], []
    for text in cells.distinct:
        moment = parse_text(table.by_name["taken_on"], text, source.dates)
        no_day.append(moment is None)
        if isinstance(moment, Refused):
            names.append(next(iter(source.windows)))
            continue
        inside = (
            name
            for name, (first, last) in source.windows.items()
            if moment is not None and first <= moment.date() <= last
        )
        names.append(next(inside, ""))
    return np.array(names, dtype=object)[cells.codes], np.array(no_day)[cells.codes]


def _by_mark(raw: RawTable, given: TableMap, table: str) -> np.ndarray:
    """Return the first mark that each row carries; blank: none."""
    names = np.full(len(raw.rows), "", dtype=object)
    for name, columns in reversed(given.marks.items()):
        there = [raw.columns[key] for key in map(header_key, columns) if key in raw.columns]
        if not there:
            found = f'there is no column "{columns[0]}", which would mark the {name} test'
            advice = f"Say by the day which test is which: windows = {{ ... }} in sources.{table}"
            raise DataError(describe(raw.file, found, advice, row=1))
        for cells in there:
            yes = np.array([text.casefold() in _YES for text in cells.distinct])
            names[yes[cells.codes]] = name
    return names


def _first_reason(aside: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Leave each row the first of its reasons."""
    first = {}
    for reason, mask in aside.items():
        before = np.logical_or.reduce([np.zeros_like(mask), *first.values()])
        first[reason] = mask & ~before
    return first


def _with_column(raw: RawTable, name: str, texts: np.ndarray) -> RawTable:
    return RawTable(
        raw.file, raw.names | {name: name}, raw.columns | {name: Cells.of(texts)}, raw.rows
    )
