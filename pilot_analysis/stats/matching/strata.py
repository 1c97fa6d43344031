"""Exact matching: units are compared with those that agree in every column named."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.grouping import encode_groups
from pilot_analysis.stats.matching.sample import (
    Estimand,
    WeightedSample,
    check_columns,
    complete_rows,
    make_sample,
)
from pilot_analysis.stats.matching.treatment import treated_column

__all__ = ["match_exact"]


def match_exact(
    data: pd.DataFrame, *, treated: str, exact: Sequence[str], estimand: Estimand = "att"
) -> WeightedSample:
    """Compare within strata of units that agree exactly; strata with one arm only are left out.

    Parameters
    ----------
    data : pandas.DataFrame, shape (n, ...)
        Units that miss a value in an exact column are left out, with the reason.
    treated : str
        Column as in `treated_column`.
    exact : list of str
        Columns that make the strata, for instance grade and English learner.
    estimand : {"att", "ate"}
        "att": treated weigh 1, comparison units of stratum s n_ts/n_cs. "ate": both arms are
        weighted to all the units kept, n_s/n_ts and n_s/n_cs. Weights are scaled to a mean of 1
        in each arm.

    Returns
    -------
    WeightedSample
        `sets` are the strata. On the exact columns the arms are balanced exactly.

    Raises
    ------
    DesignError
        No columns, or no stratum that holds both arms.

    References
    ----------
    Stuart (2010), Statistical Science 25: 1-21, sec. 3.3; Rosenbaum and Rubin (1983), Biometrika
    70: 41-55, sec. 3.3 (subclassification).
    """
    if estimand not in ("att", "ate"):
        raise DesignError(f"estimand must be att or ate; got {estimand!r}.")
    exact = check_columns(data, exact, "exact")
    if not exact:
        raise DesignError("Name at least one column to match on exactly.")
    arm = treated_column(data, treated)
    complete, reasons = complete_rows({name: data[name] for name in exact})
    groups = data.loc[complete, exact].groupby(exact, observed=True, sort=True).ngroup()
    side = arm.to_numpy()[complete]
    codes = groups.to_numpy()
    n_strata = int(codes.max()) + 1 if len(codes) else 0
    counts = [np.bincount(codes[s], minlength=n_strata) for s in (side, ~side)]
    both = (counts[0] > 0) & (counts[1] > 0)
    if not both.any():
        raise DesignError(
            f"No combination of {', '.join(exact)} occurs in both arms, so nobody can be compared. "
            "Match on fewer columns, or on coarser ones."
        )
    same = ", ".join(exact)
    reasons[complete] = np.where(
        side, f"There is no comparison unit with the same {same}.",
        f"There is no treated unit with the same {same}.",
    )  # fmt: skip
    weights, sets = np.zeros(len(data)), np.full(len(data), -1)
    weights[complete] = _weights(codes, side, counts, both, estimand)
    kept = both[codes]
    sets[np.flatnonzero(complete)[kept]] = encode_groups(pd.Series(codes[kept]))[0]
    return make_sample("match_exact", estimand, arm, weights, reasons, sets=sets)


def _weights(codes, side, counts, both, estimand) -> np.ndarray:
    treated, others = (np.where(both, c, 1) for c in counts)
    target = treated if estimand == "att" else treated + others
    raw = np.where(side, (target / treated)[codes], (target / others)[codes]) * both[codes]
    for arm in (side, ~side):
        raw[arm] *= (raw[arm] > 0).sum() / raw[arm].sum()
    return raw
