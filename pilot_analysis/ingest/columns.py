"""The columns of a file -> the columns of a clean table, as the source in ``pilot.toml`` says."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pilot_analysis.config import Source, nearest
from pilot_analysis.ingest.cells import Cells
from pilot_analysis.ingest.faults import Origin, describe, describe_rows
from pilot_analysis.ingest.parse import in_minutes, parse_cells
from pilot_analysis.ingest.raw import RawTable, header_key
from pilot_analysis.ingest.readers import Reading
from pilot_analysis.ingest.readers.reading import not_asked_for, unmatched
from pilot_analysis.ingest.readers.rows import made_of
from pilot_analysis.schema import Field, Table

__all__ = ["Sheet", "clean_columns"]


@dataclass(frozen=True, slots=True)
class Sheet:
    """What one source gives to one clean table.

    Attributes
    ----------
    frame : pandas.DataFrame
        Every column of the table (and the group columns, in `students`), typed.
    origin : Origin
    rank : numpy.ndarray of int, shape (n,)
        Preference among rows of the same key: by the order in which `where` names its values.
    given : frozenset of str
        Clean columns that the source has.
    aside : dict of str to int
        Reason -> rows that the format or `where` set aside.
    """

    frame: pd.DataFrame
    origin: Origin
    rank: np.ndarray
    given: frozenset[str]
    aside: dict[str, int]


def clean_columns(
    reading: Reading, table: Table, groups: Collection[str], untold: Collection[str] = ()
) -> tuple[Sheet | None, list[str]]:
    """Read the clean columns of `table` from what a reader made of a file.

    Parameters
    ----------
    reading : Reading
        Its source says what the clean columns are called, and which rows are wanted.
    table : Table
    groups : collection of str
        Group columns that the configuration names; read from `students`.
    untold : collection of str
        Clean columns whose texts no message may quote.

    Returns
    -------
    sheet : Sheet or None
        None where the columns themselves are at fault.
    faults : list of str
    """
    fields = [*table.fields]
    if table.name == "students":
        fields += [Field(g, "text", "Group.") for g in groups if g not in table.by_name]
    raw, source = reading.raw, reading.source
    asked_for, rank, faults = _wanted_rows(raw, source)
    set_aside = np.zeros(len(raw.rows), dtype=bool)
    for mask in reading.aside.values():
        set_aside |= mask
    wanted = asked_for & ~set_aside
    aside = {reason: int(mask.sum()) for reason, mask in reading.aside.items()}
    if source.where:
        aside[not_asked_for(source)] = int((~asked_for & ~set_aside).sum())
    cells, labels, more = _choose(raw, source, table, fields)
    faults += more
    if faults:
        return None, faults
    rows = raw.rows[wanted]
    files = np.full(len(rows), raw.file, dtype=object)
    origin = Origin(files, rows, {(raw.file, name): label for name, label in labels.items()})
    values = {}
    for field in fields:
        if field.name not in cells:
            values[field.name] = pd.array([None], dtype=field.dtype).take(np.zeros(len(rows), int))
            continue
        here = cells[field.name].where(wanted)
        if field.name in source.recode:
            recode = source.recode[field.name]
            here, more = _recode(here, recode, field.name, origin, is_told=field.name not in untold)
            faults += more
        if field.name in source.blanks:
            texts = [text or source.blanks[field.name] for text in here.distinct]
            here = Cells(here.codes, np.array(texts, dtype=object))
        values[field.name], more = parse_cells(
            field, here, origin, source.dates, is_told=field.name not in untold
        )
        faults += more
        if field.name in source.units:
            values[field.name] = in_minutes(values[field.name], source.units[field.name])
    sheet = Sheet(pd.DataFrame(values), origin, rank[wanted], frozenset(cells), aside)
    return sheet, faults


def _wanted_rows(raw: RawTable, source: Source) -> tuple[np.ndarray, np.ndarray, list[str]]:
    n = len(raw.rows)
    wanted, rank, faults = np.ones(n, dtype=bool), np.zeros(n, dtype=int), []
    for name, values in source.where.items():
        cells = raw.columns.get(header_key(name))
        if cells is None:
            faults.append(_no_column(raw, name, "`where` in pilot.toml needs it"))
            continue
        order = {value: position for position, value in enumerate(values)}
        place = np.array([order.get(text, -1) for text in cells.distinct])[cells.codes]
        wanted &= place >= 0
        rank = rank * len(values) + place
        faults += unmatched(raw.file, raw.names[header_key(name)], values, cells.distinct)
    if n and not faults and not wanted.any():
        rule = " and ".join(f"{name} in {', '.join(v)}" for name, v in source.where.items())
        first = next(iter(source.where))
        found = ", ".join(sorted(set(raw.columns[header_key(first)].distinct))[:8])
        faults.append(
            describe(
                raw.file,
                f"no row has {rule}",
                f"Check `where` in pilot.toml; the column holds {found}",
                column=raw.names[header_key(first)],
            )
        )
    return wanted, rank, faults


def _choose(
    raw: RawTable, source: Source, table: Table, fields: list[Field]
) -> tuple[dict[str, Cells], dict[str, str], list[str]]:
    """Return the text of each clean column, what the file calls it, and faults."""
    n, faults = len(raw.rows), []
    cells: dict[str, Cells] = {}
    labels: dict[str, str] = {}
    constants = source.values  # noqa: PD011 (a key of pilot.toml)
    for field in fields:
        name = field.name
        labels[name] = f"{name}, made in pilot.toml"
        if name in constants:
            cells[name] = Cells.constant(constants[name], n)
        elif name in source.templates:
            made, missing = made_of(raw, source.templates[name])
            hint = f"templates.{name} in pilot.toml needs it"
            faults += [_no_column(raw, column, hint) for column in missing]
            cells[name] = made
        else:
            called = source.columns.get(name, name)
            labels[name] = raw.names.get(header_key(called), called)
            if header_key(called) in raw.columns:
                cells[name] = raw.columns[header_key(called)]
            elif _is_needed(field, source, table):
                hint = f"Rename it, or say what it is called: columns.{name} in pilot.toml"
                faults.append(_no_column(raw, called, hint))
    if not (source.columns or source.templates):
        used = {header_key(field.name) for field in fields} | set(map(header_key, source.where))
        faults += _unknown(raw, table, [f.name for f in fields], used)
    return cells, labels, faults


def _is_needed(field: Field, source: Source, table: Table) -> bool:
    """Return whether a column may not be missing: by the table's rules, or since it is named."""
    named = {*source.columns, *source.recode, *source.units}
    return field.name in named or field.required or field.name in table.key


