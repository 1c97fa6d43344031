"""Students of a comparison whom a test is missing of, and why, as far as class lists can tell."""

import pandas as pd

from pilot_analysis.evaluation.conditions import tested_students

__all__ = ["REASONS", "not_tested"]

REASONS = (
    "joined after the first tests",
    "left before the last tests",
    "no test before",
    "no test after",
    "no test at all",
)
"""Why a student is not in the numbers, the first that fits; the last three: enrolled, and yet."""


def not_tested(pilot, outcome: str) -> pd.DataFrame:
    """Return the students of a comparison who do not have every test of it.

    A student joined late whose first class begins after the last day of the tests before, and left
    early whose last class ends before the first day of the tests after. Where days are not known,
    nobody did either.

    Parameters
    ----------
    pilot : Pilot
    outcome : str
        A key of the config's `outcomes`.

    Returns
    -------
    pandas.DataFrame
        Columns student_id, school_id, arm, reason (one of `REASONS`).
    """
    chosen = pilot.config.outcomes[outcome]
    people = tested_students(pilot, outcome)
    has_pre = people["pre"].eq(1) if "pre" in people else pd.Series(True, people.index)
    has_post = people["post"].eq(1)
    tests = pilot.table("assessments")
    days = tests[tests["outcome_id"].eq(chosen.assessment)].groupby("window")["taken_on"]
    first, last = days.min(), days.max()
    classes = pilot.table("enrollments")
    open_ended = people["student_id"].isin(classes.loc[classes["end"].isna(), "student_id"])
    ends = classes.groupby("student_id").agg({"begin": "min", "end": "max"})
    ends = ends.reindex(people["student_id"]).set_axis(people.index)
    joined = ~has_pre & (ends["begin"] > last.get(chosen.pre_window, pd.NaT))
    left = ~has_post & ~open_ended & (ends["end"] < first.get(chosen.post_window, pd.NaT))
    reason = pd.Series(REASONS[4], people.index, dtype="str")
    reason = reason.mask(has_pre, REASONS[3]).mask(has_post, REASONS[2])
    reason = reason.mask(left, REASONS[1]).mask(joined, REASONS[0])
    found = people.assign(reason=reason)[~(has_pre & has_post)]
    return found[["student_id", "school_id", "arm", "reason"]].reset_index(drop=True)
