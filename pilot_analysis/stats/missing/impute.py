"""Multiple imputation by chained equations that know arm, class and school."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.missing.chain import ChainResult, run_chains
from pilot_analysis.stats.missing.convergence import chain_trace, mixing_flags
from pilot_analysis.stats.missing.delta import delta_by_row
from pilot_analysis.stats.missing.imputation import Filling, Imputation
from pilot_analysis.stats.missing.layout import Layout, make_layout
from pilot_analysis.stats.missing.targets import Method, Target, read_targets

__all__ = ["impute"]


def impute(
    data: pd.DataFrame,
    *,
    targets: Sequence[str],
    seed: int,
    arm: str | None = None,
    cluster: str | None = None,
    school: str | None = None,
    covariates: Sequence[str] = (),
    arm_by_school: bool = False,
    methods: Mapping[str, Method] | None = None,
    delta: Mapping[str, float | Mapping[str, float]] | None = None,
    m: int = 20,
    iterations: int = 10,
) -> Imputation:
    """Fill missing values m times by chained equations with Bayesian draws.

    Each incomplete target has a normal model with a random intercept of its class, and with
    schools, arms, covariates and the other targets as fixed predictors; the slopes of the other
    targets differ by arm, and their class means are predictors too. Class intercepts, both
    variances and all coefficients are drawn from their posterior before the values are. Values
    are taken as missing at random given all that; see `delta` for the case that they are not.

    Parameters
    ----------
    data : pandas.DataFrame, shape (n, ...)
        One row per student. NaN, None and NA count as missing.
    targets : list of str
        Columns to impute, with every outcome and pre-score of the analysis. Numbers, True and
        False, or ordered Categoricals (or with two categories); those without holes only predict.
    seed : int
        Rows are processed by class and index: shuffling rows that keep their index changes
        nothing.
    arm, cluster, school : str, optional
        Columns without missing values; None: not in the model. `cluster` is the class.
    covariates : list of str
        Further columns without missing values (numbers, or categories).
    arm_by_school : bool
        Whether arms may differ otherwise in each school: for analyses of each school's effect.
    methods : dict, optional
        Target -> "normal" (default for numbers), or "pmm", predictive mean matching with five
        donors (always for True and False and categories, default for 0 and 1): it gives observed
        values only.
    delta : dict, optional
        Target -> what is added to its imputed values at the end, in its own unit, or target ->
        {arm: value}: how much better or worse those who are missing do than they would at random.
        Imputed values of other targets stay as they are.
    m, iterations : int
        Imputations (2 or more) and rounds; with a single incomplete target one round is exact.

    Returns
    -------
    Imputation
        Only missing values differ from `data`; a target imputed as "normal" comes back as float.

    Raises
    ------
    DesignError
        Targets without values, constant, infinite or of text; missing arm, class, school or
        covariates; students unlike any whose value is known; too few known values; targets that
        follow from one another; options out of range.

    References
    ----------
    van Buuren (2018), Flexible Imputation of Missing Data, 2nd ed., sec. 3.2, 3.4, 4.5, 7.6 and
    9.2; Rubin (1987), Multiple Imputation for Nonresponse in Surveys, sec. 5.3; Enders, Mistler
    and Keller (2016), Psychological Methods 21: 222-240; Luedtke, Robitzsch and Grund (2017),
    Psychological Methods 22: 141-165 (class means); Sullivan, White, Salter, Ryan and Lee (2018),
    Statistical Methods in Medical Research 27: 2610-2626 (slopes by arm).
    """
    targets, covariates = list(targets), list(covariates)
    _check(data, targets, [*covariates, *filter(None, (arm, cluster, school))])
    for what, value, least in (("m", m, 2), ("iterations", iterations, 1), ("seed", seed, 0)):
        _check_whole(what, value, least)
    read = read_targets(data, targets, methods or {})
    shifts = delta_by_row(data, read, arm, delta or {})
    layout = make_layout(
        data, arm=arm, cluster=cluster, school=school, covariates=covariates,
        arm_by_school=arm_by_school, n_targets=len(targets),
    )  # fmt: skip
    in_order = [replace(t, z=t.z[layout.rows], is_missing=t.is_missing[layout.rows]) for t in read]
    incomplete = [t for t in in_order if not t.is_complete]
    rounds = 1 if len(incomplete) == 1 else iterations
    chains = run_chains(in_order, layout, m=m, iterations=rounds, rng=np.random.default_rng(seed))
    left_out = ("class means left out",) if len(layout.starts) and not layout.uses_means else ()
    return Imputation(
        m, rounds,
        pd.Series({t.name: int(t.is_missing.sum()) for t in read}, name="missing", dtype=int),
        {t.name: "complete" if t.is_complete else t.method for t in read},
        chain_trace(incomplete, chains), mixing_flags(incomplete, chains) + left_out, data,
        {t.name: _filling(t, layout, chains, shifts.get(t.name)) for t in incomplete},
    )  # fmt: skip


def _check(data, targets, others) -> None:
    if not targets:
        raise DesignError("Name at least one target to impute.")
    for name in (*targets, *others):
        if name not in data.columns:
            raise DesignError(
                f"There is no column {name!r} in the data; it has "
                f"{', '.join(map(str, data.columns))}."
            )
    named = [*targets, *others]
    twice = [name for name in dict.fromkeys(named) if named.count(name) > 1]
    if twice:
        raise DesignError(f"Column {twice[0]!r} is named twice; each column has one part to play.")


def _check_whole(what: str, value, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise DesignError(f"{what} must be a whole number from {least} on; got {value!r}.")


def _filling(target: Target, layout: Layout, chains: ChainResult, shift) -> Filling:
    rows = layout.rows[target.is_missing]
    if target.method == "pmm":
        return Filling(rows, donors=layout.rows[chains.donors[target.name]])
    numbers = target.center + target.scale * chains.drawn[target.name]
    return Filling(rows, numbers=numbers if shift is None else numbers + shift[rows])
