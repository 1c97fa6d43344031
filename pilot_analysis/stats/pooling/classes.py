"""Classes within the arms of schools: their means, and how much classes of one kind differ."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.grouping import encode_groups, encode_pairs

__all__ = ["Average", "ClassVariance", "Classes", "class_variance", "gather_classes"]

Average = Literal["people", "clusters"]


@dataclass(frozen=True, slots=True)
class Classes:
    """Clusters of people, within cells (one arm of one block).

    Attributes
    ----------
    mean, size : numpy.ndarray, shape (C,)
        Of each cluster.
    cell : numpy.ndarray of int, shape (C,)
    within : float
        Sum of squares of people about their cluster's mean.
    labels : numpy.ndarray, shape (B,)
        Blocks, sorted. Cell 2 b is the reference arm of block b, cell 2 b + 1 the other.
    """

    mean: np.ndarray
    size: np.ndarray
    cell: np.ndarray
    within: float
    labels: np.ndarray

    def total(self, values: np.ndarray) -> np.ndarray:
        """Sum over the clusters of each cell, shape (2 B,)."""
        return np.bincount(self.cell, weights=values)

    @property
    def people(self) -> np.ndarray:
        """People in each cell."""
        return self.total(self.size)

    @property
    def count(self) -> np.ndarray:
        """Clusters in each cell."""
        return np.bincount(self.cell)

    def shares(self, average: Average) -> np.ndarray:
        """Weight of each cluster in the mean of its cell; they sum to 1 within a cell."""
        weight = self.size if average == "people" else np.ones(len(self.size))
        return weight / self.total(weight)[self.cell]

    def cell_means(self, average: Average) -> np.ndarray:
        """Mean of each cell, shape (2 B,)."""
        return self.total(self.shares(average) * self.mean)

    def own_variance(self, average: Average) -> np.ndarray:
        """Variance of each cell's mean from its own clusters alone, 0 where there is one.

        m / (m - 1) times the sum of squared weighted deviations: the linearized ratio, or the
        plain variance of a mean of m values where each cluster weighs the same.
        """
        apart = self.mean - self.cell_means(average)[self.cell]
        apart = np.where(np.abs(apart) > 1e-12 * np.abs(self.mean).max(), apart, 0.0)
        several = np.maximum(self.count - 1, 1)
        return self.total((self.shares(average) * apart) ** 2) * self.count / several

    def pairs(self) -> Iterator[tuple[object, np.ndarray]]:
        """Yield each block's label with the positions of its two cells, reference first."""
        for at, label in enumerate(self.labels):
            yield label, np.array([2 * at, 2 * at + 1])


@dataclass(frozen=True, slots=True)
class ClassVariance:
    """Analysis of variance of clusters within cells, and of people within clusters.

    Attributes
    ----------
    mean_squares : tuple of float
        Between clusters of one cell, and within clusters.
    dfs : tuple of int
        Clusters - cells, and people - clusters.
    typical_size : float
        n0: the mean square between clusters expects n0 S_c + S_e.
    between, within : float
        S_c and S_e; S_c is never negative.
    """

    mean_squares: tuple[float, float]
    dfs: tuple[int, int]
    typical_size: float
    between: float
    within: float

    def of_difference(
        self, classes: Classes, cells: np.ndarray, average: Average
    ) -> tuple[float, float]:
        """Return the variance of a difference of two cells' means, and its df.

        The variance is a sum of the two mean squares with known coefficients; its df are
        Satterthwaite's, never more than clusters - cells.
        """
        share = classes.shares(average)
        by_class = classes.total(share**2)[cells].sum()
        by_person = classes.total(share**2 / classes.size)[cells].sum()
        variance = self.between * by_class + self.within * by_person
        if self.between == 0 or self.dfs[1] == 0:
            return float(variance), float(self.dfs[0])
        first = by_class / self.typical_size * self.mean_squares[0]
        second = (by_person - by_class / self.typical_size) * self.mean_squares[1]
        # as shares of the variance, whose square could vanish in small units
        shares = np.array([first, second]) / variance
        df = 1 / (shares**2 / self.dfs).sum()
        return float(variance), float(min(df, self.dfs[0]))


def gather_classes(table: pd.DataFrame) -> Classes:
    """Summarize people by cluster.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns y, treated (bool), cluster and block; every block has both arms.
    """
    block, labels = encode_groups(table["block"])
    cluster, _ = encode_groups(table["cluster"])
    cell = 2 * block + table["treated"].to_numpy(int)
    code, pairs = encode_pairs(cell, cluster)
    y, size = table["y"].to_numpy(), np.bincount(code).astype(float)
    middle = y.mean()  # so that the squares do not drown in a large mean
    mean = middle + np.bincount(code, weights=y - middle) / size
    within = float(((y - mean[code]) ** 2).sum())
    return Classes(mean, size, pairs[:, 0], within, labels)


def class_variance(classes: Classes) -> ClassVariance:
    """Estimate both variances, pooled over cells.

    Raises
    ------
    DesignError
        No cell with two clusters, or no variation at all.
    """
    size, people = classes.size, classes.people
    df = len(size) - len(people)
    if df == 0:
        raise DesignError(
            "No arm has two clusters in any block, so how much clusters differ is not known and no "
            "block's effect has a standard error. Treat the blocks as the units: compare their "
            "differences with one another."
        )
    apart = classes.mean - classes.cell_means("people")[classes.cell]
    between, rest = float((size * apart**2).sum() / df), int(size.sum()) - len(size)
    within = classes.within / rest if rest else 0.0
    if between + within <= 1e-24 * float(np.abs(classes.mean).max()) ** 2:
        raise DesignError(
            "The outcome does not vary within the arms of any block, so chance variation cannot "
            "be estimated. Check the outcome."
        )
    typical = float((size.sum() - (classes.total(size**2) / people).sum()) / df)
    extra = max(0.0, (between - within) / typical)
    return ClassVariance((between, within), (df, rest), typical, extra, within)
