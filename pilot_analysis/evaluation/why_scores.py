"""The test numbers behind a why: a gap between groups, a share that grew as is typical."""

import numpy as np
import pandas as pd

from pilot_analysis.config import OutcomeConfig
from pilot_analysis.evaluation import then_now as say
from pilot_analysis.evaluation.rosters import group_side, student_classes
from pilot_analysis.evaluation.then_now import ThenNow, Unmeasured
from pilot_analysis.stats.cluster.mean import cluster_ratio, cluster_ratio_difference

__all__ = ["gap_numbers", "gap_totals", "growth_numbers", "growth_totals"]

MOSTLY_PAIRED = 0.5
"""Share of the students with a later number who must also have one from before, for the two to be
compared: at least half. Set by this project."""


def _scores(pilot, outcome: OutcomeConfig, column: str) -> pd.DataFrame:
    """Return one row per student and a column per window of the outcome's assessment."""
    tests = pilot.table("assessments")
    tests = tests[tests["outcome_id"].eq(outcome.assessment) & tests[column].notna()]
    tests = tests.assign(**{column: tests[column].astype(float)})
    return tests.pivot_table(index="student_id", columns="window", values=column)


def gap_totals(pilot, name: str, group: str, reference: str) -> pd.DataFrame:
    """Return, per class, how many students each side has and their summed scores.

    Parameters
    ----------
    pilot : Pilot
    name : str
        A key of the config's `outcomes`.
    group, reference : str
        Group columns of `students`; blank reference: everyone else.

    Returns
    -------
    pandas.DataFrame
        Columns school_id, cluster, and for the sides "reference" and "group": n, then, now, over
        students with both scores; then is NaN for schools that (mostly) have none from before.

    Raises
    ------
    Unmeasured
        No group is named, or who belongs to it was not recorded.
    """
    outcome = pilot.config.outcomes[name]
    if not group:
        raise Unmeasured(say.NO_GROUP)
    inside, other = group_side(pilot, group), group_side(pilot, reference) if reference else None
    if inside is None or (reference and other is None):
        raise Unmeasured(say.NOT_RECORDED)
    people = student_classes(pilot, outcome.subject).set_index("student_id")
    scores = _scores(pilot, outcome, "score").reindex(people.index)
    now = scores.get(outcome.post_window, pd.Series(np.nan, people.index))
    then = scores.get(outcome.pre_window, pd.Series(np.nan, people.index))
    inside = inside.reindex(people.index)
    outside = ~inside if other is None else other.reindex(people.index) & ~inside
    both = (then.notna() & now.notna()).groupby(people["school_id"]).sum()
    paired = both >= MOSTLY_PAIRED * now.notna().groupby(people["school_id"]).sum()
    has_then = people["school_id"].map(paired & (both > 0)).astype(bool)
    tested = now.notna() & (then.notna() | ~has_then)
    frame = people[["school_id", "cluster"]].copy()
    for side, member in (("reference", outside), ("group", inside)):
        counted = member.fillna(False).astype(bool) & tested
        frame[f"n {side}"] = counted.astype(float)
        frame[f"then {side}"] = then.where(counted, 0.0).where(has_then)
        frame[f"now {side}"] = now.where(counted, 0.0)
    return frame.groupby(["school_id", "cluster"], as_index=False).sum(min_count=1)


