"""Each block's own effect (a school's difference of arms), with the variance of its classes."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.effects.inputs import float_array
from pilot_analysis.stats.estimate import Estimate, check_conf_level
from pilot_analysis.stats.pooling.classes import (
    Average,
    Classes,
    ClassVariance,
    class_variance,
    gather_classes,
)

__all__ = ["BlockEffects", "effects_by_block"]

Variance = Literal["pooled", "own"]


@dataclass(frozen=True, slots=True)
class BlockEffects:
    """Result of `effects_by_block`.

    Attributes
    ----------
    estimates : tuple of Estimate
        One per block with both arms, named by it, in sorted order.
    cluster_variance, residual_variance : float
        Variance between clusters of one arm in one block, and within clusters, pooled over
        blocks; in squared units of the outcome.
    pooled_df : int
        Clusters - cells: what the variance between clusters rests on.
    left_out : tuple of str
        Blocks that lack one of the arms.
    """

    estimates: tuple[Estimate, ...]
    cluster_variance: float
    residual_variance: float
    pooled_df: int
    left_out: tuple[str, ...]

    @property
    def estimate(self) -> np.ndarray:
        """Effects as an array, shape (n_blocks,)."""
        return np.array([e.estimate for e in self.estimates])

    @property
    def std_error(self) -> np.ndarray:
        """Standard errors as an array, shape (n_blocks,)."""
        return np.array([e.std_error for e in self.estimates])


def effects_by_block(
    outcome,
    arm,
    cluster,
    block,
    *,
    reference,
    average: Average = "people",
    variance: Variance = "pooled",
    unit: str = "points",
    conf_level: float = 0.95,
) -> BlockEffects:
    """Difference of two arms in each block, with standard errors from the assigned clusters.

    The means of the clusters (classes) of one arm in one block vary by S_c + S_e / n_c, with S_c
    the variance between clusters and S_e the one within, both by analysis of variance, pooled over
    all cells (arm x block). Treating students as independent instead makes the standard errors
    too small, and what belongs to classes then passes for differences between schools.

    Parameters
    ----------
    outcome : array_like, shape (n,)
        In `unit`; a missing or infinite value is refused.
    arm, cluster, block : array_like, shape (n,)
        Two arms; the assigned unit (its label need only be unique within the block); the school.
    reference
        The arm that is subtracted.
    average : {"people", "clusters"}
        Whether an arm's mean in a block gives each student the same weight, or each class.
    variance : {"pooled", "own"}
        "pooled" uses S_c and S_e everywhere. "own" takes the variance of a block's own clusters
        where both arms have two or more that differ: unbiased, but on one to three df, and a
        meta-analysis that takes it as known then weights by luck.
    unit : str
    conf_level : float

    Returns
    -------
    BlockEffects
        df of each estimate: Satterthwaite's for the mean squares it rests on, never more than
        clusters - cells.

    Raises
    ------
    DesignError
        Arrays of different length, missing values or labels, not exactly two arms of which
        `reference` is one, a cluster that holds both arms, no block with both arms, or never two
        clusters of one arm in a block (their variance cannot then be told from anything).

    References
    ----------
    Searle, Casella & McCulloch (1992), Variance Components, ch. 3.6 (unbalanced analysis of
    variance); Satterthwaite (1946), Biometrics Bulletin 2: 110-114; Cochran (1977), Sampling
    Techniques, 3rd ed., section 6.3 ("own", by people).
    """
    check_conf_level(conf_level)
    for given, allowed in ((average, get_args(Average)), (variance, get_args(Variance))):
        if given not in allowed:
            raise DesignError(f"{given!r} is not one of {', '.join(allowed)}.")
    table = _both_arms(outcome, arm, cluster, block, reference)
    complete = table["block"].map(table.groupby("block")["treated"].nunique()) == 2
    if not complete.any():
        raise DesignError("No block holds both arms, so nothing can be compared within blocks.")
    classes = gather_classes(table[complete])
    known = class_variance(classes)
    details = {"unit": unit, "method": "effects_by_block", "conf_level": conf_level}
    return BlockEffects(
        estimates=_estimates(classes, known, average, variance, details),
        cluster_variance=known.between,
        residual_variance=known.within,
        pooled_df=known.dfs[0],
        left_out=tuple(sorted(str(b) for b in table["block"][~complete].unique())),
    )


def _both_arms(outcome, arm, cluster, block, reference) -> pd.DataFrame:
    """Return a row per person with outcome, treated (bool), cluster and block, checked."""
    y = float_array(outcome, "outcome")
    arrays = [np.asarray(v, dtype=object) for v in (arm, cluster, block)]
    if y.ndim != 1 or any(v.shape != y.shape for v in arrays):
        raise DesignError(
            "outcome, arm, cluster and block must be columns of one length; they differ: "
            f"{y.size}, {', '.join(str(v.size) for v in arrays)}."
        )
    labels = [pd.Series(v) for v in arrays]
    missing = int((~(np.abs(y) < 1e100)).sum())  # beyond that, squares are infinite
    missing += sum(int(v.isna().sum()) for v in labels)
    if missing:
        raise DesignError(
            f"{missing} outcomes, arms, clusters or blocks are missing or infinite. Leave these "
            "rows out and say so."
        )
    arms = sorted(labels[0].unique(), key=str)
    if len(arms) != 2 or reference not in arms:
        raise DesignError(
            f"There must be two arms, one of them the reference {reference!r}; got "
            f"{', '.join(map(str, arms)) or 'none'}. Keep the rows of two arms."
        )
    table = pd.DataFrame({"y": y, "treated": labels[0] != reference})
    table["cluster"], table["block"] = labels[1], labels[2]
    arms_held = table.groupby(["block", "cluster"])["treated"].agg(["min", "max"])
    mixed = arms_held.index[arms_held["min"] != arms_held["max"]]
    if len(mixed):
        where = ", ".join(str(c) for _, c in mixed[:3])
        raise DesignError(
            f"{len(mixed)} clusters hold both arms (such as {where}), so they are not what "
            "was assigned. Give the assigned unit as cluster."
        )
    return table


def _estimates(
    classes: Classes, known: ClassVariance, average: Average, variance: Variance, details
) -> tuple[Estimate, ...]:
    mean, own = classes.cell_means(average), classes.own_variance(average)
    made = []
    for label, cells in classes.pairs():
        square, df = known.of_difference(classes, cells, average)
        if variance == "own" and (own[cells] > 0).all():
            square = own[cells].sum()
            df = square**2 / (own[cells] ** 2 / (classes.count[cells] - 1)).sum()
        made.append(
            Estimate.from_t(
                str(label),
                mean[cells[1]] - mean[cells[0]],
                float(np.sqrt(square)),
                df,
                n=classes.people[cells].sum(),
                n_clusters=classes.count[cells].sum(),
                **details,
            )
        )
    return tuple(made)
