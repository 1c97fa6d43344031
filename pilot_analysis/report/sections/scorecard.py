"""The scorecard: one word and one mark for each of the pilot's measures."""

from pilot_analysis.report.claims import Html, recorded
from pilot_analysis.report.facts import Fact
from pilot_analysis.report.page import Page
from pilot_analysis.report.tables import section

__all__ = ["scorecards"]

_MEASURES = {
    "conditions": "Conditions",
    "alignment": "Fits the goal",
    "support": "Support",
    "use": "Use",
    "teachers": "Teachers’ view",
    "observed": "Observed",
    "learning": "Learning",
    "recommend": "Recommend",
    "decision": "Decision",
}
_FEWEST = 3
_LEGEND = Html(
    '<p class="note">Shape and word carry the meaning; color repeats it. “Cannot tell” and '
    "“not collected” are not bad marks.</p>"
)
_MARKS = {
    "strong": '<circle cx="5" cy="5" r="4.5" fill="currentColor"/>',
    "mixed": '<path d="M5 .5a4.5 4.5 0 0 1 0 9z" fill="currentColor"/>'
    '<circle cx="5" cy="5" r="4.1" fill="none" stroke="currentColor"/>',
    "concern": '<path d="M5 .6 9.6 9.2H.4z" fill="currentColor"/>',
    "cannot_tell": '<circle cx="5" cy="5" r="4.1" fill="none" stroke="currentColor" '
    'stroke-dasharray="1.6 1.4"/>',
    "not_collected": '<path d="M1 5h8" stroke="currentColor" stroke-width="1.5"/>',
}


def scorecards(page: Page) -> Html:
    """Return the scorecard of every product, and how to read them."""
    cards = [_scorecard(page, product) for product in page.products or [""]]
    return section(*cards, _LEGEND if any(cards) else Html(""))


def _scorecard(page: Page, product: str) -> Html:
    """Return the scorecard of one product as a list in which every mark has a word.

    Empty where next to nothing was measured: a card of dashes helps nobody.
    """
    verdicts = {f.category: f for f in page.own_all("scorecard.verdict", product_id=product)}
    measured = [f for f in verdicts.values() if f.level not in ("", "not_collected")]
    if len(measured) < _FEWEST:
        return Html("")
    tiles = "".join(
        _tile(name, verdicts[key]) for key, name in _MEASURES.items() if key in verdicts
    )
    heading = page.prose.sentence("Scorecard: {product}", product=page.product(product))
    return Html(f'<h3>{heading}</h3><ul class="scorecard">{tiles}</ul>')


def _tile(name: str, fact: Fact) -> str:
    level, words = "not_collected", Html("Not collected")
    if not fact.is_shown:
        words = Html("Not shown")
    elif fact.level:
        level = fact.level
        words = recorded(fact.value_text or fact.level.replace("_", " ").capitalize())
    return (
        f'<li class="{level.replace("_", "-")}"><span class="key">{name}</span>'
        f'<span class="verdict"><svg viewBox="0 0 10 10" aria-hidden="true">{_MARKS[level]}</svg>'
        f"{words}</span></li>"
    )
