"""`audit_runs`: everything that is to be released, read as a stranger would; it fails closed."""

import json
import os
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

from pilot_analysis.disclosure import shown_share
from pilot_analysis.errors import DisclosureError
from pilot_analysis.release.contents import (
    find_in_brief,
    find_in_index,
    find_in_manifest,
    names_of,
)
from pilot_analysis.release.findings import Audit, Finding, Survived, told_lines
from pilot_analysis.release.known import Known, find_given_away, find_small_differences
from pilot_analysis.release.people import find_people
from pilot_analysis.release.reading import PRIVATE, Released, read_run
from pilot_analysis.release.rows import find_in_rows
from pilot_analysis.release.traces import find_traces, new_lines
from pilot_analysis.release.words import Vocabulary

__all__ = [
    "AUDIT_FILE",
    "REFUSED_FILE",
    "audit_runs",
    "require_safe",
    "write_audit",
    "write_private",
]

AUDIT_FILE = "audit.json"
REFUSED_FILE = "refused_audit.json"


def audit_runs(
    folders: Sequence[str | Path],
    people: Collection[str] = (),
    *,
    earlier: Sequence[Known] = (),
) -> Audit:
    """Return what may not be released of some runs, alone and beside what readers know.

    Parameters
    ----------
    folders : sequence of path
        Runs of one pilot, in the order of their release.
    people : collection of str
        As `people_of` returns them: ids that may stand nowhere.
    earlier : sequence of Known
        Earlier releases of the pilot, as `ledger.known_releases` returns them.

    Returns
    -------
    Audit

    Raises
    ------
    DisclosureError
        A run cannot be audited: it is not whole, or a file is not what its name says. It may not
        be released then.
    """
    known, findings, names = list(earlier), [], []
    survived: tuple[Survived, ...] = ()
    for folder in folders:
        try:
            released = read_run(folder)
            findings += list(_find(released, people, known))
            known.append(Known.of(released))
            survived = _survived(released)
        except DisclosureError:
            raise
        except Exception as error:  # what the audit does not understand may not be released
            raise DisclosureError(
                f"{folder}: the audit could not be done ({type(error).__name__}: {error}). "
                "Nothing of it may be released until it can."
            ) from error
        names.append(released.name)
    unique = tuple(dict.fromkeys(findings))
    return Audit(tuple(names), unique, *survived, compared_with=tuple(k.name for k in earlier))


def _survived(released: Released) -> tuple[Survived, Survived]:
    shares = shown_share(released.protected)
    headlines, numbers = (
        Survived(float(row["share"]), float(row["share_with_ranges"] - row["share"]))
        for _, row in shares.loc[["headlines", "all"]].iterrows()
    )
    return headlines, numbers


def require_safe(folder: str | Path, refused: str | Path, people: Collection[str] = ()) -> Audit:
    """Audit a run in the making, and write ``_private/audit.json``.

    Parameters
    ----------
    folder : path
        Of the run.
    refused : path
        A private folder that stays when the run is not made: ``refused_audit.json`` in it holds
        every finding of the last run, and is removed when nothing was found.
    people : collection of str
        As `people_of` returns them.

    Raises
    ------
    DisclosureError
        The audit found something, or could not be done; the message has a line for each finding.
    """
    kept = Path(refused) / REFUSED_FILE
    try:
        audit = audit_runs([folder], people)
    except DisclosureError as error:
        write_private(_json({"runs": [Path(folder).name], "not_done": str(error)}), kept)
        raise DisclosureError(f"{error}\nNothing was handed out; this is kept in {kept}") from error
    if audit.findings:
        write_private(_json(audit.to_json()), kept)
        raise DisclosureError(
            f"The audit found {len(audit.findings)} to mend, and nothing was handed out "
            f"(kind | where | what):\n{told_lines(audit.findings)}\nAll of them are in {kept}",
            [finding.line for finding in audit.findings],
        )
    write_audit(audit, Path(folder))
    kept.unlink(missing_ok=True)
    return audit


def write_audit(audit: Audit, folder: Path) -> None:
    """Write what came of an audit to ``_private/audit.json`` of a run."""
    write_private(_json(audit.to_json()), folder / PRIVATE / AUDIT_FILE)


def write_private(text: str, path: Path) -> None:
    """Write a file that its owner alone can read, in a folder that its owner alone can open."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8") as file:
        file.write(text + "\n")


def _json(values: Any) -> str:
    return json.dumps(values, indent=1, ensure_ascii=False, allow_nan=False)


def _find(
    released: Released, people: Collection[str], earlier: Sequence[Known]
) -> Iterator[Finding]:
    for name in released.strange:
        yield Finding("unknown file", name, "No run makes such a file.")
    names = names_of(released)
    yield from find_in_manifest(released)
    yield from find_in_rows(released)
    yield from find_in_index(released, Vocabulary([], names))
    numbers: dict[str, Collection[str]] = {}
    for brief in released.briefs:
        words = Vocabulary(brief.rows, names)
        numbers[brief.name] = words.numbers
        yield from find_in_brief(brief, words)
    known = Vocabulary([], names).phrases
    seen: set[str] = set()
    for name, whole in released.texts.items():
        text = new_lines(whole, seen)
        yield from find_traces(name, text, released.sha256, known, released.folder)
        if released.audience != "internal":  # who may see lists of students
            own = numbers.get(name.rpartition("/")[0], ())
            yield from find_people(name, text, people, known, own)
    own = Known.of(released)
    yield from find_given_away(own, earlier)
    yield from find_small_differences(own, earlier)
