"""Goal and product: what the school wanted first, and whether the product serves it."""

from pilot_analysis.report.claims import Html, Label
from pilot_analysis.report.facts import Fact
from pilot_analysis.report.page import Page
from pilot_analysis.report.tables import paragraph, section, table

__all__ = ["goal"]

_MATCHES = {
    "yes": Html("The school’s first goal calls for the very test that this pilot looks at."),
    "no": Html(
        "The school’s first goal calls for another test than the one that this pilot looks at: "
        "read the results on learning with that in mind."
    ),
    "no outcome named": Html(
        "The school’s first goal names no test, so we cannot say whether this pilot measured what "
        "the school cares about most."
    ),
}


def goal(page: Page) -> Html:
    """Return the goals in order of priority, and how well the product fits each."""
    objectives = [
        page.prose.say(
            "{product} is meant to do this: {words.text}",
            product=page.product(p),
            words=page.overall("alignment.objective", product_id=p),
        )
        for p in page.products
    ]
    goals = sorted(
        (f for f in page.own_all("alignment.goal") if f.is_shown),
        key=lambda f: (f.level, f.category),
    )
    return section(
        page.not_collected("alignment"),
        paragraph(*objectives, *_ratings_of_network(page)),
        _goals(page, goals),
        paragraph(*(_matches(page, product) for product in page.products)),
    )


def _ratings_of_network(page: Page) -> list[Html]:
    if not page.is_network:
        return []
    return [
        page.prose.say(
            "The schools rated how well {product} fits their goals: {mean} on average, on a scale "
            "from one to four ({mean.n} schools).",
            product=page.product(product),
            mean=page.own("alignment.rating", product_id=product),
        )
        for product in page.products
    ]


def _goals(page: Page, goals: list[Fact]) -> Html:
    rows = [
        [
            Label(fact.level or "\N{EN DASH}"),
            Label(fact.value_text),
            page.product(fact.product_id) if fact.product_id else "\N{EN DASH}",
            _rating(page, fact),
        ]
        for fact in goals
    ]
    return table(
        "The school’s learning goals, set before the product was chosen",
        ["Priority", "Goal", "Product", "Fit (one to four)"],
        rows,
        words=(1, 2),
    )


def _rating(page: Page, fact: Fact) -> Html:
    ratings = page.own_all("alignment.rating", category=fact.category)
    ratings = [r for r in ratings if r.product_id == fact.product_id] or ratings
    if not ratings:
        return Html("\N{EN DASH}")
    rating = ratings[0]
    if rating.kind == "level" and rating.is_shown and rating.level:
        return page.prose.sentence("{level}", level=Label(rating.level))
    return page.prose.cell(rating)


def _matches(page: Page, product: str) -> Html:
    fact = page.own("alignment.outcome_matches", product_id=product)
    return _MATCHES.get(fact.level, Html("")) if fact is not None and fact.is_shown else Html("")
