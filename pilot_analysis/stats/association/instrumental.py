"""The effect of a product on those who used it because it was offered (instrumental variables)."""

from dataclasses import dataclass
from math import inf, sqrt
from typing import Any

import numpy as np
import pandas as pd
from formulaic import Formula

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.association.anderson_rubin import ConfidenceSet, anderson_rubin_set
from pilot_analysis.stats.cluster.inference import ClusterInference
from pilot_analysis.stats.cluster.least_squares import LeastSquares, least_squares
from pilot_analysis.stats.cluster.rows import read_rows
from pilot_analysis.stats.estimate import Estimate, check_conf_level

__all__ = ["SMALLEST_F", "ComplierEffect", "complier_effect"]

SMALLEST_F = 16.0
"""First-stage F below which no complier effect is given. With one instrument and independent,
equally spread errors, an F above 16.38 says at the 5% level that Wald's nominal 5% test errs no
more than one time in ten (Stock & Yogo 2005, table 5.2); for a cluster-robust F a convention."""

_CR2 = -0.5
_NAME = "complier_effect"


@dataclass(frozen=True, slots=True)
class ComplierEffect:
    """Result of `complier_effect`.

    Attributes
    ----------
    estimate : Estimate
        Two-stage least squares with its CR2 standard error; statistic, df, p and interval are the
        Anderson-Rubin test's. Undefined, with the reason, where it is not estimable.
    first_stage : Estimate
        Difference in take-up that the assignment made, a proportion. Undefined where everybody
        did as assigned.
    intention_to_treat : Estimate
        Difference in the outcome that the assignment made.
    f_statistic : float
        Cluster-robust F of the first stage; infinite where everybody did as assigned.
    confidence_set : ConfidenceSet
        All values that the Anderson-Rubin test does not reject, however weak the first stage.
    """

    estimate: Estimate
    first_stage: Estimate
    intention_to_treat: Estimate
    f_statistic: float
    confidence_set: ConfidenceSet


def complier_effect(
    formula: str,
    data: pd.DataFrame,
    *,
    take_up: str,
    assigned: str,
    cluster: str,
    absorb: str | None = None,
    smallest_f: float = SMALLEST_F,
    unit: str = "points",
    conf_level: float = 0.95,
) -> ComplierEffect:
    """Effect of taking up what was offered, on those whose take-up the offer decided.

    The difference in the outcome between the assigned sides, divided by the difference in take-up
    (Wald's estimate, two-stage least squares with one instrument). It needs that the offer was
    **randomized**, that nobody did the opposite of the assignment because of it, and that being
    offered changed nothing for those whose take-up it did not change (exclusion). Hence take-up
    must mean *any use*: with "met the dose", those who used the product a little count as if they
    had not, although it may have helped them, and the answer is too large (where 5% met the dose,
    1.19 for a truth of .27). It says nothing of those who would have used it, or not, anyway.

    Parameters
    ----------
    formula : str
        Outcome and covariates, without take-up and assignment, e.g. ``"score ~ pre"``.
    data : pandas.DataFrame
        Rows with a missing value in any column used are left out.
    take_up : str
        Column of 0 and 1 (or bool): whether the person used the product at all.
    assigned : str
        Column of 0 and 1 (or bool), 1: the product was offered.
    cluster : str
        Column that names the unit that was assigned.
    absorb : str, optional
        Column of the blocks within which units were assigned, as fixed effects.
    smallest_f : float
        First-stage F below which the effect is not estimable.
    unit : str
        Unit of the outcome.
    conf_level : float

    Returns
    -------
    ComplierEffect
        For a value b the Anderson-Rubin test asks whether the outcome less b times take-up
        differs between the sides (CR2, Satterthwaite df). The values that it does not reject make
        the interval, and its p at 0 is that of the intention to treat: it holds its level however
        weak the first stage is. Not estimable where the first-stage F is below `smallest_f`, or
        where the set is no interval.

    Raises
    ------
    DesignError
        What `ols_cluster_robust` refuses; take-up or assignment in the formula, with other values
        than 0 and 1, or the same for everybody; an outcome that leaves nothing to judge by.

    References
    ----------
    Angrist, Imbens & Rubin (1996), JASA 91: 444-455; Anderson & Rubin (1949), Annals of
    Mathematical Statistics 20: 46-63; Andrews, Stock & Sun (2019), Annual Review of Economics 11:
    727-753; Stock & Yogo (2005), in Andrews & Stock (eds.), Identification and Inference for
    Econometric Models, ch. 5.
    """
    check_conf_level(conf_level)
    columns = {name: _zero_one(data, name) for name in (take_up, assigned)}
    data = data.assign(**columns)
    rows = read_rows(
        f"{formula} + `{assigned}`", data, cluster=cluster, absorb=absorb, other_columns=[take_up]
    )
    _require_free(formula, take_up, assigned)
    used = columns[take_up].to_numpy()[rows.design.kept_rows]
    if used.min() == used.max():
        raise DesignError(
            f"Column {take_up!r} is {used[0]:g} for everybody, so the assignment changed nobody's "
            "take-up, and there is no one for whom to estimate an effect."
        )
    fit = least_squares(rows, np.column_stack([rows.design.y, used]), _CR2)
    row = np.array([float(name == assigned) for name in rows.design.names])
    details = {"n": len(used), "n_clusters": rows.n_clusters, "conf_level": conf_level}
    return _wald(fit, row, smallest_f, unit, details)


