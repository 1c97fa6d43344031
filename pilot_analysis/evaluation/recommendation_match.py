"""Whether the Net Promoter Score goes with the decision to continue."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from pilot_analysis.errors import DesignError
from pilot_analysis.evaluation.absence import not_collected
from pilot_analysis.results import result, result_id
from pilot_analysis.stats.association import auc, permutation_test
from pilot_analysis.stats.nps import NpsCounts

__all__ = ["DID_NOT_GO_ON", "WENT_ON", "match_rows"]

WENT_ON = "continue"
DID_NOT_GO_ON = ("change", "stop")
"""A school that changes something does not go on with the product as it is; one that has not
decided says nothing either way, and is left out."""

SAME_DECISION = {
    True: "Every school continued, so whether the score goes with the decision is not defined.",
    False: "No school continued, so whether the score goes with the decision is not defined.",
}
NOTHING_TO_COMPARE = "No school has both a score from before its decision and a decision."
ORDER_UNKNOWN = (
    "Some answers or decisions have no date, so which came first is not known; the comparison of "
    "score and decision leaves those out."
)
TWO_SCALES = (
    "Some teachers were asked on a scale from zero to ten and others on one from one to ten, so "
    "whether the score goes with the decision cannot be told."
)
ONE_SCHOOL = "One school alone cannot show whether the score goes with the decision."


def match_rows(
    pilot, answers: pd.DataFrame, counts: Mapping[tuple[str, str], NpsCounts]
) -> Iterator[dict[str, Any]]:
    """Yield the agreement of score and decision over all schools and products.

    Parameters
    ----------
    pilot : Pilot
    answers : pandas.DataFrame
        The answers that `counts` were counted from, with `decided_on` and the `unit` of scores.
    counts : mapping of (school_id, product_id) to NpsCounts

    Yields
    ------
    dict
        Rows of `Results`: the AUC (units are pairs of school and product; products of one school
        change places together in the test), the permutation test with the smallest p that this
        pilot could have reached, and the units whose score and decision point apart.
    """
    units = _units(pilot, answers, counts)
    if units is None:
        return
    if not units["dated"].all():
        yield not_collected("recommendation", "dates", sentence=ORDER_UNKNOWN)
    units = units[units["dated"]]
    if units.empty:
        yield not_collected("recommendation", "nps_match", sentence=NOTHING_TO_COMPARE)
        return
    yield from _disagreeing(units)
    went_on = units["went_on"].to_numpy(dtype=bool)
    if went_on.all() or not went_on.any():
        sentence = SAME_DECISION[bool(went_on[0])]
        yield not_collected("recommendation", "nps_match", sentence=sentence)
        return
    if len(units["scale"].unique()) > 1:
        yield not_collected("recommendation", "nps_match", sentence=TWO_SCALES)
        return
    yield from _agreement(units, went_on, pilot.config.inference)


def _units(pilot, answers, counts) -> pd.DataFrame | None:
    """Return one row per school and product with score and decision; None without either."""
    decisions = pilot.table("decisions").set_index(["school_id", "product_id"])
    if decisions.empty or not counts:
        return None
    place = [answers["school_id"], answers["product_id"]]
    dated = (answers["answered_on"].notna() & answers["decided_on"].notna()).groupby(place).all()
    scale = answers.groupby(place)["unit"].first()
    rows = [
        (*unit, count.score, decisions.loc[unit, "decision"], dated[unit], scale[unit])
        for unit, count in counts.items()
        if unit in decisions.index
    ]
    columns = ["school_id", "product_id", "nps", "decision", "dated", "scale"]
    units = pd.DataFrame(rows, columns=columns)
    units = units[units["decision"].isin([WENT_ON, *DID_NOT_GO_ON])]
    return units.assign(went_on=units["decision"].eq(WENT_ON), dated=units["dated"].astype(bool))


def _agreement(units, went_on: np.ndarray, inference) -> Iterator[dict[str, Any]]:
    scores = units["nps"].to_numpy(dtype=float)
    area = auc(scores[went_on], scores[~went_on], conf_level=inference.conf_level)
    area = replace(area, unit="coefficient", n_clusters=units["school_id"].nunique())
    yield result("recommendation", "nps_match", "coefficient", "schools", area)
    try:
        test = permutation_test(scores, went_on, units["school_id"], seed=inference.seed)
    except DesignError:
        yield not_collected("recommendation", "nps_match_test", sentence=ONE_SCHOOL)
        return
    row = result(
        "recommendation",
        "nps_match_test",
        "test",
        "schools",
        test.smallest_p,
        n=len(units),
        n_clusters=units["school_id"].nunique(),
        unit="p",
        method="permutation",
        flags=() if test.exact else ("a sample of the arrangements",),
    )
    yield row | {"p_value": test.p_value}


def _disagreeing(units: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Yield how many, and which, scores are on the other side of zero than the decision."""
    apart = np.where(units["went_on"], units["nps"] < 0, units["nps"] > 0)
    yield result(
        "recommendation", "disagreeing", "count", "schools", int(apart.sum()), n=len(units)
    )
    for row in units[apart].itertuples():
        keys = {"school_id": row.school_id, "product_id": row.product_id}
        sources = [result_id("recommendation", name, **keys) for name in ("nps", "decision")]
        yield result(
            "recommendation",
            "disagreeing",
            "level",
            "schools",
            n=1,
            level="went on despite the score" if row.went_on else "did not go on despite the score",
            relation=[f"derived from {source}" for source in sources],
            **keys,
        )
