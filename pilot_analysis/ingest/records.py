"""Text of a file -> its records: cells of each row, blank rows left out."""

import csv
import io
from collections.abc import Sequence
from itertools import islice
from typing import Any, Literal, NamedTuple

from pilot_analysis.errors import DataError
from pilot_analysis.ingest.faults import describe
from pilot_analysis.ingest.text import printed_header

__all__ = ["Delimiter", "Record", "broken", "mark_of", "text_records"]

Delimiter = Literal["", "comma", "semicolon", "tab"]

_EVEN_ROWS = 1000
_MARKS = {"comma": ",", "semicolon": ";", "tab": "\t"}


class Record(NamedTuple):
    """One row of a file: its number as a spreadsheet counts it, and the text of its cells."""

    row: int
    cells: list[str]


def text_records(file: str, text: str, delimiter: Delimiter = "") -> list[Record]:
    """Return the records of a delimited file, the header among them.

    Rows in which every cell is blank are left out, but counted.

    Parameters
    ----------
    file : str
        Name for messages.
    text : str
    delimiter : {"", "comma", "semicolon", "tab"}
        Blank: a tab where the name ends in .tsv, else the one that stands in the header.

    Returns
    -------
    list of Record

    Raises
    ------
    DataError
        A quote that is never closed, a cell longer than any answer, or a header in which more than
        one mark may be the delimiter.
    """
    mark = mark_of(file, text, delimiter)
    records, fault = _parse(file, text, {"delimiter": mark})
    if fault and '\\"' in text:
        # Some programs write \" for a quote inside a cell, where the standard has "".
        escaped = {"delimiter": mark, "escapechar": "\\", "doublequote": False}
        records, other_fault = _parse(file, text, escaped)
        fault = fault if other_fault else ""
    if fault:
        raise DataError(fault)
    return records


def mark_of(file: str, text: str, delimiter: Delimiter = "") -> str:
    """Return the character between the cells of a file; `text` may be its beginning only."""
    return _MARKS[delimiter or _delimiter_of(file, text)]


def _parse(file: str, text: str, dialect: dict[str, Any]) -> tuple[list[Record], str]:
    """Return the records, and what is wrong with the first one that is broken."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, **dialect)
    records: list[Record] = []
    row, line = 0, 0
    try:
        for row, cells in enumerate(reader, start=1):
            line = reader.line_num
            if any(map(str.strip, cells)):
                records.append(Record(row, cells))
    except csv.Error as error:
        start = list(io.StringIO(text, newline=""))[line]
        header = records[0].cells if records else ()
        return records, broken(file, start, dialect["delimiter"], row + 1, header, error)
    return records, ""


def _delimiter_of(file: str, text: str) -> Delimiter:
    if file.casefold().removesuffix(".gz").endswith((".tsv", ".tab")):
        return "tab"
    header = _outside_quotes(_first_record(text))
    found: list[Delimiter] = [name for name, mark in _MARKS.items() if mark in header]
    if len(found) > 1:
        # A header may hold a comma: only one of the two makes rows of the same width.
        even = [name for name in found if _is_even(text, _MARKS[name])]
        if len(even) != 1:
            raise DataError(
                describe(
                    file,
                    f"the header holds {' and '.join(f'{name}s' for name in found)}, so either "
                    "may separate its cells",
                    f'Say which: delimiter = "{found[0]}" for this source in pilot.toml',
                    row=1,
                )
            )
        found = even
    return found[0] if found else "comma"


def _is_even(text: str, mark: str) -> bool:
    rows = islice(csv.reader(io.StringIO(text, newline=""), delimiter=mark), _EVEN_ROWS)
    try:
        return len({len(cells) for cells in rows if any(cells)}) == 1
    except csv.Error:
        return False


def _first_record(text: str) -> str:
    """Return the lines of the header: a quoted name may go over several."""
    lines, quotes = [], 0
    for line in io.StringIO(text, newline=""):
        lines.append(line)
        quotes += line.count('"')
        if quotes % 2 == 0:
            break
    return "".join(lines)


def _outside_quotes(line: str) -> str:
    return "".join(line.split('"')[::2])


def broken(
    file: str, start: str, mark: str, row: int, header: Sequence[str], error: csv.Error
) -> str:
    """Return the line for a record that is none.

    Parameters
    ----------
    file : str
        Name for messages.
    start : str
        The record's first line, which shows which cell opened the quote.
    mark : str
        What separates the cells.
    row : int
    header : sequence of str
        None where the record is the header itself.
    error : csv.Error
    """
    limit = csv.field_size_limit()
    cells = next(csv.reader([start[:limit]], delimiter=mark), [""])
    header = header or cells
    column = printed_header(header[min(len(cells), len(header)) - 1])
    if "field limit" in str(error):
        found = f"a cell holds more than {limit:,} characters, or a quote before it is not closed"
        advice = "Look for a quote without its partner, or shorten the cell"
    else:
        found = 'a quote (") is opened and not closed as it should be'
        advice = 'Close it; a quote inside a quoted cell is written twice ("")'
    return describe(file, found, advice, row=row, column=column)
