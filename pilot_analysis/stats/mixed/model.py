"""Linear mixed models with random intercepts at one or two nested levels."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import get_args

import numpy as np
import pandas as pd

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.estimate import Estimate, check_conf_level
from pilot_analysis.stats.formula import Design, design_matrix
from pilot_analysis.stats.joint import JointTest, positions
from pilot_analysis.stats.mixed.algebra import Decomposition
from pilot_analysis.stats.mixed.deviance import minimize_deviance
from pilot_analysis.stats.mixed.inference import DfMethod, FixedEffects, fixed_effects
from pilot_analysis.stats.mixed.levels import Levels, conditional_modes, encode_levels

__all__ = ["MixedFit", "fit_mixed"]

_NO_FIT = "not converged"
_METHODS = {"kenward-roger": "mixed", "satterthwaite": "mixed_satterthwaite"}


@dataclass(frozen=True, slots=True)
class MixedFit:
    """Result of `fit_mixed`.

    Attributes
    ----------
    estimates : tuple of Estimate
        One per term, named as the formula writes it; look one up with ``fit["arm[T.small]"]``.
        `n_clusters` counts the outermost groups. Undefined, with the flag "not converged", where
        the optimum could not be verified.
    variances : dict of str to float
        Variance of each level's intercepts and of the "residual", in squared units of the
        outcome; exactly 0 at the boundary. NaN where not converged.
    icc : dict of str to float
        Each level's share of the total variance.
    random_effects : dict of str to pandas.DataFrame
        Per level: `level` (and, for the inner one, the outer group's column before it),
        `estimate` (the conditional mode) and `std_error` (conditional on the variances and fixed
        effects; NaN where the variance is zero).
    log_likelihood : float
        Restricted if REML.
    flags : tuple of str
        "singular": a variance is exactly zero. "not converged".
    n : int
        Rows.
    n_groups : dict of str to int
    """

    estimates: tuple[Estimate, ...]
    variances: dict[str, float]
    icc: dict[str, float]
    random_effects: dict[str, pd.DataFrame]
    log_likelihood: float
    flags: tuple[str, ...]
    n: int
    n_groups: dict[str, int]
    _effects: FixedEffects | None = field(repr=False)
    _df: DfMethod = field(repr=False)

    def __getitem__(self, name: str) -> Estimate:
        """Return the estimate of one term; an unknown term is a `DesignError`."""
        return self.estimates[positions([name], [e.name for e in self.estimates])[0]]

    @property
    def vcov(self) -> np.ndarray:
        """Covariance of the estimates, shape (p, p): what their standard errors come from."""
        return self._require_effects().covariance

    @property
    def model_vcov(self) -> np.ndarray:
        """Covariance without Kenward and Roger's adjustment, shape (p, p)."""
        return self._require_effects().model_covariance

    def wald(self, terms: Sequence[str]) -> JointTest:
        """Test that several coefficients are all zero, by an F with the model's kind of df.

        Raises
        ------
        DesignError
            An unknown or repeated term, or a fit that did not converge.
        """
        at = positions(terms, [e.name for e in self.estimates])
        effects = self._require_effects()
        contrasts = np.eye(len(self.estimates))[at]
        beta = np.array([e.estimate for e in self.estimates])
        kenward_roger = self._df == "kenward-roger"
        test = effects.f_test if kenward_roger else effects.f_test_satterthwaite
        statistic, df = test(contrasts, beta)
        return JointTest.from_f(terms, statistic, len(at), df, _METHODS[self._df])

    def _require_effects(self) -> FixedEffects:
        if self._effects is None:
            raise DesignError("The model did not converge, so nothing can be tested with it.")
        return self._effects


def fit_mixed(
    formula: str,
    data: pd.DataFrame,
    *,
    groups: str | Sequence[str],
    reml: bool = True,
    df: DfMethod = "kenward-roger",
    unit: str = "points",
    conf_level: float = 0.95,
) -> MixedFit:
    """Fit a linear mixed model with random intercepts by REML or ML.

    Rows with a missing value in any column used are left out.

    Parameters
    ----------
    formula : str
        Wilkinson formula of the fixed effects, e.g. ``"score ~ pre + arm"``.
    data : pandas.DataFrame
    groups : str or sequence of str
        One column, or two nested ones, outermost first: ``["school", "teacher"]``. The same
        inner label in two outer groups means two groups.
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

    Raises
    ------
    DesignError
        What `design_matrix` refuses; fewer than two groups; a level with as many groups as rows
        or as the level above; nothing left to explain; Kenward-Roger with ML.

    References
    ----------
    Bates et al. (2015), Journal of Statistical Software 67(1); Kenward & Roger (1997), Biometrics
    53; Fai & Cornelius (1996), Journal of Statistical Computation and Simulation 54.
    """
    check_conf_level(conf_level)
    names = [groups] if isinstance(groups, str) else list(groups)
    _require_options(names, reml, df)
    design = design_matrix(formula, data, other_columns=names)
    levels = encode_levels(data.iloc[design.kept_rows], names)
    model = _Model.of(design, levels, reml)
    try:
        optimum = minimize_deviance(model.parts, reml)
    except np.linalg.LinAlgError as error:
        raise DesignError(
            f"{formula}: the terms are too nearly collinear to be fitted. Leave one out."
        ) from error
    flags = ("singular",) if optimum.singular else ()
    details = {
        "n": model.parts.n, "n_clusters": levels.sizes[names[0]], "unit": unit,
        "method": _METHODS[df], "conf_level": conf_level,
    }  # fmt: skip
    if not optimum.converged:
        estimates = tuple(Estimate.undefined(term, _NO_FIT, **details) for term in design.names)
        unknown = dict.fromkeys([*names, "residual"], np.nan)
        return MixedFit(
            estimates, unknown, dict.fromkeys(names, np.nan), {}, np.nan, (*flags, _NO_FIT),
            model.parts.n, levels.sizes, None, df,
        )  # fmt: skip
    state, spread = optimum.state, model.spread
    effects = _in_terms(fixed_effects(state, reml, df), model.to_terms * spread)
    variances = dict(zip([*names, "residual"], (state.variances * spread**2).tolist(), strict=True))
    return MixedFit(
        model.estimates(state, effects, details | {"flags": flags}), variances,
        {name: variances[name] / sum(variances.values()) for name in names},
        conditional_modes(model.parts, state, levels, spread), model.log_likelihood(state), flags,
        model.parts.n, levels.sizes, effects, df,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Model:
    """The design in an orthonormal basis, the outcome as least-squares residuals of spread 1.

    So that the optimizer's tolerances mean the same whatever the units are.
    """

    design: Design
    reml: bool
    parts: Decomposition
    to_terms: np.ndarray  # (p, p), from coefficients of the basis to those of the terms
    start: np.ndarray  # (p,), least-squares coefficients in the basis
    spread: float

    @classmethod
    def of(cls, design: Design, levels: Levels, reml: bool) -> "_Model":
        basis, triangle = np.linalg.qr(design.X)
        start = basis.T @ design.y
        residual = design.y - basis @ start
        spread = float(np.sqrt(np.mean(residual**2)))
        if not spread > 1e-10 * max(np.abs(design.y).max(), 1e-300):
            raise DesignError("The terms explain the outcome exactly; nothing varies.")
        columns = np.column_stack([basis, residual / spread])
        parts = Decomposition.of(columns, levels.inner, levels.outer)
        return cls(design, reml, parts, np.linalg.inv(triangle), start, spread)

    def estimates(self, state, effects: FixedEffects, details) -> tuple[Estimate, ...]:
        beta = self.to_terms @ (self.start + self.spread * state.beta)
        std_errors = np.sqrt(np.diag(effects.covariance))
        units = np.eye(len(beta))
        return tuple(
            Estimate.from_t(term, beta[j], std_errors[j], effects.df(units[j]), **details)
            for j, term in enumerate(self.design.names)
        )

    def log_likelihood(self, state) -> float:
        freedom = self.parts.n - (len(self.start) if self.reml else 0)
        deviance = state.deviance + 2 * freedom * np.log(self.spread)
        if self.reml:
            deviance -= 2 * np.log(np.abs(np.diag(self.to_terms))).sum()
        return float(-deviance / 2)


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


def _in_terms(effects: FixedEffects, change: np.ndarray) -> FixedEffects:
    """Bring inference from the orthonormal basis back to the formula's terms."""
    return FixedEffects(
        change @ effects.covariance @ change.T,
        change @ effects.model_covariance @ change.T,
        change @ effects.slopes @ change.T,
        effects.uncertainty,
    )
