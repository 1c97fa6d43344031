"""Goal and product: what the school wanted first, and whether the product serves it."""

from pilot_analysis.report.claims import Html, Label, not_shown
from pilot_analysis.report.facts import Fact
from pilot_analysis.report.page import Page
from pilot_analysis.report.tables import paragraph, section, table
from pilot_analysis.report.wording import listed

__all__ = ["goal"]

_MATCHES = {
    "yes": "The school’s first goal{whose} calls for the very test that this brief looks at.",
    "no": "The school’s first goal{whose} calls for another test than the one that this brief "
    "looks at: read the results on learning with that in mind.",
    "no outcome named": "The school’s first goal{whose} names no test, so we cannot say whether "
    "what was measured is what the school cares about most.",
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
    found = {p: page.own("alignment.rating", product_id=p) for p in page.products}
    hidden = {p: fact for p, fact in found.items() if fact is not None and not fact.is_shown}
    said = [
        page.prose.say(
            "The schools rated how well {product} fits their goals: {mean} on average, on a scale "
            "from one to four ({mean.n} {mean.n:school/schools}).",
            product=page.product(product),
            mean=mean,
        )
        for product, mean in found.items()
        if product not in hidden
    ]
    if hidden:
        names = listed([page.product(p) for p in hidden])
        what = page.prose.sentence("The fit of {names} with the schools’ goals", names=names)
        said.append(not_shown(next(iter(hidden.values())), what))
    return said


def _goals(page: Page, goals: list[Fact]) -> Html:
    ratings = [_rating(page, fact) for fact in goals]
    hidden = [rating for rating in ratings if rating is not None and not rating.is_shown]
    is_rated = any(rating is not None and rating.is_shown for rating in ratings)
    rows = [
        [
            Label(fact.level or "\N{EN DASH}"),
            Label(fact.value_text),
            page.product(fact.product_id) if fact.product_id else "\N{EN DASH}",
            *([_rating_cell(page, rating)] if is_rated else []),
        ]
        for fact, rating in zip(goals, ratings, strict=True)
    ]
    columns = ["Priority", "Goal", "Product", *(["Fit (one to four)"] if is_rated else [])]
    caption = "The school’s learning goals, set before the product was chosen"
    return section(
        table(caption, columns, rows, words=(1, 2)),
        paragraph(not_shown(hidden[0], "How well the product fits each goal"), css="note")
        if hidden and not is_rated
        else Html(""),
    )


def _rating(page: Page, goal: Fact) -> Fact | None:
    ratings = page.own_all("alignment.rating", category=goal.category)
    ratings = [r for r in ratings if r.product_id == goal.product_id] or ratings
    return ratings[0] if ratings else None


def _rating_cell(page: Page, rating: Fact | None) -> Html:
    if rating is not None and rating.kind == "level" and rating.is_shown and rating.level:
        return page.prose.sentence("{level}", level=Label(rating.level))
    return page.prose.cell(rating)


def _matches(page: Page, product: str) -> Html:
    fact = page.own("alignment.outcome_matches", product_id=product)
    if fact is None or not fact.is_shown or fact.level not in _MATCHES:
        return Html("")
    whose = Html("")
    if len(page.products) > 1:
        whose = page.prose.sentence(" for {name}", name=page.product(product))
    return page.prose.sentence(_MATCHES[fact.level], whose=whose)
