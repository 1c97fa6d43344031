"""What a run is known by: its id, and manifest.json, which says what it was made from."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pilot_analysis.pilot import Pilot
from pilot_analysis.provenance import git_commit, keyed_hash, sha256_of, versions

__all__ = ["code_hash", "manifest", "private_inputs", "run_id"]

_PACKAGE = Path(__file__).resolve().parent.parent
_CODE = {".py", ".j2", ".css", ".csv", ".json", ".toml"}


def code_hash(notebooks: Iterable[Path]) -> str:
    """Return a hash of the package's files and of the notebooks: what a commit cannot tell.

    Returns
    -------
    str
        16 hex digits; changes with any edit, committed or not.
    """
    files = sorted(path for path in _PACKAGE.rglob("*") if path.suffix in _CODE)
    digest = hashlib.sha256()
    for path in (*files, *sorted(notebooks)):
        name = path.relative_to(_PACKAGE) if path.is_relative_to(_PACKAGE) else path.name
        digest.update(f"{name}\0{sha256_of(path)}\0".encode())
    return digest.hexdigest()[:16]


def manifest(pilot: Pilot, parameters: dict[str, Any], notebooks: Iterable[Path]) -> dict[str, Any]:
    """Return what manifest.json says: everything that decides the bytes of a brief.

    Parameters
    ----------
    pilot : Pilot
    parameters : dict
        Of the run: audience and schools.
    notebooks : iterable of path
        Notebooks that the run executes.

    Returns
    -------
    dict
        "pilot", "parameters", "seed", "code" (commit and hash), "versions" and "inputs" (table,
        file, rows and keyed hash of each file); no time, no folder, no plain hash.
    """
    policy = getattr(pilot.config.disclosure, parameters["audience"])
    settings = ["pilot.toml", *([policy] if policy.endswith(".toml") else [])]
    inputs = [
        {"table": "", "file": name, "keyed_hash": keyed_hash(sha256_of(pilot.config.folder / name))}
        for name in settings
    ]
    shown = pilot.files[["table", "file", "rows", "keyed_hash"]]
    inputs += json.loads(shown.to_json(orient="records"))
    return {
        "pilot": pilot.config.pilot.id,
        "simulated": pilot.config.pilot.simulated,
        "parameters": parameters,
        "seed": pilot.config.inference.seed,
        "code": {"commit": git_commit(), "hash": code_hash(notebooks)},
        "versions": versions(),
        "inputs": inputs,
    }


def run_id(contents: dict[str, Any]) -> str:
    """Return the id of a run, the same for the same inputs, code, versions and parameters.

    Parameters
    ----------
    contents : dict
        As `manifest` returns it.

    Returns
    -------
    str
        For instance "team-1f0c6e9ab2d4"; the hash is keyed, so that it confirms no guess.
    """
    digest = hashlib.sha256(json.dumps(contents, sort_keys=True).encode()).digest()
    return f"{contents['parameters']['audience']}-{keyed_hash(digest)[:12]}"


def private_inputs(pilot: Pilot) -> list[dict[str, Any]]:
    """Return table, file, size and plain sha256 of each input, for ``_private/`` only."""
    return json.loads(pilot.files.drop(columns="keyed_hash").to_json(orient="records"))
