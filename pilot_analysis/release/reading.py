"""Everything that a run releases, read from its folder; what is not understood is refused."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pilot_analysis.disclosure import Linear, Product, ProtectedResults
from pilot_analysis.disclosure.relations_file import read_relations
from pilot_analysis.errors import DisclosureError
from pilot_analysis.schema import FOLDER_NAME

__all__ = ["BRIEF_FILES", "PRIVATE", "Brief", "Released", "pilot_of", "read_json", "read_run"]

PRIVATE = "_private"
BRIEF_FILES = ("brief.html", "brief.ipynb", "claims.json", "results.json")
_RUN_FILES = ("index.html", "manifest.json")
_FOLDER = re.compile(rf"network|quality|schools/{FOLDER_NAME}")


@dataclass(frozen=True, slots=True)
class Brief:
    """The files of one brief.

    Attributes
    ----------
    name : str
        Its folder in the run, e.g. "schools/S03".
    html : str
    notebook : mapping
    rows, claims : list of dict
        results.json and claims.json.
    """

    name: str
    html: str
    notebook: Mapping[str, Any]
    rows: list[dict[str, Any]]
    claims: list[dict[str, Any]]

    @property
    def school_id(self) -> str | None:
        """As `ProtectedResults.read` takes it: "" for the network, None for every school."""
        kind, _, school = self.name.partition("/")
        return {"network": "", "quality": None}.get(kind, school)


@dataclass(frozen=True, slots=True)
class Released:
    """What a run releases, and what is known about it in private.

    Attributes
    ----------
    folder : pathlib.Path
    name : str
        Name of the run.
    texts : mapping of str to str
        Every file by its path in the run, as it stands.
    briefs : tuple of Brief
    index : str
    manifest : mapping
    strange : tuple of str
        Files that no run makes, by their path.
    protected : ProtectedResults
        What the gate let through: for the policy, and to compare with.
    relations : tuple of Linear or Product
    context : mapping
        Names and settings of the pilot, as every brief of the run may print them.
    sha256 : tuple of str
        Plain hashes of the inputs, which may not be printed.
    """

    folder: Path
    name: str
    texts: Mapping[str, str]
    briefs: tuple[Brief, ...]
    index: str
    manifest: Mapping[str, Any]
    strange: tuple[str, ...]
    protected: ProtectedResults
    relations: tuple[Linear | Product, ...]
    context: Mapping[str, Any]
    sha256: tuple[str, ...]

    @property
    def audience(self) -> str:
        """Who may read it."""
        return self.manifest["parameters"]["audience"]


def read_run(folder: str | Path) -> Released:
    """Read what a run releases: all but ``_private/``, and what the audit needs of that.

    Raises
    ------
    DisclosureError
        The folder is no run, or a file cannot be read or is not what its name says.
    """
    folder = Path(folder)
    _require_run(folder)
    texts, strange = _texts(folder)
    made = sorted({name.rpartition("/")[0] for name in texts if name not in _RUN_FILES})
    lacking = [f"{m}/{f}" for m in made for f in BRIEF_FILES if f"{m}/{f}" not in texts]
    lacking += [name for name in _RUN_FILES if name not in texts]
    if lacking:
        raise DisclosureError(f"{folder}: {lacking[0]} is missing. Make the run again.")
    manifest = _parsed(folder, "manifest.json", texts, dict)
    if not isinstance(manifest.get("parameters"), dict):
        raise DisclosureError(f"{folder}: manifest.json names no parameters. Make the run again.")
    private = folder / PRIVATE
    prepared = private / "prepared"
    return Released(
        folder=folder,
        name=_run_of(folder),
        texts=texts,
        briefs=tuple(_brief(folder, name, texts) for name in made),
        index=texts["index.html"],
        manifest=manifest,
        strange=tuple(strange),
        protected=ProtectedResults.read(prepared),
        relations=read_relations(prepared),
        context=read_json(prepared / "context.json", dict),
        sha256=tuple(row["sha256"] for row in read_json(private / "inputs.json", list)),
    )


def pilot_of(folder: Path) -> str:
    """Return the id of the pilot that a run is of.

    Raises
    ------
    DisclosureError
        The folder is no run.
    """
    _require_run(folder)
    return str(read_json(folder / "manifest.json", dict).get("pilot", ""))


def _require_run(folder: Path) -> None:
    if not (folder / "manifest.json").is_file():
        raise DisclosureError(
            f"{folder}: is not the folder of a run (it has no manifest.json). Give one that "
            "`pilot brief` made."
        )


def _run_of(folder: Path) -> str:
    """Return the name of a run; one in the making is in a hidden folder ".NAME.xyz.partial"."""
    is_partial = folder.suffix == ".partial"
    return folder.name.lstrip(".").partition(".")[0] if is_partial else folder.name


def read_json(path: Path, kind: type) -> Any:
    """Return the JSON value of a file, which must be a `kind`.

    Raises
    ------
    DisclosureError
        There is no such file, or it holds something else.
    """
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DisclosureError(f"{path}: cannot be read as JSON ({error}).") from error
    return _of_kind(value, kind, path)


def _of_kind(value: Any, kind: type, place: Any) -> Any:
    if not isinstance(value, kind):
        raise DisclosureError(f"{place}: holds no {kind.__name__}. Make the run again.")
    return value


def _texts(folder: Path) -> tuple[dict[str, str], list[str]]:
    """Return the files that a run has, and the paths of others, folders and links included."""
    texts, strange = {}, []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.relative_to(folder).parts[0] == PRIVATE:
            continue
        place, _, own = name.rpartition("/")
        known = own in _RUN_FILES if not place else own in BRIEF_FILES and _FOLDER.fullmatch(place)
        if path.is_symlink() or not (known or path.is_dir()):
            strange.append(name)
        elif path.is_dir():
            strange += [] if name == "schools" or _FOLDER.fullmatch(name) else [name]
        else:
            try:
                texts[name] = path.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise DisclosureError(f"{path}: cannot be read ({error}).") from error
    return texts, strange


def _brief(folder: Path, name: str, texts: Mapping[str, str]) -> Brief:
    notebook = _parsed(folder, f"{name}/brief.ipynb", texts, dict)
    rows = _parsed(folder, f"{name}/results.json", texts, list)
    claims = _parsed(folder, f"{name}/claims.json", texts, list)
    if not all(isinstance(row, dict) and "result_id" in row for row in (*rows, *claims)):
        raise DisclosureError(f"{folder / name}: a row names no result. Make the run again.")
    if not isinstance(notebook.get("cells"), list):
        raise DisclosureError(f"{folder / name}/brief.ipynb: is no notebook. Make the run again.")
    return Brief(name, texts[f"{name}/brief.html"], notebook, rows, claims)


def _parsed(folder: Path, name: str, texts: Mapping[str, str], kind: type) -> Any:
    try:
        value = json.loads(texts[name])
    except ValueError as error:
        raise DisclosureError(f"{folder / name}: is no JSON ({error}).") from error
    return _of_kind(value, kind, folder / name)
