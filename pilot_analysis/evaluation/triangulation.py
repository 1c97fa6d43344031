"""Where teachers, observers and use disagree."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from pilot_analysis.evaluation.dose import measure_dose
from pilot_analysis.evaluation.observed import lesson_ratings
from pilot_analysis.evaluation.scale_scores import waves_in_order
from pilot_analysis.evaluation.thresholds import AGREEING, REJECTING
from pilot_analysis.results import result, result_id

__all__ = ["APART", "REGULAR_USERS", "triangulation_rows"]

APART = 0.20
"""Difference between survey and observation, each as a share of its own range, from which the two
are said to differ: less than one answer of five apart, the wording of the two scales alone could
be the reason. Set by this project."""

REGULAR_USERS = 0.50
"""Share of licensed students who were active users in enough weeks, from which a product counts as
used: most of those it was bought for. Set by this project."""

SENTENCES = {
    "agree": "On {what}, what teachers say and what observers saw point the same way.",
    "survey higher": "On {what}, teachers' answers are more favorable than what observers saw.",
    "observers higher": "On {what}, observers saw more than teachers' answers say.",
    "loved, unused": "Teachers speak well of it, but most students did not become regular users.",
    "used, unloved": "Most students used it regularly, but teachers do not speak well of it.",
    "loved and used": "Teachers speak well of it, and most students used it regularly.",
    "unloved and unused": "Teachers do not speak well of it, and most students did not become "
    "regular users.",
}


def triangulation_rows(pilot, scores: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Yield, per school and product, where different sources agree or do not.

    Parameters
    ----------
    pilot : Pilot
    scores : pandas.DataFrame
        Scores of teachers on survey scales: school_id, product_id, respondent_id, wave, scale,
        score (scale points).

    Yields
    ------
    dict
        Rows of `Results`, kind "level". Survey and observation of the same construct (the
        config's ``scales.*.measures``) are compared as shares of their own ranges; teachers'
        answers on all scales with use, where the answers lean to one side.
    """
    if scores.empty:
        return
    rated = _last_wave(pilot, scores)
    yield from _against_observers(pilot, rated)
    if pilot.has("licenses") and pilot.has("usage"):
        yield from _against_use(pilot, rated)


def _last_wave(pilot, scores: pd.DataFrame) -> pd.DataFrame:
    """Return the last wave's scores as shares of the scale's range (0..1)."""
    scores = scores[scores["wave"].eq(waves_in_order(scores)[-1])]
    items = [i for i in pilot.config.items.values() if i.kind == "rating" and i.scale]
    ranges = pd.DataFrame(
        [(i.scale, i.low, i.high) for i in items], columns=["scale", "low", "high"]
    )
    ranges = ranges.groupby("scale").mean()
    low, high = (scores["scale"].map(ranges[end]) for end in ("low", "high"))
    measures = {name: scale.measures for name, scale in pilot.config.scales.items()}
    return scores.assign(
        share=(scores["score"] - low) / (high - low), construct=scores["scale"].map(measures)
    )


def _against_observers(pilot, rated: pd.DataFrame) -> Iterator[dict[str, Any]]:
    place = ["school_id", "product_id", "construct"]
    seen = dict(iter(_seen_shares(pilot).groupby(place)))
    for (school, product, construct), answers in rated.groupby(place):
        keys = {"school_id": school, "product_id": product}
        lessons = seen.get((school, product, construct))
        if not construct or lessons is None:
            continue
        gap = answers["share"].mean() - lessons["share"].mean()
        level = "agree" if abs(gap) < APART else "survey higher" if gap > 0 else "observers higher"
        label = pilot.config.scales[answers["scale"].iloc[0]].label
        sources = _scale_ids(answers, keys)
        sources += [
            result_id("teachers", "observed", **keys, category=item)
            for item in sorted(lessons["item_id"].unique())
        ]
        text = SENTENCES[level].format(what=label)
        yield _verdict(keys, construct, level, text, answers, sources)


def _seen_shares(pilot) -> pd.DataFrame:
    """Return ratings of lessons as shares of their item's range, with what they measure."""
    seen = lesson_ratings(pilot)
    items = {name: pilot.config.items[name] for name in seen["item_id"].unique()}
    low, high = (
        seen["item_id"].map({name: float(getattr(item, end)) for name, item in items.items()})
        for end in ("low", "high")
    )
    share = (seen["value"] - low) / (high - low)
    turned = seen["item_id"].isin([name for name, item in items.items() if item.reverse])
    scales = pilot.config.scales
    about = {name: scales[item.scale].measures for name, item in items.items() if item.scale}
    return seen.assign(
        share=share.mask(turned, 1 - share), construct=seen["item_id"].map(about).fillna("")
    )


def _against_use(pilot, rated: pd.DataFrame) -> Iterator[dict[str, Any]]:
    licenses = measure_dose(pilot).licenses
    licenses = licenses[licenses["collected"]]
    users = licenses.groupby(["school_id", "product_id"])["is_active"].mean()
    for unit, answers in rated.groupby(["school_id", "product_id"]):
        if unit not in users.index:
            continue
        favorable = answers.groupby("scale")["share"].mean().mean()
        used = users[unit] >= REGULAR_USERS
        if favorable >= AGREEING:
            level = "loved and used" if used else "loved, unused"
        elif favorable <= REJECTING:
            level = "used, unloved" if used else "unloved and unused"
        else:
            continue  # answers that lean to neither side cannot disagree with use
        keys = dict(zip(("school_id", "product_id"), unit, strict=True))
        sources = _scale_ids(answers, keys)
        sources += [
            result_id("usage", "funnel", **keys, category=rung)
            for rung in ("licensed", "active_weeks")
        ]
        shown = level if "," in level else "agree"
        yield _verdict(keys, "use", shown, SENTENCES[level], answers, sources)


def _scale_ids(answers: pd.DataFrame, keys: dict[str, str]) -> list[str]:
    pairs = answers[["scale", "wave"]].drop_duplicates().sort_values("scale")
    return [
        result_id("teachers", "scale", **keys, category=scale, time=wave)
        for scale, wave in pairs.itertuples(index=False)
    ]


def _verdict(keys, construct, level, text, answers, sources) -> dict[str, Any]:
    return result(
        "teachers",
        "triangulation",
        "level",
        "respondents",
        n=answers["respondent_id"].nunique(),
        category=construct,
        level=level,
        text=text,
        relation=[f"derived from {source}" for source in sources],
        **keys,
    )
