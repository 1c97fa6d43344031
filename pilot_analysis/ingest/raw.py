"""Records of a file -> text by column, every row with the number a spreadsheet gives it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from pilot_analysis.errors import DataError
from pilot_analysis.ingest.cells import Cells
from pilot_analysis.ingest.faults import describe
from pilot_analysis.ingest.records import Record
from pilot_analysis.ingest.text import printed_header

__all__ = ["RawTable", "check_width", "header_key", "table_of"]


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
    columns: dict[str, Cells] = field(repr=False)
    rows: np.ndarray


def header_key(name: str) -> str:
    """Return what headers are compared by: no byte-order mark, no space around it, no case."""
    return printed_header(name).casefold()


def table_of(file: str, records: Sequence[Record]) -> RawTable:
    """Return the text by column of records whose first is the header.

    A column without a header is left out where it is blank all the way down.

    Parameters
    ----------
    file : str
        Name for messages.
    records : sequence of Record

    Returns
    -------
    RawTable

    Raises
    ------
    DataError
        Rows with more or fewer cells than the header, a header twice or with no name, no record,
        or a header with nothing below it.
    """
    if not records:
        raise DataError(describe(file, "the file is empty", "Export it again"))
    if records[0].row != 1:
        raise DataError(
            describe(file, "the first row is blank, and it must be the header", "Delete it", row=1)
        )
    header, body = [printed_header(name) for name in records[0].cells], records[1:]
    if not body:
        raise DataError(
            describe(
                file,
                "there is a header and no row below it",
                "Export it again, or take the table out of pilot.toml if it was not collected",
            )
        )
    check_width(file, header, body)
    columns = [Cells.of(column) for column in zip(*(record.cells for record in body), strict=True)]
    named = _named_columns(file, header, columns)
    return RawTable(
        file,
        {header_key(header[i]): header[i] for i in named},
        {header_key(header[i]): columns[i] for i in named},
        np.array([record.row for record in body]),
    )


def check_width(file: str, header: Sequence[str], body: Sequence[Record]) -> None:
    """Refuse rows that have more or fewer cells than the header."""
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
