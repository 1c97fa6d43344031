"""Use: from license to dose, minutes by week, and who met the dose."""

from pilot_analysis.report.claims import Html, Label
from pilot_analysis.report.facts import Fact
from pilot_analysis.report.figures import Figure
from pilot_analysis.report.interval_plots import plot_shares
from pilot_analysis.report.page import Page
from pilot_analysis.report.plots import plot_minutes
from pilot_analysis.report.tables import Bar, bars, pair, paragraph, section, stack
from pilot_analysis.report.wording import capitalized

__all__ = ["use"]

_STAGES = {
    "licensed": "Licensed",
    "rostered": "On a class list",
    "ever_logged_in": "Ever logged in",
    "active_weeks": "Active in enough weeks",
    "met_target": "Met own target",
}
# Flags of results that were made from totals of months.
_MONTHS = {
    "counted from totals of months": "The export tells of months and not of weeks: a month counts "
    "with all its weeks of term if its average week was enough.",
    "average week of a month": "The export tells of months and not of weeks: each point is the "
    "average week of a month.",
}


def use(page: Page) -> Html:
    """Return the funnel, the weekly minutes and the dose by group, per product."""
    made = [
        _product(page, product)
        for product in page.products
        if page.own_all("usage.funnel", product_id=product)
    ]
    return section(
        page.not_collected("usage"), *made, paragraph(_five_percent(page)) if made else Html("")
    )


def _product(page: Page, product: str) -> Html:
    several = len(page.products) > 1
    heading = Html("")
    if several:
        heading = Html(f"<h3>{page.prose.sentence('{name}', name=page.product(product))}</h3>")
    minutes, dose = (
        figure.html if figure else Html("")
        for figure in (_minutes(page, product), _dose(page, product))
    )
    return section(
        heading,
        paragraph(*_summary(page, product)),
        pair(stack(_funnel(page, product), minutes), dose),
    )


def _summary(page: Page, product: str) -> list[Html]:
    stage = {f.category: f for f in page.own_all("usage.funnel", product_id=product)}
    counts = {
        "licensed": stage.get("licensed"),
        "ever": stage.get("ever_logged_in"),
        "met": stage.get("met_target"),
    }
    words = (
        "Of {licensed} students with a license, {ever} logged in at least once and {met:word} "
        "reached their own weekly target in enough weeks."
    )
    if any(fact is not None and not fact.is_shown for fact in counts.values()):
        share = page.own("usage.met_dose", product_id=product, group="", category="")
        words = "Of the students with a license, {met} reached their own weekly target in enough "
        words, counts = words + "weeks.", {"met": share}
    return [
        page.prose.say(words, **counts),
        page.prose.say(
            "In a week in which a student used it at all, it was for {active} "
            "{active:minute/minutes} on average; over all weeks of the term, {all} "
            "{all:minute/minutes}.",
            active=page.own("usage.minutes_active_week", product_id=product),
            all=page.own("usage.minutes_enrolled_week", product_id=product),
        ),
        _by_month(page.own_all("usage.funnel", product_id=product)),
    ]


def _by_month(facts: list[Fact]) -> Html:
    """Say that use was exported by month, where it was."""
    flags = {flag for fact in facts for flag in fact.flags}
    return next((Html(words) for flag, words in _MONTHS.items() if flag in flags), Html(""))


def _funnel(page: Page, product: str) -> Html:
    stage = {f.category: f for f in page.own_all("usage.funnel", product_id=product)}
    rungs = [key for key in _STAGES if key in stage]
    rows = [
        Bar(_STAGES[key], stage[key], _lost(stage[before], stage[key]) if before else "")
        for before, key in zip(["", *rungs], rungs, strict=False)
    ]
    caption = [
        page.prose.sentence("From license to dose, students; each row is part of the one above it.")
    ]
    tested = page.own("usage.tested", product_id=product)
    if tested is not None and tested.is_shown:
        caption.append(
            page.prose.say(
                "Of those with a license, {tested} {tested:was/were} tested before and after.",
                tested=tested,
            )
        )
    network = page.network("usage.met_dose", product_id=product, group="", category="")
    if network is not None and network.has("estimate"):
        caption.append(
            page.prose.say("At all schools together, {all} met their target.", all=network)
        )
    return bars(page.prose, Html(" ".join(part for part in caption if part)), rows, ordered=True)


def _lost(before: Fact, after: Fact) -> "Label | str":
    """Say why students were lost between two rungs, where any were and both may be shown."""
    if not (before.has("estimate") and after.has("estimate") and before.flags):
        return ""
    return Label(f"the others: {before.flags[0]}") if after.estimate < before.estimate else ""


def _minutes(page: Page, product: str) -> Figure | None:
    own = page.own_all("usage.minutes_per_week", product_id=product)
    network = (
        [] if page.is_network else page.overall_all("usage.minutes_per_week", product_id=product)
    )
    by_month = _by_month(own)
    caption = page.prose.sentence(
        "Average minutes a week per student with a license, {by}; students who did not use it "
        "count as zero.",
        by=Label("month by month" if by_month else "week by week"),
    )
    return plot_minutes(
        f"minutes-{product}",
        own,
        network,
        names=(capitalized(page.here), "all schools"),
        title="Minutes of use by month" if by_month else "Minutes of use by week",
        caption=Html(f"{caption} {by_month}".rstrip()),
    )


def _dose(page: Page, product: str) -> Figure | None:
    facts = page.own_all("usage.met_dose", product_id=product)
    overall = next((f for f in facts if not f.group), None)
    if overall is None:
        return None
    rows: list[tuple[str, Fact]] = [("All students", overall)]
    for group in page.config.groups:
        for side in ("group", "reference"):
            label = capitalized(page.group(group, reference=side == "reference").text)
            rows += [(label, f) for f in facts if (f.group, f.category) == (group, side)]
    return plot_shares(
        f"dose-{product}",
        rows,
        title="Share of students who met their own target, by group",
        caption=page.prose.sentence(
            "Share of students who met their own target; hollow: those whom a group is compared "
            "with. The pale bar is how far chance alone, from class to class, could move it."
        ),
    )


def _five_percent(page: Page) -> Html:
    return page.prose.sentence(
        "For comparison: in studies that makers of such products ran elsewhere, only about one "
        "student in twenty used them as much as recommended ({source}); targets and rules for "
        "counting differ.",
        source=Label("Holt, The 5 Percent Problem, Education Next, 2024"),
    )
