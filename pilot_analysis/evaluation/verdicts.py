"""The judges of the scorecard: results of other sections -> a level and two or three words."""

from collections.abc import Callable
from dataclasses import dataclass
from math import isnan

import numpy as np

from pilot_analysis.config import PilotConfig
from pilot_analysis.evaluation import thresholds as at
from pilot_analysis.evaluation.book import Book

__all__ = ["JUDGES", "Verdict"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """A level (strong, mixed, concern, cannot_tell, not_collected), its words, its sources."""

    level: str
    words: str
    sources: tuple[str, ...] = ()


NOT_COLLECTED = Verdict("not_collected", "Not collected")


def _sources(*rows) -> tuple[str, ...]:
    return tuple(row["result_id"] for row in rows if row is not None)


def _cannot_tell(*rows, words: str = "Cannot tell") -> Verdict:
    return Verdict("cannot_tell", words, _sources(*rows))


def judge_conditions(book: Book, school: str, product: str) -> Verdict:
    """Judge how many of the recorded conditions of the first principle were there."""
    reached = {
        "volunteered": at.VOLUNTEERS,
        "motivation": at.MOTIVATED,
        "point_person": at.MOST_SCHOOLS,
        "principal_support": at.MOST_SCHOOLS,
    }
    rows = {name: book.one(f"conditions.{name}", school) for name in reached}
    known = [_is_there(row, name, reached[name]) for name, row in rows.items() if row is not None]
    if not known:
        return NOT_COLLECTED
    sources = _sources(*rows.values())
    if len(known) < at.FEWEST_CONDITIONS:
        return Verdict("cannot_tell", "Cannot tell", sources)
    if all(known):
        return Verdict("strong", "In place", sources)
    return (
        Verdict("mixed", "Partly", sources)
        if any(known)
        else Verdict("concern", "Not in place", sources)
    )


def _is_there(row, name: str, threshold: float) -> bool:
    if row["kind"] != "level":
        return row["estimate"] >= threshold
    if name == "point_person":
        return row["level"] == "yes"
    return float(row["level"]) >= at.SUPPORTIVE_PRINCIPAL


def judge_alignment(book: Book, school: str, product: str) -> Verdict:
    """Judge how well the product serves the first goal it is for, and whether that was measured."""
    goals = book.find("alignment.goal", school, product_id=product)
    goals = sorted(goals, key=lambda row: (row["level"] == "", row["level"].zfill(3)))
    category = goals[0]["category"] if goals else ""
    rating = book.one("alignment.rating", school, product_id=product, category=category)
    matches = book.one("alignment.outcome_matches", school, product_id=product)
    if rating is None:
        return _cannot_tell(matches) if goals else NOT_COLLECTED
    sources = _sources(rating, matches)
    if rating["estimate"] < at.NOT_ALIGNED:
        return Verdict("concern", "Off the goal", sources)
    if rating["estimate"] < at.ALIGNED:
        return Verdict("mixed", "Fits partly", sources)
    if matches is None or matches["level"] == "yes":
        return Verdict("strong", "Fits the goal", sources)
    return Verdict("mixed", "Fits, not measured", sources)


def judge_support(book: Book, school: str, product: str) -> Verdict:
    """Judge how fast contacts for help were resolved, and how many were not."""
    contacts = book.one("support.contacts", school, category="")
    if contacts is None:
        return NOT_COLLECTED
    days = book.one("support.days_to_resolve", school)
    still_open = book.one("support.unresolved", school)
    share = still_open["estimate"] / contacts["estimate"]
    mean = days["estimate"] if days is not None else np.inf
    sources = _sources(contacts, days, still_open)
    if mean >= at.SLOW_DAYS or share >= at.UNRESOLVED_MANY:
        return Verdict("concern", "Slow", sources)
    if mean <= at.QUICK_DAYS and share <= at.UNRESOLVED_FEW:
        return Verdict("strong", "Quick", sources)
    return Verdict("mixed", "Mixed", sources)


def judge_use(book: Book, school: str, product: str) -> Verdict:
    """Judge by the share of licensed students who met the dose."""
    met = book.one("usage.met_dose", school, product_id=product, group="")
    if met is None:
        funnel = book.find("usage.funnel", school, product_id=product)
        return _cannot_tell(*funnel) if funnel else NOT_COLLECTED
    share = met["estimate"]
    if share >= at.MOST_REACHED_DOSE:
        return Verdict("strong", "Most met plan", _sources(met))
    if share >= at.HALF_REACHED_DOSE:
        return Verdict("mixed", "Half met plan", _sources(met))
    if share >= at.FEW_REACHED_DOSE:
        return Verdict("mixed", "Some met plan", _sources(met))
    return Verdict("concern", "Few met plan", _sources(met))


def judge_teachers(book: Book, school: str, product: str) -> Verdict:
    """Judge where the means of the survey scales lie between the ends of their scales."""
    rows = book.last_wave("teachers.scale", school, product)
    if not rows:
        return NOT_COLLECTED
    response = book.find("teachers.response", school, time=rows[0]["time"])
    gate = book.config.inference.response_gate
    if response and response[0]["estimate"] < gate:
        return _cannot_tell(*rows, response[0], words="Too few answers")
    items = book.config.items.values()
    ends = {
        row["category"]: [(i.low, i.high) for i in items if i.scale == row["category"]]
        for row in rows
    }
    words = ("Favorable", "Mixed", "Unfavorable")
    return _judge_range(rows, {name: found[0] for name, found in ends.items() if found}, words)


def judge_observed(book: Book, school: str, product: str) -> Verdict:
    """Judge where the means of the observed items lie between the ends of their scales."""
    rows = book.find("teachers.observed", school, product_id=product)
    rows = [row for row in rows if not isnan(row["estimate"])]
    if not rows:
        return NOT_COLLECTED
    ends = {name: (item.low, item.high) for name, item in book.config.items.items()}
    return _judge_range(rows, ends, ("Seen often", "Seen in part", "Seen rarely"))


def _judge_range(rows, ends: dict[str, tuple[float, float]], words) -> Verdict:
    rows = [row for row in rows if row["category"] in ends]
    if not rows:
        return _cannot_tell()
    lows, highs = np.array([ends[row["category"]] for row in rows], dtype=float).T
    place = np.mean((np.array([row["estimate"] for row in rows]) - lows) / (highs - lows))
    sources = _sources(*rows)
    if place >= at.AGREEING:
        return Verdict("strong", words[0], sources)
    return (
        Verdict("mixed", words[1], sources)
        if place > at.REJECTING
        else Verdict("concern", words[2], sources)
    )


def judge_recommend(book: Book, school: str, product: str) -> Verdict:
    """Judge whether the interval of the Net Promoter Score lies on one side of zero."""
    score = book.one("recommendation.nps", school, product_id=product)
    if score is None:
        return NOT_COLLECTED
    if isnan(score["conf_low"]):
        return _cannot_tell(score)
    sources = _sources(score)
    if score["conf_low"] > 0:
        return Verdict("strong", "Would recommend", sources)
    if score["conf_high"] < 0:
        return Verdict("concern", "Would not", sources)
    if abs(score["estimate"]) <= at.LEANING_NPS:
        return Verdict("mixed", "Mixed", sources)
    return Verdict("mixed", "Leaning yes" if score["estimate"] > 0 else "Leaning no", sources)


def judge_learning(book: Book, school: str, product: str) -> Verdict:
    """Judge whether the interval of the school's shrunken effect lies on one side of zero."""
    outcome, arm = _outcome_of(book.config, product)
    if not outcome:
        return NOT_COLLECTED
    keys = {"outcome": outcome, "category": arm}
    if not school:
        return _judge_network(book.one("learning.verdict", "", **keys))
    effect = book.one("learning.school_effect_shrunken", school, **keys)
    if effect is None:
        tested = book.find("conditions.flow", school, outcome=outcome, category="post")
        return _cannot_tell() if any(row["estimate"] > 0 for row in tested) else NOT_COLLECTED
    sign = 1 if book.config.outcomes[outcome].higher_is_better else -1
    low, high = sorted((sign * effect["conf_low"], sign * effect["conf_high"]))
    if low > 0:
        return Verdict("strong", "Scored higher", _sources(effect))
    return (
        Verdict("concern", "Scored lower", _sources(effect)) if high < 0 else _cannot_tell(effect)
    )


def _judge_network(verdict) -> Verdict:
    if verdict is None:
        return NOT_COLLECTED
    level, words = {
        "higher": ("strong", "Scored higher"),
        "lower": ("concern", "Scored lower"),
        "about the same": ("mixed", "About the same"),
    }.get(verdict["level"], ("cannot_tell", "Cannot tell"))
    return Verdict(level, words, _sources(verdict))


def _outcome_of(config: PilotConfig, product: str) -> tuple[str, str]:
    """Outcome and arm that speak of a product: its own arm, else the first; confirmatory first."""
    design = config.design
    found = []
    for name, outcome in config.outcomes.items():
        arms = [arm for arm in outcome.arms or design.arms if arm != design.reference]
        if product in arms or (arms and product not in design.arms):
            arm = product if product in arms else arms[0]
            found.append((outcome.role != "confirmatory", name, arm))
    return min(found, key=lambda item: item[0])[1:] if found else ("", "")


def judge_decision(book: Book, school: str, product: str) -> Verdict:
    """Repeat what the school decided at the end."""
    decision = book.one("recommendation.decision", school, product_id=product)
    if decision is None:
        return NOT_COLLECTED
    level = {"continue": "strong", "change": "mixed", "stop": "concern"}
    return Verdict(
        level.get(decision["level"], "cannot_tell"),
        decision["level"].capitalize(),
        _sources(decision),
    )


JUDGES: dict[str, Callable[[Book, str, str], Verdict]] = {
    "conditions": judge_conditions,
    "alignment": judge_alignment,
    "support": judge_support,
    "use": judge_use,
    "teachers": judge_teachers,
    "observed": judge_observed,
    "learning": judge_learning,
    "recommend": judge_recommend,
    "decision": judge_decision,
}
"""Category of the scorecard -> its judge, in the order of the five principles."""
