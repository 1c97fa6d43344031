"""Use in the weeks around a contact for help, beside that of colleagues without one."""

import pandas as pd

from pilot_analysis.evaluation.contributions import remainder_percent
from pilot_analysis.evaluation.dose import measure_dose
from pilot_analysis.evaluation.weeks import begin_of_week, begin_weekday
from pilot_analysis.stats.cluster.mean import cluster_ratio
from pilot_analysis.stats.estimate import Estimate

__all__ = ["LENS", "use_around_contacts"]

LENS = ("use_before", "use_after", "use_before_without", "use_after_without")
"""Before and after with a contact; the same weeks for colleagues without one."""

AMOUNTS = ["minutes", "students", "largest", "second"]
"""Minutes of all licensed students, how many these are, and the minutes of the two who used most
(or more: those of several classes are added up)."""

AROUND = {-2: "before", -1: "before", 1: "after", 2: "after"}
"""Weeks from that of the contact, which is itself neither before nor after."""


def use_around_contacts(pilot) -> dict[tuple[str, str], tuple[Estimate, float]]:
    """Return minutes per student and week in the two weeks before and after contacts for help.

    Only contacts with term on both sides count. Use rises and falls with the season, so the same
    weeks are given for teachers of the same school and product who had no contact in the four
    weeks around: what they did shows the season.

    Parameters
    ----------
    pilot : Pilot

    Returns
    -------
    dict
        (name of `LENS`, school id or "" for the network) -> Estimate in minutes, and the
        remainder in percent of the largest student's minutes, or less (who used it most may be
        another student in each week; they are taken for one). Teachers are the clusters, n counts
        students. Empty where use by week or contacts were not collected.
    """
    classes = _class_weeks(pilot)
    log = pilot.table("support_log")
    log = log[log["teacher_id"].notna()]
    if classes.empty or log.empty:
        return {}
    spans = _spans(pilot, log, classes)
    named = spans[spans["side"].notna()]
    minutes = named.merge(classes, on=["teacher_id", "product_id", "week"])
    unit = ["school_id", "side", "had_contact"]
    teachers = minutes.groupby([*unit, "teacher_id"], as_index=False)[AMOUNTS].sum()
    people = minutes.drop_duplicates([*unit, "teacher_id", "product_id"])
    people = people.groupby([*unit, "teacher_id"])["students"].sum()
    teachers["people"] = people.to_numpy()
    found = {}
    both = pd.concat([teachers, teachers.assign(school_id="")])
    for (school, side, contact), part in both.groupby(unit):
        name = f"use_{side}" if contact else f"use_{side}_without"
        value = cluster_ratio(
            part["minutes"],
            part["students"],
            name=name,
            unit="minutes",
            n=int(part["people"].sum()),
            conf_level=pilot.config.inference.conf_level,
        )
        largest = part[["largest", "second"]].to_numpy().ravel()
        found[name, school] = value, remainder_percent(largest, part["minutes"].sum())
    order = sorted(found, key=lambda key: (key[1], LENS.index(key[0])))
    return {key: found[key] for key in order}


def _class_weeks(pilot) -> pd.DataFrame:
    """Return school, teacher, product, week of term, and `AMOUNTS`."""
    dose = measure_dose(pilot)
    by_month = dose.licenses.loc[dose.licenses["monthly"], "product_id"].unique()
    weeks = dose.periods[~dose.periods["product_id"].isin(by_month)]
    place = ["school_id", "teacher_id", "product_id"]
    weeks = weeks.rename(columns={"time": "week"}).dropna(subset="teacher_id")
    return weeks.groupby([*place, "week"], as_index=False)[AMOUNTS].sum()


def _spans(pilot, log: pd.DataFrame, classes: pd.DataFrame) -> pd.DataFrame:
    """Return contact, teacher (with or without contact), product, week and side of the contact."""
    events = log[["contact_id", "teacher_id", "product_id", "opened_at"]].assign(
        week0=begin_of_week(log["opened_at"], begin_weekday(pilot))
    )
    teams = classes[["school_id", "teacher_id", "product_id"]].drop_duplicates()
    events = events.merge(teams, on="teacher_id", suffixes=("_asked", ""))
    asked = events["product_id_asked"]
    events = events[asked.isna() | asked.eq(events["product_id"])]
    offsets = pd.DataFrame({"offset": list(AROUND), "side": list(AROUND.values())})
    weeks = events.merge(offsets, how="cross")
    weeks["week"] = weeks["week0"] + pd.to_timedelta(7 * weeks["offset"], unit="D")
    in_term = classes[["school_id", "week"]].drop_duplicates()
    weeks = weeks.merge(in_term, on=["school_id", "week"])
    sides = weeks.groupby("contact_id")["side"].nunique()
    weeks = weeks[weeks["contact_id"].isin(sides.index[sides == 2])]
    own = weeks[["contact_id", "teacher_id", "product_id", "week", "side"]]
    return pd.concat([own.assign(had_contact=True), _colleagues(weeks, events, teams)])


def _colleagues(weeks, events, teams) -> pd.DataFrame:
    """Return the same weeks for teachers of the same school and product without a contact."""
    pairs = weeks[["contact_id", "school_id", "product_id", "week0"]].drop_duplicates()
    pairs = pairs.merge(teams, on=["school_id", "product_id"])
    busy = pairs.merge(
        events[["teacher_id", "week0"]].drop_duplicates(), on="teacher_id", suffixes=("", "_other")
    )
    near = (busy["week0_other"] - busy["week0"]).abs() <= pd.Timedelta(weeks=max(AROUND))
    taken = pd.MultiIndex.from_frame(busy.loc[near, ["contact_id", "teacher_id"]])
    free = ~pd.MultiIndex.from_frame(pairs[["contact_id", "teacher_id"]]).isin(taken)
    sides = weeks[["contact_id", "product_id", "week", "side"]].drop_duplicates()
    spans = pairs[free].merge(sides, on=["contact_id", "product_id"])
    return spans[["contact_id", "teacher_id", "product_id", "week", "side"]].assign(
        had_contact=False
    )
