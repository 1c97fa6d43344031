"""`Log`: files of any size as one table of text, read in pieces by DuckDB."""

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from pilot_analysis.config import Source, nearest
from pilot_analysis.errors import DataError
from pilot_analysis.ingest.faults import describe
from pilot_analysis.ingest.files import FileRead, Files
from pilot_analysis.ingest.raw import header_key

__all__ = ["Log", "open_log"]

_CODECS = {"": "utf-8", "utf-8": "utf-8", "utf-16": "utf-16", "latin-1": "latin-1"}
_MARKS = {"comma": ",", "semicolon": ";", "tab": "\t"}
_MEMORY = "1500MB"
_HEAD = 1 << 20
_BLOCK = 1 << 22
_REJECTED = {
    "CAST": "holds a value that is no text",
    "MISSING COLUMNS": "the row has fewer cells than the header",
    "TOO MANY COLUMNS": "the row has more cells than the header",
    "UNQUOTED VALUE": 'a quote (") is opened and not closed as it should be',
    "LINE SIZE OVER MAXIMUM": "the row is longer than any export writes",
    "INVALID ENCODING": "is not text in the encoding that is expected (UTF-8 unless said)",
    "INVALID STATE": 'a quote (") stands where none belongs',
}


@dataclass(frozen=True, slots=True)
class Log:
    """Files of one kind as the view ``log``: every column is text.

    Attributes
    ----------
    label : str
        The source's `file`, for messages.
    names : dict of str to str
        `header_key` of each column -> the header as the files print it.
    """

    label: str
    names: dict[str, str]
    _columns: dict[str, str]
    _folder: Path
    _connection: duckdb.DuckDBPyConnection

    def require(self, name: str) -> None:
        """Raise `DataError` where the log has no column of that name."""
        if header_key(name) not in self.names:
            raise DataError(
                describe(
                    self.label,
                    f'there is no column "{name}"{nearest(name, self.names.values())}',
                    "Say what it is called: `columns` in pilot.toml",
                    row=1,
                )
            )

    def column(self, name: str) -> str:
        """Return the SQL of a column by the name that files give it."""
        return self._columns[header_key(name)]

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows that a query gives; rows that are no records raise `DataError`."""
        try:
            rows = self._connection.execute(sql).fetchall()
        except duckdb.Error as error:
            raise self._unreadable(error) from error
        self._check_rejected()
        return rows

    def frame(self, sql: str) -> pd.DataFrame:
        """Return what a query gives as a frame."""
        return self._connection.execute(sql).df()

    def add(self, name: str, frame: pd.DataFrame) -> None:
        """Make a frame a table that queries can use."""
        self._connection.register(name, frame)

    def first(self, test: str, text: str) -> tuple[str, int | None, str]:
        """Return file, row and text of the first row for which `test` holds."""
        numbered = "SELECT *, row_number() OVER (PARTITION BY filename) + 1 AS line FROM log"
        found = self._connection.execute(
            f"SELECT filename, line, {text} FROM ({numbered}) AS log WHERE {test} "
            "ORDER BY filename, line LIMIT 1"
        ).fetchone()
        return self._inside(found[0]), int(found[1]), found[2]

    def _inside(self, path: str) -> str:
        return Path(path).relative_to(self._folder).as_posix()

    def _unreadable(self, error: duckdb.Error) -> DataError:
        said = str(error).split("\n")[0].replace(str(self._folder), "").removesuffix(".")
        return DataError(
            describe(self.label, f"cannot be read ({said})", "Export it again, or check it")
        )

    def _check_rejected(self) -> None:
        rejected = self._connection.execute(
            "SELECT e.error_type, s.file_path, min(e.line), count(DISTINCT e.line) "
            "FROM reject_errors e JOIN reject_scans s USING (scan_id, file_id) GROUP BY 1, 2"
        ).fetchall()
        if rejected:
            advice = "Correct the row, or export the file again"
            lines = [
                describe(
                    self._inside(path), _REJECTED.get(kind, kind.lower()), advice,
                    row=line, rows=rows,
                )
                for kind, path, line, rows in sorted(rejected, key=lambda r: (r[1], r[2]))
            ]  # fmt: skip
            raise DataError("\n  ".join(lines))


@contextmanager
def open_log(files: Files, source: Source) -> Iterator[Log]:
    """Open the files of a source as one table of text.

    Parameters
    ----------
    files : Files
    source : Source
        `file` is a file, a folder, or a pattern; CSV (also packed by gzip) or Parquet.

    Raises
    ------
    DataError
        No file, different headers, or a file that is not text.
    """
    paths = _paths(files.folder, source.file)
    with tempfile.TemporaryDirectory(prefix="pilot-log-") as scratch:
        connection = duckdb.connect(
            str(Path(scratch) / "log.db"),
            config={"memory_limit": _MEMORY, "temp_directory": scratch, "threads": 2,
                    "preserve_insertion_order": False},
        )  # fmt: skip
        try:
            headers = _headers(files, source, paths, connection)
            columns = {header_key(name): f'"c{i}"' for i, name in enumerate(headers)}
            names = {header_key(name): name for name in headers}
            _create_view(connection, source, paths, headers)
            yield Log(source.file, names, columns, files.folder, connection)
        finally:
            connection.close()
    for path in paths:
        _note(files, source, path)


def _paths(folder: Path, file: str) -> list[Path]:
    path = folder / file
    if path.is_dir():
        found = [p for p in path.iterdir() if p.is_file() and not p.name.startswith(".")]
    elif set("*?[") & set(file):
        found = [p for p in folder.glob(file) if p.is_file()]
    else:
        found = [path]
    kinds = {p.name.casefold().removesuffix(".gz").rpartition(".")[2] for p in found}
    if not found or len(kinds & {"parquet"}) != len(kinds & {"parquet"} and kinds):
        raise DataError(
            describe(file, "names no file, or CSV and Parquet together", "Give one kind of file")
        )
    return sorted(found)
