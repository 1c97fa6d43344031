"""The files that ``pilot.toml`` names: each is opened once, whatever the number of its readers."""

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from pilot_analysis.config import Source, nearest
from pilot_analysis.errors import DataError
from pilot_analysis.ingest.containers import (
    ZIP,
    is_container,
    member_bytes,
    members_of,
    read_bytes,
    unpacked,
)
from pilot_analysis.ingest.faults import describe
from pilot_analysis.ingest.privacy import names_in
from pilot_analysis.ingest.raw import RawTable, table_of
from pilot_analysis.ingest.records import Record, text_records
from pilot_analysis.ingest.text import decode, is_web_page
from pilot_analysis.ingest.workbook import is_workbook, workbook_records

__all__ = ["FileRead", "Files"]


_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OTHER_WORKBOOKS = (".xlsb", ".ods", ".numbers")
_SHOWN = 12  # names of files in a message


@dataclass(frozen=True, slots=True)
class FileRead:
    """A file as it was read: its rows and size (bytes), and the sha256 of those same bytes."""

    file: str
    rows: int
    bytes: int
    sha256: str


@dataclass(slots=True)
class Files:
    """The files of one pilot, as records, and what was read of each.

    A source's `file` is a text file (plain or packed by gzip), a workbook, or a folder or zip
    archive. Where a reader does not name a member, an archive must hold one file only.

    Attributes
    ----------
    folder : pathlib.Path
        The pilot's folder; names of files are relative to it.
    """

    folder: Path
    _names: dict[tuple[str, str], set[str]] = field(default_factory=dict, repr=False)
    _packs: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _records: dict[tuple, list[Record]] = field(default_factory=dict, repr=False)
    _raws: dict[tuple, RawTable] = field(default_factory=dict, repr=False)
    _broken: dict[tuple, DataError] = field(default_factory=dict, repr=False)
    _reads: dict[tuple[str, str], dict[str, FileRead]] = field(default_factory=dict)

    def raw(self, source: Source, member: str = "") -> RawTable:
        """Return a file as text by column; its first row is the header.

        Parameters
        ----------
        source : Source
        member : str
            File inside the folder or archive; blank: the file itself, or the only one inside.

        Raises
        ------
        DataError
            The file cannot be read; the same error for every reader.
        """
        key = _key(source, member)
        if key not in self._raws:
            records = self.records(source, member)
            label = self.label(source, member)
            self._raws[key] = self._or_same_error(key, lambda: table_of(label, records))
            self.note_names(source, names_in(self._raws[key]))
        return self._raws[key]

    def records(self, source: Source, member: str = "") -> list[Record]:
        """Return a file's records with their row numbers; for files with several header rows."""
        key = _key(source, member)
        if key not in self._records:
            self._records[key] = self._or_same_error(key, lambda: self._read(source, member))
        return self._records[key]

    def members(self, source: Source) -> tuple[str, ...]:
        """Return the names of the files in a folder or archive; none for a single file."""
        if not is_container(self.folder / source.file):
            return ()
        return self._members(source.file)

    def label(self, source: Source, member: str = "") -> str:
        """Return what messages call a file: with its folder or archive, where it is inside one.

        Raises
        ------
        DataError
            No member is named, and there is none or more than one; or there is no such member.
        """
        inside = self.members(source)
        if not is_container(self.folder / source.file):
            return source.file
        if not member and len(inside) != 1:
            found = f"holds {len(inside):,} files, and one is needed"
            found += f": {', '.join(inside[:_SHOWN])}" if inside else ""
            found += " and more" if len(inside) > _SHOWN else ""
            advice = "Unpack it if it is an archive, and name the file itself in pilot.toml"
            raise DataError(describe(source.file, found, advice))
        member = member or inside[0]
        if member not in inside:
            found = f"there is no {member} inside{nearest(member, inside)}"
            raise DataError(describe(source.file, found, "Export it again with all its files"))
        return f"{source.file.rstrip('/')}/{member}"

    def note(self, source: Source, read: FileRead) -> None:
        """Record a file that a reader opened by itself."""
        self._reads.setdefault((source.file, source.sheet), {})[read.file] = read

    def note_names(self, source: Source, words: Collection[str]) -> None:
        """Remember words of persons' names that a source holds; for comments, and never stored."""
        self._names.setdefault((source.file, source.sheet), set()).update(words)

    def names(self, sources: Iterable[Source]) -> set[str]:
        """Return the words of persons' names that were read of some sources."""
        return set().union(*(self._names.get((s.file, s.sheet), ()) for s in sources))

    def reads(self, source: Source) -> tuple[FileRead, ...]:
        """Return what was read of a source's file or files."""
        return tuple(self._reads.get((source.file, source.sheet), {}).values())

    def _or_same_error(self, key: tuple, make):
        if key in self._broken:
            raise self._broken[key]
        try:
            return make()
        except DataError as error:
            self._broken[key] = error
            raise

    def _read(self, source: Source, member: str) -> list[Record]:
        label = self.label(source, member)
        if is_container(self.folder / source.file):
            data = member_bytes(self.folder, source.file, label.rpartition("/")[2])
        else:
            data = read_bytes(self.folder, source.file)
        plain, inner = unpacked(label, data), label.removesuffix(".gz")
        _check_kind(label, inner, plain)
        if is_workbook(inner):
            records = workbook_records(label, plain, source.sheet)
        else:
            text = decode(label, plain, source.encoding)
            if is_web_page(text):
                found = "is a web page, whatever its name says"
                raise DataError(describe(label, found, "Export or download it again, as CSV UTF-8"))
            records = text_records(label, text, source.delimiter)
        digest = hashlib.sha256(data).hexdigest()
        self.note(source, FileRead(label, max(len(records) - 1, 0), len(data), digest))
        return records

    def _members(self, file: str) -> tuple[str, ...]:
        if file not in self._packs:
            self._packs[file] = self._or_same_error((file,), lambda: members_of(self.folder, file))
        return self._packs[file]


def _key(source: Source, member: str) -> tuple:
    return source.file, member, source.encoding, source.delimiter, source.sheet


def _check_kind(label: str, inner: str, plain: bytes) -> None:
    """Refuse a file that is not of the kind that its name says."""
    if plain.startswith(_OLE):
        found = "is an Excel workbook with a password, or of the old kind (.xls)"
        advice = "Save it as .xlsx without a password, or as CSV UTF-8"
    elif is_workbook(inner) and not plain.startswith(ZIP):
        found, advice = "is no Excel workbook inside", "Save it again, or as CSV UTF-8"
    elif inner.casefold().endswith(_OTHER_WORKBOOKS):
        found, advice = "is a workbook of a kind that is not read", "Save it as .xlsx or CSV UTF-8"
    elif plain.startswith(ZIP) and not is_workbook(inner):
        found = "is a workbook or an archive, whatever its name says, or an archive in another"
        advice = "Name it .xlsx or .zip, unpack it, or save the sheet as CSV UTF-8"
    else:
        return
    raise DataError(describe(label, found, advice))
