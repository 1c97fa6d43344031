"""What is said about one comparison: verdict, size, what could have been seen, cautions."""

from pilot_analysis.report.claims import Html, recorded
from pilot_analysis.report.page import Page
from pilot_analysis.report.tables import items, section
from pilot_analysis.report.wording import warnings_of

__all__ = ["baseline", "cautions", "design", "own_estimate", "verdict"]

_VERDICTS = {
    "higher": "Students in {arm} scored higher than students in {reference}.",
    "lower": "Students in {arm} scored lower than students in {reference}.",
    "about the same": "Students in {arm} scored about the same as students in {reference}.",
    "cannot tell": "We cannot tell whether students in {arm} learned more or less than students "
    "in {reference}.",
}
_AS_ATTENDED = Html(
    "The groups are taken <strong>as attended, not as randomized</strong>: a difference between "
    "them may have other causes."
)
_NOT_BY_CHANCE = Html(
    "Chance did not decide who was in which group, so a difference between them may have other "
    "causes."
)
_EXPLORATORY = Html(
    "This outcome is exploratory: it was not chosen beforehand as the one to decide."
)
_BALANCE = {
    "satisfied": "alike by the field’s standard (What Works Clearinghouse)",
    "with adjustment": "close enough once the analysis adjusts for it, as it does here",
    "not satisfied": "too far apart for a firm conclusion",
}
_FOUR_IN_FIVE = 0.8


def verdict(page: Page, keys: dict[str, str]) -> list[Html]:
    """Say the verdict with its interval, its size, and what this pilot could have seen.

    Parameters
    ----------
    page : Page
    keys : dict
        "outcome" and "category" (the arm) of the comparison.
    """
    names = {"arm": page.arm(keys["category"]), "reference": page.reference}
    effect, level = (page.overall(f"learning.{name}", **keys) for name in ("effect", "verdict"))
    if not effect.is_shown:
        return [page.prose.say("{effect}", effect=effect)]
    told = _VERDICTS.get(level.level if level is not None else "", _VERDICTS["cannot tell"])
    headline = Html(f"<strong>{page.prose.sentence(told, **names)}</strong>")
    if not effect.has_interval:
        return [headline, Html("The comparison could not be made.")]
    size = page.prose.sentence(
        "At all schools together the difference was {e:signed} points, and anything from "
        "{e.low:signed} to {e.high:signed} points fits these data.",
        e=effect,
    )
    beside = [_in_sd(page, keys), _could_have_seen(page, keys), warnings_of(effect)]
    return [headline, size, *beside]


def _in_sd(page: Page, keys: dict[str, str]) -> Html:
    is_median = "median" in page.config.inference.smallest_worthwhile_effect_source
    beside = "the median of education trials is about" if is_median else "worth having would be"
    return page.prose.say(
        "In standard deviations, which let tests be compared, that is {sd:signed}; {beside} "
        "{usual}.",
        sd=page.overall("learning.effect_sd", **keys),
        beside=beside,
        usual=page.overall("parameters.smallest_worthwhile_effect"),
    )


def _could_have_seen(page: Page, keys: dict[str, str]) -> Html:
    power = page.overall("parameters.power")
    chance = (
        "four times in five"
        if power is None or power.estimate == _FOUR_IN_FIVE
        else page.prose.sentence("with a chance of {power}", power=power)
    )
    return page.prose.say(
        "A true difference of {x} standard deviations would have been found {chance}.",
        x=page.overall("learning.mdes", **keys),
        chance=chance,
    )


def design(page: Page, outcome: str) -> Html:
    """Say how the groups came about, and what that lets us conclude."""
    fact = page.overall("learning.design", outcome=outcome)
    said = [recorded(fact.value_text)] if fact is not None and fact.value_text else []
    if page.config.outcomes[outcome].comparison == "as attended":
        said.append(_AS_ATTENDED)
    elif not said and page.config.design.comparison in ("rostered", "matched"):
        said.append(_NOT_BY_CHANCE)
    if page.config.outcomes[outcome].role == "exploratory":
        said.append(_EXPLORATORY)
    return Html(" ".join(said))


def baseline(page: Page, keys: dict[str, str]) -> Html:
    """Say how alike the groups were at the start."""
    fact = page.overall("learning.baseline", **keys)
    if fact is None or fact.level not in _BALANCE:
        return Html("")
    return page.prose.say(
        "Before, students in {arm} stood {b:signed} standard deviations from the others: {words}.",
        arm=page.arm(keys["category"]),
        b=fact,
        words=_BALANCE[fact.level],
    )


def own_estimate(page: Page, keys: dict[str, str]) -> Html:
    """Say the school's own estimate, which leans on the other schools."""
    if page.is_network:
        return Html("")
    return page.prose.say(
        "For this school the best estimate is {s:signed} points ({s.low:signed} to "
        "{s.high:signed}). It leans on the other schools’ results, since one school’s classes are "
        "too few to stand alone.",
        s=page.own("learning.school_effect_shrunken", **keys),
    )


def cautions(page: Page, outcome: str) -> Html:
    """Return the outcome's cautions with the numbers that the evaluation reports."""
    numbers = {
        "lost_share": page.overall("learning.lost_share", outcome=outcome),
        "n_moved": page.overall("learning.moved", outcome=outcome),
        "n_changed_arm": page.overall("learning.changed_arm", outcome=outcome),
    }
    said = []
    for caution in page.config.outcomes[outcome].cautions:
        needed = {name: fact for name, fact in numbers.items() if f"{{{name}}}" in caution}
        said.append(page.prose.say(caution, **needed))
    if not any(said):
        return Html("")
    return section(Html("<h4>Read this with care</h4>"), items(list(dict.fromkeys(said))))
