"""Delta adjustment: what is added to imputed values that are not missing at random."""

from collections.abc import Mapping
from math import isfinite
from numbers import Real

import numpy as np
import pandas as pd

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.missing.targets import Target

__all__ = ["delta_by_row"]


def delta_by_row(
    data: pd.DataFrame,
    targets: list[Target],
    arm: str | None,
    delta: Mapping[str, float | Mapping[str, float]],
) -> dict[str, np.ndarray]:
    """Return, per target, what is added to each row's imputed value, shape (n,).

    Raises
    ------
    DesignError
        A name that is not a target, or one drawn by pmm; an arm that is not there; a shift that
        is not a finite number.
    """
    method = {target.name: target.method for target in targets}
    found = {}
    for name, shift in delta.items():
        if name not in method:
            raise DesignError(f"delta names {name!r}, which is not one of the targets.")
        if method[name] != "normal":
            raise DesignError(f"{name}: only targets drawn as normal can be shifted by delta.")
        arms = [None] * len(data) if arm is None else data[arm].tolist()
        by_arm = dict(shift) if isinstance(shift, Mapping) else dict.fromkeys(arms, shift)
        for level, value in by_arm.items():
            if level not in arms:
                raise DesignError(f"delta of {name!r} names the arm {level!r}, which is not there.")
            if isinstance(value, bool) or not isinstance(value, Real) or not isfinite(value):
                raise DesignError(f"delta of {name!r} must be a finite number; got {value!r}.")
        found[name] = np.array([float(by_arm.get(level, 0.0)) for level in arms])
    return found
