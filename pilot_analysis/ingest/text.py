"""Bytes of a file -> text, by its mark or by what ``pilot.toml`` says, and never by a guess."""

import codecs
import csv
import io
from typing import Literal

from pilot_analysis.errors import DataError
from pilot_analysis.ingest.faults import describe

__all__ = [
    "Encoding",
    "codec_of",
    "decode",
    "holds_nul",
    "is_not_text",
    "is_web_page",
    "printed_header",
]

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
    codec = codec_of(data, encoding)
    if codec in ("latin-1", "windows-1252") and data.startswith((*_UTF_16_MARKS, codecs.BOM_UTF8)):
        found = f"begins with the mark of UTF-8 or UTF-16, and pilot.toml says it is {codec}"
        raise DataError(describe(file, found, "Delete `encoding` there", row=1))
    try:
        text = data.decode(codec).removeprefix(_BOM)
    except UnicodeDecodeError as error:
        row, column = _locate(data[: error.start].decode(codec, errors="ignore"))
        fault = is_not_text(file, codec, data[error.start], row, column)
        raise DataError(fault) from error
    if len(text) / 3 < text.count("\x00") < len(text) * 2 / 3:
        found = "looks like UTF-16 without the mark at its beginning"
        advice = 'Say encoding = "utf-16" for this source in pilot.toml, or save it as CSV UTF-8'
        raise DataError(describe(file, found, advice))
    if "\x00" in text:
        raise DataError(holds_nul(file, *_locate(text[: text.index("\x00")])))
    return text


def codec_of(start: bytes, encoding: Encoding = "") -> str:
    """Return the codec of a file that begins with `start`."""
    codec = encoding or ("utf-16" if start.startswith(_UTF_16_MARKS) else "utf-8")
    return "utf-8-sig" if codec == "utf-8" else codec


def printed_header(name: str) -> str:
    """Return a header as messages print it: no byte-order mark, no space around it."""
    return name.replace(_BOM, "").strip()


def is_web_page(text: str) -> bool:
    """Return whether a text is HTML or XML: a page to log in, or a table that only Excel reads."""
    return text[:1000].lstrip().casefold().startswith(("<!doctype", "<html", "<?xml", "<table"))


def holds_nul(file: str, row: int, column: str = "") -> str:
    """Return the line for a file with a NUL character."""
    found = "holds a NUL byte, which no text has"
    advice = "The file is damaged or is no CSV: export it again"
    return describe(file, found, advice, row=row, column=column)


def is_not_text(file: str, codec: str, byte: int, row: int, column: str = "") -> str:
    """Return the line for a file with a byte that its codec does not have."""
    if codec == "utf-8-sig":
        found = f"is not UTF-8 text (byte {byte:#04x})"
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
