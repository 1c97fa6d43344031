"""The ledger of releases: what was handed out, to whom, what it replaced, and why it went."""

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from pilot_analysis.errors import RunError
from pilot_analysis.pilot import load_pilot
from pilot_analysis.release.audit import audit_runs, write_audit
from pilot_analysis.release.findings import Audit, told_lines
from pilot_analysis.release.known import Known
from pilot_analysis.release.people import people_of
from pilot_analysis.release.reading import PRIVATE, pilot_of, read_json, read_run

__all__ = ["LEDGER_FILE", "audit_and_note", "known_releases", "release_run", "withdraw_run"]

LEDGER_FILE = "ledger.json"
_HOME = "released"


def known_releases(run: str | Path) -> list[Known]:
    """Return what readers know of the pilot's earlier releases, those withdrawn included.

    Parameters
    ----------
    run : path
        A run of the pilot; itself is left out.

    Raises
    ------
    DisclosureError
        The ledger, or what it names, cannot be read.
    """
    home = _home(run)
    names = [entry["run"] for entry in _entries(home) if entry["run"] != Path(run).resolve().name]
    return [Known.read(_known_file(home, name)) for name in dict.fromkeys(names)]


def audit_and_note(runs: Sequence[str | Path], pilot_folder: str | Path | None = None) -> Audit:
    """Audit runs with all earlier releases, and write it to ``_private/audit.json`` of each.

    Parameters
    ----------
    runs : sequence of path
        Runs of one pilot, in the order of their release.
    pilot_folder : path
        Search for the ids in this pilot's tables, too.

    Raises
    ------
    RunError
        The runs are of several pilots.
    DisclosureError
        A run cannot be audited.
    """
    folders = [Path(run).resolve() for run in runs]
    if len({(folder.parent, pilot_of(folder)) for folder in folders}) > 1:
        raise RunError("Runs are audited together with each other: give those of one pilot.")
    people = people_of(load_pilot(pilot_folder)) if pilot_folder else ()
    names = {folder.name for folder in folders}
    earlier = [known for known in known_releases(folders[0]) if known.name not in names]
    audit = audit_runs(folders, people, earlier=earlier)
    for folder in folders:
        write_audit(audit, folder)
    return audit


def release_run(
    run: str | Path,
    reason: str = "",
    *,
    replaces: str = "",
    pilot_folder: str | Path | None = None,
    today: date | None = None,
) -> tuple[Path, Audit]:
    """Audit a run against all earlier releases, and hand it out.

    Parameters
    ----------
    run : path
        Folder of the run. All of it but ``_private/`` is copied to ``released/`` beside it.
    reason : str
        Why; must be given for a correction.
    replaces : str
        Name of an earlier release that this one corrects.
    pilot_folder : path
        Search for the ids in this pilot's tables, too; `run_briefs` has done so.
    today : datetime.date or None
        Day of the release; None: today.

    Returns
    -------
    folder : pathlib.Path
        Of the release.
    audit : Audit

    Raises
    ------
    RunError
        The run is internal, was released before, lacks briefs of its own audit, or has findings.
    DisclosureError
        It cannot be audited.
    """
    run = Path(run)
    home = _home(run)
    released = read_run(run)
    name, entries = run.resolve().name, _entries(home)
    _refuse(name, released.audience, entries, reason, replaces)
    people = people_of(load_pilot(pilot_folder)) if pilot_folder else ()
    audit = audit_runs([run], people, earlier=known_releases(run))
    if audit.findings:
        raise RunError(
            f"{run}: is not released; the audit found {len(audit.findings)} to mend "
            f"(kind | where | what):\n{told_lines(audit.findings)}",
            [finding.line for finding in audit.findings],
        )
    write_audit(audit, run)
    (home / PRIVATE).mkdir(mode=0o700, parents=True, exist_ok=True)
    _write_whole(_known_file(home, name), Known.of(released).write)
    folder = _copy(released.texts, home, name)
    entry = {
        "run": name,
        "readers": released.audience,
        "released": (today or date.today()).isoformat(),
        "reason": reason,
        "replaces": replaces,
        "withdrawn": "",
        "why_withdrawn": "",
    }
    _write_ledger(home, [*entries, entry])
    return folder, audit


def withdraw_run(run: str | Path, why: str, *, today: date | None = None) -> Path:
    """Take a release back: its files go, its entry stays, and readers are taken to know it.

    Parameters
    ----------
    run : path
        Folder of the run, as it was given to `release_run`.
    why : str

    Returns
    -------
    pathlib.Path
        The ledger.

    Raises
    ------
    RunError
        No reason is given, or the run is not released.
    """
    home, name = _home(run), Path(run).resolve().name
    entries = _entries(home)
    own = next((e for e in entries if e["run"] == name and not e["withdrawn"]), None)
    if not why.strip():
        raise RunError("Say why the release is withdrawn: the ledger keeps the reason.")
    if own is None:
        raise RunError(f"{name}: is not released, so that it cannot be withdrawn.")
    own |= {"withdrawn": (today or date.today()).isoformat(), "why_withdrawn": why}
    _write_ledger(home, entries)
    shutil.rmtree(home / name, ignore_errors=True)
    return home / LEDGER_FILE


def _home(run: str | Path) -> Path:
    return Path(run).resolve().parent / _HOME


def _known_file(home: Path, name: str) -> Path:
    return home / PRIVATE / f"{name}.json"


def _entries(home: Path) -> list[dict[str, Any]]:
    """Return the ledger; a folder of releases without one is an error, not an empty ledger."""
    path = home / LEDGER_FILE
    if not path.exists() and not (home / PRIVATE).exists():
        return []
    return read_json(path, list)


def _refuse(name: str, audience: str, entries: list[dict], reason: str, replaces: str) -> None:
    if audience == "internal":
        raise RunError(f"{name}: is for internal readers, who hold the data; it is not released.")
    if any(entry["run"] == name for entry in entries):
        raise RunError(f"{name}: was released before; the ledger has it. Make a new run.")
    if replaces and replaces not in {entry["run"] for entry in entries}:
        raise RunError(f"{replaces}: is no release of this pilot, so that nothing can replace it.")
    if replaces and not reason.strip():
        raise RunError("Say why the earlier release is replaced: the ledger keeps the reason.")


def _copy(texts, home: Path, name: str) -> Path:
    """Write what was audited, not what may have come since, as a folder that appears when whole."""
    partial = Path(tempfile.mkdtemp(prefix=f".{name}.", suffix=".partial", dir=home))
    try:
        for path, text in texts.items():
            (partial / path).parent.mkdir(parents=True, exist_ok=True)
            (partial / path).write_text(text, encoding="utf-8")
        partial.chmod(0o755)
        return partial.rename(home / name)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def _write_ledger(home: Path, entries: list[dict]) -> None:
    text = json.dumps(entries, indent=1, ensure_ascii=False) + "\n"
    _write_whole(home / LEDGER_FILE, lambda path: path.write_text(text, encoding="utf-8"))


def _write_whole(path: Path, write: Callable[[Path], Any]) -> None:
    unfinished = path.with_name(f".{path.name}.part")
    write(unfinished)
    os.replace(unfinished, path)
