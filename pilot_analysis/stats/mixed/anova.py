"""The intraclass correlation of groups of unequal sizes from a one-way analysis of variance."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.estimate import Estimate, check_conf_level
from pilot_analysis.stats.grouping import encode_groups

__all__ = ["AnovaIcc", "anova_icc"]


@dataclass(frozen=True, slots=True)
class AnovaIcc:
    """How much alike the members of a group are, and what that costs.

    Attributes
    ----------
    icc : Estimate
        Share of the variance that lies between groups; may be negative. `statistic` is F, `df`
        its denominator's.
    mean_square_between, mean_square_within : float
    group_size : float
        n0, the size of equal groups that would give the same expected mean squares.
    design_effect : float
        Kish's: the variance of a mean of all members, relative to that of independent ones,
        1 + (mean size - 1) ICC.
    n_groups : int
    """

    icc: Estimate
    mean_square_between: float
    mean_square_within: float
    group_size: float
    design_effect: float
    n_groups: int


def anova_icc(values, groups, *, conf_level: float = 0.95) -> AnovaIcc:
    """Intraclass correlation from the mean squares between and within groups.

    Rows in which the value or the group is missing are left out.

    Parameters
    ----------
    values, groups : array_like, shape (n,)
    conf_level : float
        The interval inverts F with n0 in place of the groups' size: exact for equal sizes,
        approximate otherwise.

    Returns
    -------
    AnovaIcc

    Raises
    ------
    DesignError
        Fewer than two groups, a single value in every group, infinite values, or nothing that
        varies within groups.

    References
    ----------
    Donner & Koval (1980), Biometrics 36; Smith (1957), Biometrics 13 (unequal sizes); Kish
    (1965), Survey Sampling, sec. 8.2.
    """
    check_conf_level(conf_level)
    frame = pd.DataFrame({"value": np.asarray(values, dtype=float), "group": np.asarray(groups)})
    frame = frame.dropna()
    if not np.isfinite(frame["value"]).all():
        raise DesignError("The values are not all finite. Mend or leave out these rows.")
    codes = encode_groups(frame["group"])[0]
    sizes = np.bincount(codes)
    n, k = len(frame), len(sizes)
    if not 2 <= k < n:
        raise DesignError(
            f"An intraclass correlation needs two or more groups, one with two or more values; "
            f"there are {k} groups with {n} values."
        )
    y = frame["value"].to_numpy() - frame["value"].mean()
    means = np.bincount(codes, y) / sizes
    between = float(sizes @ means**2 / (k - 1))
    within = float(np.sum((y - means[codes]) ** 2) / (n - k))
    if not within > 1e-20 * max(between, 1e-300):
        raise DesignError("Nothing varies within the groups, so they cannot be compared.")
    size = float((n - np.sum(sizes**2) / n) / (k - 1))
    ratio = between / within
    tail = (1 - conf_level) / 2
    low, value, high = (
        (f - 1) / (f + size - 1)
        for f in (ratio / stats.f.isf(tail, k - 1, n - k), ratio,
                  ratio / stats.f.ppf(tail, k - 1, n - k))
    )  # fmt: skip
    p = 2 * min(stats.f.sf(ratio, k - 1, n - k), stats.f.cdf(ratio, k - 1, n - k))
    icc = Estimate.from_test_inversion(
        "icc", value, low, high, statistic=ratio, p_value=p, df=n - k, n=n, n_clusters=k,
        unit="proportion", method="anova_icc", conf_level=conf_level,
    )  # fmt: skip
    return AnovaIcc(icc, between, within, size, 1 + (n / k - 1) * value, k)
