"""Rows -> the bytes of a file, as different systems write them; the same rows, the same bytes."""

import csv
import gzip
import io
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import pandas as pd

__all__ = ["csv_bytes", "frame_bytes", "gzipped", "workbook_bytes", "zipped"]

_EXPORTED = datetime(2026, 6, 30, 12, 0)
"""what every archive and workbook says of when it was made"""
_CHANGED = re.compile(rb"(<dcterms:modified[^>]*>)[^<]*")


def csv_bytes(
    rows: Iterable[Sequence[str]],
    *,
    delimiter: str = ",",
    line_end: str = "\r\n",
    encoding: str = "utf-8",
) -> bytes:
    """Return rows, the header among them, as delimited text; "utf-8-sig" begins with a mark."""
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator=line_end).writerows(rows)
    return text.getvalue().encode(encoding)


def frame_bytes(frame: pd.DataFrame, **how: str) -> bytes:
    """Return a frame as delimited text; missing is blank. `how` is as for `csv_bytes`."""
    body = frame.astype(object).where(frame.notna(), "").to_numpy().tolist()
    return csv_bytes([list(frame.columns), *body], **how)


def gzipped(data: bytes) -> bytes:
    """Return packed bytes that say nothing of when they were packed."""
    return gzip.compress(data, compresslevel=6, mtime=0)


def zipped(members: Mapping[str, bytes]) -> bytes:
    """Return an archive of files by name."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, data in members.items():
            entry = zipfile.ZipInfo(name, _EXPORTED.timetuple()[:6])
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, data, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def workbook_bytes(sheets: Mapping[str, Sequence[Sequence[Any]]]) -> bytes:
    """Return an Excel workbook with rows of values by sheet; dates become Excel's dates."""
    # Only here: the import takes a moment, and most of what simulates writes no workbook.
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.active)
    book.properties.created = _EXPORTED
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
        sheet.freeze_panes = "A2"
    written = io.BytesIO()
    book.save(written)
    with zipfile.ZipFile(written) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    # Saving writes the time of day into the properties.
    core = "docProps/core.xml"
    said = _EXPORTED.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    members[core] = _CHANGED.sub(rb"\g<1>" + said, members[core])
    return zipped(members)
