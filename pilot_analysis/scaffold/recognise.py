"""Which format each file of a folder is in, and what it would give."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pilot_analysis.config import Source
from pilot_analysis.errors import DataError
from pilot_analysis.ingest.containers import read_bytes
from pilot_analysis.ingest.files import Files
from pilot_analysis.ingest.formats import Format, formats
from pilot_analysis.ingest.raw import header_key
from pilot_analysis.ingest.records import Record
from pilot_analysis.ingest.workbook import is_workbook, sheet_names
from pilot_analysis.schema import TABLES

__all__ = ["Recognised", "recognise"]

_READABLE = (".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".gz", ".zip", ".parquet")
_IDENTIFYING = ("orgs.csv", "users.csv")
_OURS = ("pilot.toml", "README.md", "exports/README.md")
_UNKNOWN = (
    "Its columns are those of no format that is known. Map them with `columns`, or, if it is a "
    'survey, with format = "survey" and `items`.'
)


@dataclass(frozen=True, slots=True)
class Recognised:
    """One export.

    Attributes
    ----------
    file : str
        Relative to the pilot's folder.
    format : str
        Name of its format; blank where none was recognised.
    tables : tuple of str
        Clean tables that it can give.
    records : sequence of Record
        Its rows, header included; none for a package of several files.
    problem : str
        Why it was not recognised, in a sentence.
    sheet : str
        Sheet of a workbook that has several.
    """

    file: str
    format: str
    tables: tuple[str, ...]
    records: Sequence[Record] = ()
    problem: str = ""
    sheet: str = ""

    @property
    def place(self) -> str:
        """What people call it."""
        return f"{self.file}, sheet {self.sheet}" if self.sheet else self.file

    @property
    def header(self) -> frozenset[str]:
        """Keys of its columns."""
        return frozenset(map(header_key, self.records[0].cells)) if self.records else frozenset()


def recognise(folder: Path, inside: str = "") -> list[Recognised]:
    """Look at every file of a pilot's folder, or of one folder inside it, in order of their names.

    Parameters
    ----------
    folder : pathlib.Path
        The pilot's folder.
    inside : str
        Folder in it; blank: all of it.

    Returns
    -------
    list of Recognised
    """
    return [export for file in _exports(folder, inside) for export in _looked_at(folder, file)]


def _exports(folder: Path, inside: str) -> Iterator[str]:
    """Yield files and OneRoster packages, whatever folders they are in."""
    for path in sorted((folder / inside).iterdir()):
        file = path.relative_to(folder).as_posix()
        if path.name.startswith((".", "~")) or file in _OURS:
            continue
        if path.is_dir() and not _is_oneroster(folder, file):
            yield from _exports(folder, file)
        else:
            yield file


def _looked_at(folder: Path, file: str) -> list[Recognised]:
    if not (folder / file).is_dir() and not file.casefold().endswith(_READABLE):
        return [Recognised(file, "", (), problem="This kind of file is not read.")]
    if _is_oneroster(folder, file):
        return [Recognised(file, "oneroster", ("schools", "teachers", "students", "enrollments"))]
    try:
        sheets = sheet_names(read_bytes(folder, file)) if is_workbook(file) else []
    except DataError:
        sheets = []  # reading it says what is wrong
    return [_one(folder, file, sheet) for sheet in (sheets if len(sheets) > 1 else [""])]


def _one(folder: Path, file: str, sheet: str) -> Recognised:
    try:
        records = Files(folder).records(Source(file=file, sheet=sheet))
    except DataError as error:
        problem = " ".join(str(error).removeprefix(file).lstrip(":, ").split())
        return Recognised(file, "", (), problem=problem, sheet=sheet)
    if not records:
        return Recognised(file, "", (), problem="It is empty.", sheet=sheet)
    header = frozenset(map(header_key, records[0].cells))
    form = _format(header)
    if form is not None:
        return Recognised(file, form.name, _given(form, header), records, sheet=sheet)
    tables = tuple(name for name in TABLES if _is_clean(name, header))[:1]
    problem = "" if tables else _UNKNOWN
    return Recognised(file, "plain" if tables else "", tables, records, problem, sheet)


def _format(header: frozenset[str]) -> Format | None:
    """Return the format whose signature says most about the header."""
    fitting = [form for form in formats().values() if form.fits(header)]
    return max(
        fitting,
        key=lambda form: max(len(s) for s in form.signatures if s <= header),
        default=None,
    )


def _given(form: Format, header: frozenset[str]) -> tuple[str, ...]:
    """Return the clean tables that a file of this format can give.

    A roster needs its ids only; another table needs most of its columns.
    """
    given = []
    for name, known in form.tables.items():
        endings = ("", *(f" {header_key(ending)}" for ending in known.repeats))
        present = [
            clean
            for clean, aliases in known.columns.items()
            if any(header_key(alias) + end in header for alias in aliases for end in endings)
        ]
        needed = {f.name for f in TABLES[name].fields if f.required} & known.columns.keys()
        enough = (
            needed <= {*present} if name == "students" else 2 * len(present) > len(known.columns)
        )
        if form.reader == "answers" or enough:
            given.append(name)
    return tuple(given)


def _is_clean(name: str, header: frozenset[str]) -> bool:
    table = TABLES[name]
    needed = {f.name for f in table.fields if f.required} | set(table.key)
    return needed <= header and header <= set(table.by_name)


def _is_oneroster(folder: Path, file: str) -> bool:
    path = folder / file
    if path.is_dir():
        return all((path / member).is_file() for member in _IDENTIFYING)
    if path.suffix.casefold() != ".zip":
        return False
    try:
        return set(_IDENTIFYING) <= set(Files(folder).members(Source(file=file)))
    except DataError:
        return False