def gap_numbers(totals: pd.DataFrame, conf_level: float) -> ThenNow:
    """Return mean(reference) - mean(group) in points, then and now, from `gap_totals`.

    The same students stand on both ends of the change; n is the smaller side.
    """
    with_then = totals["then group"].notna()
    totals = totals[with_then] if with_then.any() else totals
    sizes = {side: totals[f"n {side}"].to_numpy() for side in ("reference", "group")}
    n = int(min(size.sum() for size in sizes.values()))
    if n == 0:
        raise Unmeasured(say.NO_SCORES)

    def difference(name, reference, group):
        return cluster_ratio_difference(
            reference,
            sizes["reference"],
            group,
            sizes["group"],
            name=name,
            unit="points",
            conf_level=conf_level,
        )

    sums = {c: totals[c].to_numpy() for c in totals if c.startswith(("then ", "now "))}
    now = difference("gap", sums["now reference"], sums["now group"])
    if not with_then.any():
        return ThenNow("effect", "students", None, now, n=n, gap_in_words=say.NO_THEN)
    then = difference("gap", sums["then reference"], sums["then group"])
    change = difference(
        "change of the gap",
        sums["now reference"] - sums["then reference"],
        sums["now group"] - sums["then group"],
    )
    return ThenNow("effect", "students", then, now, change, n=n)


def growth_totals(pilot, name: str, group: str) -> pd.DataFrame:
    """Return, per class, how many students of the group met typical growth, before and now.

    Parameters
    ----------
    pilot : Pilot
    name : str
        A key of the config's `outcomes`.
    group : str
        Group column of `students`; blank: everyone.

    Returns
    -------
    pandas.DataFrame
        Columns school_id, cluster, n and now (students with a later answer, and who of them met
        it), n both, now both and then both (the same for students who have both answers). "Then"
        is the first window tested before the pilot began: growth during the pilot is no "then".

    Raises
    ------
    Unmeasured
        Typical growth, or who belongs to the group, was not recorded.
    """
    outcome = pilot.config.outcomes[name]
    people = student_classes(pilot, outcome.subject).set_index("student_id")
    met = _scores(pilot, outcome, "met_growth").reindex(people.index)
    if outcome.post_window not in met:
        raise Unmeasured(say.NO_GROWTH)
    now = met[outcome.post_window]
    earlier = _window_before(pilot, outcome)
    then = met[earlier] if earlier in met else pd.Series(np.nan, people.index)
    if group:
        inside = group_side(pilot, group)
        if inside is None:
            raise Unmeasured(say.NOT_RECORDED)
        now = now.where(inside.reindex(people.index).fillna(False).astype(bool))
    both = now.notna() & then.notna()
    counts = {"n": now.notna().astype(float), "now": now.fillna(0.0), "n both": both.astype(float)}
    counts |= {"now both": now.where(both, 0.0), "then both": then.where(both, 0.0)}
    frame = people[["school_id", "cluster"]].assign(**counts)
    return frame.groupby(["school_id", "cluster"], as_index=False).sum()


def _window_before(pilot, outcome: OutcomeConfig) -> str:
    """Return the first window tested before the pilot (without a date: before the outcome)."""
    tests = pilot.table("assessments")
    tests = tests[tests["outcome_id"].eq(outcome.assessment) & tests["met_growth"].notna()]
    days = tests.groupby("window")["taken_on"].min()
    begin = pilot.config.pilot.begin
    limit = days.get(outcome.post_window, pd.NaT) if begin is None else pd.Timestamp(begin)
    earlier = days[days < limit].sort_values()
    return earlier.index[0] if len(earlier) else ""


def growth_numbers(totals: pd.DataFrame, conf_level: float) -> ThenNow:
    """Return the share that met typical growth, then and now, from `growth_totals`."""
    if totals["n"].sum() == 0:
        raise Unmeasured(say.NO_GROWTH)
    details = {"unit": "proportion", "conf_level": conf_level}
    share = {"scale": "logit", "method": "cluster_proportion", **details}
    paired = totals["n both"]
    if paired.sum() < MOSTLY_PAIRED * totals["n"].sum():
        now = cluster_ratio(totals["now"], totals["n"], name="share", **share)
        return ThenNow("proportion", "students", None, now, gap_in_words=say.NO_THEN)
    then, now = (
        cluster_ratio(totals[f"{time} both"], paired, name="share", **share)
        for time in ("then", "now")
    )
    difference = totals["now both"] - totals["then both"]
    change = cluster_ratio(difference, paired, name="change of the share", **details)
    return ThenNow("proportion", "students", then, now, change)