def _wald(fit: LeastSquares, row, smallest_f: float, unit: str, details) -> ComplierEffect:
    """Divide what the assignment changed in the outcome by what it changed in take-up."""
    intent, first = _differences(fit, row, details, unit)
    contrast = row @ fit.to_basis
    scores = np.einsum("gpr,p->gr", fit.moments.scores, contrast)
    allowed = anderson_rubin_set(
        intent.estimate, first.estimate, scores.T @ scores,
        df=intent.df, conf_level=intent.conf_level,
    )  # fmt: skip
    f_statistic = first.statistic**2 if first.is_defined else inf
    reason = _not_estimable(f_statistic, smallest_f, allowed)
    details = {**details, "unit": unit, "method": _NAME}
    if reason:
        estimate = Estimate.undefined(_NAME, reason, **details)
    else:
        noise = fit.noise * sqrt(contrast @ fit.moments.working @ contrast)
        estimate = _ratio(intent, first.estimate, scores, noise, allowed, details)
    return ComplierEffect(estimate, first, intent, f_statistic, allowed)


def _differences(fit: LeastSquares, row, details: dict[str, Any], unit: str) -> list[Estimate]:
    """Return what the assignment changed, in the outcome and in take-up."""
    asked = (("intention_to_treat", unit), ("first_stage", "proportion"))
    found = [
        ClusterInference(
            fit, i, factor=1.0, corrected=True, details={**details, "unit": u, "method": "cr2"}
        ).estimate(name, row)
        for i, (name, u) in enumerate(asked)
    ]
    if not found[0].is_defined:
        raise DesignError(
            "The outcome leaves no variation between clusters to judge the assignment by. Check "
            "whether it is the same for everybody."
        )
    return found


def _not_estimable(f_statistic: float, smallest_f: float, allowed: ConfidenceSet) -> str:
    if f_statistic < smallest_f:
        return (
            f"Not estimable: the offer changed take-up too little (first-stage F {f_statistic:.1f}"
            f", below {smallest_f:g})."
        )
    if allowed.shape != "interval":
        return f"Not estimable: the Anderson-Rubin set is no interval ({allowed.words})."
    return ""


def _ratio(intent, moved, scores, noise, allowed, details) -> Estimate:
    ratio = intent.estimate / moved
    direction = np.array([1.0, -ratio])
    # from the scores: as a quadratic form of their covariance a small one would be rounding
    std_error = float(np.linalg.norm(scores @ direction)) / abs(moved)
    if std_error <= noise @ np.abs(direction) / abs(moved):
        reason = "Take-up explains the outcome exactly, so chance variation cannot be estimated."
        return Estimate.undefined(_NAME, reason, estimate=ratio, **details)
    ((low, high),) = allowed.parts
    return Estimate.from_test_inversion(
        _NAME,
        ratio,
        low,
        high,
        statistic=intent.statistic,
        p_value=intent.p_value,
        df=intent.df,
        std_error=std_error,
        flags=intent.flags,
        **details,
    )


def _zero_one(data: pd.DataFrame, name: str) -> pd.Series:
    """Return a column of 0 and 1 as numbers; missing values stay missing."""
    if not isinstance(data, pd.DataFrame):
        raise DesignError(f"data must be a data frame; got {type(data).__name__}.")
    if not isinstance(name, str) or name not in data.columns:
        raise DesignError(f"There is no column {name!r} in the data.")
    values = data[name]
    known = values.dropna()
    if not known.isin([0, 1]).all():
        other = known[~known.isin([0, 1])].iloc[0]
        raise DesignError(
            f"Column {name!r} must hold 0 and 1 only (or False and True); it holds {other!r}. "
            "Code take-up as any use, and assignment as having been offered the product."
        )
    return pd.Series(np.where(values.isna(), np.nan, values.eq(1)), index=data.index, dtype=float)


def _require_free(formula: str, take_up: str, assigned: str) -> None:
    used = Formula(formula).required_variables
    for name, role in ((take_up, "take-up"), (assigned, "assignment")):
        if name in used:
            raise DesignError(
                f"{formula}: {name!r} is the {role} and must not stand in the formula as well. "
                "Name there the outcome and what was known before the assignment."
            )
