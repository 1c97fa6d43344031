"""Who is compared with whom for one outcome: one row per student, with arm, class and scores."""

from dataclasses import dataclass

import pandas as pd

from pilot_analysis.errors import DesignError
from pilot_analysis.evaluation.rosters import arm_members

__all__ = ["Comparison", "assemble_comparison"]

_UNITS = {"student": "student_id", "class": "class_id", "school": "school_id"}
_FEWEST_UNITS = 2


@dataclass(frozen=True, slots=True)
class Comparison:
    """The students of one outcome's comparison.

    Attributes
    ----------
    outcome : str
        Key of the config's `outcomes`.
    reference : str
        Arm that the others are compared with.
    frame : pandas.DataFrame
        The students analyzed, one row each: student_id, school_id, class_id, unit_id (what was
        assigned), arm (Categorical, reference first), post and, if the outcome has one, pre.
    arms : tuple of str
        Arms to be compared with the reference: two or more assigned units have scores.
    too_few : tuple of str
        Arms that were meant to be compared, with fewer than two assigned units with scores.
    has_pre : bool
    start : pandas.DataFrame
        Everyone who could have been followed to the outcome: with a score from before or, where
        the outcome has none, on the roster. Columns student_id, unit_id, lost (bool).
    moved, changed_arm : int
        Students analyzed whose school, or arm, at the outcome was not the one at the start.
    """

    outcome: str
    reference: str
    frame: pd.DataFrame
    arms: tuple[str, ...]
    too_few: tuple[str, ...]
    has_pre: bool
    start: pd.DataFrame
    moved: int
    changed_arm: int


def assemble_comparison(pilot, outcome: str) -> Comparison:
    """Put together the students of one outcome's comparison.

    Parameters
    ----------
    pilot : Pilot
    outcome : str
        Key of the config's `outcomes`.

    Returns
    -------
    Comparison

    Raises
    ------
    DesignError
        Nobody in the comparison has the scores, or the reference arm has fewer than two assigned
        units with scores, or every other arm.
    """
    design, chosen = pilot.config.design, pilot.config.outcomes[outcome]
    scores = _scores(pilot, chosen)
    people = arm_members(pilot, outcome).merge(scores, on="student_id", how="left")
    people = people.assign(unit_id=people[_UNITS[design.assigned_unit]])
    needed = ["post", "pre"] if chosen.pre_window else ["post"]
    frame = people.dropna(subset=[*needed, "unit_id"])
    order = [design.reference, *(a for a in design.arms if a != design.reference)]
    units = frame.groupby("arm")["unit_id"].nunique()
    wanted = [arm for arm in order if arm in (design.reference, *(chosen.arms or design.arms))]
    enough = [arm for arm in wanted if units.get(arm, 0) >= _FEWEST_UNITS]
    if design.reference not in enough or len(enough) < 2:
        what = {"student": "student", "class": "class", "school": "school"}
        raise DesignError(
            f"A comparison needs two or more of each group with scores, and the unit that was "
            f"assigned is the {what[design.assigned_unit]}."
        )
    frame = frame[frame["arm"].isin(enough)].sort_values("student_id", ignore_index=True)
    frame = frame.assign(arm=pd.Categorical(frame["arm"], categories=enough))
    columns = ["student_id", "school_id", "class_id", "unit_id", "arm", *needed]
    return Comparison(
        outcome, design.reference, frame[columns], tuple(enough[1:]),
        tuple(arm for arm in wanted if arm not in enough), bool(chosen.pre_window),
        _start(pilot, chosen, people, frame), _moved(pilot, frame),
        _changed_arm(pilot, chosen, frame),
    )  # fmt: skip


def _scores(pilot, chosen) -> pd.DataFrame:
    """Return one row per student: pre, post, and the schools where the tests were taken."""
    tests = pilot.table("assessments")
    tests = tests[tests["outcome_id"].eq(chosen.assessment) & tests["score"].notna()]
    tests = tests.set_index("student_id")
    windows = {"post": chosen.post_window, "pre": chosen.pre_window}
    parts = []
    for name, window in windows.items():
        taken = tests[tests["window"].eq(window)]
        parts += [taken["score"].rename(name), taken["school_id"].rename(f"{name}_school")]
    return pd.concat(parts, axis=1).rename_axis("student_id").reset_index()


def _assigned(pilot, window: str, keep: str, arms) -> pd.DataFrame:
    """Return, per student, the unit and arm of the first or last class in a window ("": any)."""
    design = pilot.config.design
    units = pilot.table("assignments")
    units = units[units["unit"].eq(design.assigned_unit) & units["arm"].isin(arms)]
    units = units[units["window"].eq(window)] if window else units
    units = units[["unit_id", "arm"]].drop_duplicates("unit_id")
    column = _UNITS[design.assigned_unit]
    rows = pilot.table("enrollments").merge(units, left_on=column, right_on="unit_id")
    rows = rows.sort_values(["student_id", "begin", "class_id"])
    return rows.drop_duplicates("student_id", keep=keep)[
        ["student_id", "school_id", "unit_id", "arm"]
    ]


def _start(pilot, chosen, people, frame) -> pd.DataFrame:
    if chosen.pre_window:
        # In any window: a student who left before the outcome's own window is lost as well.
        arms = {pilot.config.design.reference, *(chosen.arms or pilot.config.design.arms)}
        pre = _scores(pilot, chosen).dropna(subset="pre")["student_id"]
        first = _assigned(pilot, "", "first", arms)
        first = first[first["student_id"].isin(pre)]
        if pilot.config.design.assigned_unit != "school":
            treated = first.loc[first["arm"].ne(pilot.config.design.reference), "school_id"]
            first = first[first["school_id"].isin(treated)]
        start = first[["student_id", "unit_id"]]
    else:
        start = people[["student_id", "unit_id"]]
    return start.assign(lost=~start["student_id"].isin(frame["student_id"]))


def _moved(pilot, frame) -> int:
    roster = pilot.table("students").set_index("student_id")["school_id"]
    start = frame["student_id"].map(roster)
    if "pre" in frame:
        start = frame["pre_school"].fillna(start)
    end = frame["post_school"].fillna(start)
    return int((start.notna() & start.ne(end)).sum())


def _changed_arm(pilot, chosen, frame) -> int:
    """Count the students whose arm at the outcome is not the one they began in."""
    arms = set(pilot.config.design.arms)
    windows = set(pilot.table("assignments")["window"])
    before = chosen.pre_window if chosen.pre_window in windows else chosen.assignment_window
    start = _assigned(pilot, before, "first", arms).set_index("student_id")["arm"]
    end = _assigned(pilot, chosen.assignment_window, "last", arms).set_index("student_id")["arm"]
    first, last = frame["student_id"].map(start), frame["student_id"].map(end)
    return int((first.notna() & last.notna() & first.ne(last)).sum())
