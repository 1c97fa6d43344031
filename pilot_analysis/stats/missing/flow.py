"""Who took part from stage to stage: clusters and students, by arm, and why they were lost."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from pilot_analysis.errors import DesignError

__all__ = ["ParticipantFlow", "participant_flow"]

_UNKNOWN = "reason not recorded"


@dataclass(frozen=True, slots=True)
class ParticipantFlow:
    """Result of `participant_flow`.

    Attributes
    ----------
    counts : pandas.DataFrame
        One row per arm and stage: arm, stage; students (present), students_lost (present at the
        stage before and not at this one), students_joined (the other way about); and, with a
        cluster, clusters (with anyone present), clusters_lost (with someone at the first stage
        and nobody at this one).
    losses : pandas.DataFrame
        One row per arm, stage and reason of those lost there: arm, stage, reason, students.
    ends : pandas.DataFrame
        First stage against last, one row per arm or, with a cluster, per arm and cluster:
        assigned (present at the first stage), analyzed (those of them present at the last) and
        joiners (present at the last only). This is what `attrition` and `attrition_of_clusters`
        of `stats.effects` judge.
    """

    counts: pd.DataFrame
    losses: pd.DataFrame
    ends: pd.DataFrame


def participant_flow(
    data: pd.DataFrame,
    *,
    arm: str,
    stages: Sequence[str],
    cluster: str | None = None,
    reason: str | None = None,
) -> ParticipantFlow:
    """Count who took part at each stage, and who was lost on the way.

    Parameters
    ----------
    data : pandas.DataFrame, shape (n, ...)
        One row per student who was there at any stage.
    arm : str
        Column of arms, without missing values; a Categorical keeps its order.
    stages : list of str
        Columns of True and False (or 1 and 0), in order: rostered, pre, post, or whatever the
        stages were. "Both tests" is a stage as well, if it is a column.
    cluster : str, optional
        Column of the assigned clusters (classes, schools), without missing values.
    reason : str, optional
        Column that says why a student was lost; empty ones count as "reason not recorded".

    Returns
    -------
    ParticipantFlow

    Raises
    ------
    DesignError
        Fewer than two stages, a stage that is not True or False everywhere, a column that is not
        there, a missing arm or cluster, or a cluster in two arms.

    References
    ----------
    What Works Clearinghouse (2022), Procedures and Standards Handbook 5.0, ch. IV (attrition);
    Schulz, Altman and Moher (2010), CONSORT 2010, BMJ 340: c332.
    """
    stages = list(stages)
    if len(stages) < 2 or len(set(stages)) < len(stages):
        raise DesignError(f"A flow needs two or more different stages; got {stages}.")
    present = _present(data, stages)
    arms = _complete(data, arm)
    clusters = None if cluster is None else _complete(data, cluster)
    if clusters is not None:
        pairs = pd.DataFrame({"cluster": clusters, "arm": arms}).drop_duplicates()
        twice = pairs["cluster"][pairs["cluster"].duplicated()]
        if len(twice):
            raise DesignError(
                f"Column {cluster!r}: {twice.iloc[0]!r} holds students of two arms. Name the "
                "column of the unit that was assigned."
            )
    reasons = pd.Series(_UNKNOWN, index=data.index)
    if reason is not None:
        _require(data, reason)
        reasons = data[reason].astype(object).where(data[reason].notna(), _UNKNOWN)
    counts, losses, ends = [], [], []
    for level in _levels(arms):
        inside = arms == level
        own = None if clusters is None else clusters[inside]
        counts += [{"arm": level, **row} for row in _stage_rows(present[inside], own)]
        losses += [{"arm": level, **row} for row in _loss_rows(present[inside], reasons[inside])]
        ends.append(_ends(present[inside], own).assign(arm=level))
    columns = ["arm", "stage", "reason", "students"]
    joined = pd.concat(ends, ignore_index=True)
    return ParticipantFlow(
        pd.DataFrame(counts), pd.DataFrame(losses, columns=columns),
        joined[["arm", *joined.columns.drop("arm")]],
    )  # fmt: skip


def _stage_rows(present: pd.DataFrame, clusters: pd.Series | None):
    before, first = present.iloc[:, 0], present.iloc[:, 0]
    for stage in present.columns:
        now = present[stage]
        row = {
            "stage": stage,
            "students": int(now.sum()),
            "students_lost": int((before & ~now).sum()),
            "students_joined": int((now & ~before).sum()),
        }
        if clusters is not None:
            there = set(clusters[now])
            row["clusters"] = len(there)
            row["clusters_lost"] = len(set(clusters[first]) - there)
        yield row
        before = now


def _loss_rows(present: pd.DataFrame, reasons: pd.Series):
    for before, stage in zip(present.columns, present.columns[1:], strict=False):
        lost = present[before] & ~present[stage]
        for reason, number in reasons[lost].value_counts().sort_index().items():
            yield {"stage": stage, "reason": reason, "students": int(number)}


def _ends(present: pd.DataFrame, clusters: pd.Series | None) -> pd.DataFrame:
    first, last = present.iloc[:, 0], present.iloc[:, -1]
    made = pd.DataFrame({"assigned": first, "analyzed": first & last, "joiners": last & ~first})
    if clusters is None:
        return made.sum().to_frame().T
    grouped = made.groupby(clusters.to_numpy(), sort=True).sum()
    return grouped.rename_axis("cluster").reset_index()


def _present(data: pd.DataFrame, stages: list[str]) -> pd.DataFrame:
    for stage in stages:
        _require(data, stage)
        values = data[stage]
        if values.isna().any() or not values.isin([True, False]).all():
            raise DesignError(
                f"Column {stage!r} must say True or False (1 or 0) for everyone, whether they "
                "were there at this stage."
            )
    return data[stages].astype(bool)


def _complete(data: pd.DataFrame, name: str) -> pd.Series:
    _require(data, name)
    if data[name].isna().any():
        raise DesignError(
            f"Column {name!r} is empty in {int(data[name].isna().sum())} of {len(data)} rows."
        )
    return data[name]


def _require(data: pd.DataFrame, name: str) -> None:
    if name not in data.columns:
        raise DesignError(
            f"There is no column {name!r} in the data; it has {', '.join(map(str, data.columns))}."
        )


def _levels(arms: pd.Series) -> list:
    if isinstance(arms.dtype, pd.CategoricalDtype):
        return list(arms.cat.remove_unused_categories().cat.categories)
    return sorted(arms.unique())
