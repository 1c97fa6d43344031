"""The report of a check as text for a terminal."""

from collections.abc import Iterator, Sequence
from textwrap import wrap

from pilot_analysis.check.faults import Broken
from pilot_analysis.check.findings import Chain, Findings
from pilot_analysis.check.unread import Unread
from pilot_analysis.check.words import (
    INTERNAL,
    SOUND,
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


def text_of(config: PilotConfig, report: Findings | Broken) -> str:
    """Return the report, no line wider than 80 characters where words allow it.

    Parameters
    ----------
    config : PilotConfig
    report : Findings or Broken
    """
    lines = [
        *_wrapped(f"{config.pilot.title} ({config.pilot.id})"),
        *_wrapped(INTERNAL),
        "",
        *_wrapped(verdict(report)),
    ]
    for title, body in _of_faults(report) if isinstance(report, Broken) else _parts(report):
        lines += ["", title, *body]
    # a terminal may not know typographic apostrophes
    return "\n".join(lines).replace("\N{RIGHT SINGLE QUOTATION MARK}", "'") + "\n"


def _of_faults(report: Broken) -> Iterator[tuple[str, list[str]]]:
    for file, told in report.faults.items():
        yield file, [line for fault in told for line in _wrapped(fault, "  - ", "    ")]
    sound = [*_files(report.chains), *_unread(report.unread)]
    yield SOUND.upper(), sound or ["  None."]


def _parts(findings: Findings) -> Iterator[tuple[str, list[str]]]:
    yield "FILES AND ROWS", [*_files(findings.chains), *_unread(findings.unread)]
    yield "JOINS", list(_joins(findings)) or ["  There are no tables to put together."]
    yield "COVERAGE BY SCHOOL", list(_coverage(findings))
    yield "ODD, AND WHAT WAS DONE", list(_oddities(findings))
    yield "STUDENTS WHO ARE MISSING", list(_missing(findings))
    yield "NOT COLLECTED", _wrapped(", ".join(findings.absent) or "nothing is missing", "  ")


def _files(chains: Sequence[Chain]) -> Iterator[str]:
    for chain in chains:
        yield from _wrapped(f"{chain.table}, {chain.file}: {chain_words(chain)}", "  ", "    ")
        for rows, reason in chain.aside:
            yield from _wrapped(f"{rows:,} set aside: {reason}", "      ", "        ")


def _unread(files: Sequence[Unread]) -> Iterator[str]:
    unread = sum(len(file.columns) + len(file.private) for file in files)
    if unread:
        yield from _wrapped(
            f"{count(unread, 'column is/columns are')} in these files that nothing reads; the page "
            "lists them.",
            "  ",
        )
    for file in files:
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
