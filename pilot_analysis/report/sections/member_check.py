"""What the team said about the draft: counts by finding, disputes first; never their words."""

from pilot_analysis.report.claims import Html, Label
from pilot_analysis.report.facts import Fact
from pilot_analysis.report.page import Page
from pilot_analysis.report.tables import paragraph, section, table
from pilot_analysis.report.wording import capitalized

__all__ = ["member_check"]

_RESPONSES = {"dispute": "Dispute it", "add": "Add to it", "agree": "Agree"}


def member_check(page: Page) -> Html:
    """Return how many agreed with each finding, or nothing where nobody was asked."""
    answered = page.own("member_checks.respondents")
    if answered is None:
        return Html("")
    whom = "the teams said about the drafts" if page.is_network else "the team said about the draft"
    return section(Html(f"<h3>What {whom}</h3>"), _counts(page, answered))


def _counts(page: Page, answered: Fact) -> Html:
    findings: dict[str, dict[str, Fact]] = {}
    for fact in page.own_all("member_checks.responses"):
        findings.setdefault(fact.category, {})[fact.group] = fact
    if not answered.is_shown or not any(
        f.is_shown for row in findings.values() for f in row.values()
    ):
        return paragraph(_HIDDEN)
    rows = [
        [
            Label(capitalized(finding.replace("_", " "))),
            *(page.prose.cell(row.get(response)) for response in _RESPONSES),
        ]
        for finding, row in sorted(findings.items(), key=_disputed_first)
    ]
    return section(
        paragraph(
            page.prose.say(
                "{people:Word} {people:person/people} answered, each to one finding or more. What "
                "they wrote is not printed here.",
                people=answered,
            )
        ),
        table(
            "People who dispute a finding, add to it, or agree",
            ["Finding", *_RESPONSES.values()],
            rows,
        ),
    )


_HIDDEN = Html(
    "People of the team answered. How many gave each answer is not shown, since it would say too "
    "much about a few of them."
)


def _disputed_first(finding: tuple[str, dict[str, Fact]]) -> tuple[float, str]:
    disputed = finding[1].get("dispute")
    known = disputed is not None and disputed.has("estimate")
    return (-disputed.estimate if known else 0.0, finding[0])
