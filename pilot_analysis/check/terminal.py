"""The report of a check as text for a terminal."""

from collections.abc import Iterator, Mapping, Sequence
from textwrap import wrap

from pilot_analysis.check.findings import Findings
from pilot_analysis.check.words import (
    INTERNAL,
    chain_words,
    count,
    coverage_words,
    join_words,
    missing_words,
    oddity_words,
    verdict,
)
from pilot_analysis.config import PilotConfig
from pilot_analysis.evaluation.oddity_kinds import ODDITY_KINDS

__all__ = ["text_of"]

_WIDTH = 80


def text_of(
    config: PilotConfig, faults: Mapping[str, Sequence[str]], findings: Findings | None
) -> str:
    """Return the report, no line wider than 80 characters where words allow it.

    Parameters
    ----------
    config : PilotConfig
    faults : mapping of str to sequence of str
        By file; none where the pilot has loaded.
    findings : Findings or None
        None: the pilot has not loaded.
    """
    n_faults = sum(map(len, faults.values()))
    lines = [
        *_wrapped(f"{config.pilot.title} ({config.pilot.id})"),
        *_wrapped(INTERNAL),
        "",
        *_wrapped(verdict(n_faults, findings)),
    ]
    for file, told in faults.items():
        lines += ["", file]
        lines += [line for fault in told for line in _wrapped(fault, "  - ", "    ")]
    if findings is not None:
        for title, body in _parts(findings):
            lines += ["", title.upper(), *body]
    # a terminal may not know typographic apostrophes
    return "\n".join(lines).replace("\N{RIGHT SINGLE QUOTATION MARK}", "'") + "\n"


def _parts(findings: Findings) -> Iterator[tuple[str, list[str]]]:
    yield "Files and rows", list(_files(findings))
    yield "Joins", list(_joins(findings))
    yield "Coverage by school", list(_coverage(findings))
    yield "Odd, and what was done", list(_oddities(findings))
    yield "Students who are missing", list(_missing(findings))
    yield "Not collected", _wrapped(", ".join(findings.absent) or "nothing is missing", "  ")


def _files(findings: Findings) -> Iterator[str]:
    for chain in findings.chains:
        yield from _wrapped(f"{chain.table}, {chain.file}: {chain_words(chain)}", "  ", "    ")
        for rows, reason in chain.aside:
            yield from _wrapped(f"{rows:,} set aside: {reason}", "      ", "        ")
    unread = sum(len(file.columns) + len(file.private) for file in findings.unread)
    if unread:
        yield from _wrapped(
            f"{count(unread, 'column is/columns are')} in these files that nothing reads; the page "
            "lists them.",
            "  ",
        )
    for file in findings.unread:
        for name, near in file.near.items():
            yield from _wrapped(
                f'{file.file}: nothing reads "{name}". Is it "{near}" under another name?',
                "  ",
                "    ",
            )


def _joins(findings: Findings) -> Iterator[str]:
    for _, lines in findings.joins.groupby(["table", "to"], sort=False):
        balance, others = join_words(lines)
        yield from _wrapped(balance, "  ", "    ")
        for words in others:
            yield from _wrapped(words, "      ", "        ")


def _coverage(findings: Findings) -> Iterator[str]:
    for table, lines in findings.coverage.groupby("table", sort=False):
        if table not in findings.absent:
            yield from _wrapped(f"{table}: {coverage_words(lines)}", "  ", "    ")


def _oddities(findings: Findings) -> Iterator[str]:
    for oddity in findings.found:
        yield from _wrapped(oddity_words(oddity), "  ", "    ")
        yield from _wrapped(oddity.kind.done, "      ")
        yield from _wrapped(f"Next: {oddity.kind.advice}", "      ")
    for words, names in (
        ("Looked for and not found", [k for k, o in findings.oddities.items() if o and not o.rows]),
        ("Could not be looked for", [k for k, o in findings.oddities.items() if o is None]),
    ):
        titles = [ODDITY_KINDS[name].title for name in names]
        titles = [title[0].lower() + title[1:] for title in titles]
        if titles:
            yield from _wrapped(f"{words}: {', '.join(titles)}.", "  ", "    ")


def _missing(findings: Findings) -> Iterator[str]:
    said = missing_words(findings.missing)
    for about, words in said.items():
        yield from _wrapped(f"{about}: {words}", "  ", "    ")
    yield from _wrapped("The page lists them by school and class." if said else "None.", "  ")


def _wrapped(text: str, first: str = "", later: str | None = None) -> list[str]:
    return wrap(
        text, _WIDTH, initial_indent=first, subsequent_indent=first if later is None else later,
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
