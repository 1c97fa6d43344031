"""What an effect size means: published indices, thresholds and bands."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from pilot_analysis.stats.effects.inputs import checked_number, float_array

__all__ = ["KRAFT_2020", "EffectBands", "baseline_equivalence", "improvement_index"]

# WWC 5.0, chapter II: baseline differences in standard deviations
SATISFIED, WITH_ADJUSTMENT = 0.05, 0.25


@dataclass(frozen=True, slots=True)
class EffectBands:
    """Bands of effect sizes with the source that proposed them.

    Attributes
    ----------
    source : str
        To be named wherever a label is shown.
    starts : tuple of float
        Where each band after the first begins (SD, that value included), rising.
    labels : tuple of str
        One more than `starts`.
    median : float
        Effect of the middle study (SD) among those that the bands were made from.
    """

    source: str
    starts: tuple[float, ...]
    labels: tuple[str, ...]
    median: float

    def label(self, effect: float) -> str:
        """Return the band of an effect (SD), by its size without its sign.

        Raises
        ------
        DesignError
            The effect is not a known number.
        """
        size = abs(checked_number(effect, "The effect (SD)"))
        return self.labels[int(np.searchsorted(self.starts, size, side="right"))]


KRAFT_2020 = EffectBands(
    source="Kraft (2020), Interpreting effect sizes of education interventions, Educational "
    "Researcher 49: 241-253",
    starts=(0.05, 0.20),
    labels=("small", "medium", "large"),
    median=0.10,
)
"""Effects on achievement in randomized trials of education interventions."""


def baseline_equivalence(
    g: float,
) -> Literal["satisfied", "with adjustment", "not satisfied"]:
    """Say whether two groups were alike at the start, by the What Works Clearinghouse's rule.

    Parameters
    ----------
    g : float
        Baseline difference (SD); the sign does not matter.

    Returns
    -------
    str
        "satisfied" up to .05; "with adjustment" up to .25 (the outcome model must then adjust
        for the baseline score); "not satisfied" beyond.

    Raises
    ------
    DesignError
        `g` is not a known number.

    References
    ----------
    What Works Clearinghouse (2022), Procedures and Standards Handbook 5.0, chapter II.
    """
    size = abs(checked_number(g, "The baseline difference"))
    if size <= SATISFIED:
        return "satisfied"
    return "with adjustment" if size <= WITH_ADJUSTMENT else "not satisfied"


def improvement_index(g: ArrayLike) -> float | np.ndarray:
    """Return the expected change in percentile rank of an average comparison student.

    Parameters
    ----------
    g : float or array_like
        Effect (SD). NaN gives NaN.

    Returns
    -------
    float or numpy.ndarray
        Percentile points, 100 (Phi(g) - .5), between -50 and 50.

    Raises
    ------
    DesignError
        Anything but numbers.

    References
    ----------
    What Works Clearinghouse (2022), Procedures and Standards Handbook 5.0, appendix E.
    """
    index = 100 * (stats.norm.cdf(float_array(g, "Effects")) - 0.5)
    return float(index) if index.ndim == 0 else index
