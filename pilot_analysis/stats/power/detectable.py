"""The smallest true effect that a design would find: "could this pilot have seen it?"."""

from math import sqrt
from typing import Literal

from scipy import stats

from pilot_analysis.errors import DesignError

__all__ = ["DESIGNS", "Design", "minimum_detectable_effect"]

Design = Literal["ira", "bira2c", "bira2f", "bira2r", "cra2", "bcra3f", "bcra3r"]
DESIGNS: tuple[Design, ...] = ("ira", "bira2c", "bira2f", "bira2r", "cra2", "bcra3f", "bcra3r")


def minimum_detectable_effect(
    design: Design,
    *,
    n_per_cluster: float,
    n_clusters: float = 1,
    n_blocks: float = 1,
    icc: float = 0.0,
    icc_block: float = 0.0,
    effect_variability: float = 0.0,
    treated_share: float = 0.5,
    r2_within: float = 0.0,
    r2_between: float = 0.0,
    r2_effect: float = 0.0,
    n_covariates: int = 0,
    alpha: float = 0.05,
    power: float = 0.80,
    two_tailed: bool = True,
) -> float:
    """Smallest true effect (SD) found with probability `power`, by PowerUp!'s formulae.

    (t_{1 - alpha/2, df} + t_{power, df}) times the standard error of the effect in SD.

    Parameters
    ----------
    design : str
        What was assigned. "ira": students. "bira2c", "bira2f", "bira2r": students within blocks,
        with one effect, with fixed effects per block, with random effects per block. "cra2":
        clusters (classes or schools). "bcra3f", "bcra3r": clusters within blocks (classes within
        schools), for these blocks, for blocks like these.
    n_per_cluster : float
        Students per cluster; for "ira" times `n_clusters` in all; for "bira2*" per block.
    n_clusters : float
        Clusters; for "bcra3*" clusters *per block*; for "bira2*" blocks (or give `n_blocks`).
    n_blocks : float
        Blocks.
    icc : float
        Share of the variance between clusters; for "bira2r" between blocks.
    icc_block : float
        "bcra3r": share of the variance between blocks.
    effect_variability : float
        "bira2r", "bcra3r": variance of the effect between blocks over the variance of blocks.
    treated_share : float
        Share of the assigned units that are treated.
    r2_within, r2_between : float
        Share of the variance within clusters, and between them, that covariates explain.
    r2_effect : float
        Share of the variance of the effect between blocks that covariates explain.
    n_covariates : int
        Covariates at the level that gives the degrees of freedom.
    alpha, power : float
    two_tailed : bool

    Returns
    -------
    float
        SD of the outcome.

    Raises
    ------
    DesignError
        An unknown design, a share outside its range, or no degrees of freedom left.

    References
    ----------
    Dong and Maynard (2013), Journal of Research on Educational Effectiveness 6: 24-67.
    """
    if design not in DESIGNS:
        raise DesignError(f"design must be one of {', '.join(DESIGNS)}; got {design!r}.")
    _check_shares(
        {"treated_share": treated_share, "alpha": alpha, "power": power},
        {
            "icc": icc,
            "icc_block": icc_block,
            "r2_within": r2_within,
            "r2_between": r2_between,
            "r2_effect": r2_effect,
        },
    )
    if icc + icc_block > 1 or effect_variability < 0:
        raise DesignError(
            "icc and icc_block are shares of one variance and must not exceed 1 together, and "
            "effect_variability must not be negative; got "
            f"{icc}, {icc_block}, {effect_variability}."
        )
    if design.startswith("bira2"):
        n_clusters, n_blocks = 1, _blocks_of_individuals(n_clusters, n_blocks)
    if design in ("ira", "cra2") and n_blocks != 1:
        raise DesignError(f"The design {design} has no blocks; got n_blocks = {n_blocks}.")
    if min(n_per_cluster, n_clusters, n_blocks) <= 0:
        raise DesignError("Numbers of students, clusters and blocks must be positive.")
    balance = treated_share * (1 - treated_share)
    clusters = n_clusters * n_blocks
    students = (1 - r2_within) / (balance * clusters * n_per_cluster)
    between = icc * (1 - r2_between) / (balance * clusters)
    effects = effect_variability * (1 - r2_effect) / n_blocks
    variance, df = {
        "ira": (students, clusters * n_per_cluster - 2),
        "bira2c": (students, n_blocks * (n_per_cluster - 1) - 1),
        "bira2f": (students, n_blocks * (n_per_cluster - 2)),
        "bira2r": (icc * effects + (1 - icc) * students, n_blocks - 1),
        "cra2": (between + (1 - icc) * students, clusters - 2),
        "bcra3f": (between + (1 - icc) * students, n_blocks * (n_clusters - 2)),
        "bcra3r": (
            icc_block * effects + between + (1 - icc - icc_block) * students,
            n_blocks - 1,
        ),
    }[design]
    df -= n_covariates
    if df <= 0:
        raise DesignError(
            f"The design {design} has {df:g} degrees of freedom left: too few units were assigned "
            f"for {n_covariates} covariates."
        )
    critical = stats.t.isf(alpha / 2 if two_tailed else alpha, df)
    return float((critical + stats.t.ppf(power, df)) * sqrt(variance))


def _blocks_of_individuals(n_clusters: float, n_blocks: float) -> float:
    if n_clusters != 1 and n_blocks != 1 and n_clusters != n_blocks:
        raise DesignError(
            "Where students are assigned within blocks there are blocks and no clusters: give "
            f"their number once; got {n_clusters} and {n_blocks}."
        )
    return max(n_clusters, n_blocks)


def _check_shares(inside: dict[str, float], closed: dict[str, float]) -> None:
    for name, value in inside.items():
        if not 0 < value < 1:
            raise DesignError(f"{name} must lie between 0 and 1, both excluded; got {value}.")
    for name, value in closed.items():
        if not 0 <= value < 1:
            raise DesignError(f"{name} must lie between 0 and 1, 1 excluded; got {value}.")
