"""Which format each file of a folder is in, and what it would give."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pilot_analysis.config import Source
from pilot_analysis.errors import DataError
from pilot_analysis.ingest.files import Files
from pilot_analysis.ingest.formats import Format, formats
from pilot_analysis.ingest.raw import header_key
from pilot_analysis.ingest.records import Record
from pilot_analysis.schema import TABLES

__all__ = ["Recognised", "recognise"]

_READABLE = (".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".gz", ".zip", ".parquet")
_IDENTIFYING = ("orgs.csv", "users.csv")


@dataclass(frozen=True, slots=True)
class Recognised:
    """One export.

    Attributes
    ----------
    file : str
        Relative to the folder that was looked at.
    format : str
        Name of its format; blank where none was recognised.
    tables : tuple of str
        Clean tables that it can give.
    records : sequence of Record
        The first rows, header included; none for a package of several files.
    problem : str
        Why it was not recognised, in a sentence.
    """

    file: str
    format: str
    tables: tuple[str, ...]
    records: Sequence[Record] = ()
    problem: str = ""


def recognise(folder: Path) -> list[Recognised]:
    """Look at every file of a folder and of the folders in it, in the order of their names.

    Parameters
    ----------
    folder : pathlib.Path

    Returns
    -------
    list of Recognised
    """
    found = []
    for path in sorted(folder.iterdir()):
        if path.name.startswith((".", "~")) or path.name in ("pilot.toml", "README.md"):
            continue
        if path.is_dir() and not _is_oneroster(folder, path.name):
            inside = sorted(p for p in path.iterdir() if p.is_file() and p.name[0] not in ".~")
            found += [_one(folder, f"{path.name}/{p.name}") for p in inside]
        else:
            found.append(_one(folder, path.name))
    return found


def _one(folder: Path, file: str) -> Recognised:
    if not (folder / file).is_dir() and not file.casefold().endswith(_READABLE):
        return Recognised(file, "", (), problem="This kind of file is not read.")
    if _is_oneroster(folder, file):
        return Recognised(file, "oneroster", ("schools", "teachers", "students", "enrollments"))
    try:
        records = Files(folder).records(Source(file=file))
    except DataError as error:
        return Recognised(file, "", (), problem=str(error))
    if not records:
        return Recognised(file, "", (), problem="The file is empty.")
    header = {header_key(cell) for cell in records[0].cells}
    form = _format(header)
    if form is not None:
        return Recognised(file, form.name, _given(form, header), records)
    tables = tuple(name for name in TABLES if _is_clean(name, header))
    if tables:
        return Recognised(file, "plain", tables[:1], records)
    return Recognised(
        file, "", (), records,
        "Its columns are those of no format that is known. Map them with `columns`, or, if it is "
        'a survey, with format = "survey" and `items`.',
    )  # fmt: skip


def _format(header: set[str]) -> Format | None:
    """Return the format whose signature says most about the header."""
    fitting = [form for form in formats().values() if form.fits(header)]
    return max(
        fitting,
        key=lambda form: max(len(s) for s in form.signatures if s <= header),
        default=None,
    )


def _given(form: Format, header: set[str]) -> tuple[str, ...]:
    """Return the clean tables that a file of this format can give: most of their columns."""
    given = []
    for name, columns in ((name, given.columns) for name, given in form.tables.items()):
        present = [c for c, aliases in columns.items() if header & set(map(header_key, aliases))]
        if form.reader == "answers" or 2 * len(present) > len(columns):
            given.append(name)
    return tuple(given)


def _is_clean(name: str, header: set[str]) -> bool:
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
