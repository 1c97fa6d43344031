"""Mathematics tests as i-Ready Diagnostic exports them: one row a test, and a byte-order mark."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from pilot_analysis.simulate.exports.files import frame_bytes, zipped
from pilot_analysis.simulate.exports.mess import (
    UNKNOWN,
    Aside,
    american,
    missing_as,
    none_aside,
    off_the_roster,
    some,
)
from pilot_analysis.simulate.exports.people import People

__all__ = ["IREADY_HEADER", "export_iready"]

SUBJECT = "mathematics"
_DOMAINS = ("Number and Operations", "Algebra and Algebraic Thinking", "Measurement and Data",
            "Geometry")  # fmt: skip
_OWN = ("Standard Error", "Typical Growth to Date", "Typical Growth to Date Met (Y/N)")
"""columns that i-Ready does not have: the district's own, at the end"""
IREADY_HEADER = (
    "Last Name", "First Name", "Student ID", "Student Grade", "Academic Year", "School", "Enrolled",
    "District State ID", "Account State ID", "School State ID", "Student State ID", "User Name",
    "Sex", "Hispanic or Latino", "Race", "English Language Learner", "Special Education",
    "Economically Disadvantaged", "Migrant", "Class(es)", "Class Teacher(s)", "Report Group(s)",
    "Start Date", "Completion Date", "Norming Window", "Baseline Diagnostic (Y/N)",
    "Most Recent Diagnostic YTD (Y/N)", "Duration (min)", "Rush Flag", "Read Aloud",
    "Overall Scale Score", "Overall Placement", "Overall Relative Placement", "Percentile",
    "Grouping", "Quantile Measure", "Quantile Range",
    *(f"{domain} {what}" for domain in _DOMAINS
      for what in ("Scale Score", "Placement", "Relative Placement")),
    "Diagnostic Gain", "Annual Typical Growth Measure", "Annual Stretch Growth Measure",
    "Percent Progress to Annual Typical Growth (%)",
    "Percent Progress to Annual Stretch Growth (%)", "Mid On Grade Level Scale Score", *_OWN,
)  # fmt: skip
"""headers of the export, and the district's own three"""
_HASTY, _RUSHED, _BETWEEN, _UNFINISHED, _TWICE = 0.03, 0.015, 0.02, 0.01, 0.02
_ASKED = "not asked for (wanted: Rush Flag blank or Yellow Rush Flag)"


def export_iready(
    tables: Mapping[str, pd.DataFrame], people: People, rng: np.random.Generator
) -> tuple[dict[str, bytes], list[Aside]]:
    """Return the archive with all mathematics tests, and what reading them must set aside.

    Some tests were rushed and taken again, some fell between the windows, some were never
    finished, and a student in two report groups stands there twice.
    """
    tests = tables["assessments"]
    tests = tests[tests["outcome_id"] == SUBJECT]
    if tests.empty:
        return {}, []
    frame = _rows(tests, tables, people, rng)
    extra = [_rushed(frame, rng), _between(frame, rng), _unfinished(frame, rng)]
    known = frame[frame["Student ID"].isin(tables["students"]["student_id"])]
    twice = some(known, _TWICE, rng).assign(**{"Report Group(s)": "Homework club"})
    counts = {
        _ASKED: len(extra[0]),
        "outside every window": len(extra[1]),
        "no day of the test, so no window": len(extra[2]),
        "the same as an earlier row": len(twice),
        UNKNOWN: off_the_roster(frame["Student ID"], tables),
    }
    everything = pd.concat([frame, *extra, twice])
    everything = everything.sort_values(["School", "Last Name", "Student ID"], kind="stable")
    data = frame_bytes(everything.reindex(columns=list(IREADY_HEADER)), encoding="utf-8-sig")
    aside = [Aside("assessments", "rows", reason, n) for reason, n in counts.items()]
    member = "diagnostic_results_math.csv"
    return {"iready_diagnostic_math.zip": zipped({member: data})}, none_aside(aside)