def _unknown(raw: RawTable, table: Table, known: list[str], used: set[str]) -> list[str]:
    extra = ", or name them under [groups]" if table.name == "students" else ""
    strange = [name for key, name in raw.names.items() if key not in used]
    if not strange:
        return []
    if len(strange) == 1:
        found = f'the table {table.name} has no column "{strange[0]}"{nearest(strange[0], known)}'
    else:
        shown = ", ".join(f'"{name}"' for name in strange[:5])
        more = f" and {len(strange) - 5} more" if len(strange) > 5 else ""
        found = f"the table {table.name} has no columns {shown}{more}; it has {', '.join(known)}"
    advice = f"Rename or delete what is not wanted{extra}, or map the columns in pilot.toml"
    return [describe(raw.file, found, advice, row=1)]


def _no_column(raw: RawTable, name: str, advice: str) -> str:
    return describe(
        raw.file,
        f'there is no column "{name}"{nearest(name, raw.names.values())}',
        advice,
        row=1,
    )


def _recode(
    cells: Cells, recode: dict[str, str], column: str, origin: Origin, *, is_told: bool
) -> tuple[Cells, list[str]]:
    """Replace the texts that `recode` names; any other text is a fault, a blank is not."""
    strange = np.array([bool(text) and text not in recode for text in cells.distinct])[cells.codes]
    origin.refuse(column, strange)
    faults = describe_rows(
        origin,
        column,
        strange,
        lambda i: (
            f'"{cells.distinct[cells.codes[i]]}" is not named in recode.{column}'
            f"{nearest(cells.distinct[cells.codes[i]], recode)}"
            if is_told
            else f"the cell is not named in recode.{column}"
        ),
        "Add it there in pilot.toml",
    )
    values = [recode.get(text, "") for text in cells.distinct]
    return Cells(cells.codes, np.array(values, dtype=object)), faults
