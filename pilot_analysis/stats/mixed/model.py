"""Linear mixed models with random intercepts and slopes at one or two nested levels."""

from collections.abc import Sequence
from typing import get_args

import numpy as np
import pandas as pd

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.estimate import check_conf_level
from pilot_analysis.stats.formula import design_matrix
from pilot_analysis.stats.mixed.fit import MixedFit, report
from pilot_analysis.stats.mixed.inference import DfMethod
from pilot_analysis.stats.mixed.levels import encode_levels
from pilot_analysis.stats.mixed.solution import solve
from pilot_analysis.stats.mixed.terms import random_terms

__all__ = ["fit_mixed"]


def fit_mixed(
    formula: str,
    data: pd.DataFrame,
    *,
    groups: str | Sequence[str],
    random_slopes: str | Sequence[str] = (),
    correlated: bool = True,
    reml: bool = True,
    df: DfMethod = "kenward-roger",
    unit: str = "points",
    conf_level: float = 0.95,
) -> MixedFit:
    """Fit a linear mixed model by REML or ML.

    Rows with a missing value in any column used are left out.

    Parameters
    ----------
    formula : str
        Wilkinson formula of the fixed effects, e.g. ``"score ~ pre + arm"``.
    data : pandas.DataFrame
    groups : str or sequence of str
        One column, or two nested ones, outermost first: ``["school", "teacher"]``. The same
        inner label in two outer groups means two groups. Each level has a random intercept.
    random_slopes : str or sequence of str
        Terms of the formula (``"arm[T.product]"``) or numeric columns whose coefficients vary
        over the outer groups. They need not be fixed terms too, but nearly always should be.
    correlated : bool
        Whether the outer level's intercept and slopes may covary; False: their covariances are
        zero, which depends on where the slopes' columns have their origin.
    reml : bool
        Restricted maximum likelihood; False: maximum likelihood.
    df : {"kenward-roger", "satterthwaite"}
        Kenward-Roger also adjusts the standard errors, and belongs to REML.
    unit : str
        Unit of the outcome.
    conf_level : float

    Returns
    -------
    MixedFit
        Undefined, with the flag "not converged", where gradient and curvature do not verify that
        the optimum was found.

    Raises
    ------
    DesignError
        What `design_matrix` refuses; fewer than two groups; a level with as many groups as rows
        or as the level above; a random slope that is no numeric term or column, or varies within
        no group; nothing left to explain; variances that the data cannot tell apart;
        Kenward-Roger with ML.

    References
    ----------
    Bates et al. (2015), Journal of Statistical Software 67(1); Kenward & Roger (1997), Biometrics
    53; Fai & Cornelius (1996), Journal of Statistical Computation and Simulation 54.
    """
    check_conf_level(conf_level)
    names = [groups] if isinstance(groups, str) else list(groups)
    slopes = [random_slopes] if isinstance(random_slopes, str) else list(random_slopes)
    _require_options(names, reml, df)
    others = [*names, *(slope for slope in slopes if slope in data.columns)]
    design = design_matrix(formula, data, other_columns=others)
    levels = encode_levels(data.iloc[design.kept_rows], names)
    terms = random_terms(slopes, correlated, design, data)
    try:
        solution = solve(design, levels, terms, reml)
    except np.linalg.LinAlgError as error:
        raise DesignError(
            f"{formula}: the terms are too nearly collinear to be fitted. Leave one out."
        ) from error
    return report(solution, df, unit, conf_level)


def _require_options(names, reml, df) -> None:
    if not 1 <= len(names) <= 2 or len(set(names)) != len(names):
        raise DesignError(
            f"groups must be one column, or two nested ones, outermost first; got {names}."
        )
    if df not in get_args(DfMethod):
        raise DesignError(f"df must be one of {', '.join(get_args(DfMethod))}; got {df!r}.")
    if df == "kenward-roger" and not reml:
        raise DesignError(
            "Kenward-Roger df are made for REML. Use df='satterthwaite' with maximum likelihood, "
            "or reml=True."
        )
