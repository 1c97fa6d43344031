"""How many clusters, blocks or students a design needs to find a given effect."""

from collections.abc import Callable
from typing import Literal, Unpack

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.power.designs import DESIGNS, Design, DesignSizes
from pilot_analysis.stats.power.detectable import (
    Distribution,
    check_test,
    minimum_detectable_effect,
)

__all__ = ["required_sample"]

Size = Literal["n_per_cluster", "n_clusters", "n_blocks"]
_SOLVED_FOR: dict[Design, Size] = {
    "ira": "n_per_cluster",
    "bira2c": "n_blocks",
    "bira2f": "n_blocks",
    "bira2r": "n_blocks",
    "cra2": "n_clusters",
    "bcra3f": "n_blocks",
    "bcra3r": "n_blocks",
}
_LARGEST = 10**9


def required_sample(
    design: Design,
    *,
    effect: float,
    solve_for: Size | None = None,
    alpha: float = 0.05,
    power: float = 0.80,
    two_tailed: bool = True,
    distribution: Distribution = "central",
    rounding: Literal["up", "nearest"] = "up",
    **sizes: Unpack[DesignSizes],
) -> int:
    """Return the smallest whole number of units with which a design would find an effect.

    The number whose `minimum_detectable_effect` is at most `effect`, where one fewer would not
    do; the degrees of freedom change with the number that is tried.

    Parameters
    ----------
    design, alpha, power, two_tailed, distribution
        As `minimum_detectable_effect`.
    effect : float
        True effect to be found (SD of the outcome), positive.
    solve_for : {"n_per_cluster", "n_clusters", "n_blocks"}, optional
        What is counted. Unless given: students in all for "ira", blocks for "bira2*" and
        "bcra3*", clusters for "cra2". For "bcra3*" `n_clusters` are clusters per block.
    rounding : {"up", "nearest"}
        "up" gives the number that is enough. "nearest" rounds the solution to the nearest whole
        number, as PowerUp! does: it may fall short of the effect by a little, and is there for
        comparison.
    **sizes
        As `minimum_detectable_effect`, without the one that is solved for.

    Returns
    -------
    int
        Units of `solve_for`. Where they cannot be divided as `treated_share` says (an odd number
        of clusters in halves), add one.

    Raises
    ------
    DesignError
        An effect that is not positive, a size that the design does not have or that is given as
        well as solved for, or an effect that no number reaches (more students in the same few
        clusters do not help beyond a point), with the smallest effect that could be reached.

    References
    ----------
    Dong and Maynard (2013), Journal of Research on Educational Effectiveness 6: 24-67.
    """
    check_test(alpha, power)
    unit = _checked_unit(design, solve_for, sizes)
    if rounding not in ("up", "nearest"):
        raise DesignError(f'rounding must be "up" or "nearest"; got {rounding!r}.')
    if not 0 < effect < float("inf"):
        raise DesignError(f"The effect to be found must be a positive number of SD, got {effect}.")

    def detectable(number: float) -> float:
        return minimum_detectable_effect(
            design,
            alpha=alpha,
            power=power,
            two_tailed=two_tailed,
            distribution=distribution,
            **{**sizes, unit: number},
        )

    limit = detectable(_LARGEST)
    if limit > effect:
        raise DesignError(
            f"No {unit} finds an effect of {effect:g} SD in the design {design}: even a billion "
            f"would leave {limit:.3g} SD. Add units at a higher level, or better covariates."
        )
    enough = _smallest(lambda number: _reaches(detectable, number, effect))
    # the solution lies above enough - 1; it rounds down where half a unit less is enough as well
    if rounding == "nearest" and _reaches(detectable, enough - 0.5, effect):
        return enough - 1
    return enough


def _checked_unit(design: Design, solve_for: Size | None, sizes: DesignSizes) -> Size:
    if design not in DESIGNS:
        raise DesignError(f"design must be one of {', '.join(DESIGNS)}; got {design!r}.")
    unit = solve_for or _SOLVED_FOR[design]
    if unit not in ("n_per_cluster", "n_clusters", "n_blocks"):
        raise DesignError(
            f"solve_for must be n_per_cluster, n_clusters or n_blocks; got {solve_for!r}."
        )
    if unit == "n_blocks" and design in ("ira", "cra2"):
        raise DesignError(f"The design {design} has no blocks to solve for.")
    if unit == "n_clusters" and design.startswith(("ira", "bira2")):
        raise DesignError(f"The design {design} assigns students and has no clusters to solve for.")
    if unit in sizes:
        raise DesignError(f"{unit} is what is solved for, so it cannot be given as well.")
    return unit


def _smallest(is_enough: Callable[[int], bool]) -> int:
    short, enough = 0, 1
    while not is_enough(enough):
        short, enough = enough, enough * 2
    while enough - short > 1:
        middle = (short + enough) // 2
        short, enough = (short, middle) if is_enough(middle) else (middle, enough)
    return enough


def _reaches(detectable: Callable[[float], float], number: float, effect: float) -> bool:
    try:
        return detectable(number) <= effect
    except DesignError:  # fewer units than the design needs at all
        return False
