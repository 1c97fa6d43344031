"""Columns of the files that nothing reads: a vendor's hundred others, or one that was renamed."""

import csv
import difflib
import gzip
import io
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pilot_analysis.config import PilotConfig, Source, placeholders
from pilot_analysis.errors import DataError
from pilot_analysis.ingest.files import Files
from pilot_analysis.ingest.formats import TableMap, formats
from pilot_analysis.ingest.privacy import private_kind
from pilot_analysis.ingest.raw import header_key
from pilot_analysis.ingest.records import mark_of
from pilot_analysis.schema import TABLES

__all__ = ["Unread", "unread_columns"]

_HEAD = 1 << 18  # bytes: more than any header
_GZIP = b"\x1f\x8b"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_NEAR = 0.75
_IMPORT_ID = re.compile(r'"ImportId":\s*"([^"]*)"')


@dataclass(frozen=True, slots=True)
class Unread:
    """Columns of one file that nothing reads.

    Attributes
    ----------
    file : str
        With the sheet of a workbook.
    columns : tuple of str
        As the file prints them.
    private : tuple of str
        Those that say who somebody is: they are never read.
    near : mapping of str to str
        Column -> a known name that the file does not have, and that is much like it.
    """

    file: str
    columns: tuple[str, ...]
    private: tuple[str, ...]
    near: Mapping[str, str]


def unread_columns(config: PilotConfig) -> list[Unread]:
    """Return, per file, the columns that no table is read from.

    A package of several files (OneRoster) is left out: its columns are those of a standard.

    Parameters
    ----------
    config : PilotConfig

    Returns
    -------
    list of Unread
        In the order of ``pilot.toml``; only files in which there are some.
    """
    known: dict[tuple[str, str], list[tuple[str, ...]]] = {}
    sources: dict[tuple[str, str], Source] = {}
    for table, several in config.sources.items():
        for source in several:
            place = source.file, source.sheet
            sources.setdefault(place, source)
            known.setdefault(place, []).extend(_known(table, source))
    found = [_of_file(config.folder, source, known[place]) for place, source in sources.items()]
    return [unread for unread in found if unread.columns or unread.private]


def _of_file(folder: Path, source: Source, known: Iterable[tuple[str, ...]]) -> Unread:
    rows = _header_rows(folder, source)
    columns = [tuple(filter(None, column)) for column in zip(*rows, strict=False)]
    columns = [(*column, *_IMPORT_ID.findall(column[-1])) for column in columns if column]
    keys = {header_key(name) for names in known for name in names}
    strange = [column[0].strip() for column in columns if not _is_known(column, keys)]
    present = {header_key(label) for column in columns for label in column}
    missing = {
        name
        for names in known
        if not present & {header_key(name) for name in names}
        for name in names
    }
    private = tuple(name for name in strange if private_kind(name))
    others = tuple(name for name in strange if name not in private)
    called = f"{source.file}, sheet {source.sheet}" if source.sheet else source.file
    return Unread(called, others, private, _near(others, missing))


def _known(table: str, source: Source) -> Iterator[tuple[str, ...]]:
    """Yield the names that a column may have to be read by this source: any of each tuple."""
    for name in (*source.columns.values(), *source.items.values(), *source.where):
        yield (name,)
    for template in source.templates.values():
        yield from ((name,) for name in placeholders(template))
    form = formats()[source.format]
    given = form.tables.get(table, TableMap.empty())
    said = {*source.columns, *source.values, *source.templates}
    yield from (names for clean, names in given.columns.items() if clean not in said)
    yield from (tuple(names) for names in given.marks.values())
    yield from ((name,) for name in given.aside)
    if not (source.columns or source.templates or form.tables):
        yield from ((name,) for name in TABLES[table].by_name)
    stems = [name for names in given.columns.values() for name in names]
    for ending in given.repeats:
        yield from ((f"{stem} {ending}",) for stem in stems)


def _is_known(labels: tuple[str, ...], known: set[str]) -> bool:
    stem = labels[0]
    parts = (f"{stem} [{label}]" for label in labels[1:])
    return any(header_key(name) in known for name in (*labels, *parts))


def _near(columns: tuple[str, ...], missing: set[str]) -> dict[str, str]:
    close = {
        name: difflib.get_close_matches(name, sorted(missing), n=1, cutoff=_NEAR)
        for name in columns
    }
    return {name: matches[0] for name, matches in close.items() if matches}


def _header_rows(folder: Path, source: Source) -> list[list[str]]:
    """Return the rows of headers of a file; none where it is a package, or cannot be told."""
    n = formats()[source.format].n_headers
    try:
        path = _one_file(folder, source.file)
        if path is None:
            return []
        kind = path.name.casefold().removesuffix(".gz").rpartition(".")[2]
        if kind == "parquet":
            return [pq.read_schema(path).names]
        if kind in ("xlsx", "xlsm", "zip"):
            return [record.cells for record in Files(folder).records(source)[:n]]
        text = _first_text(path, source)
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=mark_of(
            path.name.removesuffix(".gz"), text, source.delimiter))  # fmt: skip
        return [row for row, _ in zip(rows, range(n), strict=False)]
    except (DataError, csv.Error, OSError, EOFError, LookupError, zlib.error, pa.ArrowException):
        return []  # reading says what is wrong; nothing is said of the columns


def _one_file(folder: Path, file: str) -> Path | None:
    """Return the file whose header stands for all; None: there is none, or it is a package."""
    path = folder / file
    if set("*?[") & set(file) and not path.exists():
        path = next(iter(sorted(folder.glob(file))), path)
    if path.is_dir():
        inside = sorted(p for p in path.iterdir() if p.is_file() and p.name[0] not in "._~")
        return inside[0] if len(inside) == 1 else None
    return path if path.is_file() else None


def _first_text(path: Path, source: Source) -> str:
    with path.open("rb") as file:
        data = file.read(_HEAD)
    if data.startswith(_GZIP):
        with gzip.open(path) as file:
            data = file.read(_HEAD)
    codec = source.encoding or ("utf-16" if data.startswith(_UTF_16) else "utf-8-sig")
    return data.decode(codec, errors="ignore")
