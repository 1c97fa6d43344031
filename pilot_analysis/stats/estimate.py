"""`Estimate`: a number with its uncertainty, made in one place so that its parts agree."""

from dataclasses import dataclass, replace
from math import isfinite, isnan, nan
from numbers import Real

from scipy import special

from pilot_analysis.errors import DesignError

__all__ = ["Estimate", "check_conf_level"]


def check_conf_level(conf_level: float) -> float:
    """Return `conf_level` if it lies strictly between 0 and 1, else raise `DesignError`."""
    if not isinstance(conf_level, Real) or not 0 < conf_level < 1:
        raise DesignError(
            f"conf_level must lie between 0 and 1, for instance 0.95; got {conf_level!r}."
        )
    return float(conf_level)


# scipy.special, since the same numbers through scipy.stats take a hundred times as long.
def _t_quantile(probability: float, df: float) -> float:
    return special.stdtrit(df, probability) if isfinite(df) else special.ndtri(probability)


def _t_tail(statistic: float, df: float) -> float:
    return special.stdtr(df, statistic) if isfinite(df) else special.ndtr(statistic)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A point estimate with standard error, test, interval, sample size and method.

    Make one with `from_t`, `from_z`, `from_interval`, `from_test_inversion` or `undefined`, never
    by hand: each of them derives p, degrees of freedom and interval from one another, so that
    ``p_value < 1 - conf_level`` exactly when the interval excludes the null value. Where an
    interval does not invert a test (`from_interval`), the p-value is NaN.

    Attributes
    ----------
    name : str
        What is estimated, as the model or the caller writes it.
    estimate, std_error, statistic, df, p_value : float
        In `unit`; NaN where not defined. `df` is infinite for a normal reference distribution.
    conf_level, conf_low, conf_high : float
        Two-sided interval.
    n : int
        Observations (people, unless the docstring of the maker says otherwise).
    n_clusters : int or None
        Number of independent clusters; None where observations are independent.
    unit : str
        "points", "sd", "proportion", "scale points", ...
    method : str
        A key of ``docs/methods.md``.
    flags : tuple of str
        "singular", "few clusters", "not converged", ...; a reason where the estimate is NaN.
    """

    name: str
    estimate: float
    std_error: float
    statistic: float
    df: float
    p_value: float
    conf_level: float
    conf_low: float
    conf_high: float
    n: int
    n_clusters: int | None
    unit: str
    method: str
    flags: tuple[str, ...] = ()

    @classmethod
    def from_t(
        cls,
        name,
        estimate,
        std_error,
        df,
        *,
        n,
        unit,
        method,
        n_clusters=None,
        null=0.0,
        conf_level=0.95,
        flags=(),
    ) -> "Estimate":
        """Student's t with `df` degrees of freedom (``inf`` gives the normal).

        Raises
        ------
        DesignError
            A standard error that is not positive and finite, or df that are not positive: such
            a result is `undefined`, with its reason, and never a number with an interval.
        """
        check_conf_level(conf_level)
        if not (isfinite(estimate) and isfinite(std_error) and std_error > 0 and df > 0):
            raise DesignError(
                f"{name}: an interval needs a finite estimate, a positive standard error and "
                f"positive degrees of freedom; got {estimate}, {std_error} and {df}."
            )
        statistic = (estimate - null) / std_error
        half = -_t_quantile((1 - conf_level) / 2, df) * std_error
        return cls(
            name,
            float(estimate),
            float(std_error),
            float(statistic),
            float(df),
            float(2 * _t_tail(-abs(statistic), df)),
            float(conf_level),
            float(estimate - half),
            float(estimate + half),
            int(n),
            None if n_clusters is None else int(n_clusters),
            unit,
            method,
            tuple(flags),
        )

    @classmethod
    def from_z(cls, name, estimate, std_error, **details) -> "Estimate":
        """Use the normal reference distribution; keywords as in `from_t`."""
        return cls.from_t(name, estimate, std_error, float("inf"), **details)

    @classmethod
    def from_test_inversion(
        cls,
        name,
        estimate,
        conf_low,
        conf_high,
        *,
        statistic,
        p_value,
        n,
        unit,
        method,
        std_error=nan,
        df=nan,
        n_clusters=None,
        null=0.0,
        conf_level=0.95,
        flags=(),
    ) -> "Estimate":
        """Interval found by inverting the test whose `statistic` and `p_value` are given.

        Raises
        ------
        DesignError
            The interval and the p-value disagree about the null value.
        """
        check_conf_level(conf_level)
        excluded = null < conf_low or null > conf_high
        if abs(p_value - (1 - conf_level)) > 1e-7 and excluded != (p_value < 1 - conf_level):
            raise DesignError(
                f"{name}: the interval [{conf_low}, {conf_high}] and p = {p_value} disagree about "
                f"{null}; they do not come from the same test."
            )
        return cls(
            name,
            float(estimate),
            float(std_error),
            float(statistic),
            float(df),
            float(p_value),
            float(conf_level),
            float(conf_low),
            float(conf_high),
            int(n),
            None if n_clusters is None else int(n_clusters),
            unit,
            method,
            tuple(flags),
        )

    @classmethod
    def from_interval(
        cls,
        name,
        estimate,
        conf_low,
        conf_high,
        *,
        n,
        unit,
        method,
        std_error=nan,
        df=nan,
        n_clusters=None,
        conf_level=0.95,
        flags=(),
    ) -> "Estimate":
        """Interval that inverts no test (bootstrap, posterior, transformed): p is NaN."""
        check_conf_level(conf_level)
        if conf_low > conf_high:
            raise DesignError(f"{name}: the interval [{conf_low}, {conf_high}] is upside down.")
        return cls(
            name,
            float(estimate),
            float(std_error),
            nan,
            float(df),
            nan,
            float(conf_level),
            float(conf_low),
            float(conf_high),
            int(n),
            None if n_clusters is None else int(n_clusters),
            unit,
            method,
            tuple(flags),
        )

    @classmethod
    def undefined(
        cls,
        name,
        reason,
        *,
        n,
        unit,
        method,
        estimate=nan,
        n_clusters=None,
        conf_level=0.95,
    ) -> "Estimate":
        """No interval: `estimate` may be known, `reason` (a sentence) stands in the flags."""
        return cls(
            name,
            float(estimate),
            nan,
            nan,
            nan,
            nan,
            check_conf_level(conf_level),
            nan,
            nan,
            int(n),
            None if n_clusters is None else int(n_clusters),
            unit,
            method,
            (reason,),
        )

    @property
    def is_defined(self) -> bool:
        """Whether there is an interval."""
        return not (isnan(self.conf_low) or isnan(self.conf_high))

    def renamed(self, name: str) -> "Estimate":
        """Return the same estimate under another name."""
        return replace(self, name=name)

    def flagged(self, *flags: str) -> "Estimate":
        """Return the same estimate with `flags` added."""
        return replace(self, flags=(*self.flags, *flags))

    def scaled(self, factor: float, unit: str) -> "Estimate":
        """Return the estimate in another unit; p, df and statistic do not change.

        `factor` is positive and taken as known: 100 for points from shares, 1/SD for SD units.
        """
        if not (isfinite(factor) and factor > 0):
            raise DesignError(
                f"{self.name}: a change of unit needs a positive factor, got {factor}."
            )
        return replace(
            self,
            estimate=self.estimate * factor,
            std_error=self.std_error * factor,
            conf_low=self.conf_low * factor,
            conf_high=self.conf_high * factor,
            unit=unit,
        )
