"""What observers saw in lessons, and whether two of them saw the same."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from pilot_analysis.evaluation.absence import absent_for_schools
from pilot_analysis.evaluation.voices import rating_mean, with_product
from pilot_analysis.results import result
from pilot_analysis.stats.agreement import cohen_kappa, percent_agreement

__all__ = ["lesson_ratings", "observed_rows"]

BANDED = "marked as a band: the low and the high ends are averaged apart"


def observed_rows(pilot) -> Iterator[dict[str, Any]]:
    """Yield mean ratings of lessons, and agreement and reliability of observers.

    Parameters
    ----------
    pilot : Pilot

    Yields
    ------
    dict
        Rows of `Results`. The observers' ratings of a lesson are averaged first; n counts
        lessons, and lessons of one teacher (in the network: of one school) are one cluster. A
        rating marked as a band gives two rows, for the low and for the high ends: the mean lies
        between them, and no middle is invented.
    """
    ratings = _ratings(pilot)
    yield from absent_for_schools(
        "teachers", "observations", pilot.schools, ratings["school_id"].unique()
    )
    for item, part in ratings.groupby("item_id"):
        banded = bool(part["is_band"].any())
        for name, column in (
            (("observed_low", "low"), ("observed_high", "high"))
            if banded
            else (("observed", "low"),)
        ):
            lessons = _lessons(part, column)
            yield from _means(pilot, item, name, lessons, (BANDED,) if banded else ())
        yield from _agreement(pilot, item, part)


def lesson_ratings(pilot) -> pd.DataFrame:
    """Return one rating per lesson and item, averaged over observers; banded items left out.

    Returns
    -------
    pandas.DataFrame
        Columns school_id, product_id, observation_id, cluster, item_id, value.
    """
    ratings = _ratings(pilot)
    ratings = ratings[~ratings["is_band"].groupby(ratings["item_id"]).transform("any")]
    parts = [_lessons(part, "low").assign(item_id=i) for i, part in ratings.groupby("item_id")]
    if not parts:
        return pd.DataFrame(columns=["school_id", "product_id", "item_id", "value"])
    return pd.concat(parts, ignore_index=True)


def _ratings(pilot) -> pd.DataFrame:
    """Return every usable rating with its low and high end (equal where it is a single value)."""
    seen = pilot.table("observations")
    items = [name for name, item in pilot.config.items.items() if item.kind == "observation"]
    seen = with_product(pilot, seen[seen["item_id"].isin(items)])
    seen = seen.assign(
        low=seen["value"].fillna(seen["value_low"]),
        high=seen["value"].fillna(seen["value_high"]),
        is_band=seen["value"].isna(),
        cluster=seen["teacher_id"].fillna(seen["class_id"]).fillna(seen["observation_id"]),
    )
    return seen[seen["low"].notna() & seen["high"].notna()]


def _lessons(part: pd.DataFrame, column: str) -> pd.DataFrame:
    place = ["school_id", "product_id", "observation_id", "cluster"]
    return part.groupby(place, as_index=False).agg(value=(column, "mean"))


def _means(pilot, item: str, name: str, lessons: pd.DataFrame, flags) -> Iterator[dict[str, Any]]:
    about = pilot.config.items[item]
    level = pilot.config.inference.conf_level
    ends = {"low": about.low, "high": about.high, "conf_level": level}
    lessons = lessons.assign(teacher=lessons["cluster"])
    everywhere = lessons.assign(cluster=lessons["school_id"], school_id="")
    both = pd.concat([lessons, everywhere], ignore_index=True)
    for (school, product), part in both.groupby(["school_id", "product_id"]):
        yield result(
            "teachers",
            name,
            "mean",
            "records",
            rating_mean(part["value"], part["cluster"], **ends),
            school_id=school,
            product_id=product,
            category=item,
            flags=flags,
            smallest_n=part["teacher"].nunique(),
        )


def _agreement(pilot, item: str, part: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Yield exact agreement and weighted kappa over the lessons that two people rated."""
    inference = pilot.config.inference
    # bands are ordered categories: their rank stands for them
    rank = part[["low", "high"]].apply(tuple, axis=1).rank(method="dense")
    values = rank if part["is_band"].any() else part["low"]
    wide = part.assign(value=values).pivot_table(
        index="observation_id", columns="rater_id", values="value"
    )
    twice = wide[wide.notna().sum(axis=1) >= 2]
    if twice.empty:
        return
    teachers = part.loc[part["observation_id"].isin(twice.index), "cluster"].nunique()
    agreement = percent_agreement(twice, conf_level=inference.conf_level)
    yield result(
        "teachers",
        "observer_agreement",
        "proportion",
        "records",
        replace(agreement, n_clusters=teachers),
        category=item,
    )
    # the first two who rated a lesson, in the order of the raters' ids
    values = twice.sort_index(axis=1).to_numpy(dtype=float)
    first_two = np.argsort(np.isnan(values), axis=1, kind="stable")[:, :2]
    pairs = np.take_along_axis(values, first_two, axis=1)
    kappa = cohen_kappa(
        pairs[:, 0],
        pairs[:, 1],
        weights="quadratic",
        conf_level=inference.conf_level,
        seed=inference.seed,
    )
    kappa = replace(kappa, n_clusters=teachers)
    yield result("teachers", "observer_reliability", "coefficient", "records", kappa, category=item)
