"""Attrition of an experiment against the What Works Clearinghouse's boundary."""

import csv
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from importlib import resources
from math import ceil, floor, nan
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.effects.inputs import checked_count, float_array

__all__ = ["Attrition", "ClusterAttrition", "attrition", "attrition_of_clusters"]

Level = Literal["low", "high"]
_COLUMNS = ("cautious", "optimistic")
_ARMS = ("treated", "comparison")
# From here on, other copies of the table have each optimistic limit one row (1%) earlier.
_COPIES_DIFFER_FROM = Fraction(13, 100)
_ROW = Fraction(1, 100)
_DOUBT = (
    "Copies of the boundary table differ here: by some of them this attrition is high under the "
    "optimistic boundary too. Check the handbook before relying on it."
)


@dataclass(frozen=True, slots=True)
class Attrition:
    """Loss of assigned units from two arms, and how the WWC judges it.

    Attributes
    ----------
    assigned_treated, analyzed_treated, assigned_comparison, analyzed_comparison : int
        Units (students or clusters); analyzed are those of the assigned that were.
    joiners_treated, joiners_comparison : int
        Analyzed units that came after assignment. They make up for no loss.
    overall : float
        Share of the assigned that were lost, 0 to 1.
    differential : float
        Difference between the arms' shares lost, without its sign, 0 to 1.
    cautious_limit, optimistic_limit : float
        Largest differential attrition that is still low at this overall attrition; NaN where
        none is.
    cautious, optimistic : {"low", "high"}
        Verdict where the intervention may well affect who is lost, and where it may not; which
        of them counts is to be declared beforehand.
    flags : tuple of str
        A sentence where copies of the published table disagree about the optimistic verdict.
    method : str
        A key of ``docs/methods.md``.
    """

    assigned_treated: int
    analyzed_treated: int
    assigned_comparison: int
    analyzed_comparison: int
    joiners_treated: int
    joiners_comparison: int
    overall: float
    differential: float
    cautious_limit: float
    optimistic_limit: float
    cautious: Level
    optimistic: Level
    flags: tuple[str, ...] = ()
    method: str = "wwc_attrition"

    @property
    def joiner_share(self) -> float:
        """Joiners over everybody analyzed, 0 to 1; NaN where nobody was."""
        joiners = self.joiners_treated + self.joiners_comparison
        everybody = joiners + self.analyzed_treated + self.analyzed_comparison
        return joiners / everybody if everybody else nan


@dataclass(frozen=True, slots=True)
class ClusterAttrition:
    """Attrition at both levels of an experiment that assigned clusters.

    Attributes
    ----------
    clusters : Attrition
        Of the assigned clusters; one is lost where none of its students was analyzed.
    students : Attrition
        Of the students who were in the clusters that are left when these were assigned.
    """

    clusters: Attrition
    students: Attrition

    @property
    def cautious(self) -> Level:
        """Verdict: low only where it is low at both levels."""
        return _both(self.clusters.cautious, self.students.cautious)

    @property
    def optimistic(self) -> Level:
        """Verdict: low only where it is low at both levels."""
        return _both(self.clusters.optimistic, self.students.optimistic)


def attrition(
    assigned_treated: int,
    analyzed_treated: int,
    assigned_comparison: int,
    analyzed_comparison: int,
    *,
    joiners_treated: int = 0,
    joiners_comparison: int = 0,
) -> Attrition:
    """Overall and differential attrition, judged by the WWC's boundary table.

    Parameters
    ----------
    assigned_treated, assigned_comparison : int
        Units that were assigned to each arm.
    analyzed_treated, analyzed_comparison : int
        Those *of them* whose outcome was analyzed. Whoever came later is a joiner.
    joiners_treated, joiners_comparison : int
        Analyzed units that were not there when units were assigned: counted and shown, never
        set against losses.

    Returns
    -------
    Attrition
        Exact at the table's rows. Between two rows the smaller of their limits holds, so that
        attrition is low only if it is low however the percentage is rounded. Beyond 57% overall
        it is high.

    Raises
    ------
    DesignError
        Counts that are not whole, an arm without anybody assigned, or more analyzed than
        assigned.

    References
    ----------
    What Works Clearinghouse (2020), Standards Handbook 4.1, table II.1, and (2022), Procedures
    and Standards Handbook 5.0; Deke and Chiang (2017), Evaluation Review 41: 130-154, for the
    model behind it, which does not give the table exactly.
    """
    counts = {
        "assigned_treated": assigned_treated,
        "analyzed_treated": analyzed_treated,
        "assigned_comparison": assigned_comparison,
        "analyzed_comparison": analyzed_comparison,
        "joiners_treated": joiners_treated,
        "joiners_comparison": joiners_comparison,
    }
    counts = {name: checked_count(value, name) for name, value in counts.items()}
    arms = [(counts[f"assigned_{arm}"], counts[f"analyzed_{arm}"]) for arm in _ARMS]
    for arm, (assigned, analyzed) in zip(_ARMS, arms, strict=True):
        if assigned == 0:
            raise DesignError(f"Nobody was assigned to the {arm} arm, so nobody could be lost.")
        if analyzed > assigned:
            raise DesignError(
                f"{analyzed} units of the {arm} arm were analyzed and only {assigned} assigned; "
                "count those who joined later as joiners."
            )
    rates = [1 - Fraction(analyzed, assigned) for assigned, analyzed in arms]
    overall = 1 - Fraction(sum(arm[1] for arm in arms), sum(arm[0] for arm in arms))
    differential = abs(rates[0] - rates[1])
    limits = [_limit(overall, column) for column in _COLUMNS]
    return Attrition(
        **counts,
        overall=float(overall),
        differential=float(differential),
        cautious_limit=nan if limits[0] is None else float(limits[0]),
        optimistic_limit=nan if limits[1] is None else float(limits[1]),
        cautious=_verdict(differential, limits[0]),
        optimistic=_verdict(differential, limits[1]),
        flags=_doubts(overall, differential, limits[1]),
    )


