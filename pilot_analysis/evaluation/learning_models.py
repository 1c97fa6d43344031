"""The models behind the results on learning; each answers for one comparison."""

from dataclasses import dataclass, replace
from math import isfinite, sqrt
from typing import Any

import numpy as np
import pandas as pd

from pilot_analysis.config import DesignConfig, InferenceConfig
from pilot_analysis.errors import DesignError
from pilot_analysis.evaluation.comparison import Comparison
from pilot_analysis.stats.cluster import ols_cluster_robust
from pilot_analysis.stats.effects.clusters import cluster_small_sample_factor
from pilot_analysis.stats.estimate import Estimate
from pilot_analysis.stats.mixed import MixedFit, fit_mixed
from pilot_analysis.stats.pooling import shrink_effects
from pilot_analysis.stats.power import minimum_detectable_effect

__all__ = ["PRIOR_SCALE", "ComparisonModels"]

PRIOR_SCALE = 0.20
"""Scale of the half-normal prior of how much the effect differs between schools (SD of the
outcome). Wide for education, where the effects of whole programs lie about that far apart, so the
data decide wherever they can; shown with the results as ``learning.prior_scale``."""


@dataclass(frozen=True)
class ComparisonModels:
    """A comparison with the settings of its models.

    Where the question is about these schools, the primary model has random intercepts of schools
    and of classes within them, with Kenward-Roger df; school fixed effects with CR2 by the
    assigned unit check it. Where it is about schools like these, the effect itself varies between
    schools, so the primary model is the one with school fixed effects and CR2 by school.
    """

    comparison: Comparison
    design: DesignConfig
    inference: InferenceConfig

    @property
    def formula(self) -> str:
        """The outcome on the score from before, if there is one, and the arm."""
        return "post ~ pre + arm" if self.comparison.has_pre else "post ~ arm"

    @property
    def total_sd(self) -> float:
        """SD of the outcome within arms, pooled over arms, across all schools (points)."""
        scores = self.comparison.frame.groupby("arm", observed=True)["post"]
        return sqrt((scores.var() * (scores.size() - 1)).sum() / (scores.size() - 1).sum())

    @property
    def about_like_schools(self) -> bool:
        """Whether the question is about schools like these, with more than one school to ask."""
        return self.design.generalize_to == "schools like these"

    def levels(self, frame: pd.DataFrame) -> list[str]:
        """Return the columns of random intercepts that these data can tell apart."""
        classes = frame["class_id"].nunique() if frame["class_id"].notna().all() else 0
        schools, rows = frame["school_id"].nunique(), len(frame)
        usable = ["class_id"] if schools < classes < rows else []
        by_school = schools > 1 and (usable or self.design.assigned_unit != "class")
        levels = [*(["school_id"] if by_school else []), *usable]
        if not levels and classes:
            levels = ["class_id"]
        if not levels:
            raise DesignError("There is one school and nothing within it to compare.")
        return levels

    def mixed(self, frame: pd.DataFrame | None = None, formula: str = "") -> MixedFit:
        """Fit the mixed model to the comparison, or to some of its students."""
        frame = self.comparison.frame if frame is None else frame
        return fit_mixed(
            formula or self.formula, frame, groups=self.levels(frame),
            conf_level=self.inference.conf_level,
        )  # fmt: skip

    def robust(self, frame: pd.DataFrame | None = None, formula: str = ""):
        """Fit least squares with school fixed effects and CR2 (see the class)."""
        frame = self.comparison.frame if frame is None else frame
        whole_schools = self.design.assigned_unit == "school"
        blocked = self.design.blocks == "school" and not whole_schools
        several = frame.groupby("school_id").ngroups > 1
        by_school = whole_schools or (self.about_like_schools and several)
        return ols_cluster_robust(
            formula or self.formula, frame, cluster="school_id" if by_school else "unit_id",
            absorb="school_id" if blocked and several else None,
            conf_level=self.inference.conf_level,
        )  # fmt: skip

    def primary(self, frame: pd.DataFrame | None = None, formula: str = ""):
        """Fit the primary model."""
        fit = self.robust if self.about_like_schools else self.mixed
        return fit(frame, formula)

    def effect(self, fit, arm: str, frame: pd.DataFrame | None = None) -> Estimate:
        """Return the arm's difference from the reference, with assigned units as clusters."""
        frame = self.comparison.frame if frame is None else frame
        return replace(fit[f"arm[T.{arm}]"], name=arm, n_clusters=frame["unit_id"].nunique())

    def in_sd(self, effect: Estimate, fit: MixedFit) -> Estimate:
        """Return the effect as g: over the total SD, with the small-sample factor of clusters."""
        frame = self.comparison.frame
        sizes = frame.groupby("unit_id").size()
        icc = sum(fit.icc.values()) if self.design.assigned_unit != "student" else 0.0
        factor = cluster_small_sample_factor(len(frame), float(sizes.mean()), icc)
        return effect.scaled(factor / self.total_sd, "sd")

    def baseline(self, arm: str) -> Estimate:
        """Return the arm's difference in the score from before, in SD of that score."""
        frame = self.comparison.frame.drop(columns="post").rename(columns={"pre": "post"})
        before = replace(self, comparison=replace(self.comparison, frame=frame, has_pre=False))
        fit = before.mixed()
        return before.in_sd(before.effect(fit, arm), fit)

    def detectable(self, arm: str, fit: MixedFit, tau: float) -> float:
        """Return the smallest true effect (SD) that the realized design would find.

        Parameters
        ----------
        arm : str
        fit : MixedFit
            Its variances are what covariates leave.
        tau : float
            SD of the effect between schools (points); used for schools like these.
        """
        frame = self.comparison.frame
        frame = frame[frame["arm"].isin([arm, self.comparison.reference])]
        school, inner = fit.variances.get("school_id", 0.0), fit.variances.get("class_id", 0.0)
        inside = inner + fit.variances["residual"]
        settings: dict[str, Any] = {
            "alpha": 1 - self.inference.conf_level,
            "power": self.inference.power,
        }
        if self.design.assigned_unit == "school":
            units, variance = frame.groupby("school_id"), school + inside
            settings |= {"n_clusters": units.ngroups, "icc": school / variance}
            settings |= {"design": "cra2", "n_per_cluster": _harmonic(units.size())}
            settings["treated_share"] = (units["arm"].first() == arm).mean()
        else:
            frame = _both_arms(frame)
            settings, variance = self._blocked(frame, arm, settings, school, inner, inside, tau)
        return minimum_detectable_effect(**settings) * sqrt(variance) / self.total_sd

    def _blocked(self, frame, arm, settings, school, inner, inside, tau):
        blocks, units = frame["school_id"].nunique(), frame.groupby("unit_id")
        treated = float((units["arm"].first() == arm).mean())
        settings = settings | {"treated_share": treated, "n_blocks": blocks}
        if self.design.assigned_unit == "student":
            size = _harmonic(frame.groupby("school_id").size())
            return settings | {"design": "bira2c", "n_per_cluster": size}, inside
        per_block = units.ngroups / blocks
        settings |= {"n_per_cluster": _harmonic(units.size()), "n_clusters": per_block}
        if not self.about_like_schools and per_block > 2:
            return settings | {"design": "bcra3f", "icc": inner / inside}, inside
        # With one class of each kind in a school only the schools are left to count on.
        variance = school + inside
        spread = tau**2 / school if self.about_like_schools and school > 0 else 0.0
        settings |= {"icc": inner / variance, "icc_block": school / variance}
        return settings | {"design": "bcra3r", "effect_variability": spread}, variance

    def school_effects(self, arm: str, fit: MixedFit) -> pd.DataFrame:
        """Return each school's own difference and its standard error, from its classes.

        Scores are adjusted for the score from before with the primary model's slope. The variance
        of an arm's mean in a school is the sum over its classes of (share of the students)^2 times
        the class variance, plus the residual variance over the students; both variances are
        pooled over schools.

        Returns
        -------
        pandas.DataFrame
            Index school_id; columns estimate, std_error (points), n (students), units.
        """
        frame = self.comparison.frame
        frame = _both_arms(frame[frame["arm"].isin([arm, self.comparison.reference])])
        adjusted = frame["post"]
        if self.comparison.has_pre:
            adjusted = adjusted - fit["pre"].estimate * frame["pre"]
        classes = frame.assign(score=adjusted, treated=frame["arm"].eq(arm))
        sums = classes.groupby(["school_id", "treated", "class_id"])["score"].agg(["sum", "size"])
        arms = sums.assign(square=sums["size"] ** 2).groupby(level=[0, 1]).sum()
        shared = fit.variances.get("class_id", 0.0) * arms["square"] / arms["size"] ** 2
        arms = arms.assign(
            mean=arms["sum"] / arms["size"],
            variance=shared + fit.variances["residual"] / arms["size"],
        )
        treated, untreated = (arms.xs(side, level="treated") for side in (True, False))
        return pd.DataFrame({
            "estimate": treated["mean"] - untreated["mean"],
            "std_error": np.sqrt(treated["variance"] + untreated["variance"]),
            "n": treated["size"] + untreated["size"],
            "units": frame.groupby("school_id")["unit_id"].nunique(),
        })  # fmt: skip

    def shrunken(self, raw: pd.DataFrame):
        """Draw the schools' effects towards their mean, integrating over how much they differ."""
        return shrink_effects(
            raw["estimate"], raw["std_error"], prior_scale=PRIOR_SCALE * self.total_sd,
            conf_level=self.inference.conf_level,
        )  # fmt: skip

    def verdict(self, in_sd: Estimate) -> str:
        """Say in a word what the interval allows, given the smallest effect worth having."""
        worthwhile = self.inference.smallest_worthwhile_effect
        if not isfinite(in_sd.conf_low):
            return "cannot tell"
        if -worthwhile <= in_sd.conf_low and in_sd.conf_high <= worthwhile:
            return "about the same"
        if in_sd.conf_low <= 0 <= in_sd.conf_high:
            return "cannot tell"
        return "higher" if in_sd.conf_low > 0 else "lower"


def _both_arms(frame: pd.DataFrame) -> pd.DataFrame:
    """Keep the schools in which both arms were present."""
    present = frame.groupby("school_id")["arm"].nunique()
    kept = frame[frame["school_id"].isin(present.index[present == 2])]
    if kept.empty:
        raise DesignError("No school had both kinds of classes.")
    return kept


def _harmonic(sizes: pd.Series) -> float:
    return float(len(sizes) / (1 / sizes).sum())
