"""Where students were lost between the class list and the last test."""

from pilot_analysis.report.claims import Html, Label, escape
from pilot_analysis.report.page import Page
from pilot_analysis.report.sections.participation import flow_table
from pilot_analysis.report.tables import details, paragraph, section, table
from pilot_analysis.report.wording import capitalized

__all__ = ["flow"]

_HIDDEN = Html(
    "Why some students do not have every test is not shown, since it would say too much about a "
    "few of them."
)


def flow(page: Page) -> Html:
    """Return, per outcome, the flow of students by group, why some are missing, and by school."""
    parts = [_outcome(page, outcome) for outcome in page.config.outcomes]
    return section(*parts)


def _outcome(page: Page, outcome: str) -> Html:
    whole = flow_table(page, outcome, [page.school_id])
    if not whole:
        return Html("")
    schools = [s for s in page.context.schools if page.facts.find("conditions.flow", school_id=s)]
    return section(
        Html(f"<h3>{escape(Label(capitalized(page.outcome(outcome).text)))}</h3>"),
        whole,
        _reasons(page, outcome),
        details("School by school", flow_table(page, outcome, schools)) if page.is_network else "",
    )


def _reasons(page: Page, outcome: str) -> Html:
    facts = page.overall_all("quality.not_tested", outcome=outcome)
    reasons = list(dict.fromkeys(f.category for f in facts))
    if not any(f.is_shown for f in facts):
        return paragraph(_HIDDEN, css="note") if facts else Html("")
    cells = {(f.group, f.category): f for f in facts}
    arms = list(dict.fromkeys(f.group for f in facts))
    arms = [a for a in page.config.design.arms if a in arms] or arms
    rows = [
        [
            Label(capitalized(page.arm(arm).text or "all students")),
            *(page.prose.cell(cells.get((arm, reason))) for reason in reasons),
        ]
        for arm in arms
    ]
    caption = Html(
        "Students in all schools who do not have every test, by what class lists say about them"
    )
    return table(caption, ["Group", *(capitalized(reason) for reason in reasons)], rows)
