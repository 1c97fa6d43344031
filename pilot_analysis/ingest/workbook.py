"""A sheet of an Excel workbook -> records, with the text that the sheet shows."""

import io
import zipfile
from datetime import date, datetime, time
from typing import Any

from pilot_analysis.errors import DataError
from pilot_analysis.ingest.faults import describe
from pilot_analysis.ingest.records import Record

__all__ = ["is_workbook", "workbook_records"]


def is_workbook(file: str) -> bool:
    """Return whether the name is that of an Excel workbook."""
    return file.casefold().endswith((".xlsx", ".xlsm"))


def workbook_records(file: str, data: bytes, sheet: str = "") -> list[Record]:
    """Return the records of one sheet; blank rows are left out, but counted.

    Parameters
    ----------
    file : str
        Name for messages.
    data : bytes
    sheet : str
        Blank: the workbook's only sheet.

    Raises
    ------
    DataError
        No workbook, no such sheet, several sheets and none named, a formula whose value was never
        stored, or an error value such as #REF!.
    """
    # Only here: most pilots have no workbook, and the import takes a moment.
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        values = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        formulas = load_workbook(io.BytesIO(data), read_only=True)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise DataError(
            describe(file, "is not a whole Excel workbook", "Save it again, or as CSV UTF-8")
        ) from error
    name = _sheet_name(file, values.sheetnames, sheet)
    rows = zip(values[name].iter_rows(), formulas[name].iter_rows(), strict=True)
    records = [_record(file, row, *cells) for row, cells in enumerate(rows, start=1)]
    records = [record for record in records if any(record.cells)]
    width = max((_width(record.cells) for record in records), default=0)
    return [Record(r.row, [*r.cells, *[""] * width][:width]) for r in records]


def _width(cells: list[str]) -> int:
    return max(position + 1 for position, text in enumerate(cells) if text)


def _sheet_name(file: str, names: list[str], wanted: str) -> str:
    if wanted and wanted not in names:
        found = f"there is no sheet {wanted!r}; it has {', '.join(names)}"
        raise DataError(describe(file, found, "Correct `sheet` in pilot.toml"))
    if not wanted and len(names) > 1:
        found = f"holds {len(names)} sheets: {', '.join(names)}"
        raise DataError(describe(file, found, f'Say which: sheet = "{names[0]}" in pilot.toml'))
    return wanted or names[0]


def _record(file: str, row: int, shown: tuple, written: tuple) -> Record:
    cells = []
    for position, (value, formula) in enumerate(zip(shown, written, strict=True), start=1):
        if value.value is None and formula.value is not None:
            raise DataError(
                describe(
                    file,
                    f"column {position} holds a formula whose value is not stored",
                    "Open the workbook, save it, and try again; or paste the values",
                    row=row,
                )
            )
        if value.data_type == "e":
            raise DataError(
                describe(
                    file,
                    f"column {position} holds the error {value.value}",
                    "Correct the formula, or clear the cell",
                    row=row,
                )
            )
        cells.append(_text(value.value, getattr(value, "number_format", "")))
    return Record(row, cells)


def _text(value: Any, number_format: str) -> str:
    """Return a cell's value as an export would write it."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case datetime() if value.time() == time():
            return value.date().isoformat()
        case datetime() | date():
            return value.isoformat(sep=" ") if isinstance(value, datetime) else value.isoformat()
        case int() | float() if "%" in number_format:
            return f"{value * 100:.12g}%"
        case float() if value.is_integer() and abs(value) < 2**53:
            return str(int(value))
        case float():
            return repr(value)
        case _:
            return str(value).strip()
