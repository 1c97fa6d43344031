"""Clean tables kept as Parquet, each under the hash of everything that it was made from.

Only what has passed every check is kept, so nothing that names a person is. A pilot in a folder
called ``raw`` has its cache beside that folder, in ``clean``; elsewhere nothing is kept, since
student data never leave the folder that they are in.
"""

import hashlib
import io
import json
import os
import tempfile
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from functools import cache
from importlib import metadata
from pathlib import Path

import pandas as pd

from pilot_analysis.config import PilotConfig, Source
from pilot_analysis.ingest.files import FileRead
from pilot_analysis.ingest.privacy import COMMENTS, NAMED_IN
from pilot_analysis.provenance import keyed_hash, sha256_of
from pilot_analysis.schema import TABLES

__all__ = ["CleanCache", "CleanTable"]

_PACKAGE = Path(__file__).resolve().parent.parent
_READ_WITH = ("pandas", "pyarrow", "duckdb", "openpyxl")
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
        self._stamps: dict[str, list[tuple]] = {}

    def unchanged(self, names: Iterable[str]) -> dict[str, CleanTable]:
        """Return the kept tables that were made from just what is there now.

        Where a table with comments must be read again, so must those whose files hold names: the
        names that are taken out of comments are not kept.
        """
        found = {name: table for name in names if (table := self._get(name)) is not None}
        again = COMMENTS.keys() & set(names) - found.keys()
        if again and self._config.privacy.redact_comments:
            found = {name: table for name, table in found.items() if name not in NAMED_IN}
        return found

    def _get(self, name: str) -> CleanTable | None:
        if self._folder is None:
            return None
        try:
            content, about = self._path(name).read_bytes(), self._about(name).read_bytes()
        except OSError:
            return None
        seal, _, text = about.partition(b"\n")
        if seal.decode("latin-1") != self._seal(name, content, text):
            return None  # damaged: the files are read again, and the entry is written anew
        told = json.loads(text)
        reads = tuple(FileRead(**read) for read in told["reads"])
        frame = pd.read_parquet(io.BytesIO(content))
        return CleanTable(frame, pd.DataFrame(told["ledger"]), reads)

    def put(self, name: str, table: CleanTable) -> None:
        """Keep a table in place of an earlier one; a folder that cannot be written is let be."""
        sources = self._config.sources[name]
        if self._folder is None or self._stamps[name] != _stamps(self._config.folder, sources):
            return  # a file was changed while it was read
        about = {
            "ledger": table.ledger.to_dict(orient="list"),
            "reads": [asdict(read) for read in table.reads],
        }
        content, text = table.frame.to_parquet(index=False), json.dumps(about).encode()
        seal = self._seal(name, content, text).encode()
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._forget(name)
            self._write(self._path(name), content)
            self._write(self._about(name), seal + b"\n" + text)
        except OSError:
            return

    def forget_others(self, names: Collection[str]) -> None:
        """Delete what is kept of tables that are not among `names`."""
        try:
            kept = {path.name.partition("-")[0] for path in self._folder.iterdir()}
            for name in kept & TABLES.keys() - {*names}:
                self._forget(name)
        except (AttributeError, OSError):
            return

    def _forget(self, name: str) -> None:
        """Delete the entries of a table, and what is left of one that was never finished."""
        for old in self._folder.glob(f"{name}-*"):
            old.unlink(missing_ok=True)

    def _write(self, path: Path, content: bytes) -> None:
        # Aside and renamed into place: nobody reads half of it.
        handle, aside = tempfile.mkstemp(prefix=f"{path.stem}.", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            Path(aside).replace(path)
        except BaseException:
            Path(aside).unlink(missing_ok=True)
            raise

    def _seal(self, name: str, content: bytes, text: bytes) -> str:
        """Return the hash that an entry must have to be served."""
        digests = (self._key(name), *(hashlib.sha256(part).hexdigest() for part in (content, text)))
        return hashlib.sha256("".join(digests).encode()).hexdigest()

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}-{self._key(name)}.parquet"

    def _about(self, name: str) -> Path:
        return self._path(name).with_suffix(".about")

    def _key(self, name: str) -> str:
        """Return the hash of all that a table depends on, the tables that it looks up included."""
        if name not in self._keys:
            self._keys[name] = ""  # a table that refers to itself
            self._stamps[name] = _stamps(self._config.folder, self._config.sources[name])
            config = self._config.model_dump(mode="json")
            parts = {part: config[part] for part in ("privacy", *_PARTS.get(name, ()))}
            sources = self._config.sources[name]
            made_from = {
                "code": _code(_PACKAGE),
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
            needed |= {*NAMED_IN}
        return [other for other in TABLES if other in needed - {name} & {*self._config.sources}]


def _paths(folder: Path, file: str) -> list[Path]:
    """Return the files that a source reads."""
    path = folder / file
    if path.is_dir():
        found = path.iterdir()
    else:
        found = [path] if path.exists() or not set("*?[") & set(file) else folder.glob(file)
    return sorted(p for p in found if p.is_file())


def _digest(folder: Path, file: str) -> list[tuple[str, str]]:
    """Return name and sha256 of each file that a source reads."""
    try:
        return [(p.relative_to(folder).as_posix(), sha256_of(p)) for p in _paths(folder, file)]
    except OSError:
        return [(file, "unreadable")]  # the reader says so, with the reason


def _stamps(folder: Path, sources: Iterable[Source]) -> list[tuple]:
    """Return what differs once a file of a source was written to: compared within a run only."""
    try:
        paths = [path for source in sources for path in _paths(folder, source.file)]
        stats = [(path, path.stat()) for path in paths]
    except OSError:
        return []
    return [(path, stat.st_ino, stat.st_size, stat.st_mtime_ns) for path, stat in stats]


@cache
def _code(package: Path) -> str:
    """Return a hash of the code that reads, and the versions of what it reads with."""
    rooms = (package / room for room in ("config", "schema", "ingest"))
    files = sorted(p for room in rooms for p in room.rglob("*") if p.suffix in (".py", ".toml"))
    files += [package / "errors.py", package / "provenance.py"]
    parts = [part for p in files for part in (p.name.encode(), p.read_bytes())]
    parts += [metadata.version(name).encode() for name in _READ_WITH]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()
