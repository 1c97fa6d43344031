"""What people said or showed, behind a why: a survey scale, days in the life of a student."""

from dataclasses import replace

import pandas as pd

from pilot_analysis.evaluation import then_now as say
from pilot_analysis.evaluation.rosters import student_classes
from pilot_analysis.evaluation.scale_scores import scale_scores, waves_in_order
from pilot_analysis.evaluation.then_now import ThenNow, Unmeasured
from pilot_analysis.stats.cluster.mean import (
    cluster_mean,
    cluster_mean_difference,
    cluster_ratio,
    cluster_ratio_difference,
)

__all__ = ["scale_frame", "scale_numbers", "scale_unit", "shadow_numbers"]


def scale_frame(pilot, scale: str) -> pd.DataFrame:
    """Return one row per person and end of the survey (its first wave "then", its last "now").

    Parameters
    ----------
    pilot : Pilot
    scale : str
        A key of the config's `scales`.

    Returns
    -------
    pandas.DataFrame
        Columns school_id, respondent_id, cluster (of a student, the class; else the person), time,
        score (scale points).
    """
    frame = scale_scores(pilot, scale)
    waves = waves_in_order(frame)
    ends = {waves[0]: "then", waves[-1]: "now"} if len(waves) > 1 else dict.fromkeys(waves, "now")
    frame = frame[frame["wave"].isin(ends)]
    clusters = student_classes(pilot).set_index("student_id")["cluster"]
    people = frame.assign(
        time=frame["wave"].map(ends),
        cluster=frame["respondent_id"].map(clusters).astype("str").fillna(frame["respondent_id"]),
    )
    keys = ["school_id", "respondent_id", "cluster", "time"]
    return people.groupby(keys, as_index=False)["score"].mean()


def scale_unit(pilot, scale: str) -> str:
    """Return the unit with the ends of the scale, e.g. "scale points (1-5)"."""
    items = [item for item in pilot.config.items.values() if item.scale == scale]
    if not items:
        return "scale points"
    return f"scale points ({min(i.low for i in items)}-{max(i.high for i in items)})"


def scale_numbers(frame: pd.DataFrame, unit: str, conf_level: float) -> ThenNow:
    """Return the mean of a scale, then and now, over everyone who answered at that time."""
    if frame.empty:
        raise Unmeasured(say.NO_ANSWERS)
    found = {}
    for time, part in frame.groupby("time"):
        found[time] = cluster_mean(
            part["score"],
            _clusters(part),
            name="mean of the scale",
            unit=unit,
            conf_level=conf_level,
        )
    then, now = found.get("then"), found.get("now")
    if then is None or now is None:
        words = say.NO_THEN if then is None else say.NO_NOW
        return ThenNow("mean", "respondents", then, now, gap_in_words=words)
    # A person who answered twice is one cluster, so that the two answers are compared as a pair.
    clusters = _clusters(frame)
    change = cluster_mean_difference(
        frame["score"],
        frame["time"].eq("now"),
        frame["cluster"] if clusters is None else clusters,
        name="change of the scale",
        unit=unit,
        conf_level=conf_level,
    )
    change = replace(change, n=min(then.n, now.n))
    return ThenNow("mean", "respondents", then, now, change)


def _clusters(part: pd.DataFrame) -> pd.Series | None:
    """Return what is independent: schools, in one school classes, and of teachers each person."""
    several_schools = len(part["school_id"].unique()) > 1
    if several_schools:
        return part["school_id"]
    return None if part["cluster"].eq(part["respondent_id"]).all() else part["cluster"]


def shadow_numbers(minutes: pd.DataFrame, begin: pd.Timestamp | None, conf_level: float) -> ThenNow:
    """Return the share of observed minutes engaged, on days before the pilot and on later days.

    Days are the clusters: the minutes of one day are one student's.
    """
    minutes = minutes[minutes["engaged"].notna()]
    if minutes.empty:
        raise Unmeasured(say.NO_SHADOW)
    minutes = minutes.assign(
        engaged=minutes["minutes"] * minutes["engaged"].astype(float),
        later=False if begin is None else minutes["begin"] >= begin,
    )
    days = minutes.groupby(["shadow_id", "later"], as_index=False)[["engaged", "minutes"]].sum()
    details = {"name": "share of minutes engaged", "unit": "proportion", "conf_level": conf_level}
    found = {
        later: cluster_ratio(
            part["engaged"], part["minutes"], scale="logit", n=len(part), **details
        )
        for later, part in days.groupby("later")
    }
    then, now = found.get(False), found.get(True)
    if then is None or now is None:
        words = say.NO_THEN if then is None else say.NO_NOW
        return ThenNow("proportion", "students", then, now, gap_in_words=words)
    change = cluster_ratio_difference(
        days["engaged"].where(days["later"], 0.0),
        days["minutes"].where(days["later"], 0.0),
        days["engaged"].mask(days["later"], 0.0),
        days["minutes"].mask(days["later"], 0.0),
        n=min(then.n, now.n),
        **details,
    )
    return ThenNow("proportion", "students", then, now, change)
