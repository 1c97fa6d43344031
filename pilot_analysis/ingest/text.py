"""Bytes of a file -> text, by its mark or by what ``pilot.toml`` says, and never by a guess."""

import csv
import io
from typing import Literal

from pilot_analysis.errors import DataError
from pilot_analysis.ingest.faults import describe

__all__ = ["Encoding", "decode", "printed_header"]

Encoding = Literal["", "utf-8", "utf-16", "latin-1", "windows-1252"]

_BOM = "\ufeff"
_UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_DECLARED = (
    'Export it as UTF-8, or, where you know how it was written, say so: encoding = "windows-1252" '
    '(or "latin-1") for this source in pilot.toml'
)


def decode(file: str, data: bytes, encoding: Encoding = "") -> str:
    """Return the text of a file, without its byte-order mark.

    Parameters
    ----------
    file : str
        Name for messages.
    data : bytes
    encoding : {"", "utf-8", "utf-16", "latin-1", "windows-1252"}
        Blank: UTF-16 where the file begins with its mark, else UTF-8.

    Returns
    -------
    str

    Raises
    ------
    DataError
        Bytes that the encoding does not have, or NUL characters: with row and column.
    """
    codec = encoding or ("utf-16" if data.startswith(_UTF_16_MARKS) else "utf-8")
    codec = "utf-8-sig" if codec == "utf-8" else codec
    try:
        text = data.decode(codec).removeprefix(_BOM)
    except UnicodeDecodeError as error:
        raise DataError(_undecodable(file, data, codec, error)) from error
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


def printed_header(name: str) -> str:
    """Return a header as messages print it: no byte-order mark, no space around it."""
    return name.replace(_BOM, "").strip()


def _undecodable(file: str, data: bytes, codec: str, error: UnicodeDecodeError) -> str:
    row, column = _locate(data[: error.start].decode(codec, errors="ignore"))
    if codec == "utf-8-sig":
        found = f"is not UTF-8 text (byte {data[error.start]:#04x})"
    else:
        found = f"is not {codec} text, as `encoding` in pilot.toml or its first bytes say"
    return describe(file, found, _DECLARED, row=row, column=column)


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
    return len(records), printed_header(header[position]) if known else str(position + 1)