def attrition_of_clusters(
    treated: ArrayLike, assigned: ArrayLike, analyzed: ArrayLike, joiners: ArrayLike = 0
) -> ClusterAttrition:
    """Attrition of assigned clusters, and of the students in those that are left.

    Parameters
    ----------
    treated : array_like of bool, shape (clusters,)
        Whether the cluster was assigned to the treatment.
    assigned : array_like of int, shape (clusters,)
        Students in the cluster when it was assigned.
    analyzed : array_like of int, shape (clusters,)
        Those of them whose outcome was analyzed, in whatever cluster they are now.
    joiners : array_like of int, shape (clusters,)
        Analyzed students who came after the assignment.

    Returns
    -------
    ClusterAttrition
        A cluster in which only joiners were analyzed is lost.

    Raises
    ------
    DesignError
        As `attrition`; arrays of different lengths; or an arm in which no cluster is left.

    References
    ----------
    What Works Clearinghouse (2022), Procedures and Standards Handbook 5.0.
    """
    arm = np.asarray(treated)
    if arm.ndim != 1 or not np.isin(arm, (0, 1)).all():
        raise DesignError("treated must say for each cluster whether it is (True) or not (False).")
    arm = arm.astype(bool)
    given = {"assigned": assigned, "analyzed": analyzed, "joiners": joiners}
    columns = {name: _per_cluster(values, name, arm.size) for name, values in given.items()}
    left = columns["analyzed"] > 0
    if (columns["analyzed"] > columns["assigned"]).any():
        raise DesignError(
            "In a cluster more students were analyzed than were there when it was assigned; count "
            "those who joined later as joiners."
        )
    if not (left[arm].any() and left[~arm].any()):
        raise DesignError("No cluster with analyzed students is left in one of the arms.")
    of_clusters: dict[str, int] = {}
    of_students: dict[str, int] = {}
    for name, side in zip(_ARMS, (arm, ~arm), strict=True):
        of_clusters |= {f"assigned_{name}": side.sum(), f"analyzed_{name}": (side & left).sum()}
        for kind, values in columns.items():
            of_students[f"{kind}_{name}"] = values[side & left].sum()
    return ClusterAttrition(attrition(**of_clusters), attrition(**of_students))


def _per_cluster(values: ArrayLike, name: str, n_clusters: int) -> np.ndarray:
    counts = float_array(values, name)
    if counts.shape not in ((), (n_clusters,)):
        raise DesignError(
            f"{name} must hold one count for each of the {n_clusters} clusters, got an array of "
            f"shape {counts.shape}."
        )
    if not (np.isfinite(counts) & (counts >= 0) & (counts == np.floor(counts))).all():
        raise DesignError(f"{name} must hold whole numbers of students, 0 or more.")
    return np.broadcast_to(counts, n_clusters).astype(int)


def _both(first: Level, second: Level) -> Level:
    return "low" if first == second == "low" else "high"


def _verdict(differential: Fraction, limit: Fraction | None) -> Level:
    return "high" if limit is None or differential > limit else "low"


def _doubts(overall: Fraction, differential: Fraction, limit: Fraction | None) -> tuple[str, ...]:
    """Say so where a limit that other copies print a row earlier would change the verdict."""
    if limit is None or overall < _COPIES_DIFFER_FROM or differential > limit:
        return ()
    earlier = _limit(overall + _ROW, "optimistic")
    return (_DOUBT,) if earlier is None or differential > earlier else ()


def _limit(overall: Fraction, column: str) -> Fraction | None:
    """Return the largest share of differential attrition that is low; None where none is."""
    table, percent = _boundary(), 100 * overall
    rows = {floor(percent), ceil(percent)}
    if not rows <= table.keys():
        return None
    return min(table[row][column] for row in rows) / 100


@cache
def _boundary() -> dict[int, dict[str, Fraction]]:
    """Return percentage points of differential attrition by whole percent of overall attrition."""
    source = resources.files("pilot_analysis.stats.effects") / "attrition_boundary.csv"
    return {
        int(row["overall_attrition_pct"]): {
            column: Fraction(row[f"{column}_max_differential_pct"]) for column in _COLUMNS
        }
        for row in csv.DictReader(source.read_text(encoding="utf-8").splitlines())
    }
