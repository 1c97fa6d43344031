"""Two products beside each other, among the teachers who rated both."""

from pilot_analysis.report.claims import Html
from pilot_analysis.report.facts import Fact
from pilot_analysis.report.page import Page
from pilot_analysis.report.tables import paragraph, section
from pilot_analysis.report.wording import not_comparable

__all__ = ["side_by_side"]


def side_by_side(page: Page) -> Html:
    """Return how far the scores of two products lie apart; one paragraph for each pair."""
    return section(
        *(
            _compared(page, fact)
            for fact in page.own_all("recommendation.nps_difference")
            if page.product_id in ("", fact.group, fact.category)
        )
    )


def _compared(page: Page, apart: Fact) -> Html:
    names = {"first": page.product(apart.group), "second": page.product(apart.category)}
    if not apart.has("estimate"):
        return paragraph(
            page.prose.sentence(
                "How far the scores of {first} and {second} lie apart among teachers who rated "
                "both is not shown: it would tell what a few people answered.",
                **names,
            ),
            css="absent",
        )
    return paragraph(
        page.prose.sentence(
            "{both.n:Word} {both.n:teacher/teachers} rated both {first} and {second}. Among them, "
            "the score of {first} minus that of {second} is {both:signed}.",
            both=apart,
            **names,
        ),
        page.prose.say(
            "Chance alone could put this difference anywhere from {both.low:signed} to "
            "{both.high:signed}.",
            both=apart,
        ),
        *_left_out(page, apart),
        not_comparable(apart),
    )


def _left_out(page: Page, apart: Fact) -> list[Html]:
    """Say how many rated one of the two only; nothing where nobody did."""
    ways = {
        "unpaired_first": (apart.group, apart.category),
        "unpaired_second": (apart.category, apart.group),
    }
    said = [
        page.prose.sentence(
            "{many:Word} who rated {this} did not answer the same question about {other}.",
            many=fact,
            this=page.product(this),
            other=page.product(other),
        )
        for name, (this, other) in ways.items()
        for fact in page.own_all(
            f"recommendation.{name}", group=apart.group, category=apart.category
        )
    ]
    left_out = "They are left out here, so the difference need not be that of the two scores."
    return [*said, Html(left_out)] if said else []
