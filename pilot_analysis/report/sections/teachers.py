"""What teachers said and observers saw, disagreements first."""

from pilot_analysis.report.claims import Html, Label, recorded
from pilot_analysis.report.facts import Fact
from pilot_analysis.report.interval_plots import plot_change
from pilot_analysis.report.page import Page
from pilot_analysis.report.tables import beside, items, pair, paragraph, section, table
from pilot_analysis.report.wording import capitalized

__all__ = ["items_table", "observed_table", "teachers"]

_HANG_TOGETHER = 0.7  # alpha from which a mean of items is commonly read as one thing


def teachers(page: Page) -> Html:
    """Return triangulation, response, scales over the waves, observed lessons."""
    products = page.products or [""]
    return section(
        page.not_collected("teachers"),
        _triangulations(page, products),
        _said(page, products),
        *(observed_table(page, product) for product in products if not page.is_network),
    )


def _said(page: Page, products: list[str]) -> Html:
    """Return the scales beside each other, or the only one beside its words."""
    words = paragraph(*_response(page), _reliability(page), _comments(page))
    drawn = [figure for figure in (_scales(page, product) for product in products) if figure]
    if len(drawn) == 1:
        return pair(*drawn, beside(words))
    return section(words, pair(*drawn))


def items_table(page: Page, product: str) -> Html:
    """Return the average answer to every question of the last survey, for the appendix."""
    rows = [
        [page.item(fact.category), page.prose.cell(fact), page.prose.interval(fact)]
        for fact in page.own_all("teachers.item", product_id=product)
    ]
    caption = page.prose.sentence(
        "Every question of the last survey, average answers: {product}",
        product=page.product(product),
    )
    return table(caption, ["Question", "Average", "Interval"], rows)


def _triangulations(page: Page, products: list[str]) -> Html:
    """Return one box, or for several products one box each beside each other."""
    boxes = [box for box in (_triangulation(page, product) for product in products) if box]
    return pair(*boxes) if len(boxes) > 1 else section(*boxes)


def _triangulation(page: Page, product: str) -> Html:
    facts = page.own_all("teachers.triangulation", product_id=product)
    facts = [f for f in facts if f.is_shown and f.value_text]
    apart = [recorded(f.value_text) for f in facts if f.level != "agree"]
    same = [recorded(f.value_text) for f in facts if f.level == "agree"]
    about = page.about(product)
    parts = [
        Html(f"<h3>{title}{about}</h3>{items(found)}")
        for title, found in (("Where voices differ", apart), ("Where voices agree", same))
        if found
    ]
    return Html(f'<div class="aside voices">{"".join(parts)}</div>') if parts else Html("")


def _response(page: Page) -> list[Html]:
    facts = page.by_wave(page.own_all("teachers.response"))
    if not facts:
        return []
    last, gate = facts[-1], page.overall("parameters.response_gate")
    said = [
        page.prose.say(
            "{share:Word} of the {share.n:word} {share.n:teacher who was/teachers who were} asked "
            "answered the last survey.",
            share=last,
        )
    ]
    known = gate is not None and gate.has("estimate") and last.has("estimate")
    if known and last.estimate < gate.estimate:
        said.append(
            page.prose.sentence(
                "That is below the {gate} that we ask for: take the answers as those of a few.",
                gate=gate,
            )
        )
    return said


def _scales(page: Page, product: str) -> Html:
    facts = page.own_all("teachers.scale", product_id=product)
    rows = [
        (capitalized(named.label), page.by_wave([f for f in facts if f.category == scale]))
        for scale, named in page.config.scales.items()
    ]
    rows = [(label, waves) for label, waves in rows if waves]
    if not rows:
        return Html("")
    if not any(f.has("estimate") for _, waves in rows for f in waves):
        return paragraph(page.prose.say("{mean}", mean=rows[0][1][0]), css="absent")
    low, high = _ends(rows[0][1][0])
    title = f"What teachers said about {page.product(product).text}"
    figure = plot_change(
        f"scales-{product or 'all'}",
        rows,
        low=low,
        high=high,
        title=title,
        caption=page.prose.sentence(
            "Average answers about {product}. Hollow: earlier surveys. Filled: the last one; the "
            "pale bar is the interval that chance alone could explain.",
            product=page.product(product),
        ),
    )
    return figure.html if figure else Html("")


def _ends(fact: Fact) -> tuple[float, float]:
    ends = fact.unit.partition("(")[2].rstrip(")").replace("\N{EN DASH}", "-")
    low, _, high = ends.partition("-")
    return (float(low), float(high)) if high else (1.0, 5.0)


def _reliability(page: Page) -> Html:
    alphas = [f for f in page.overall_all("teachers.alpha") if f.has("estimate")]
    if not alphas:
        return Html("")
    weak = min(alphas, key=lambda f: f.estimate)
    words = (
        "hang together well enough to be averaged"
        if weak.estimate >= _HANG_TOGETHER
        else "do not all hang together well, so read their averages with care"
    )
    return page.prose.sentence(
        "The questions about one thing {words} (lowest alpha {weak}).", words=words, weak=weak
    )


def _comments(page: Page) -> Html:
    fact = page.own("teachers.comments")
    if fact is None or not fact.has("estimate") or not fact.estimate:
        return Html("")
    return page.prose.sentence(
        "{count:Word} {count:teacher/teachers} also wrote in their own words; their comments are "
        "not printed here.",
        count=fact,
    )


def observed_table(page: Page, product: str) -> Html:
    """Return what observers saw; in the network's brief it stands in the appendix."""
    facts = page.own_all("teachers.observed", product_id=product)
    facts += page.own_all("teachers.observed_low", product_id=product)
    rows = []
    for fact in facts:
        keys = {"category": fact.category}
        rating = page.prose.cell(fact)
        if fact.name == "observed_low":
            upper = page.own("teachers.observed_high", product_id=product, **keys)
            rating = Html(f"{rating} to {page.prose.cell(upper)}")
        rows.append(
            [
                page.item(fact.category),
                rating,
                page.prose.interval(fact) if fact.name == "observed" else "\N{EN DASH}",
                page.prose.cell(fact, "n"),
                page.prose.cell(page.overall("teachers.observer_agreement", **keys)),
                page.prose.cell(page.overall("teachers.observer_reliability", **keys)),
            ]
        )
    caption = page.prose.sentence(
        "What observers saw in lessons with {product} (average rating{ends}, unless the "
        "line says otherwise)",
        product=page.product(product),
        ends=Label(f", {facts[0].unit.partition('(')[2].rstrip(')')}" if facts else ""),
    )
    return table(
        caption,
        ["Observed", "Rating", "Interval", "Lessons", "Two observers agreed", "Kappa"],
        rows,
    )
