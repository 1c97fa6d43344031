"""One export format: its names for the clean columns, and how its files are told from others."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from pilot_analysis.config import Source
from pilot_analysis.ingest.parse import DateOrder
from pilot_analysis.ingest.raw import RawTable, header_key
from pilot_analysis.schema import Table

__all__ = ["Format", "TableMap"]


@dataclass(frozen=True, slots=True)
class TableMap:
    """What a format gives to one clean table.

    Attributes
    ----------
    columns : mapping of str to tuple of str
        Clean column -> what exports call it, the preferred name first.
    values : mapping of str to str
        Clean column -> one value for every row.
    recode : mapping of str to mapping
        Clean column -> text of the export -> clean value.
    aside : mapping of str to mapping
        Column of the export -> text -> why a row with that text is set aside.
    marks : mapping of str to tuple of str
        Window -> yes/no columns that mark the tests of that window.
    repeats : tuple of str
        Endings of headers that stand side by side, one set of columns for each test.
    dates : {"", "month first", "day first"}
        How the export writes dates with slashes, whatever the country.
    units : mapping of str to mapping
        Clean column of minutes -> what the export calls it -> "seconds" or "hours".
    """

    columns: Mapping[str, tuple[str, ...]]
    values: Mapping[str, str]
    recode: Mapping[str, Mapping[str, str]]
    aside: Mapping[str, Mapping[str, str]]
    marks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    repeats: tuple[str, ...] = ()
    dates: DateOrder = ""
    units: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> "TableMap":
        """Make a map from one table of a format's TOML file."""
        return cls(
            {c: tuple(names) for c, names in given.get("columns", {}).items()},
            given.get("values", {}),
            given.get("recode", {}),
            given.get("aside", {}),
            {name: tuple(columns) for name, columns in given.get("marks", {}).items()},
            tuple(given.get("repeats", ())),
            given.get("dates", ""),
            given.get("units", {}),
        )

    @classmethod
    def empty(cls) -> "TableMap":
        """Return a map that adds nothing."""
        return cls({}, {}, {}, {})

    def fill(self, source: Source, raw: RawTable, table: Table) -> Source:
        """Return `source` with what the format knows; what ``pilot.toml`` says itself wins."""
        said = {*source.columns, *source.values, *source.templates}
        columns = {}
        for clean, names in self.columns.items():
            present = [name for name in names if header_key(name) in raw.columns]
            needed = clean in table.key or table.by_name[clean].required
            if clean not in said and (present or needed):
                columns[clean] = present[0] if present else names[0]
        values = {c: v for c, v in self.values.items() if c not in said}
        recode = {c: dict(r) for c, r in self.recode.items() if c in columns}
        called = columns | source.columns
        units = {
            clean: unit
            for clean, of_name in self.units.items()
            for name, unit in of_name.items()
            if header_key(called.get(clean, "")) == header_key(name)
        }
        return source.model_copy(
            update={
                "columns": columns | source.columns,
                "values": values | source.values,
                "recode": recode | source.recode,
                "dates": source.dates or self.dates,
                "units": units | source.units,
            }
        )


@dataclass(frozen=True, slots=True)
class Format:
    """One export format.

    Attributes
    ----------
    name, title : str
        As ``pilot.toml`` and people call it.
    origin : str
        Where its headers are known from.
    reader : str
        Key of `readers.READERS`: what kind of rows the files have.
    signatures : tuple of frozenset of str
        Sets of header keys; a file that has all of one set is of this format.
    tables : mapping of str to TableMap
        Clean tables that it can give.
    n_headers : int
        Rows of headers.
    unit : str
        What a row is, in the plural, where several become one row of a clean table.
    """

    name: str
    title: str
    origin: str
    reader: str
    signatures: tuple[frozenset[str], ...]
    tables: Mapping[str, TableMap]
    n_headers: int = 1
    unit: str = "rows of the log"

    @classmethod
    def of(cls, name: str, document: Mapping[str, Any]) -> "Format":
        """Make a format from its TOML file."""
        tables = {table: TableMap.of(given) for table, given in document["tables"].items()}
        signatures = tuple(
            frozenset(map(header_key, signature)) for signature in document.get("signatures", [])
        )
        return cls(
            name, document["title"], document["origin"], document["reader"], signatures, tables,
            document.get("n_headers", 1), document.get("unit", "rows of the log"),
        )  # fmt: skip

    def fits(self, header: Collection[str]) -> bool:
        """Return whether a file with these columns is of this format."""
        keys = {header_key(name) for name in header}
        return any(signature <= keys for signature in self.signatures)
