"""At a glance: three to five findings by fixed rules, and the scorecard."""

from pilot_analysis.report.claims import Html
from pilot_analysis.report.page import Page
from pilot_analysis.report.sections.findings import (
    join_findings,
    learning_findings,
    participation_finding,
    recommend_finding,
    support_finding,
    use_finding,
    voices_finding,
    why_finding,
)
from pilot_analysis.report.sections.scorecard import scorecards
from pilot_analysis.report.tables import section

__all__ = ["glance"]

_FEWEST, _MOST = 3, 5


def glance(page: Page) -> Html:
    """Return the findings and, for each product, the scorecard.

    A school's brief starts with its why, then use, recommendation, learning, and where voices
    differ; the network's with learning, then use and recommendation. What is said of several
    products is one finding. The first five are shown; where fewer than three are left, support and
    participation fill up.
    """
    use = join_findings(use_finding(page, product) for product in page.products)
    learning = learning_findings(page)
    if page.is_network:
        found = [*learning, use, recommend_finding(page, "")]
    else:
        recommend = join_findings(recommend_finding(page, product) for product in page.products)
        found = [why_finding(page), use, recommend, *learning, voices_finding(page)]
    shown = [finding for finding in found if finding][:_MOST]
    for fallback in (support_finding, participation_finding):
        if len(shown) < _FEWEST and (finding := fallback(page)):
            shown.append(finding)
    listing = "".join(f"<li>{finding.html}</li>" for finding in shown)
    return section(
        Html(f'<ol class="findings">{listing}</ol>') if shown else Html(""),
        scorecards(page),
    )
