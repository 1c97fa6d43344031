"""The files of a log, each looked through once in pieces before DuckDB reads it.

DuckDB accepts NUL bytes, and may cut a row in two where a quoted cell holds a line end: what is no
plain text is refused here, or copied as plain text.
"""

import csv
import gzip
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

import pyarrow as pa
import pyarrow.parquet as pq

from pilot_analysis.config import Source
from pilot_analysis.errors import DataError
from pilot_analysis.ingest.containers import is_container
from pilot_analysis.ingest.faults import describe
from pilot_analysis.ingest.files import Files
from pilot_analysis.ingest.raw import table_of
from pilot_analysis.ingest.readers.log_text import BLOCK, Hashed, Seen, pieces, start_of
from pilot_analysis.ingest.records import Record, broken, mark_of
from pilot_analysis.ingest.text import codec_of, printed_header
from pilot_analysis.ingest.workbook import is_workbook

__all__ = ["LogFile", "log_files", "names_of", "spreadsheet_row"]

_FIRST_ROWS = 50
_HIDDEN = "._~"
_LINE_END = re.compile(r"[\r\n]+")


@dataclass(frozen=True, slots=True)
class LogFile:
    """One file of a log.

    Attributes
    ----------
    label : str
        What messages call it.
    path : pathlib.Path
        What DuckDB reads: the file itself, or its copy as plain text.
    header : tuple of str
        Names of its columns by position; blank: a column without a name.
    mark : str
        What separates the cells; blank: the file is Parquet.
    is_packed : bool
        By gzip.
    rows : int
        Rows below the header, each of which is one line of a text.
    bytes : int
    sha256 : str
        Of the file as it was received; blank where it was counted already.
    """

    label: str
    path: Path
    header: tuple[str, ...]
    mark: str = ","
    is_packed: bool = False
    rows: int = 0
    bytes: int = 0
    sha256: str = ""


def names_of(folder: Path, file: str) -> tuple[str, ...]:
    """Return the files that a source names: one, those of a folder, or those of a pattern."""
    path = folder / file
    try:
        if path.is_dir():
            found = [p for p in path.iterdir() if p.name[0] not in _HIDDEN]
            if any(p.is_dir() for p in found):
                what = "holds folders, and only the files that lie in it itself would be read"
                advice = f'Name the files by a pattern, such as "{file.rstrip("/")}/*/*.csv"'
                raise DataError(describe(file, what, advice))
        elif set("*?[") & set(file) and not path.exists():
            found = list(folder.glob(file))
        else:
            return (file,)
    except OSError as error:
        raise DataError(
            f"{file}: the folder cannot be read ({error.strerror}). Check its permissions."
        ) from error
    files = [p for p in found if p.is_file() and p.name[0] not in _HIDDEN]
    if not files:
        raise DataError(describe(file, "there is no file in it", "Put the exports there"))
    return tuple(sorted(p.relative_to(folder).as_posix() for p in files))


def log_files(files: Files, source: Source, scratch: Path) -> Iterator[LogFile]:
    """Look through every file of a source.

    Parameters
    ----------
    files : Files
    source : Source
    scratch : pathlib.Path
        Folder for copies, outside the pilot's.

    Yields
    ------
    LogFile

    Raises
    ------
    DataError
        A file that cannot be read, is no text, unpacks to more than is safe, or has no header.
    """
    for number, name in enumerate(names_of(files.folder, source.file)):
        path, copy = files.folder / name, scratch / f"{number}.csv"
        own = source.model_copy(update={"file": name})
        if is_container(path) or is_workbook(name):
            yield from _from_records(files, source, own, copy)
            continue
        try:
            with path.open("rb") as file:
                start = file.read(4)
            yield _parquet(name, path) if start == b"PAR1" else _text(own, path, copy)
        except OSError as error:
            fault = f"{name}: cannot be read ({error.strerror}). Check its permissions."
            raise DataError(fault) from error


def spreadsheet_row(file: LogFile, position: int, left_out: Collection[int]) -> int:
    """Return the row of a record as a spreadsheet counts it.

    Parameters
    ----------
    file : LogFile
    position : int
        Place of the record among those that were read; the first below the header is 1.
    left_out : collection of int
        Lines that were not read since there is nothing but spaces or commas in them.
    """
    if not file.mark:
        return position + 1
    opened = gzip.open if file.is_packed else open
    with opened(file.path, "rb") as lines:
        numbered = enumerate(lines, start=1)
        rows = (row for row, line in numbered if line.strip(b"\r\n") and row not in left_out)
        return next(islice(rows, position, None))


def _from_records(files: Files, source: Source, own: Source, copy: Path) -> Iterator[LogFile]:
    """Copy a workbook, or the members of a zip archive; these are read whole."""
    for number, member in enumerate(files.members(own) or ("",)):
        records = files.records(own, member)
        read = files.reads(own)[-1]
        files.note(source, read)
        path = copy.with_stem(f"{copy.stem}-{number}")
        _write(path, records)
        header = _header(read.file, records[:_FIRST_ROWS])
        yield LogFile(read.file, path, header, rows=len(records) - 1)


