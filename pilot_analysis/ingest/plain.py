"""A CSV file as received -> text by column, every row with the number a spreadsheet gives it."""

import csv
import io
from dataclasses import dataclass

import numpy as np

from pilot_analysis.errors import DataError
from pilot_analysis.ingest.cells import Cells
from pilot_analysis.ingest.faults import describe

__all__ = ["RawTable", "header_key", "read_plain"]

_BOM = "\ufeff"
_LONGEST_CELL = 100_000


@dataclass(frozen=True, slots=True)
class RawTable:
    """A file as text.

    Attributes
    ----------
    file : str
        Its name in ``pilot.toml``.
    names : dict of str to str
        `header_key` of each column -> the header as the file prints it.
    columns : dict of str to Cells
        `header_key` of each column -> its text.
    rows : numpy.ndarray of int, shape (n,)
        Row of each record as a spreadsheet counts it: the header is row 1.
    """

    file: str
    names: dict[str, str]
    columns: dict[str, Cells]
    rows: np.ndarray


def header_key(name: str) -> str:
    """Return what headers are compared by: no byte-order mark, no space around it, no case."""
    return _printed(name).casefold()


def read_plain(file: str, data: bytes) -> RawTable:
    """Read a comma-separated file whose first row is the header.

    Rows in which every cell is blank are not records, and a column without a header is left out
    where it is blank all the way down.

    Parameters
    ----------
    file : str
        Name for messages.
    data : bytes
        Content of the file: UTF-8, with or without a byte-order mark.

    Returns
    -------
    RawTable

    Raises
    ------
    DataError
        Not UTF-8, NUL bytes, a quote that is never closed, rows with more or fewer cells than the
        header, a header twice or with no name, an empty file, or a header with nothing below it.
    """
    records = _records(file, _decode(file, data))
    if not records:
        raise DataError(describe(file, "the file is empty", "Export it again"))
    header = [_printed(name) for name in records[0]]
    _check_header(file, header)
    body = [
        (row, cells) for row, cells in enumerate(records[1:], start=2) if any(map(str.strip, cells))
    ]
    if not body:
        raise DataError(
            describe(
                file,
                "there is a header and no row below it",
                "Export it again, or take the table out of pilot.toml if it was not collected",
            )
        )
    _check_width(file, header, body)
    columns = [Cells.of(column) for column in zip(*(cells for _, cells in body), strict=True)]
    named = _named_columns(file, header, columns)
    return RawTable(
        file,
        {header_key(header[i]): header[i] for i in named},
        {header_key(header[i]): columns[i] for i in named},
        np.array([row for row, _ in body]),
    )


def _decode(file: str, data: bytes) -> str:
    if data.startswith(b"PK\x03\x04"):
        raise DataError(
            describe(file, "is a workbook, and text is needed", "Save the sheet as CSV UTF-8")
        )
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise DataError(
            describe(file, "is UTF-16 text, and UTF-8 is needed", "Save it as CSV UTF-8", row=1)
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row, column = _locate(data[: error.start].decode("utf-8-sig", errors="replace"))
        raise DataError(
            describe(
                file,
                f"is not UTF-8 text (byte {data[error.start]:#04x})",
                'Save it as "CSV UTF-8" in the spreadsheet program, or export it as UTF-8',
                row=row,
                column=column,
            )
        ) from error
    if "\x00" in text:
        row, column = _locate(text[: text.index("\x00")])
        raise DataError(
            describe(
                file,
                "holds a NUL byte, which no text has",
                "The file is damaged or is no CSV: export it again",
                row=row,
                column=column,
            )
        )
    return text


def _locate(text_before: str) -> tuple[int, str]:
    """Return row and column of the character that follows `text_before`."""
    try:
        records = list(csv.reader(io.StringIO(text_before + "?", newline="")))
    except csv.Error:  # an open quote before it has swallowed the rows
        return text_before.count("\n") + 1, ""
    position = len(records[-1]) - 1
    header = records[0]
    # In the header itself the column has no whole name yet.
    known = len(records) > 1 and position < len(header)
    return len(records), _printed(header[position]) if known else str(position + 1)


def _printed(name: str) -> str:
    """Return a header as messages print it."""
    return name.replace(_BOM, "").strip()


def _records(file: str, text: str) -> list[list[str]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    records: list[list[str]] = []
    line = 0
    try:
        for record in reader:
            records.append(record)
            line = reader.line_num
    except csv.Error as error:
        # The first line of the broken record shows which cell opened the quote.
        lines = list(io.StringIO(text, newline=""))
        cells = next(csv.reader([lines[line][:_LONGEST_CELL]]), [""])
        header = records[0] if records else cells
        position = min(len(cells), len(header)) - 1
        raise DataError(
            describe(
                file,
                'a quote (") is opened and not closed as it should be',
                'Close it; a quote inside a quoted cell is written twice ("")',
                row=len(records) + 1,
                column=_printed(header[position]),
            )
        ) from error
    return records


def _check_header(file: str, header: list[str]) -> None:
    if not any(header):
        raise DataError(
            describe(file, "the first row is blank, and it must be the header", "Delete it", row=1)
        )
    for name, mark in (("semicolons", ";"), ("tabs", "\t")):
        if len(header) == 1 and mark in header[0]:
            raise DataError(
                describe(
                    file,
                    f"the header is separated by {name}, and commas are needed",
                    "Save it as CSV with commas",
                    row=1,
                )
            )


def _check_width(file: str, header: list[str], body: list[tuple[int, list[str]]]) -> None:
    wrong = [(row, cells) for row, cells in body if len(cells) != len(header)]
    if not wrong:
        return
    row, cells = wrong[0]
    short = len(cells) < len(header)
    raise DataError(
        describe(
            file,
            f"the row has {len(cells)} cells and the header {len(header)}",
            "Put quotes around a cell that holds a comma, and a comma for every blank cell",
            row=row,
            column=header[len(cells)] if short else header[-1],
            rows=len(wrong),
        )
    )


def _named_columns(file: str, header: list[str], columns: list[Cells]) -> list[int]:
    seen: dict[str, int] = {}
    named = []
    for position, name in enumerate(header):
        if not name:
            if any(columns[position].distinct):
                raise DataError(
                    describe(
                        file,
                        f"column {position + 1} has values and no header",
                        "Give it a name, or delete the column",
                        row=1,
                    )
                )
            continue
        first = seen.setdefault(header_key(name), position)
        if first != position:
            raise DataError(
                describe(
                    file,
                    f"the header stands in columns {first + 1} and {position + 1}",
                    "Rename or delete one of them (case and space around a name do not count)",
                    row=1,
                    column=name,
                )
            )
        named.append(position)
    return named
