"""The files that ``pilot.toml`` names: each is opened once, whatever the number of its readers."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from pilot_analysis.config import Source, nearest
from pilot_analysis.errors import DataError
from pilot_analysis.ingest.containers import ZIP, is_container, members_of, read_bytes, unpacked
from pilot_analysis.ingest.faults import describe
from pilot_analysis.ingest.privacy import names_in
from pilot_analysis.ingest.raw import RawTable, table_of
from pilot_analysis.ingest.records import Record, text_records
from pilot_analysis.ingest.text import decode
from pilot_analysis.ingest.workbook import is_workbook, workbook_records

__all__ = ["FileRead", "Files"]


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
    names : set of str
        Words of persons' names that the files hold; for comments, and never stored.
    """

    folder: Path
    names: set[str] = field(default_factory=set, repr=False)
    _packs: dict[str, dict[str, bytes]] = field(default_factory=dict)
    _records: dict[tuple, list[Record]] = field(default_factory=dict)
    _raws: dict[tuple, RawTable] = field(default_factory=dict)
    _broken: dict[tuple, DataError] = field(default_factory=dict)
    _reads: dict[str, dict[str, FileRead]] = field(default_factory=dict)

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
            self._raws[key] = self._or_same_error(
                key, lambda: table_of(_label(source.file, member), records)
            )
            self.names |= names_in(self._raws[key])
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
        return tuple(self._members(source.file))

    def note(self, source: Source, read: FileRead) -> None:
        """Record a file that a reader opened by itself."""
        self._reads.setdefault(source.file, {})[read.file] = read

    def reads(self, source: Source) -> tuple[FileRead, ...]:
        """Return what was read of a source's file or files."""
        return tuple(self._reads.get(source.file, {}).values())

    def _or_same_error(self, key: tuple, make):
        if key in self._broken:
            raise self._broken[key]
        try:
            return make()
        except DataError as error:
            self._broken[key] = error
            raise

    def _read(self, source: Source, member: str) -> list[Record]:
        data, label = self._bytes(source.file, member)
        plain = unpacked(label, data)
        if plain.startswith(ZIP) != is_workbook(label):
            raise DataError(_misnamed(label))
        if is_workbook(label):
            records = workbook_records(label, plain, source.sheet)
        else:
            text = decode(label, plain, source.encoding)
            records = text_records(label.removesuffix(".gz"), text, source.delimiter)
        digest = hashlib.sha256(data).hexdigest()
        self.note(source, FileRead(label, max(len(records) - 1, 0), len(data), digest))
        return records

    def _bytes(self, file: str, member: str) -> tuple[bytes, str]:
        if not is_container(self.folder / file):
            return read_bytes(self.folder, file), file
        inside = self._members(file)
        if not member and len(inside) != 1:
            found = f"holds {len(inside)} files, and one is needed: {', '.join(inside)}"
            raise DataError(describe(file, found, "Name the file itself in pilot.toml"))
        member = member or next(iter(inside))
        if member not in inside:
            found = f"there is no {member} inside{nearest(member, inside)}"
            raise DataError(describe(file, found, "Export it again with all its files"))
        return inside[member], _label(file, member)

    def _members(self, file: str) -> dict[str, bytes]:
        if file not in self._packs:
            self._packs[file] = self._or_same_error(
                (file,), lambda: dict(members_of(self.folder, file))
            )
        return self._packs[file]


def _key(source: Source, member: str) -> tuple:
    return source.file, member, source.encoding, source.delimiter, source.sheet


def _label(file: str, member: str) -> str:
    return f"{file.rstrip('/')}/{member}" if member else file


def _misnamed(label: str) -> str:
    if is_workbook(label):
        return describe(label, "is no Excel workbook inside", "Save it again, or as CSV UTF-8")
    found = "is a workbook or an archive, whatever its name says"
    return describe(label, found, "Name it .xlsx or .zip, or save the sheet as CSV UTF-8")
