"""A new pilot's folder: ``pilot.toml``, a README, and empty tables for what no vendor exports."""

import re
import shutil
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from pilot_analysis.errors import DataError
from pilot_analysis.scaffold.items import propose_items
from pilot_analysis.scaffold.propose import propose_items_toml, propose_sources
from pilot_analysis.scaffold.recognise import Recognised, recognise
from pilot_analysis.schema import TABLES

__all__ = ["NewPilot", "new_pilot"]

# Tables that a team keeps itself; rosters, tests and use come from exports.
_OWN = (
    "schools", "teachers", "assignments", "products", "goals", "whys", "calendar", "decisions",
    "observations", "support_log", "professional_development", "member_checks",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class NewPilot:
    """What was made, and what each export was taken for."""

    folder: Path
    written: tuple[str, ...]
    recognised: tuple[Recognised, ...]

    def told(self) -> str:
        """Return what a person should know now, in plain words."""
        lines = [f"{self.folder}: wrote {', '.join(self.written)}."]
        for export in self.recognised:
            if export.tables:
                lines.append(f"  {export.place}: {export.format} -> {', '.join(export.tables)}")
            else:
                lines.append(f"  {export.place}: not recognised. {export.problem}")
        first = "write your schools into schools.csv, " if "schools.csv" in self.written else ""
        lines += [
            f"Next: {first}read pilot.toml from the top, fill in what is left blank, and run",
            f"  pilot check {self.folder}",
        ]
        return "\n".join(lines)


def new_pilot(folder: str | Path, exports: str | Path | None = None) -> NewPilot:
    """Write a new pilot's folder, and propose its sources from exports.

    Parameters
    ----------
    folder : path
        Made where it is not there; it must not hold a ``pilot.toml``.
    exports : path, optional
        Folder of exports. Files that are not inside `folder` are copied to its ``exports``.

    Returns
    -------
    NewPilot

    Raises
    ------
    DataError
        There is a ``pilot.toml`` already, or a folder cannot be read or written. Nothing that is
        there is written over.
    """
    folder = Path(folder)
    if (folder / "pilot.toml").exists():
        raise DataError(
            f"{folder}: has a pilot.toml already, and nothing is written over. Give another folder."
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        recognised = _look_at(folder, exports)
        written = [_write(folder, f"{name}.csv", _header(name)) for name in _missing(recognised)]
        written.append(_write(folder, "README.md", _template("README.md", folder.name)))
        written.append(_write(folder, "pilot.toml", _toml(folder.name, recognised)))
    except OSError as error:
        raise DataError(
            f"{error.filename or folder}: cannot be read or written ({error.strerror}). Check its "
            "permissions, or choose another folder."
        ) from error
    return NewPilot(folder, tuple(w for w in written if w), tuple(recognised))


def _look_at(folder: Path, exports: str | Path | None) -> list[Recognised]:
    if exports is None:
        return []
    source = Path(exports)
    if not source.is_dir():
        raise DataError(f"{source}: there is no such folder. Give the folder of the exports.")
    here, there = folder.resolve(), source.resolve()
    if there in here.parents:
        raise DataError(
            f"{folder}: is inside {source}, so the copy would copy itself. Give another folder for "
            "the pilot, or the pilot's own folder as that of the exports."
        )
    if there != here and here not in there.parents:
        shutil.copytree(source, folder / "exports")
        there = here / "exports"
    return recognise(here, there.relative_to(here).as_posix())


def _missing(recognised: list[Recognised]) -> list[str]:
    given = {table for export in recognised for table in export.tables}
    return [name for name in _OWN if name not in given]


def _header(table: str) -> str:
    return ",".join(field.name for field in TABLES[table].fields) + "\n"


def _write(folder: Path, name: str, text: str) -> str:
    path = folder / name
    if path.exists():
        return ""
    path.write_text(text, encoding="utf-8")
    return name


def _toml(name: str, recognised: list[Recognised]) -> str:
    text = _template("pilot.toml", name)
    proposal = propose_items(recognised)
    sources = propose_sources(recognised, _missing(recognised), proposal)
    items = propose_items_toml(proposal)
    return text.replace("# <items>\n", items).replace("# <sources>\n", sources)


def _template(file: str, name: str) -> str:
    text = (resources.files("pilot_analysis.scaffold") / f"template_{file}").read_text("utf-8")
    pilot_id = re.sub(r"[^a-z0-9_-]+", "-", name.casefold()).strip("-_") or "pilot"
    return text.replace("<id>", pilot_id).replace("<title>", name.replace('"', "'"))