def _parquet(name: str, path: Path) -> LogFile:
    with path.open("rb") as file:
        hashed = Hashed(file)
        while hashed.read(BLOCK):
            pass
    try:
        about = pq.read_metadata(path)
        names = about.schema.to_arrow_schema().names
    except (pa.ArrowException, OSError) as error:
        found = "is no whole Parquet file"
        raise DataError(describe(name, found, "Export or download it again")) from error
    return LogFile(
        name, path, _header(name, [Record(1, names)]), "", False,
        about.num_rows, hashed.size, hashed.digest.hexdigest(),
    )  # fmt: skip


def _text(own: Source, path: Path, copy: Path) -> LogFile:
    """Look through a text file; where DuckDB might misread it, make a copy with a row a line."""
    label = own.file
    is_packed, start = start_of(label, path)
    codec = codec_of(start, own.encoding)
    is_plain = codec == "utf-8-sig"
    seen, hashed = _look(label, path, codec, None if is_plain else copy)
    if not seen.size:
        raise DataError(describe(label, "the file is empty", "Export it again"))
    text = seen.head.decode("utf-8-sig", errors="ignore")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if len(seen.head) < seen.size:
        text, end, _ = text.rpartition("\n")
        if not end:
            found = (
                f"the first row is longer than {len(seen.head):,} characters, so it is no header"
            )
            raise DataError(describe(label, found, "Export it again, as CSV UTF-8", row=1))
    mark = mark_of(label.removesuffix(".gz"), text, own.delimiter)
    rows = seen.rows()
    if seen.is_folded or seen.is_open() or seen.is_escaped:
        opened = gzip.open if is_packed else open
        with opened(path, "rt", encoding=codec, newline="") as lines:
            rows = _flatten(label, lines, mark, copy, is_escaped=seen.is_escaped)
        mark, is_plain = ",", False
        with copy.open(encoding="utf-8") as lines:
            first = _first_records(lines, mark)
    else:
        first = _first_records((f"{line}\n" for line in text.split("\n")), mark)
        if is_plain and seen.ends not in ({"lf"}, {"crlf"}, set()):
            rows, is_plain = _look(label, path, codec, copy)[0].rows(), False
    return LogFile(
        label, path if is_plain else copy, _header(label, first), mark, is_packed and is_plain,
        rows - 1, hashed.size, hashed.digest.hexdigest(),
    )  # fmt: skip


def _look(label: str, path: Path, codec: str, copy: Path | None) -> tuple[Seen, Hashed]:
    """Look through a text file, and write it to `copy` with LF at the end of each line."""
    seen = Seen()
    with path.open("rb") as file, copy.open("wb") if copy else nullcontext() as out:
        hashed = Hashed(file)
        for piece in pieces(label, hashed, codec, seen):
            if out:
                piece = piece.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
                out.write(piece)
            seen.see(piece)
    return seen, hashed


def _flatten(label: str, lines: TextIO, mark: str, copy: Path, *, is_escaped: bool) -> int:
    """Copy a text with a row a line, and return the number of rows."""
    try:
        return _write(copy, _records(label, lines, mark))
    except DataError:
        if not is_escaped:
            raise
        lines.seek(0)
        return _write(copy, _records(label, lines, mark, escapechar="\\", doublequote=False))


def _write(path: Path, records: Iterable[Record]) -> int:
    """Write records as CSV, each on the line of its row, and return how many there are."""
    n = line = 0
    with path.open("w", encoding="utf-8", newline="") as text:
        writer = csv.writer(text, lineterminator="\n")
        for row, cells in records:
            text.write("\n" * (row - line - 1))
            writer.writerow([_LINE_END.sub(" ", cell) for cell in cells])
            n, line = n + 1, row
    return n


def _records(label: str, lines: TextIO, mark: str, **dialect: Any) -> Iterator[Record]:
    """Return the records of a text, the header among them, blank rows left out."""
    reader = csv.reader(lines, strict=True, delimiter=mark, **dialect)
    row, line, header = 0, 0, ()
    try:
        for row, cells in enumerate(reader, start=1):
            line, header = reader.line_num, header or cells
            if any(map(str.strip, cells)):
                yield Record(row, cells)
    except csv.Error as error:
        lines.seek(0)
        start = next(islice(lines, line, None))
        raise DataError(broken(label, start, mark, row + 1, header, error)) from error


def _first_records(lines: Iterable[str], mark: str) -> list[Record]:
    found = []
    try:
        for row, cells in enumerate(csv.reader(lines, delimiter=mark, strict=True), start=1):
            if any(map(str.strip, cells)):
                found.append(Record(row, cells))
            if row == _FIRST_ROWS:
                break
    except csv.Error:
        return found  # told later, with how many rows are like it
    return found


def _header(label: str, records: Sequence[Record]) -> tuple[str, ...]:
    """Return the names of the columns by position, if the first rows are as they should be."""
    if len(records) == 1:
        # A day without use has a header and no row.
        records = [*records, Record(records[0].row + 1, [""] * len(records[0].cells))]
    table_of(label, records)
    return tuple(map(printed_header, records[0].cells))
