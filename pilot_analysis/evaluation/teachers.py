"""What teachers said, what observers saw, and where the two part."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pandas as pd

from pilot_analysis.evaluation.absence import absent_for_schools, not_collected
from pilot_analysis.evaluation.observed import observed_rows
from pilot_analysis.evaluation.scale_scores import scale_scores, waves_in_order
from pilot_analysis.evaluation.triangulation import triangulation_rows
from pilot_analysis.evaluation.voices import (
    TEACHING,
    asked_teachers,
    latest_answers,
    rating_mean,
    teacher_answers,
    with_product,
)
from pilot_analysis.results import ONE_QUESTION, Results, result
from pilot_analysis.stats.scales import cronbach_alpha

__all__ = ["teachers"]

ASKED_UNKNOWN = "How many teachers were asked was not recorded, so a response rate cannot be given."
NO_RATINGS = "Teachers' surveys held no questions of a scale."


def teachers(pilot) -> Results:
    """Return response rates, scales, items, reliability, comments, observations, triangulation.

    Parameters
    ----------
    pilot : Pilot

    Returns
    -------
    Results
        Section "teachers", per school and product, and per product for the network. Within a
        school teachers' answers are taken as independent; in the network schools are clusters.
    """
    answers = teacher_answers(pilot)
    rows = list(
        absent_for_schools("teachers", "survey_responses", pilot.schools, answers["school_id"])
    )
    rows += _response(pilot, answers)
    scores = _scale_scores(pilot)
    rows += _scales(pilot, scores)
    rows += _items(pilot, answers)
    rows += _reliability(pilot, answers)
    rows += _comments(pilot, answers)
    rows += observed_rows(pilot)
    rows += triangulation_rows(pilot, scores)
    return Results.from_rows(rows)


def _response(pilot, answers: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Yield the share of those asked who answered, per school, survey and wave."""
    if answers.empty:
        return
    known = {school: n for (school, product), n in asked_teachers(pilot).items() if not product}
    asked = pd.Series(known, dtype=int)
    unknown = [s for s in sorted(answers["school_id"].unique()) if s not in asked.index]
    for school in unknown:
        yield not_collected("teachers", "response", school_id=school, sentence=ASKED_UNKNOWN)
    for (survey, wave), part in answers.groupby(["survey_id", "wave"]):
        people = part.groupby("school_id")["respondent_id"].nunique()
        people = people[people.index.isin(asked.index)]
        keys = {"category": survey, "time": wave}
        if people.empty:
            continue
        # a school that did not answer at all was asked all the same
        everyone = asked[[s for s in asked.index if s in set(answers["school_id"])]]
        for school, n in people.items():
            yield _share_answered(int(n), int(asked[school]), school_id=school, **keys)
        yield _share_answered(int(people.sum()), int(everyone.sum()), **keys)


def _share_answered(people: int, asked: int, **keys: str) -> dict[str, Any]:
    if people > asked:
        sentence = "More people answered than are known to have been asked."
        return not_collected(
            "teachers",
            f"response {keys['category']} {keys['time']}".strip(),
            school_id=keys.get("school_id", ""),
            sentence=sentence,
        )
    return result(
        "teachers",
        "response",
        "proportion",
        "teachers",
        people / asked,
        n=asked,
        unit="proportion",
        **keys,
    )


def _scale_scores(pilot) -> pd.DataFrame:
    """Return the scores of all survey scales under one another, teachers only."""
    parts = [scale_scores(pilot, scale).assign(scale=scale) for scale in pilot.config.scales]
    parts = [part for part in parts if len(part)]
    if not parts:
        return pd.DataFrame(
            columns=["school_id", "product_id", "respondent_id", "wave", "scale", "score"]
        )
    scores = pd.concat(parts, ignore_index=True)
    scores = scores[scores["respondent_role"].isin(TEACHING)]
    return with_product(pilot, scores)


