"""`MixedFit`: the answer of a linear mixed model."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.estimate import Estimate, check_conf_level
from pilot_analysis.stats.joint import JointTest, positions
from pilot_analysis.stats.mixed.inference import DfMethod, FixedEffects, fixed_effects
from pilot_analysis.stats.mixed.modes import conditional_modes
from pilot_analysis.stats.mixed.profiles import profile_intervals
from pilot_analysis.stats.mixed.solution import Solution

__all__ = ["MixedFit", "report"]

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
        Variance of each level's intercepts (``"school"``), of the outer level's slopes
        (``"school: small"``) and of the ``"residual"``, in squared units of the outcome over the
        term's; exactly 0 at the boundary. NaN where not converged.
    correlations : dict of str to float
        Of the outer level's random terms (``"school: Intercept, small"``); exactly 1 or -1 at the
        boundary, NaN where a variance is zero. Empty where nothing is correlated.
    icc : dict of str to float
        Each level's share of the total variance. Where slopes vary, the outer level's variance
        depends on the row, and its mean over the rows counts (Johnson 2014).
    log_likelihood : float
        Restricted if REML.
    flags : tuple of str
        "singular": a variance is exactly zero or a correlation exactly 1. "not converged".
    n : int
        Rows.
    n_groups : dict of str to int
    n_parameters : int
        Fixed effects, variances and covariances.

    References
    ----------
    Johnson (2014), Methods in Ecology and Evolution 5, eq. 10.
    """

    estimates: tuple[Estimate, ...]
    variances: dict[str, float]
    correlations: dict[str, float]
    icc: dict[str, float]
    log_likelihood: float
    flags: tuple[str, ...]
    n: int
    n_groups: dict[str, int]
    n_parameters: int
    _effects: FixedEffects | None = field(repr=False)
    _solution: Solution = field(repr=False)
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

    @property
    def aic(self) -> float:
        """Akaike's criterion; under REML comparable only between equal fixed effects."""
        return -2 * self.log_likelihood + 2 * self.n_parameters

    @property
    def bic(self) -> float:
        """Schwarz's criterion with the logarithm of the number of rows, as in lme4."""
        return -2 * self.log_likelihood + np.log(self.n) * self.n_parameters

    @property
    def random_effects(self) -> dict[str, pd.DataFrame]:
        """Per level, one row per group and random term.

        Columns: the level's (after the outer level's, for the inner one), ``term``, ``estimate``
        (the conditional mode: the deviation from the fixed effect) and ``std_error`` (conditional
        on the variances and fixed effects; NaN where the variance is zero). Empty where not
        converged.
        """
        if self._effects is None:
            return {}
        solution = self._solution
        return conditional_modes(
            solution.optimum.point, solution.levels, solution.terms, solution.spread
        )

    def wald(self, terms: Sequence[str]) -> JointTest:
        """Test that several coefficients are all zero, by an F with the model's kind of df.

        Raises
        ------
        DesignError
            An unknown or repeated term, a fit that did not converge, or (Kenward-Roger) too few
            groups for a joint test.
        """
        at = positions(terms, [e.name for e in self.estimates])
        effects = self._require_effects()
        contrasts = np.eye(len(self.estimates))[at]
        beta = np.array([e.estimate for e in self.estimates])
        kenward_roger = self._df == "kenward-roger"
        test = effects.f_test if kenward_roger else effects.f_test_satterthwaite
        statistic, df = test(contrasts, beta)
        return JointTest.from_f(terms, statistic, len(at), df, _METHODS[self._df])

    def profile_intervals(self, conf_level: float | None = None) -> dict[str, Estimate]:
        """Profile-likelihood intervals of the standard deviations and correlations.

        A value lies inside where the likelihood that the fit maximized (restricted or not), with
        this value held fixed and everything else chosen best, is not too far below its maximum.

        Parameters
        ----------
        conf_level : float, optional
            Default: the fit's.

        Returns
        -------
        dict of str to Estimate
            Keys as in `variances`, of which these are the square roots, and `correlations`. A
            lower limit of exactly 0 where a variance of zero is no worse than that. Undefined,
            with the reason, where the likelihood is too flat for a limit, or for a correlation
            with a term whose variance is zero. p is NaN: `likelihood_ratio_test` tests variances.

        Raises
        ------
        DesignError
            A fit that did not converge.
        """
        self._require_effects()
        first = self.estimates[0]
        level = first.conf_level if conf_level is None else check_conf_level(conf_level)
        return profile_intervals(self._solution, first.unit, level)

    def _require_effects(self) -> FixedEffects:
        if self._effects is None:
            raise DesignError("The model did not converge, so nothing can be tested with it.")
        return self._effects


def report(solution: Solution, df: DfMethod, unit: str, conf_level: float) -> MixedFit:
    """Say in the units of the outcome what was found, or that nothing was."""
    optimum, problem, levels = solution.optimum, solution.problem, solution.levels
    flags = ("singular",) if optimum.singular else ()
    names, n = solution.design.names, problem.products.n
    counts = (n, levels.sizes, len(names) + problem.structure.n_variances)
    details = {
        "n": n, "n_clusters": next(iter(levels.sizes.values())), "unit": unit,
        "method": _METHODS[df], "conf_level": conf_level,
    }  # fmt: skip
    if not optimum.converged:
        estimates = tuple(Estimate.undefined(name, _NO_FIT, **details) for name in names)
        lost = [
            dict.fromkeys(known, np.nan)
            for known in (solution.variances(), solution.correlations(), levels.sizes)
        ]
        return MixedFit(estimates, *lost, np.nan, (*flags, _NO_FIT), *counts, None, solution, df)
    effects = solution.in_terms(fixed_effects(optimum.point.state(), df, optimum.singular))
    std_errors, units = np.sqrt(np.diag(effects.covariance)), np.eye(len(names))
    estimates = tuple(
        Estimate.from_t(name, value, std_error, effects.df(unit), flags=flags, **details)
        for name, value, std_error, unit in zip(
            names, solution.coefficients, std_errors, units, strict=True
        )
    )
    return MixedFit(
        estimates, solution.variances(), solution.correlations(), solution.shares(),
        solution.log_likelihood, flags, *counts, effects, solution, df,
    )  # fmt: skip
