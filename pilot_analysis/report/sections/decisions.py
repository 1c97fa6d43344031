"""What schools decided, and whether the recommendation score goes with it across the pilot."""

from pilot_analysis.report.claims import Html, recorded
from pilot_analysis.report.facts import Fact
from pilot_analysis.report.page import Page
from pilot_analysis.report.tables import Bar, bars, paragraph, section
from pilot_analysis.report.wording import DECISIONS, capitalized

__all__ = ["decided", "match"]


def decided(page: Page) -> Html:
    """Return the school's decision in its words, or how many schools decided what."""
    if page.is_network:
        counts = {f.category: f for f in page.own_all("recommendation.decisions")}
        labels = DECISIONS | {"undecided": "not decided yet"}
        rows = [Bar(capitalized(w), counts[key]) for key, w in labels.items() if key in counts]
        return bars(page.prose, Html("What the schools decided, school by product."), rows)
    return section(*(_decision(page, product) for product in page.products))


def match(page: Page) -> Html:
    """Return how well the score tells schools that went on from those that did not."""
    auc = page.overall("recommendation.nps_match")
    if auc is None or not auc.has("estimate"):
        absent = page.overall_all("recommendation.not_collected", category="nps_match")
        return paragraph(*(recorded(f.value_text) for f in absent if not page.is_network))
    said = [
        page.prose.sentence(
            "Does this score tell what schools decide? Across all schools, take one that went on "
            "and one that did not: the one that went on has the higher score in {auc} of such "
            "pairs (one half would be chance, one would be perfect).",
            auc=auc,
        ),
        page.prose.sentence("Anything from {m.low} to {m.high} fits these data.", m=auc)
        if auc.has_interval
        else Html("With so few that went on, or that did not, no interval can be given."),
        _by_chance(page),
    ]
    if page.is_network:
        said.append(_disagreeing(page))
    return paragraph(*said)


def _decision(page: Page, product: str) -> Html:
    fact = page.own("recommendation.decision", product_id=product)
    if fact is None or not fact.is_shown or not fact.level:
        return Html("")
    told = page.prose.sentence(
        "The school has not decided yet ({product})."
        if fact.level == "undecided"
        else "The school decided to {decision} ({product}).",
        decision=DECISIONS[fact.level],
        product=page.product(product),
    )
    reason = Html(f"In its words: <q>{recorded(fact.value_text)}</q>") if fact.value_text else ""
    return paragraph(Html(f"<strong>{told}</strong>"), Html(reason))


def _by_chance(page: Page) -> Html:
    test: Fact | None = page.overall("recommendation.nps_match_test")
    return page.prose.say(
        "If score and decision had nothing to do with each other, a match this close would still "
        "come up with a chance of {test.p}; with so few schools, that chance could not have been "
        "smaller than {test}.",
        test=test,
    )


def _disagreeing(page: Page) -> Html:
    counted = page.facts.find("recommendation.disagreeing", school_id="", kind="count")
    if not counted:
        return Html("")
    return page.prose.say(
        "In {many:word} of {many.n} cases, score and decision point different ways.",
        many=counted[0],
    )
