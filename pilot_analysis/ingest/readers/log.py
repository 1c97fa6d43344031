"""`Log`: files of any size as one table of text, read in pieces by DuckDB."""

import os
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from pilot_analysis.config import Source, nearest
from pilot_analysis.errors import DataError
from pilot_analysis.ingest.faults import describe
from pilot_analysis.ingest.files import FileRead, Files
from pilot_analysis.ingest.raw import RawTable, header_key
from pilot_analysis.ingest.readers.log_files import LogFile, log_files, spreadsheet_row

__all__ = ["Log", "literal", "open_log"]


def literal(text: str) -> str:
    """Return a text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


_ADVICE = "Say what it is called: `columns` in pilot.toml"
_MEMORY = "1500MB"
_THREADS = 4
_BLANK = ' \t\r\n,;"'
# One fault for each line: of a row that is too long, the number of cells says nothing.
_LINES = f"""
    SELECT arg_min(e.error_type, rank) AS kind, s.file_path AS path, e.line,
        arg_min(e.error_message, rank) AS said, arg_min(e.column_idx, rank) AS place,
        bool_and(trim(coalesce(e.csv_line, 'x'), {literal(_BLANK)}) = '') AS is_blank
    FROM (SELECT *, error_type <> 'LINE SIZE OVER MAXIMUM' AS rank FROM reject_errors) e
    JOIN reject_scans s USING (scan_id, file_id) GROUP BY s.file_path, e.line
"""
# The text of a typed value. Programs that have no missing ids or counts write 17.0 for 17, and NaN.
_TYPED = (
    "CASE WHEN typeof({0}) IN ('DOUBLE', 'FLOAT') THEN regexp_replace({0}::VARCHAR, "
    "'\\.0$|^-?nan$', '') ELSE {0}::VARCHAR END"
)
_WIDTH = ("MISSING COLUMNS", "TOO MANY COLUMNS")
_REJECTED = {
    "UNQUOTED VALUE": (
        'a quote (") is opened and not closed as it should be',
        'Close it; a quote inside a quoted cell is written twice ("")',
    ),
    "LINE SIZE OVER MAXIMUM": (
        "the row is longer than two million characters",
        "Look for a quote without its partner, or shorten the cell",
    ),
}
_NO_RECORD = ("is no row of a table", "Correct the row, or export the file again")


@dataclass(frozen=True, slots=True)
class Log:
    """Files with the same columns as the view ``log``: text of each column, and number of file.

    Attributes
    ----------
    label : str
        The source's `file`, for messages.
    files : tuple of LogFile
    header : RawTable
        The columns without a row, for formats to find theirs.
    """

    label: str
    files: tuple[LogFile, ...]
    header: RawTable
    _connection: duckdb.DuckDBPyConnection

    def column(self, name: str, advice: str = _ADVICE) -> str:
        """Return the SQL of a column by the name that the files give it.

        Raises
        ------
        DataError
            There is none: the nearest is named.
        """
        keys = list(self.header.names)
        if header_key(name) not in keys:
            near = nearest(name, self.header.names.values())
            raise DataError(
                describe(self.label, f'there is no column "{name}"{near}', advice, row=1)
            )
        return f"c{keys.index(header_key(name))}"

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows that a query gives.

        Raises
        ------
        DataError
            Rows that are no records of the log, by file and row; too little room.
        """
        rows = self._run(sql).fetchall()
        if rejected := self._rejected():
            raise DataError("\n  ".join(_told(self.files, *row) for row in rejected))
        return rows

    def numbers(self, sql: str) -> dict[str, Any]:
        """Return the columns that a query gives as arrays; masked where a value is missing."""
        return self._run(sql).fetchnumpy()

    def add(self, name: str, table: pa.Table) -> None:
        """Make a table that queries can use."""
        self._connection.register("given", table)
        self._run(f"CREATE OR REPLACE TABLE {name} AS FROM given")
        self._connection.unregister("given")

    def first(self, number: int, test: str, text: str) -> tuple[str, int, str]:
        """Return file, row and text of the first row of a file for which `test` holds."""
        self._run("SET threads = 1; SET preserve_insertion_order = true")
        file = self.files[number]
        rows = _relation(file, number, list(self.header.names))
        numbered = f"SELECT *, row_number() OVER () AS place FROM ({rows})"
        found = f"SELECT place, {text} FROM ({numbered}) AS log WHERE {test} ORDER BY place LIMIT 1"
        [(place, shown)] = self._run(found).fetchall()
        path = literal(str(file.path))
        blank = self._rejects(f"SELECT line FROM ({_LINES}) WHERE is_blank AND path = {path}")
        return file.label, spreadsheet_row(file, place, {line for (line,) in blank}), shown

    def reads(self, rows: Mapping[int, int]) -> Iterator[FileRead]:
        """Return what was read, given the rows by number of file.

        Raises
        ------
        DataError
            Not every row that was seen before came back.
        """
        blank = dict(
            self._rejects(f"SELECT path, count(*) FROM ({_LINES}) WHERE is_blank GROUP BY 1")
        )
        for number, file in enumerate(self.files):
            n = rows.get(number, 0)
            if n + blank.get(str(file.path), 0) != file.rows:
                found = f"only {n:,} of its {file.rows:,} rows could be read"
                raise DataError(describe(file.label, found, "Save it again as CSV UTF-8"))
            if file.sha256:
                yield FileRead(file.label, n, file.bytes, file.sha256)

    def _run(self, sql: str) -> duckdb.DuckDBPyConnection:
        try:
            return self._connection.execute(sql)
        except duckdb.Error as error:
            raise DataError(_failed(self.label, error)) from error

    def _rejected(self) -> list[tuple[Any, ...]]:
        return self._rejects(
            "SELECT kind, path, min(line), count(*), arg_min(said, line), arg_min(place, line) "
            f"FROM ({_LINES}) WHERE NOT is_blank GROUP BY 1, 2 ORDER BY 2, 3"
        )

    def _rejects(self, sql: str) -> list[tuple[Any, ...]]:
        return self._run(sql).fetchall() if any(file.mark for file in self.files) else []


