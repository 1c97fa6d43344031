"""The files that ``pilot.toml`` names: each is opened once, whatever the number of its readers."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from pilot_analysis.config import Source
from pilot_analysis.errors import DataError
from pilot_analysis.ingest.plain import RawTable, read_plain

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
    """The files of one pilot, as text by column, and what was read of each.

    Attributes
    ----------
    folder : pathlib.Path
        The pilot's folder; names of files are relative to it.
    reads : dict of str to FileRead
    """

    folder: Path
    reads: dict[str, FileRead] = field(default_factory=dict)
    _raws: dict[str, RawTable] = field(default_factory=dict)
    _broken: dict[str, DataError] = field(default_factory=dict)

    def raw(self, source: Source) -> RawTable:
        """Return the text of a source's file.

        Raises
        ------
        DataError
            The file cannot be read; the same error for every reader.
        """
        file = source.file
        if file in self._broken:
            raise self._broken[file]
        if file not in self._raws:
            try:
                self._raws[file] = self._read(file)
            except DataError as error:
                self._broken[file] = error
                raise
        return self._raws[file]

    def _read(self, file: str) -> RawTable:
        try:
            data = (self.folder / file).read_bytes()
        except OSError as error:
            raise DataError(
                f"{file}: cannot be read ({error.strerror}). Check its permissions."
            ) from error
        raw = read_plain(file, data)
        digest = hashlib.sha256(data).hexdigest()
        self.reads[file] = FileRead(file, len(raw.rows), len(data), digest)
        return raw
