"""The tables of the section on learning."""

from pilot_analysis.report.claims import Html, Label, escape
from pilot_analysis.report.facts import Fact
from pilot_analysis.report.page import Page
from pilot_analysis.report.tables import table
from pilot_analysis.report.wording import capitalized

__all__ = ["effects_table", "groups_table", "means_table"]

_COLUMNS = ("Compared with {}", "Students", "Classes", "Difference (points)", "Interval")


def effects_table(page: Page, outcome: str, arms: list[str]) -> Html:
    """Return the difference of each arm to the reference, and the same by another method."""
    rows = []
    for arm in arms:
        keys = {"outcome": outcome, "category": arm}
        name = capitalized(page.arm(arm).text)
        rows.append(_row(page, name, page.overall("learning.effect", **keys)))
        check = page.overall("learning.effect_cr2", **keys)
        if check is not None:
            rows.append(_row(page, f"{name}, checked by a second method", check))
        if not page.is_network:
            rows.append(
                _row(
                    page,
                    f"{name}, this school leaning on the others",
                    page.own("learning.school_effect_shrunken", **keys),
                )
            )
    return table(
        _caption(page, outcome, "Difference in scores"),
        _columns(page),
        [row for row in rows if row],
    )


def groups_table(page: Page, outcome: str, arms: list[str]) -> Html:
    """Return the difference within each group of students."""
    rows = []
    for arm in arms:
        for fact in page.overall_all("learning.group_effect", outcome=outcome, category=arm):
            name = page.group(fact.group).text
            several = f" in {page.arm(arm).text}" if len(arms) > 1 else ""
            rows.append(_row(page, capitalized(name) + several, fact))
    return table(
        _caption(page, outcome, "For groups of students, all schools together"),
        _columns(page),
        [row for row in rows if row],
    )


def means_table(page: Page, outcome: str) -> Html:
    """Return the average score of each group, at this school and at all schools."""
    rows = []
    for arm in page.config.design.arms:
        keys = {"outcome": outcome, "category": arm}
        own, overall = page.own("learning.mean", **keys), page.overall("learning.mean", **keys)
        if overall is None and own is None:
            continue
        cells = [page.prose.cell(overall), page.prose.cell(overall, "n")]
        if not page.is_network:
            cells = [page.prose.cell(own), page.prose.cell(own, "n"), *cells]
        rows.append([Label(capitalized(page.arm(arm).text)), *cells])
    columns = ["All schools", "Students"]
    if not page.is_network:
        columns = ["This school", "Students", *columns]
    return table(_caption(page, outcome, "Average score"), ["Group", *columns], rows)


def _columns(page: Page) -> list[str]:
    first, *others = _COLUMNS
    return [first.format(page.reference.text), *others]


def _caption(page: Page, outcome: str, what: str) -> Html:
    return Html(f"{what}: {escape(page.outcome(outcome))}")


def _row(page: Page, label: str, fact: Fact | None) -> list:
    if fact is None:
        return []
    prose = page.prose
    return [
        Label(label),
        prose.cell(fact, "n"),
        prose.cell(fact, "clusters"),
        prose.cell(fact, style="signed"),
        prose.interval(fact, "signed"),
    ]
