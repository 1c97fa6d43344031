"""How precisely a design estimates an effect in standard deviations, by PowerUp!'s formulae."""

from dataclasses import dataclass
from math import isfinite, sqrt
from typing import Literal, Required, TypedDict

from pilot_analysis.errors import DesignError

__all__ = ["DESIGNS", "Design", "DesignSizes", "Precision", "effect_precision"]

Design = Literal["ira", "bira2c", "bira2f", "bira2r", "cra2", "bcra3f", "bcra3r"]
DESIGNS: tuple[Design, ...] = ("ira", "bira2c", "bira2f", "bira2r", "cra2", "bcra3f", "bcra3r")


class DesignSizes(TypedDict, total=False):
    """Keywords of `effect_precision`, which the functions of this package hand on to it."""

    n_per_cluster: Required[float]
    n_clusters: float
    n_blocks: float
    icc: float
    icc_block: float
    effect_variability: float
    treated_share: float
    r2_within: float
    r2_between: float
    r2_effect: float
    n_covariates: int


@dataclass(frozen=True, slots=True)
class Precision:
    """Standard error (SD of the outcome) and degrees of freedom of a design's effect."""

    std_error: float
    df: float


def effect_precision(
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
) -> Precision:
    """Return the standard error and the degrees of freedom of the effect that a design estimates.

    Parameters
    ----------
    design : str
        What was assigned. "ira": students. "bira2c", "bira2f", "bira2r": students within blocks,
        with one effect, with fixed effects per block, with random effects per block. "cra2":
        clusters (classes or schools). "bcra3f", "bcra3r": clusters within blocks (classes within
        schools), for these blocks, for blocks like these.
    n_per_cluster : float
        Students per cluster (the harmonic mean where they differ); for "ira" times `n_clusters`
        in all; for "bira2*" per block.
    n_clusters : float
        Clusters; for "bcra3*" clusters *per block*; for "bira2*" blocks (or give `n_blocks`).
    n_blocks : float
        Blocks.
    icc : float
        Share of the variance between clusters; for "bira2r" between blocks. "ira", "bira2c" and
        "bira2f" do not use it: there, what blocks explain belongs in `r2_within`.
    icc_block : float
        "bcra3r": share of the variance between blocks.
    effect_variability : float
        "bira2r", "bcra3r": variance of the effect between blocks over the variance of blocks; 0
        says that the effect is the same in all of them.
    treated_share : float
        Share of the assigned units that are treated.
    r2_within, r2_between : float
        Share of the variance within clusters, and between them, that covariates explain.
    r2_effect : float
        Share of the variance of the effect between blocks that covariates explain.
    n_covariates : int
        Covariates at the level that gives the degrees of freedom.

    Raises
    ------
    DesignError
        An unknown design, a share outside its range, too few units for two arms, or no degrees
        of freedom left.

    References
    ----------
    Dong and Maynard (2013), Journal of Research on Educational Effectiveness 6: 24-67.
    """
    if design not in DESIGNS:
        raise DesignError(f"design must be one of {', '.join(DESIGNS)}; got {design!r}.")
    _check_shares(
        treated_share,
        icc=icc,
        icc_block=icc_block,
        r2_within=r2_within,
        r2_between=r2_between,
        r2_effect=r2_effect,
    )
    if icc + icc_block > 1 or not 0 <= effect_variability < float("inf"):
        raise DesignError(
            "icc and icc_block are shares of one variance and must not exceed 1 together, and "
            "effect_variability must not be negative; got "
            f"{icc}, {icc_block}, {effect_variability}."
        )
    if design.startswith("bira2"):
        n_clusters, n_blocks = 1, _blocks_of_individuals(n_clusters, n_blocks)
    _check_units(design, n_per_cluster, n_clusters, n_blocks, treated_share)
    balance = treated_share * (1 - treated_share)
    clusters = n_clusters * n_blocks
    students = (1 - r2_within) / (balance * clusters * n_per_cluster)
    between = icc * (1 - r2_between) / (balance * clusters)
    effects = effect_variability * (1 - r2_effect) / n_blocks
    variance = {
        "ira": students,
        "bira2c": students,
        "bira2f": students,
        "bira2r": icc * effects + (1 - icc) * students,
        "cra2": between + (1 - icc) * students,
        "bcra3f": between + (1 - icc) * students,
        "bcra3r": icc_block * effects + between + (1 - icc - icc_block) * students,
    }[design]
    df = _degrees_of_freedom(design, n_per_cluster, n_clusters, n_blocks, n_covariates)
    return Precision(sqrt(variance), df)


def _degrees_of_freedom(
    design: Design, n_per_cluster: float, n_clusters: float, n_blocks: float, n_covariates: int
) -> float:
    df = {
        "ira": n_clusters * n_per_cluster - 2,
        "bira2c": n_blocks * (n_per_cluster - 1) - 1,
        "bira2f": n_blocks * (n_per_cluster - 2),
        "bira2r": n_blocks - 1,
        "cra2": n_clusters - 2,
        "bcra3f": n_blocks * (n_clusters - 2),
        "bcra3r": n_blocks - 1,
    }[design]
    df -= n_covariates
    if not df > 0:
        raise DesignError(
            f"The design {design} has {df:g} degrees of freedom left: too few units were assigned "
            f"for {n_covariates} covariates."
        )
    return float(df)


def _blocks_of_individuals(n_clusters: float, n_blocks: float) -> float:
    if n_clusters != 1 and n_blocks != 1 and n_clusters != n_blocks:
        raise DesignError(
            "Where students are assigned within blocks there are blocks and no clusters: give "
            f"their number once; got {n_clusters} and {n_blocks}."
        )
    return n_clusters if n_blocks == 1 else n_blocks


def _check_shares(treated_share: float, **shares: float) -> None:
    if not 0 < treated_share < 1:
        raise DesignError(
            f"treated_share must lie between 0 and 1, both excluded; got {treated_share}."
        )
    for name, value in shares.items():
        if not 0 <= value < 1:
            raise DesignError(f"{name} must lie between 0 and 1, 1 excluded; got {value}.")


def _check_units(
    design: str, n_per_cluster: float, n_clusters: float, n_blocks: float, treated_share: float
) -> None:
    sizes = (n_per_cluster, n_clusters, n_blocks)
    if design in ("ira", "cra2") and n_blocks != 1:
        raise DesignError(f"The design {design} has no blocks; got n_blocks = {n_blocks}.")
    if not all(isfinite(size) and size >= 1 for size in sizes):
        raise DesignError(
            "Numbers of students, clusters and blocks must be finite and at least 1; got "
            f"{n_per_cluster}, {n_clusters} and {n_blocks}."
        )
    of_students = design == "ira" or design.startswith("bira2")
    per_block = n_per_cluster * n_clusters if of_students else n_clusters
    if n_blocks > 1 and per_block < 2:
        raise DesignError(
            f"Both arms need a {'student' if of_students else 'cluster'} in every block; got "
            f"{per_block:g} in each."
        )
    smaller_arm = per_block * n_blocks * min(treated_share, 1 - treated_share)
    if smaller_arm < 1 - 1e-9:
        raise DesignError(
            f"With {per_block * n_blocks:g} assigned and a treated_share of {treated_share:g} one "
            "arm would hold less than one unit; assign more, or a share nearer to .5."
        )
