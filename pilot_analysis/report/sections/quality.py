"""Data quality: what was read, set aside and kept, and what became of it."""

import re

from pilot_analysis.report.claims import Html, Label, escape
from pilot_analysis.report.facts import Fact
from pilot_analysis.report.page import Page
from pilot_analysis.report.sections.header import kicker
from pilot_analysis.report.tables import paragraph, section, table
from pilot_analysis.report.wording import INSTRUMENTS, capitalized

__all__ = ["ledger", "quality", "quality_description", "quality_header", "quality_title"]

_STEPS = ("read", "set aside", "kept")
_TITLE = "Data quality: what was read, set aside and kept"


def quality_title(page: Page) -> str:
    """Return the title of the data-quality page, without markup."""
    return f"{page.name.text}: data quality"


def quality_description(page: Page) -> str:
    """Return one sentence about the data-quality page for its head, without markup."""
    simulated = "Simulated data. " if page.config.pilot.simulated else ""
    return (
        f"{simulated}Data quality of {page.config.pilot.title}: what was read, set aside and "
        "kept, whom each instrument reaches, and what looked odd."
    )


def quality_header(page: Page) -> Html:
    """Return the kicker and the h1 of the data-quality page."""
    lead = "Before you believe a brief: what its numbers were made from, and what is missing."
    return section(
        kicker(page, "Data quality"),
        Html(f"<h1>{_TITLE}</h1>"),
        Html(f'<p class="lead">{lead}</p>'),
    )


def quality(page: Page) -> Html:
    """Return the state of the data in a few sentences."""
    totals = {f.time: f for f in page.overall_all("quality.total")}
    return section(
        paragraph(
            page.prose.say(
                "{files:Word} {files:file was/files were} read into {tables:word} "
                "{tables:table/tables}: {read} {read:row/rows} in all, counted once for every "
                "table that uses them. {kept} were kept, and {aside:word} {aside:was/were} set "
                "aside for a reason. Set aside and kept add up to read: nothing was lost on the "
                "way.",
                files=page.overall("quality.files"),
                tables=page.overall("quality.tables"),
                read=totals.get("read"),
                aside=totals.get("set aside"),
                kept=totals.get("kept"),
            ),
        ),
        paragraph(_odd(page)),
    )


def _odd(page: Page) -> Html:
    kinds = {f.time: f for f in page.overall_all("quality.kinds")}
    looked, found = kinds.get("looked for"), kinds.get("found")
    if found is not None and not found.is_shown:
        return page.prose.say(
            "We looked for {looked:word} {looked:kind/kinds} of oddities. None of them stops a "
            "brief, and no number was changed because of one.",
            looked=looked,
        )
    return page.prose.say(
        "We looked for {looked:word} {looked:kind/kinds} of oddities, and found {found:word} of "
        "them. None of them stops a brief, and no number was changed because of one.",
        looked=looked,
        found=found,
    )


def ledger(page: Page) -> Html:
    """Return the reconciliation ledger: rows by file, reasons, and joins."""
    return section(_balance(page), _reasons(page), _joins(page))


def _file(name: str) -> Html:
    """Return the name of a file, which may break where a folder or a word ends."""
    return Html(re.sub(r"([/_])", r"\1<wbr>", escape(Label(name))))


def _holds(name: str) -> Label:
    return Label(capitalized(INSTRUMENTS.get(name, name)))


def _balance(page: Page) -> Html:
    facts = page.overall_all("quality.rows")
    cells = {(f.category, f.group, f.time): f for f in facts}
    files = list(dict.fromkeys((f.category, f.group) for f in facts))
    before = _made_from(page)
    rows = [
        [
            _holds(name),
            _file(file or name),
            *([before.get((name, file), Html("\N{EN DASH}"))] if before else []),
            *(page.prose.cell(cells.get((name, file, step))) for step in _STEPS),
        ]
        for name, file in files
    ]
    columns = ["Holds", "File", *(["Made from"] if before else []), "Read", "Set aside", "Kept"]
    explained = (
        "Every row of every file is either kept or set aside for a reason: in each line below, "
        "set aside and kept add up to read."
    )
    more = (
        " Where a row of the file is no row of the table, “made from” says what was counted first:"
        " a survey’s responses become answers, a log’s days become weeks."
    )
    return section(
        paragraph(Html(explained + (more if before else ""))),
        table("Rows read, set aside and kept", columns, rows, words=(1, 2) if before else (1,)),
    )


def _made_from(page: Page) -> dict[tuple[str, str], Html]:
    """Return "967 responses, of which 12 were set aside" by table and file."""
    facts = page.overall_all("quality.made_from")
    aside = {(f.category, f.group, f.outcome): f for f in facts if f.time == "set aside"}
    said: dict[tuple[str, str], list[Html]] = {}
    for fact in (f for f in facts if f.time == "read"):
        words = Html(f"{page.prose.cell(fact)} {escape(Label(fact.outcome))}")
        left_out = aside.get((fact.category, fact.group, fact.outcome))
        if left_out is not None:
            words = Html(f"{words}, {page.prose.cell(left_out)} set aside")
        said.setdefault((fact.category, fact.group), []).append(words)
    return {place: Html("; ".join(words)) for place, words in said.items()}


def _reasons(page: Page) -> Html:
    rows = [
        [_holds(f.category), Label(f.group), page.prose.cell(f), _of(page, f)]
        for f in page.overall_all("quality.set_aside")
    ]
    if not rows:
        return paragraph(Html("No row was set aside."))
    return section(
        Html("<h3>Why rows were set aside</h3>"),
        table("Rows set aside, by reason", ["Holds", "Reason", "Rows", "Of"], rows, words=(1,)),
    )


def _of(page: Page, fact: Fact) -> Html:
    unit = escape(Label(f" {fact.outcome}")) if fact.outcome else ""
    return Html(f"{page.prose.cell(fact, 'n')}{unit}")


def _joins(page: Page) -> Html:
    rows = [
        [
            _holds(f.category),
            Label(f.group),
            Label(f.time),
            page.prose.cell(f),
            page.prose.cell(f, "n"),
        ]
        for f in page.overall_all("quality.joined")
    ]
    if not rows:
        return Html("")
    return section(
        Html("<h3>Whether tables find one another</h3>"),
        paragraph(
            Html(
                "Reading looks up every student and teacher whom a row names; the briefs then "
                "put the tables together. The lines of each pair add up to all of its rows, so a "
                "join that loses students cannot go unnoticed."
            )
        ),
        table(
            "Rows by what became of them",
            ["Rows of", "Put together with", "Became", "Rows", "Of"],
            rows,
            words=(1, 2),
        ),
    )
