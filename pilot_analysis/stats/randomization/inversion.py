"""The p of every constant effect at once: thresholds at which each assignment turns."""

from dataclasses import dataclass
from math import inf

import numpy as np

__all__ = ["ShiftTest"]

_SAME = 1e-10  # share of the largest statistic by which equal ones may differ in rounding


@dataclass(frozen=True, slots=True)
class ShiftTest:
    """Assignments compared with the observed one, for every effect tau.

    With a - tau b the statistic of an assignment when tau has been taken from the treated,
    an assignment is at least as large as the observed one where (a0 - a) <= tau (b0 - b): from
    the threshold (a0 - a) / (b0 - b) on, where b is below b0, and up to it, where above.

    Attributes
    ----------
    rising, falling : numpy.ndarray, sorted
        Thresholds from which, or up to which, an assignment is at least as large.
    always_large, always_small : int
        Assignments on that side whatever tau is (equal ones on both).
    n : int
        Assignments compared.
    smallest_p : float
        The smallest p at tau = 0 that any of the assignments would have had.
    """

    rising: np.ndarray
    falling: np.ndarray
    always_large: int
    always_small: int
    n: int
    smallest_p: float

    @classmethod
    def from_statistics(
        cls, observed: np.ndarray, others: np.ndarray, *, add_observed: bool
    ) -> "ShiftTest":
        """Compare assignments with the observed one.

        Parameters
        ----------
        observed : numpy.ndarray, shape (2,)
            a0 and b0.
        others : numpy.ndarray, shape (m, 2)
            a and b of each assignment.
        add_observed : bool
            Whether the observed one is still to be added (a sample), or among them (all).
        """
        if add_observed:
            others = np.concatenate([others, observed[None]])
        same = _SAME * np.abs(others).max(axis=0)
        rise, run = (observed - others).T
        rise = np.where(np.abs(rise) <= same[0], 0.0, rise)
        run = np.where(np.abs(run) <= same[1], 0.0, run)
        thresholds = np.divide(rise, run, out=np.zeros_like(rise), where=run != 0)
        flat, a = rise[run == 0], others[:, 0]
        extremes = (a >= a.max() - same[0]).sum(), (a <= a.min() + same[0]).sum()
        return cls(
            np.sort(thresholds[run > 0]),
            np.sort(thresholds[run < 0]),
            int((flat <= 0).sum()),
            int((flat >= 0).sum()),
            len(others),
            min(1.0, 2 * float(min(extremes)) / len(others)),
        )

    def p_value(self, tau):
        """Two-sided p of the effect `tau` (a number or an array): twice the smaller tail."""
        large = np.searchsorted(self.rising, tau, "right") - np.searchsorted(self.falling, tau)
        small = np.searchsorted(self.falling, tau, "right") - np.searchsorted(self.rising, tau)
        large = large + (self.always_large + len(self.falling))
        small = small + (self.always_small + len(self.rising))
        return np.minimum(1.0, 2 * np.minimum(large, small) / self.n)

    def interval(self, conf_level: float) -> tuple[float, float]:
        """Return the smallest and the largest effect whose p is not below 1 - `conf_level`."""
        alpha = 1 - conf_level
        points = np.concatenate([[-inf], np.union1d(self.rising, self.falling), [inf]])
        held = points[self.p_value(points) >= alpha]
        return float(held[0]), float(held[-1])
