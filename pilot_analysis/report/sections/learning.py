"""Did students learn more: the comparison in words, effect with interval, and what it could see."""

from pilot_analysis.report.claims import Html, Label, escape
from pilot_analysis.report.facts import Fact
from pilot_analysis.report.figures import Figure
from pilot_analysis.report.interval_plots import plot_effects
from pilot_analysis.report.page import Page
from pilot_analysis.report.sections.learning_table import effects_table
from pilot_analysis.report.sections.learning_words import (
    baseline,
    cautions,
    design,
    own_estimate,
    verdict,
)
from pilot_analysis.report.tables import beside, pair, paragraph, section
from pilot_analysis.report.wording import capitalized

__all__ = ["compared", "is_causal", "learning"]


def learning(page: Page) -> Html:
    """Return every outcome: verdict, design, table, the school's own effect, cautions."""
    outcomes = list(dict.fromkeys(outcome for outcome, _ in compared(page)))
    design_told: set[str] = set()
    made = [_outcome(page, outcome, design_told) for outcome in outcomes]
    return section(page.not_collected("learning"), *made)


def compared(page: Page) -> list[tuple[str, str]]:
    """Return (outcome, arm) of every comparison, those declared confirmatory first.

    A school's brief has those that the school took part in, or all where it took part in none.
    """
    outcomes = sorted(page.config.outcomes.items(), key=lambda item: item[1].role != "confirmatory")
    found = [
        (name, fact.category)
        for name, _ in outcomes
        for fact in page.overall_all("learning.effect", outcome=name)
    ]
    own = [
        (outcome, arm)
        for outcome, arm in found
        if page.own_all("learning.mean", outcome=outcome, category=arm)
    ]
    return own or found


def is_causal(page: Page, outcome: str) -> bool:
    """Return whether chance decided who was in which group for this outcome."""
    return (
        page.config.design.comparison == "randomized"
        and page.config.outcomes[outcome].comparison == "as designed"
    )


def _outcome(page: Page, outcome: str, design_told: set[str]) -> Html:
    arms = [arm for name, arm in compared(page) if name == outcome]
    comparisons = [{"outcome": outcome, "category": arm} for arm in arms]
    told = design(page, outcome)
    how = Html("") if told in design_told else told
    design_told.add(told)
    return section(
        Html(f"<h3>{escape(Label(capitalized(page.outcome(outcome).text)))}</h3>"),
        *(paragraph(*verdict(page, keys)) for keys in comparisons),
        paragraph(how),
        effects_table(page, outcome, arms),
        _pictures(page, comparisons),
        cautions(page, outcome),
    )


def _pictures(page: Page, comparisons: list[dict[str, str]]) -> Html:
    """Return the drawings beside each other, or the only one beside its words."""
    figures = [_forest(page, keys) for keys in comparisons]
    words = [paragraph(own_estimate(page, keys), baseline(page, keys)) for keys in comparisons]
    drawn = [figure.html for figure in figures if figure]
    if len(drawn) == 1:
        return pair(*drawn, beside(*words))
    return section(pair(*drawn), *words)


def _forest(page: Page, keys: dict[str, str]) -> Figure | None:
    """Draw the difference at all schools, at this school, and for each group."""
    outcome, arm = page.outcome(keys["outcome"]), page.arm(keys["category"])
    effect = page.overall("learning.effect", **keys)
    rows: list[tuple[str, Fact]] = [("All schools together", effect)]
    own = None if page.is_network else page.own("learning.school_effect_shrunken", **keys)
    if own is not None:
        rows.append(("This school, leaning on the others", own))
    for fact in page.overall_all("learning.group_effect", **keys):
        rows.append((capitalized(page.group(fact.group).text), fact))
    if len(rows) < 2:
        return None
    caption = page.prose.sentence(
        "Difference in {outcome} between {arm} and {reference}, in points, with the interval that "
        "fits these data. Groups: all schools together.",
        outcome=outcome,
        arm=arm,
        reference=page.reference,
    )
    return plot_effects(
        f"effects-{keys['outcome']}-{keys['category']}",
        rows,
        ends=("lower", "higher"),
        caption=caption,
        title=f"Difference in {outcome.text}, {arm.text}",
    )
