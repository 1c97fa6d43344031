"""How far the scores of two products lie apart among the teachers who rated both."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from typing import Any

import pandas as pd

from pilot_analysis.results import result, result_id
from pilot_analysis.stats.cluster.mean import cluster_ratio
from pilot_analysis.stats.estimate import Estimate
from pilot_analysis.stats.nps import nps_difference_paired
from pilot_analysis.stats.nps.counts import categories

__all__ = ["STEPS", "pair_rows"]

STEPS = {
    2: "pairs_two_up",
    1: "pairs_one_up",
    0: "pairs_alike",
    -1: "pairs_one_down",
    -2: "pairs_two_down",
}
"""Category of the first product minus that of the second (promoter 1, passive 0, detractor -1) ->
name of the count of the people who differ so."""

UNPAIRED = ("unpaired_first", "unpaired_second")
SAME_QUESTION = ["respondent_id", "school_id", "item_id", "survey_id", "wave"]
FEW_SCHOOLS = 5


def pair_rows(
    answers: pd.DataFrame, scored: set[tuple[str, str]], conf_level: float
) -> Iterator[dict[str, Any]]:
    """Yield the difference of two products' scores, of those who answered the same item on both.

    Scores of different people are not subtracted: who was asked about which product was not left
    to chance.

    Parameters
    ----------
    answers : pandas.DataFrame
        One answer per person, school and product, with the `unit` of scores.
    scored : set of (school_id, product_id)
        The places that have a score; blank school_id: the network.

    Yields
    ------
    dict
        Rows of `Results`, group the first product and category the second: the difference (first
        minus second; n counts those who rated both in one wave of one survey), how many differ by
        how many steps, and how many of each side did not answer about both, where there are some.
    """
    for school in sorted({school for school, _ in scored}):
        here = answers[answers["school_id"].eq(school)] if school else answers
        products = sorted(product for place, product in scored if place == school and product)
        rows = []
        for pair in combinations(products, 2):
            rows += _pair(here, school, pair, conf_level)
        yield from _tied(rows, school)


def _pair(answers, school: str, pair: tuple[str, str], conf_level) -> Iterator[dict[str, Any]]:
    sides = [answers[answers["product_id"].eq(product)] for product in pair]
    both = sides[0].merge(sides[1], on=SAME_QUESTION, suffixes=("_first", "_second"))
    if both.empty:
        return
    keys = {"school_id": school, "group": pair[0], "category": pair[1]}
    people = both["respondent_id"].nunique()
    found = _difference(both, school, conf_level)
    yield result("recommendation", "nps_difference", "mean", "respondents", found, n=people, **keys)
    relation = [f"derived from {result_id('recommendation', 'nps_difference', **keys)}"]
    apart = _steps(both)
    for step, name in STEPS.items():
        many = int((apart == step).sum())
        yield result(
            "recommendation",
            name,
            "count",
            "respondents",
            many,
            n=len(both),
            relation=relation,
            **keys,
        )
    for name, side in zip(UNPAIRED, sides, strict=True):
        if n := len(set(side["respondent_id"]) - set(both["respondent_id"])):
            yield result(
                "recommendation", name, "count", "respondents", n, n=n, relation=relation, **keys
            )


def _steps(both: pd.DataFrame) -> pd.Series:
    first, second = (categories(both[f"value_{side}"].to_numpy()) for side in ("first", "second"))
    return pd.Series(first - second, index=both.index)


def _difference(both: pd.DataFrame, school: str, conf_level: float) -> Estimate:
    """Return the paired difference; of all schools together, with schools as clusters."""
    unit = both["unit_first"].iloc[0]
    if school:
        made = nps_difference_paired(
            both["value_first"], both["value_second"], conf_level=conf_level
        )
        return replace(made, unit=unit)
    points = (100 * _steps(both)).groupby(both["school_id"])
    made = cluster_ratio(
        points.sum(), points.size(), unit=unit, conf_level=conf_level, method="nps_pooled"
    )
    if not made.is_defined:
        return made
    limits = {"conf_low": max(made.conf_low, -200.0), "conf_high": min(made.conf_high, 200.0)}
    return replace(made, **limits, flags=("few clusters",) if made.n_clusters < FEW_SCHOOLS else ())


def _tied(rows: list[dict[str, Any]], school: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of one place, each difference with what it is hidden with.

    Beside both scores, a difference tells what those who rated one product only answered, so
    they must not be too few; beside the other differences of the same people, it tells a third
    one. Hence all are shown or none.
    """
    products = sorted({row[key] for row in rows for key in ("group", "category")})
    scores = [result_id("recommendation", "nps", school_id=school, product_id=p) for p in products]
    sources = [*scores, *(row["result_id"] for row in rows)]
    for row in rows:
        others = (f"derived from {s}" for s in sources if s != row["result_id"])
        yield row | {"relation": tuple(others)} if row["name"] == "nps_difference" else row
