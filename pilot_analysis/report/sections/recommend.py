"""Would teachers recommend it: the answers, the score on its line, and what the school decided."""

from pilot_analysis.report.claims import Html, Label, escape
from pilot_analysis.report.facts import Fact
from pilot_analysis.report.figures import Figure
from pilot_analysis.report.page import Page
from pilot_analysis.report.plots import plot_nps
from pilot_analysis.report.sections.decisions import decided, match
from pilot_analysis.report.sections.side_by_side import side_by_side
from pilot_analysis.report.tables import Bar, bars, pair, paragraph, section, stack
from pilot_analysis.report.wording import not_comparable, scale_ends

__all__ = ["recommend"]

_ANSWERS = {
    "promoters": "Yes (nine or ten)",
    "passives": "Unsure (seven or eight)",
    "detractors": "No ({lowest} to six)",
}


def recommend(page: Page) -> Html:
    """Return answers and score per product, the decision, and whether the two match."""
    products = _scored(page)
    if len(products) > 1:
        asked = pair(*(stack(_product(page, product, several=True)) for product in products))
    else:
        asked = section(*(_product(page, product, several=False) for product in products))
    return section(
        page.not_collected("recommendation"),
        asked,
        side_by_side(page),
        decided(page),
        match(page),
    )


def _scored(page: Page) -> list[str]:
    """Return the products with a score; blank: all together, where no single one may be shown."""
    scores = {p: page.own("recommendation.nps", product_id=p) for p in (*page.products, "")}
    scored = [p for p, score in scores.items() if p and score is not None]
    overall = scores[""]
    if overall is None or len(scored) == 1 or any(scores[p].has("estimate") for p in scored):
        return scored
    return ["", *scored] if overall.has("estimate") or not scored else scored


def _product(page: Page, product: str, *, several: bool) -> Html:
    score = page.own("recommendation.nps", product_id=product)
    name = page.product(product)
    called = name if product else Label("All products together")
    heading = Html(f"<h3>{escape(called)}</h3>") if several else Html("")
    if not score.has("estimate"):
        words = (
            "Teachers’ answers: {score} (promoters gave a nine or ten, detractors six or less). "
            "The score itself is not shown: it would tell what a few people answered."
        )
        said = page.prose.say(words if score.is_range else "{score}", score=score)
        return section(heading, paragraph(said, not_comparable(score), css="absent"))
    answers = {f.category: f for f in page.own_all("recommendation.answers", product_id=product)}
    rows = [
        Bar(label.format(lowest=_lowest(score)), answers[key])
        for key, label in _ANSWERS.items()
        if key in answers
    ]
    asked = page.prose.sentence(
        "How likely teachers are to recommend {product} to a colleague, from {lowest} to ten.",
        product=name,
        lowest=_lowest(score),
    )
    figure = _strip(page, product, score)
    drawn = (bars(page.prose, asked, rows), figure.html if figure else Html(""))
    shown = section(*drawn) if several else pair(*drawn)
    said = [not_comparable(score), *_silent(page, product)]
    return section(heading, paragraph(*said), shown)


def _lowest(score: Fact) -> str:
    return "one" if scale_ends(score.unit) else "zero"


def _strip(page: Page, product: str, score: Fact) -> Figure | None:
    others = page.facts.others_of("recommendation.nps", product_id=product, unit=score.unit)
    asked = " (1–10)" if scale_ends(score.unit) else ""
    caption = [
        page.prose.sentence(
            "Net Promoter Score: the share of nine and ten minus the share of {lowest} to six.",
            lowest=_lowest(score),
        ),
        not_comparable(score),
        page.prose.say(
            "Chance alone could put it anywhere from {s.low} to {s.high} (pale bar).", s=score
        ),
        Html("Circles: the schools, unnamed." if page.is_network else "Circles: the other schools.")
        if others
        else Html(""),
        page.prose.say(
            "Leaning on the other schools’ answers, it would be {pooled}.",
            pooled=page.own("recommendation.nps_pooled", product_id=product),
        ),
    ]
    return plot_nps(
        f"nps-{product or 'all'}",
        score,
        others,
        name=("All schools" if page.is_network else "This school") + asked,
        title=f"Net Promoter Score, {page.product(product).text}",
        caption=Html(" ".join(said for said in caption if said)),
    )


def _silent(page: Page, product: str) -> list[Html]:
    """Say who answered, and how far the silent could move the score."""
    answered = page.own("recommendation.responded", product_id=product)
    invited = page.own("recommendation.invited", product_id=product)
    if answered is None or invited is None or not answered.has("estimate"):
        return []
    if invited.has("estimate") and answered.estimate == invited.estimate:
        return [
            page.prose.sentence(
                "All {all:word} {all:teacher who was/teachers who were} asked answered.",
                all=invited,
            )
        ]
    return [
        page.prose.say(
            "{yes:Word} of {all:word} {all:teacher who was/teachers who were} asked answered.",
            yes=answered,
            all=invited,
        ),
        page.prose.say(
            "Had everyone else been against it, the score would be {worst}; had everyone else been "
            "for it, {best}.",
            worst=page.own("recommendation.nps_worst", product_id=product),
            best=page.own("recommendation.nps_best", product_id=product),
        ),
    ]
