"""A sheet of an Excel workbook -> records, with the text that the sheet shows."""

import csv
import io
import re
import warnings
import zipfile
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time
from itertools import islice
from typing import Any
from xml.etree.ElementTree import iterparse

from pilot_analysis.errors import DataError
from pilot_analysis.ingest.containers import check_size
from pilot_analysis.ingest.faults import describe
from pilot_analysis.ingest.records import Record

__all__ = ["is_workbook", "sheet_names", "workbook_records"]

_MOST_CELLS = 2_000_000
_MOST_ROWS = 1_048_576  # Excel's own limit
_CELL = re.compile(rb"<(?:\w+:)?c[\s>/]")
_LITERAL = re.compile(r'"[^"]*"|\\.')
_AS_CSV = "Save the sheet as CSV UTF-8"


def is_workbook(file: str) -> bool:
    """Return whether the name is that of an Excel workbook."""
    return file.casefold().endswith((".xlsx", ".xlsm"))


def sheet_names(data: bytes) -> list[str]:
    """Return the names of a workbook's sheets; none where it cannot be opened."""
    from openpyxl import load_workbook

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return [
                page.title for page in load_workbook(io.BytesIO(data), read_only=True).worksheets
            ]
    except Exception:  # a damaged workbook: reading it says what is wrong
        return []


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
        No workbook, no such sheet, several sheets and none named, merged cells, a formula whose
        value was never stored, an error value such as #REF!, or more cells than are read.
    """
    # Only here: most pilots have no workbook, and the import takes a moment.
    from openpyxl import load_workbook

    try:
        with warnings.catch_warnings(), zipfile.ZipFile(io.BytesIO(data)) as archive:
            # Of styles and extensions that openpyxl leaves out: they hold no data.
            warnings.simplefilter("ignore")
            check_size(file, sum(item.file_size for item in archive.infolist()), len(data))
            book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
            page = _page(file, book.worksheets, sheet)
            # openpyxl keeps no note of merged cells and of formulas where it reads values.
            _check_page(file, archive.read(page._worksheet_path))
            # The size that a sheet states may be wrong, and rows beyond it would be lost.
            page.reset_dimensions()
            return _same_width(list(_records(file, page.iter_rows())))
    except DataError:
        raise
    except Exception as error:
        # openpyxl passes on whatever its parsers meet in a damaged workbook.
        raise DataError(
            describe(file, "is not a whole Excel workbook", "Save it again, or as CSV UTF-8")
        ) from error


def _page(file: str, pages: list, wanted: str):
    names = [page.title for page in pages]
    if not names:
        raise DataError(describe(file, "holds no sheet of cells", "Save it again, or as CSV UTF-8"))
    if wanted and wanted not in names:
        found = f"there is no sheet {wanted!r}; it has {', '.join(names)}"
        raise DataError(describe(file, found, "Correct `sheet` in pilot.toml"))
    if not wanted and len(names) > 1:
        found = f"holds {len(names)} sheets: {', '.join(names)}"
        raise DataError(describe(file, found, f'Say which: sheet = "{names[0]}" in pilot.toml'))
    return pages[names.index(wanted) if wanted else 0]


def _check_page(file: str, xml: bytes) -> None:
    """Refuse what cannot be read from a sheet, before its cells are read."""
    if next(islice(_CELL.finditer(xml), _MOST_CELLS, None), None):
        found = f"the sheet has more than {_MOST_CELLS:,} cells, blank ones with a style among them"
        raise DataError(describe(file, found, _AS_CSV))
    row, merged = 0, []
    for _, element in iterparse(io.BytesIO(xml)):
        match element.tag.rpartition("}")[2]:
            case "c":
                parts = {child.tag.rpartition("}")[2]: child.text for child in element}
                # A formula whose value is the empty text is marked as text.
                if "f" in parts and not parts.get("v") and element.get("t") != "str":
                    place = element.get("r", "a cell")
                    found = f"{place} holds a formula whose value is not stored"
                    advice = "Open the workbook, save it, and try again; or paste the values"
                    raise DataError(describe(file, found, advice))
                element.clear()
            case "row":
                number = int(element.get("r", row + 1))
                if not row < number <= _MOST_ROWS:
                    found = f"its rows are not in order: row {number} after row {row}"
                    raise DataError(describe(file, found, "Save it again, or as CSV UTF-8"))
                row = number
                element.clear()
            case "mergeCell":
                merged.append(element.get("ref", ""))
    if merged:
        found = f"the cells {merged[0]} are merged, so all but the first of them are blank"
        advice = f"Unmerge them, and fill in each; {len(merged):,} merged areas in the sheet"
        raise DataError(describe(file, found, advice))


def _records(file: str, rows: Iterable[tuple]) -> Iterator[Record]:
    """Yield the rows that hold anything, without the blank cells at their end."""
    cells = 0
    for number, row in enumerate(rows, start=1):
        cells += len(row)
        if cells > _MOST_CELLS:
            found = f"the sheet is wider than its data: more than {_MOST_CELLS:,} cells up to here"
            raise DataError(describe(file, found, _AS_CSV, row=number))
        texts = [_shown(file, number, place, cell) for place, cell in enumerate(row, start=1)]
        while texts and not texts[-1]:
            texts.pop()
        if texts:
            yield Record(number, texts)


def _same_width(records: list[Record]) -> list[Record]:
    width = max((len(record.cells) for record in records), default=0)
    return [Record(row, cells + [""] * (width - len(cells))) for row, cells in records]


def _shown(file: str, row: int, column: int, cell: Any) -> str:
    if cell.value is None:
        return ""
    if cell.data_type == "e":
        found = f"column {column} holds the error {cell.value}"
        raise DataError(describe(file, found, "Correct the formula, or clear the cell", row=row))
    text = _text(cell.value, cell)
    limit = csv.field_size_limit()
    if len(text) > limit:
        found = f"column {column} holds more than {limit:,} characters"
        raise DataError(describe(file, found, "Shorten the cell", row=row))
    return text


def _text(value: Any, cell: Any) -> str:
    """Return a cell's value as an export would write it."""
    match value:
        case bool():
            return "true" if value else "false"
        case datetime() if value.time() == time():
            return value.date().isoformat()
        case datetime() | date():
            return value.isoformat(sep=" ") if isinstance(value, datetime) else value.isoformat()
        case int() | float():
            return _number(value, _LITERAL.sub("", cell.number_format or ""))
        case _:
            return str(value).strip()


def _number(value: float, number_format: str) -> str:
    if "%" in number_format:
        return f"{value * 100:.12g}%"
    if float(value).is_integer() and abs(value) < 2**53:
        # An id such as 00123 may be the number 123 that a format fills up with zeros.
        zeros = len(number_format) if set(number_format) == {"0"} else 0
        return f"{int(value):0{zeros}d}"
    return repr(value)
