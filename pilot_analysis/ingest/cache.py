"""Clean tables kept as Parquet, each under the hash of everything that it was made from.

Only what has passed every check is kept, so nothing that names a person is. A pilot in a folder
called ``raw`` has its cache beside that folder, in ``clean``; elsewhere nothing is kept, since
student data never leave the folder that they are in.
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import cache
from importlib import metadata
from pathlib import Path

import pandas as pd
import pyarrow as pa

from pilot_analysis.config import PilotConfig
from pilot_analysis.ingest.files import FileRead
from pilot_analysis.ingest.privacy import COMMENTS
from pilot_analysis.provenance import keyed_hash, sha256_of
from pilot_analysis.schema import TABLES

__all__ = ["CleanCache", "CleanTable"]

_ROSTERS = ("teachers", "students", "enrollments")  # their files may hold names of persons
_PARTS = {
    "students": ("groups",),
    "assignments": ("design",),
    "whys": ("outcomes", "scales", "groups"),
    "survey_responses": ("items", "answers"),
    "observations": ("items", "answers"),
}
_LOOKED_UP = {"assignments": ("schools", "students", "enrollments")}


@dataclass(frozen=True, slots=True)
class CleanTable:
    """A clean table with its part of the ledger and the files that it was read from."""

    frame: pd.DataFrame
    ledger: pd.DataFrame
    reads: tuple[FileRead, ...]


class CleanCache:
    """The kept tables of one pilot.

    Parameters
    ----------
    config : PilotConfig
    """

    def __init__(self, config: PilotConfig):
        self._config = config
        inside_raw = config.folder.resolve().parent.name == "raw"
        beside = config.folder.resolve().parent.parent / "clean" / config.pilot.id
        self._folder = beside if inside_raw else None
        self._keys: dict[str, str] = {}

    def unchanged(self, names: Iterable[str]) -> dict[str, CleanTable]:
        """Return the kept tables that were made from just what is there now.

        Where a table with comments must be read again, so must the rosters: the names that are
        taken out of comments are not kept.
        """
        found = {name: table for name in names if (table := self._get(name)) is not None}
        again = COMMENTS.keys() & set(names) - found.keys()
        if again and self._config.privacy.redact_comments:
            found = {name: table for name, table in found.items() if name not in _ROSTERS}
        return found

    def _get(self, name: str) -> CleanTable | None:
        if self._folder is None or not self._path(name).is_file():
            return None
        try:
            frame = pd.read_parquet(self._path(name))
            about = json.loads(self._about(name).read_text(encoding="utf-8"))
        except (OSError, ValueError, pa.ArrowException):
            return None  # damaged: the files are read again, and the entry is written anew
        reads = tuple(FileRead(**read) for read in about["reads"])
        return CleanTable(frame, pd.DataFrame(about["ledger"]), reads)

    def put(self, name: str, table: CleanTable) -> None:
        """Keep a table in place of an earlier one; a folder that cannot be written is let be."""
        if self._folder is None:
            return
        about = {
            "ledger": table.ledger.to_dict(orient="list"),
            "reads": [asdict(read) for read in table.reads],
        }
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for old in self._folder.glob(f"{name}-*"):
                old.unlink()
            self._write(self._about(name), json.dumps(about).encode())
            self._write(self._path(name), table.frame.to_parquet(index=False))
        except OSError:
            return

    def _write(self, path: Path, content: bytes) -> None:
        # Aside and renamed into place: nobody reads half of it.
        handle, aside = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(aside).replace(path)

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}-{self._key(name)}.parquet"

    def _about(self, name: str) -> Path:
        return self._path(name).with_suffix(".json")

    def _key(self, name: str) -> str:
        """Return the hash of all that a table depends on, the tables that it looks up included."""
        if name not in self._keys:
            self._keys[name] = ""  # a table that refers to itself
            config = self._config.model_dump(mode="json")
            parts = {part: config[part] for part in ("privacy", *_PARTS.get(name, ()))}
            sources = self._config.sources[name]
            made_from = {
                "code": _code(),
                "name": name,
                "parts": parts,
                "sources": config["sources"][name],
                "files": [_digest(self._config.folder, source.file) for source in sources],
                "needs": [self._key(other) for other in self._needs(name)],
                "pseudonyms": keyed_hash("key") if self._config.privacy.pseudonyms else "",
            }
            text = json.dumps(made_from, sort_keys=True)
            self._keys[name] = hashlib.sha256(text.encode()).hexdigest()[:32]
        return self._keys[name]

    def _needs(self, name: str) -> list[str]:
        needed = {field.references for field in TABLES[name].fields if field.references}
        needed |= {*_LOOKED_UP.get(name, ())}
        if name in COMMENTS and self._config.privacy.redact_comments:
            needed |= {*_ROSTERS}
        return [other for other in TABLES if other in needed - {name} & {*self._config.sources}]


def _digest(folder: Path, file: str) -> list[tuple[str, str]]:
    """Return name and sha256 of each file that a source reads."""
    path = folder / file
    try:
        if set("*?[") & set(file):
            found = sorted(folder.glob(file))
        else:
            found = sorted(path.iterdir()) if path.is_dir() else [path]
        return [(p.name, sha256_of(p)) for p in found if p.is_file()]
    except OSError:
        return [(file, "unreadable")]  # the reader says so, with the reason


@cache
def _code() -> str:
    """Return a hash of the code that reads, and the versions of what it reads with."""
    package = Path(__file__).resolve().parent.parent
    rooms = (package / room for room in ("config", "schema", "ingest"))
    files = sorted(p for room in rooms for p in room.rglob("*") if p.suffix in (".py", ".toml"))
    parts = [p.read_bytes() for p in files]
    parts += [metadata.version(name).encode() for name in ("pandas", "pyarrow", "duckdb")]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()
