"""Why effects differ between units: regression on what is known of the units."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import linalg, stats

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.estimate import Estimate, check_conf_level
from pilot_analysis.stats.formula import design_matrix
from pilot_analysis.stats.joint import JointTest, positions
from pilot_analysis.stats.pooling.coefficients import (
    Coefficients,
    MeanTest,
    check_test,
    estimate_coefficients,
)
from pilot_analysis.stats.pooling.evidence import NormalModel, check_estimates
from pilot_analysis.stats.pooling.heterogeneity import (
    TauMethod,
    check_tau_method,
    estimate_tau2,
    heterogeneity_share,
    q_profile_interval,
    tau2_std_error,
    typical_variance,
)

__all__ = ["MetaRegression", "meta_regression"]


@dataclass(frozen=True, slots=True)
class MetaRegression:
    """Result of `meta_regression`.

    Attributes
    ----------
    estimates : tuple of Estimate
        One per term, named as the formula writes it; look one up with ``fit["Intercept"]``.
    vcov : numpy.ndarray, shape (p, p)
    moderators : JointTest or None
        All terms but the intercept at once: F with p - 1 and k - p df, or infinite df for z (F
        times its numerator df is then chi-squared). None without moderators, or where the
        estimates lie on the regression exactly.
    tau2, tau2_std_error : float
        Variance between units that the moderators leave.
    tau2_interval : tuple of float, (low, high)
        By Q-profile; NaN where the set is empty.
    i2 : float
        Percent.
    r2 : float
        Percent of tau squared that the moderators take away, never negative; NaN where there was
        none to take, and for a common effect.
    q, q_df, q_p_value : float
        Test of what the moderators leave.
    method, test : str
    """

    estimates: tuple[Estimate, ...]
    vcov: np.ndarray
    moderators: JointTest | None
    tau2: float
    tau2_std_error: float
    tau2_interval: tuple[float, float]
    i2: float
    r2: float
    q: float
    q_df: int
    q_p_value: float
    method: str
    test: str

    def __getitem__(self, name: str) -> Estimate:
        """Return the estimate of one term; an unknown term is a `DesignError`."""
        return self.estimates[positions([name], [e.name for e in self.estimates])[0]]


def meta_regression(
    formula: str,
    data: pd.DataFrame,
    *,
    std_error: str,
    method: TauMethod = "REML",
    test: MeanTest = "knapp-hartung",
    unit: str = "sd",
    conf_level: float = 0.95,
) -> MetaRegression:
    """Regress the effects of units on properties of the units.

    y_j ~ N(x_j' beta, tau2 + s_j^2), s_j taken as known.

    Parameters
    ----------
    formula : str
        The effects and the moderators, e.g. ``"effect ~ share_treated"``.
    data : pandas.DataFrame
        One row per unit. Rows with a missing value in a column used are left out; n of the
        estimates says how many stayed.
    std_error : str
        Column of the effects' standard errors.
    method, test : str
        As in `random_effects_meta`.
    unit : str
        Unit of the effects.
    conf_level : float

    Returns
    -------
    MetaRegression

    Raises
    ------
    DesignError
        What `design_matrix` refuses (collinear terms, no more units than terms, infinite
        values, text), a standard error that is not positive, or an unknown option.

    References
    ----------
    Knapp & Hartung (2003), Statistics in Medicine 22: 2693-2710; Raudenbush (2009), in Cooper,
    Hedges & Valentine, Handbook of Research Synthesis, 2nd ed., ch. 16 (R squared).
    """
    check_conf_level(conf_level)
    check_tau_method(method)
    check_test(test)
    design = design_matrix(formula, data, other_columns=[std_error])
    values = data[std_error].iloc[design.kept_rows]
    if not pd.api.types.is_numeric_dtype(values):
        raise DesignError(f"Column {std_error!r} must hold numbers: the standard errors.")
    y, s = check_estimates(design.y, values)
    # orthonormal columns, so that moderators of any size can be inverted; beta is turned back
    basis, triangle = linalg.qr(design.X, mode="economic")
    model = NormalModel(y, s**2, basis)
    tau2 = estimate_tau2(model, method)
    turned = estimate_coefficients(model, tau2, test)
    back = linalg.solve_triangular(triangle, np.eye(len(triangle)))
    fit = Coefficients(
        back @ turned.beta, back @ turned.covariance @ back.T, turned.df, turned.factor
    )
    key = f"meta_{method.lower()}"
    details = {"n": len(y), "unit": unit, "method": key, "conf_level": conf_level}
    q = float(model.at(0.0).q[0])
    return MetaRegression(
        estimates=tuple(fit.estimate(i, term, **details) for i, term in enumerate(design.names)),
        vcov=fit.covariance,
        moderators=_moderators(fit, design.names, key),
        tau2=tau2,
        tau2_std_error=tau2_std_error(model, tau2, method),
        tau2_interval=q_profile_interval(model, conf_level),
        i2=heterogeneity_share(
            estimate_tau2(model, "DL") if method == "FE" else tau2, typical_variance(model)
        ),
        r2=_explained(y, s, tau2, method),
        q=q,
        q_df=model.residual_df,
        q_p_value=float(stats.chi2.sf(q, model.residual_df)),
        method=method,
        test=test,
    )


def _moderators(fit: Coefficients, names: tuple[str, ...], key: str) -> JointTest | None:
    terms = [name for name in names if name != "Intercept"]
    if not terms or fit.factor == 0:
        return None
    at = positions(terms, names)
    beta, covariance = fit.beta[at], fit.covariance[np.ix_(at, at)]
    wald = float(beta @ linalg.solve(covariance, beta, assume_a="pos"))
    if np.isinf(fit.df):  # F with infinite denominator df is chi-squared over its own
        p_value = float(stats.chi2.sf(wald, len(at)))
        return JointTest(tuple(terms), wald / len(at), len(at), fit.df, p_value, key)
    return JointTest.from_f(terms, wald / len(at), len(at), fit.df, key)


def _explained(y: np.ndarray, s: np.ndarray, left: float, method: TauMethod) -> float:
    alone = estimate_tau2(NormalModel(y, s**2, np.ones((len(y), 1))), method)
    return max(0.0, 100 * (alone - left) / alone) if alone > 0 else float("nan")
