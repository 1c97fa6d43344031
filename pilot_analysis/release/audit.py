"""`audit_runs`: everything that is to be released, read as a stranger would; it fails closed."""

import json
from collections.abc import Collection, Iterator, Sequence
from math import nan
from pathlib import Path

from pilot_analysis.disclosure import shown_share
from pilot_analysis.errors import DisclosureError
from pilot_analysis.release.contents import (
    find_in_brief,
    find_in_index,
    find_in_manifest,
    names_of,
)
from pilot_analysis.release.findings import Audit, Finding, told_lines
from pilot_analysis.release.known import Known, find_given_away, find_small_differences
from pilot_analysis.release.people import find_people
from pilot_analysis.release.reading import PRIVATE, Released, read_run
from pilot_analysis.release.rows import find_in_rows
from pilot_analysis.release.traces import find_traces
from pilot_analysis.release.words import Vocabulary

__all__ = ["AUDIT_FILE", "audit_runs", "require_safe", "write_audit"]

AUDIT_FILE = "audit.json"


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
    known, findings, share = list(earlier), [], (nan, nan)
    names = []
    for folder in folders:
        try:
            released = read_run(folder)
            findings += list(_find(released, people, known))
            known.append(Known.of(released))
            all_ = shown_share(released.protected).loc["all"]
            share = (float(all_["share"]), float(all_["share_with_ranges"]))
        except DisclosureError:
            raise
        except Exception as error:  # what the audit does not understand may not be released
            raise DisclosureError(
                f"{folder}: the audit could not be done ({type(error).__name__}: {error}). "
                "Nothing of it may be released until it can."
            ) from error
        names.append(released.name)
    unique = tuple(dict.fromkeys(findings))
    return Audit(tuple(names), unique, *share, tuple(k.name for k in earlier))


def require_safe(folder: str | Path, people: Collection[str] = ()) -> Audit:
    """Audit a run in the making, and write ``_private/audit.json``.

    Raises
    ------
    DisclosureError
        The audit found something, or could not be done; the message has a line for each finding.
    """
    audit = audit_runs([folder], people)
    if audit.findings:
        raise DisclosureError(
            f"The audit found {len(audit.findings)} to mend, and nothing was handed out "
            f"(kind | where | what):\n{told_lines(audit.findings)}",
            [finding.line for finding in audit.findings],
        )
    write_audit(audit, Path(folder))
    return audit


def write_audit(audit: Audit, folder: Path) -> None:
    """Write what came of an audit to ``_private/audit.json`` of a run."""
    text = json.dumps(audit.to_json(), indent=1, ensure_ascii=False, allow_nan=False)
    (folder / PRIVATE / AUDIT_FILE).write_text(text + "\n", encoding="utf-8")


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
    for name, text in released.texts.items():
        yield from find_traces(name, text, released.sha256, known, released.folder)
        if released.audience != "internal":  # who may see lists of students
            own = numbers.get(name.rpartition("/")[0], ())
            yield from find_people(name, text, people, known, own)
    own = Known.of(released)
    yield from find_given_away(own, earlier)
    yield from find_small_differences(own, earlier)
