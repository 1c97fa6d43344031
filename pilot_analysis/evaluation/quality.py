"""What was read, what was set aside and why, and how far each instrument reaches."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from pilot_analysis.evaluation.rosters import participating_teachers
from pilot_analysis.results import Results, result, result_id
from pilot_analysis.schema import TABLES

__all__ = ["quality"]

STUDENT_TABLES = ("enrollments", "licenses", "assessments", "usage")
TEACHER_TABLES = ("observations", "professional_development", "support_log")
NOT_INSTRUMENTS = ("schools", "products", "students", "teachers")


def quality(pilot) -> Results:
    """Return the reconciliation ledger as results, and the coverage of each instrument.

    Parameters
    ----------
    pilot : Pilot

    Returns
    -------
    Results
        Section "quality". Coverage of a school: of its students for rosters, licenses, tests and
        use; of its teachers for surveys, observations, training and contacts; otherwise one or
        zero.
    """
    return Results.from_rows([*_ledger(pilot), *_coverage(pilot)])


def _ledger(pilot) -> Iterator[dict[str, Any]]:
    ledger = pilot.ledger[pilot.ledger["unit"].eq("rows")]
    rows = ledger.groupby(["table", "file", "step"], sort=False)["rows"].sum()
    read = rows.xs("read", level="step").to_dict()
    for (table, file, step), count in rows.items():
        whole = result_id("quality", "rows", group=file, category=table, time="read")
        yield result(
            "quality",
            "rows",
            "count",
            "records",
            count,
            n=read[table, file],
            category=table,
            time=step,
            group=file,
            relation=() if step == "read" else (f"part of {whole}",),
        )
    reasons = ledger[ledger["step"].eq("set aside")]
    of_table = ledger[ledger["step"].eq("read")].groupby("table")["rows"].sum()
    for (table, reason), count in reasons.groupby(["table", "reason"])["rows"].sum().items():
        yield result(
            "quality",
            "set_aside",
            "count",
            "records",
            count,
            n=of_table[table],
            category=table,
            group=reason,
        )


def _coverage(pilot) -> Iterator[dict[str, Any]]:
    students, teachers = pilot.table("students"), participating_teachers(pilot)
    pupils = students.set_index("student_id")["school_id"]
    staff = teachers.set_index("teacher_id")["school_id"]
    for table in TABLES:
        if table in NOT_INSTRUMENTS:
            continue
        people, covered = None, pd.Series(dtype=float)
        if table in STUDENT_TABLES:
            people, covered = pupils, _people(pilot, table, "student_id", pupils)
        elif table in TEACHER_TABLES and len(staff):
            people, covered = staff, _people(pilot, table, "teacher_id", staff)
        present = _schools(pilot, table)
        size = None if people is None else people.value_counts()
        for school in pilot.schools:
            if people is None or school not in size.index:
                share, n, population = float(school in present), None, "none"
            else:
                n = int(size[school])
                share = covered.get(school, 0) / n
                population = "students" if table in STUDENT_TABLES else "teachers"
            yield result(
                "quality",
                "coverage",
                "proportion",
                population,
                share,
                n=n,
                unit="proportion",
                school_id=school,
                category=table,
                flags=("counted, not estimated",),
            )


def _people(pilot, table: str, column: str, people: pd.Series) -> pd.Series:
    """Return, per school, how many of its people the table knows."""
    known = pilot.table(table)[column].dropna().unique()
    return people[people.index.isin(known)].value_counts()


def _schools(pilot, table: str) -> set[str]:
    frame = pilot.table(table)
    if table == "calendar":
        district = pilot.table("schools").set_index("school_id")["district_id"]
        scopes = set(frame["scope_id"])
        return {school for school, own in district.items() if {school, own} & scopes}
    if table == "assignments":
        classes = pilot.table("enrollments")
        assigned = set(frame["unit_id"])
        members = classes["class_id"].isin(assigned) | classes["student_id"].isin(assigned)
        return set(classes.loc[members, "school_id"]) | assigned
    if "school_id" in frame:
        return set(frame["school_id"].dropna())
    schools = pilot.table("students").set_index("student_id")["school_id"]
    return set(frame["student_id"].map(schools).dropna())
