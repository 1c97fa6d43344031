"""Share of subjects on which raters agree."""

from numbers import Real

import numpy as np

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.agreement.ratings import as_numbers, read_ratings
from pilot_analysis.stats.association.shares import proportion
from pilot_analysis.stats.estimate import Estimate

__all__ = ["percent_agreement"]


def percent_agreement(ratings, *, tolerance: float = 0.0, conf_level: float = 0.95) -> Estimate:
    """Share of subjects on which all raters agree.

    Parameters
    ----------
    ratings : DataFrame, subjects x raters
        Numbers or labels. Subjects with fewer than two ratings are left out; missing ratings of
        the others are passed over.
    tolerance : float
        Ratings this far apart still agree (numbers only): the highest and the lowest of the
        subject.

    Returns
    -------
    Estimate
        unit "proportion", n subjects rated twice or more, Wilson's interval; undefined where no
        subject was rated twice. Agreement says nothing about reliability: give both.

    Raises
    ------
    DesignError
        Fewer than two raters, a tolerance with labels that are no numbers, a tolerance below 0,
        or an infinite rating.
    """
    if not (isinstance(tolerance, Real) and 0 <= tolerance < np.inf):
        raise DesignError(f"tolerance must be 0 or more, and finite; got {tolerance}.")
    read = read_ratings(ratings)
    # without a tolerance the codes serve as well as the values
    values = (
        as_numbers(read, "A tolerance")
        if tolerance
        else np.where(read.codes < 0, np.nan, read.codes)
    )
    values = values[(read.codes >= 0).sum(axis=1) >= 2]
    if not len(values):
        return Estimate.undefined(
            "agreement",
            "No subject was rated by two people.",
            n=0,
            unit="proportion",
            method="percent_agreement",
            conf_level=conf_level,
        )
    apart = np.nanmax(values, axis=1) - np.nanmin(values, axis=1)
    # 1.3 and 1.0 are .3 apart, though not in binary
    slack = 8 * np.finfo(float).eps * np.nanmax(np.abs(values)) if tolerance else 0.0
    agree = int((apart <= tolerance + slack).sum())
    return proportion(agree, len(values), conf_level=conf_level).renamed("agreement")
