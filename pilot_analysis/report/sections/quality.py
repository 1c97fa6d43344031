"""Data quality: what was read, set aside and kept, and which instrument covers which school."""

from pilot_analysis.report.claims import Html, Label, recorded
from pilot_analysis.report.facts import Fact
from pilot_analysis.report.page import Page
from pilot_analysis.report.tables import items, paragraph, section, table
from pilot_analysis.report.wording import INSTRUMENTS, capitalized

__all__ = ["quality"]

_STEPS = ("read", "set aside", "kept")


def quality(page: Page) -> Html:
    """Return the reconciliation ledger, the reasons, and coverage by school."""
    coverage = page.facts.find("quality.coverage")
    return section(_balance(page), _reasons(page), _coverage(page, coverage), _absent(page))


def _balance(page: Page) -> Html:
    facts = page.overall_all("quality.rows")
    cells = {(f.category, f.group, f.time): f for f in facts}
    files = list(dict.fromkeys((f.category, f.group) for f in facts))
    rows = [
        [
            Label(capitalized(INSTRUMENTS.get(name, name))),
            Label(file or name),
            *(page.prose.cell(cells.get((name, file, step))) for step in _STEPS),
        ]
        for name, file in files
    ]
    return section(
        paragraph(
            Html(
                "Every row of every file is either kept or set aside for a reason: in each "
                "line below, set aside and kept add up to read."
            )
        ),
        table(
            "Rows read, set aside and kept",
            ["Holds", "File", "Read", "Set aside", "Kept"],
            rows,
            words=(1,),
        ),
    )


def _reasons(page: Page) -> Html:
    rows = [
        [
            Label(capitalized(INSTRUMENTS.get(f.category, f.category))),
            Label(f.group),
            page.prose.cell(f),
        ]
        for f in page.overall_all("quality.set_aside")
    ]
    if not rows:
        return paragraph(Html("No row was set aside."))
    return section(
        Html("<h3>Why rows were set aside</h3>"),
        table("Rows set aside, by reason", ["Holds", "Reason", "Rows"], rows, words=(1,)),
    )


def _coverage(page: Page, facts: list[Fact]) -> Html:
    """Return one row per school, one column per table that covers some of its people."""
    tables = list(dict.fromkeys(fact.category for fact in facts))
    cells = {(fact.school_id, fact.category): fact for fact in facts}
    rows = [
        [Label(name), *(page.prose.cell(cells.get((school, table_name))) for table_name in tables)]
        for school, name in page.context.schools.items()
        if any((school, table_name) in cells for table_name in tables)
    ]
    if not rows:
        return Html("")
    columns = ["School", *(capitalized(name.replace("_", " ")) for name in tables)]
    return section(
        Html("<h3>What covers which school</h3>"),
        table("Share of a school’s people whom each table covers", columns, rows),
    )


def _absent(page: Page) -> Html:
    said = dict.fromkeys(recorded(f.value_text) for f in page.absences() if f.value_text)
    return section(Html("<h3>Not collected</h3>"), items(list(said))) if said else Html("")