def _rows(tests: pd.DataFrame, tables, people: People, rng) -> pd.DataFrame:
    n, score = len(tests), tests["score"].astype(int)
    ids = tests["student_id"]
    fall, spring = (tests["window"].eq(w) for w in ("fall", "spring"))
    hasty = some(tests, _HASTY, rng).index
    growth = ids.map(tests[spring].set_index("student_id")["typical_growth"])
    frame = pd.DataFrame(
        {
            "Student ID": ids,
            "Last Name": ids.map(people.students["family"]),
            "First Name": ids.map(people.students["given"]),
            "User Name": ids.map(people.students["email"]),
            **_roster_columns(ids, tables, people),
            "School": tests["school_id"].map(tables["schools"].set_index("school_id")["name"]),
            "School State ID": tests["school_id"],
            "Start Date": american(tests["taken_on"]),
            "Completion Date": american(tests["taken_on"]),
            "Norming Window": tests["window"].map(
                {"fall": "Beginning of Year", "winter": "Middle of Year", "spring": "End of Year"}
            ),
            "Baseline Diagnostic (Y/N)": np.where(fall, "Y", "N"),
            "Most Recent Diagnostic YTD (Y/N)": np.where(spring, "Y", "N"),
            "Duration (min)": rng.integers(28, 90, n),
            "Rush Flag": np.where(tests.index.isin(hasty), "Yellow Rush Flag", ""),
            "Overall Scale Score": score,
            "Percentile": tests["percentile"].map("{:g}".format),
            "Quantile Measure": [f"{max(0, 10 * (s - 130))}Q" for s in score],
            "Quantile Range": [f"{max(0, 10 * (s - 135))}Q-{10 * (s - 125)}Q" for s in score],
            "Annual Typical Growth Measure": growth.map("{:g}".format, na_action="ignore"),
            "Standard Error": tests["standard_error"].map("{:g}".format),
            "Typical Growth to Date": tests["typical_growth"].map("{:g}".format,
                                                                  na_action="ignore"),
            "Typical Growth to Date Met (Y/N)": tests["met_growth"].map({True: "Y", False: "N"}),
        },
        index=tests.index,
    )  # fmt: skip
    for domain in _DOMAINS:
        frame[f"{domain} Scale Score"] = score + rng.integers(-6, 7, n)
    gaps = list(_OWN[1:])
    return frame.assign(
        **{name: missing_as(frame[name], ("", "NA", "N/A"), rng) for name in gaps},
        Enrolled="Enrolled",
        **{"Academic Year": "2025-2026", "Percent Progress to Annual Typical Growth (%)":
           np.where(spring, "104%", "")},
    )  # fmt: skip


def _roster_columns(ids: pd.Series, tables, people: People) -> dict[str, pd.Series]:
    students = tables["students"].set_index("student_id")
    classes = tables["enrollments"].assign(
        teacher=tables["enrollments"]["teacher_id"].map(
            people.teachers["family"] + ", " + people.teachers["given"]
        )
    )
    lists = classes.groupby("student_id")[["class_id", "teacher"]].agg("; ".join)
    yes = {True: "Y", False: "N"}
    return {
        "Student Grade": ids.map(students["grade"]),
        "Sex": ids.map(students["sex"]),
        "Hispanic or Latino": ids.map(
            students["race_ethnicity"].eq("Hispanic or Latino").map({True: "Y", False: "N"})
        ),
        "English Language Learner": ids.map(students["english_learner"].map(yes)),
        "Special Education": ids.map(students["disability"].map(yes)),
        "Economically Disadvantaged": ids.map(students["economically_disadvantaged"].map(yes)),
        "Class(es)": ids.map(lists["class_id"]),
        "Class Teacher(s)": ids.map(lists["teacher"]),
    }


def _rushed(frame: pd.DataFrame, rng) -> pd.DataFrame:
    """Return tests that were clicked through; the student took it again on a later day."""
    rushed = some(frame, _RUSHED, rng).assign(**{"Rush Flag": "Red Rush Flag"})
    rushed["Overall Scale Score"] -= 25
    return rushed


def _between(frame: pd.DataFrame, rng) -> pd.DataFrame:
    """Return tests that a teacher gave between the windows."""
    columns = {"Start Date": "11/18/2025", "Completion Date": "11/19/2025", "Rush Flag": "",
               "Norming Window": "Middle of Year"}  # fmt: skip
    return some(frame, _BETWEEN, rng).assign(**columns)


def _unfinished(frame: pd.DataFrame, rng) -> pd.DataFrame:
    """Return tests that were begun in another week and never finished."""
    begun = some(frame, _UNFINISHED, rng).assign(**{"Rush Flag": "", "Completion Date": ""})
    measures = [c for c in begun if c.endswith(("Score", "Date Met (Y/N)"))]
    return begun.assign(**dict.fromkeys((*measures, "Percentile", "Standard Error"), ""))