@contextmanager
def open_log(files: Files, source: Source) -> Iterator[Log]:
    """Open the files of a source as one table of text.

    Parameters
    ----------
    files : Files
    source : Source
        `file` is a file, a folder, or a pattern such as ``usage/*.csv.gz``: CSV, plain or packed
        by gzip, Parquet, or, where they fit into memory, workbooks and zip archives.

    Yields
    ------
    Log

    Raises
    ------
    DataError
        No file, files with different columns, or one that is no text.
    """
    with tempfile.TemporaryDirectory(prefix="pilot-log-") as scratch:
        settings = {
            "memory_limit": _MEMORY,
            "temp_directory": scratch,
            "threads": min(os.cpu_count() or 1, _THREADS),
            "preserve_insertion_order": False,
            "autoinstall_known_extensions": False,
        }
        with duckdb.connect(str(Path(scratch) / "log.duckdb"), config=settings) as connection:
            connection.execute("SET TimeZone = 'UTC'; SET enable_progress_bar = false")
            found = list(log_files(files, source, Path(scratch)))
            names = _common_header(found)
            parts = [_relation(file, i, list(names)) for i, file in enumerate(found)]
            connection.execute(f"CREATE VIEW log AS {' UNION ALL '.join(parts)}")
            header = RawTable(source.file, names, dict.fromkeys(names), np.array([]))
            yield Log(source.file, tuple(found), header, connection)


def _common_header(files: Sequence[LogFile]) -> dict[str, str]:
    """Return `header_key` of each column -> its header, which all files must have."""
    headers = [{header_key(name): name for name in file.header if name} for file in files]
    first = headers[0]
    faults = []
    for file, header in zip(files[1:], headers[1:], strict=True):
        for one, other, what in ((first, header, "has no"), (header, first, "has a")):
            strange = [name for key, name in one.items() if key not in other]
            if strange:
                near = nearest(strange[0], other.values()) if one is first else ""
                found = f'{what} column "{strange[0]}", unlike {files[0].label}{near}'
                advice = "Export them alike, or read them as two sources"
                faults.append(describe(file.label, found, advice, row=1))
    if faults:
        raise DataError("\n  ".join(faults))
    return first


def _relation(file: LogFile, number: int, keys: Sequence[str]) -> str:
    """Return the SQL of a file's rows: the text of each column in the order of `keys`."""
    positions = {header_key(name): i for i, name in enumerate(file.header) if name}
    if file.mark:
        columns = ", ".join(f"'p{i}': 'VARCHAR'" for i in range(len(file.header)))
        texts = [f"p{positions[key]}" for key in keys]
        rows = (
            f"read_csv({_path(file)}, columns = {{{columns}}}, auto_detect = false, header = true, "
            f"delim = {literal(file.mark)}, quote = '\"', escape = '\"', strict_mode = true, "
            f"store_rejects = true, compression = '{'gzip' if file.is_packed else 'none'}')"
        )
    else:
        texts = [_TYPED.format(f"p{positions[key]}") for key in keys]
        named = ", ".join(f"p{i}" for i in range(len(file.header)))
        rows = f"read_parquet({_path(file)}) AS typed({named})"
    chosen = ", ".join(f"coalesce({text}, '') AS c{i}" for i, text in enumerate(texts))
    return f"SELECT {chosen}, {number} AS file FROM {rows}"


def _path(file: LogFile) -> str:
    """Return a path as SQL writes it; a name with a star or bracket is no pattern."""
    return literal(re.sub(r"[*?\[]", r"[\g<0>]", str(file.path)))


def _told(
    files: Sequence[LogFile], kind: str, path: str, row: int, rows: int, said: str, column: int
) -> str:
    file = next(file for file in files if str(file.path) == path)
    found = re.search(r"Found: (\d+)", said)
    if kind in _WIDTH and found:
        cells = int(found[1])
        what = f"the row has {cells} cells and the header {len(file.header)}"
        advice = "Put quotes around a cell that holds a comma, and a comma for every blank cell"
        name = file.header[min(cells, len(file.header) - 1)]
    else:
        what, advice = _REJECTED.get(kind, _NO_RECORD)
        name = file.header[column - 1] if column and column <= len(file.header) else ""
    return describe(file.label, what, advice, row=row, column=name, rows=rows)


def _failed(label: str, error: duckdb.Error) -> str:
    # What DuckDB says may quote cells, so only the kind of its error is told.
    if isinstance(error, (duckdb.OutOfMemoryException, duckdb.IOException)):
        found = "needs more room than there is for temporary files"
        return describe(label, found, "Free some disk space, or read it in parts")
    found = f"cannot be read ({type(error).__name__})"
    return describe(label, found, "Export it again, or save it as CSV UTF-8")