def _scales(pilot, scores: pd.DataFrame) -> Iterator[dict[str, Any]]:
    if scores.empty:
        if pilot.has("survey_responses"):
            yield not_collected("teachers", "scales", sentence=NO_RATINGS)
        return
    for keys, part, cluster in _places(scores, ["scale", "wave"]):
        low, high = _scale_range(pilot, keys["scale"])
        mean = _mean(part["score"], cluster, part["respondent_id"], low, high, pilot)
        questions = [i for i in _ratings(pilot).values() if i.scale == keys["scale"]]
        yield result(
            "teachers",
            "scale",
            "mean",
            "respondents",
            mean,
            flags=(ONE_QUESTION,) if len(questions) == 1 else (),
            school_id=keys["school_id"],
            product_id=keys["product_id"],
            category=keys["scale"],
            time=keys["wave"],
        )


def _items(pilot, answers: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Yield the mean of each rating item as it was worded, in the last wave."""
    rated = answers[answers["item_id"].isin(_ratings(pilot)) & answers["value"].notna()]
    if rated.empty:
        return
    last = latest_answers(rated)
    for keys, part, cluster in _places(last[last["is_last"]], ["item_id", "wave"]):
        item = pilot.config.items[keys["item_id"]]
        mean = _mean(part["value"], cluster, part["respondent_id"], item.low, item.high, pilot)
        yield result(
            "teachers",
            "item",
            "mean",
            "respondents",
            mean,
            school_id=keys["school_id"],
            product_id=keys["product_id"],
            category=keys["item_id"],
            time=keys["wave"],
        )


def _places(frame: pd.DataFrame, by: list[str]):
    """Yield (keys, rows, clusters) per school and product, then per product for the network."""
    for keys, part in frame.groupby(["school_id", "product_id", *by]):
        yield dict(zip(["school_id", "product_id", *by], keys, strict=True)), part, None
    for keys, part in frame.groupby(["product_id", *by]):
        named = dict(zip(["product_id", *by], keys, strict=True))
        yield {"school_id": "", **named}, part, part["school_id"]


def _mean(values, cluster, people, low, high, pilot):
    level = pilot.config.inference.conf_level
    mean = rating_mean(values, cluster, low=low, high=high, conf_level=level)
    return replace(mean, n=people.nunique())


def _ratings(pilot) -> dict[str, Any]:
    return {name: item for name, item in pilot.config.items.items() if item.kind == "rating"}


def _scale_range(pilot, scale: str) -> tuple[float, float]:
    items = [item for item in _ratings(pilot).values() if item.scale == scale]
    # the mean of items with different ranges lies between the means of their ends
    ends = [sum(ends) / len(ends) for ends in zip(*((i.low, i.high) for i in items), strict=True)]
    return ends[0], ends[1]


def _reliability(pilot, answers: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Yield Cronbach's alpha of each scale of two or more items, in its last wave."""
    for scale in pilot.config.scales:
        items = {name: item for name, item in _ratings(pilot).items() if item.scale == scale}
        rated = answers[answers["item_id"].isin(items) & answers["value"].notna()]
        if len(items) < 2 or rated.empty:
            continue
        wave = waves_in_order(rated)[-1]
        last = latest_answers(rated[rated["wave"].eq(wave)])
        wide = last.pivot_table(
            index=["respondent_id", "school_id", "product_id"], columns="item_id", values="value"
        ).reindex(columns=list(items))
        for name, item in items.items():
            if item.reverse:
                wide[name] = item.low + item.high - wide[name]
        alpha = cronbach_alpha(wide, conf_level=pilot.config.inference.conf_level)
        people = wide.dropna().index.get_level_values("respondent_id").nunique()
        yield result(
            "teachers",
            "alpha",
            "coefficient",
            "respondents",
            alpha,
            n=people,
            category=scale,
            time=wave,
        )


def _comments(pilot, answers: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Yield how many people wrote a comment in any wave; what they wrote is not a result."""
    items = [name for name, item in pilot.config.items.items() if item.kind == "comment"]
    if not items or answers.empty:
        return
    written = answers["item_id"].isin(items) & answers["text"].fillna("").str.strip().ne("")
    people = answers.assign(wrote=written).groupby(["school_id", "respondent_id"])["wrote"].any()
    counts = people.groupby(level="school_id").agg(["sum", "size"])
    counts.loc[""] = counts.sum()
    for school, wrote, n in counts.itertuples():
        yield result("teachers", "comments", "count", "respondents", wrote, n=n, school_id=school)
