"""How far each instrument reaches: which of a school's people it knows."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from pilot_analysis.evaluation.rosters import license_holders, team_teachers
from pilot_analysis.evaluation.voices import TEACHING, asked_teachers
from pilot_analysis.results import result
from pilot_analysis.schema import TABLES

__all__ = ["coverage", "coverage_rows"]

_NOT_INSTRUMENTS = ("schools", "products", "students", "teachers")


def coverage(pilot) -> pd.DataFrame:
    """Return, per school and instrument, how many of those whom it should know it knows.

    Class lists and tests should know every student of a school; licenses those in a class that
    was given a product; use those with a license; the survey the teachers who were asked;
    observations and training those who teach with a product. The other instruments are there for
    a school, or not.

    Parameters
    ----------
    pilot : Pilot

    Returns
    -------
    pandas.DataFrame
        One row per school and table of the data dictionary that is an instrument: school_id,
        table, population ("students", "teachers" or "none"), known, n, share. With population
        "none" n is missing and the share 1 or 0.
    """
    lines = []
    for table in TABLES:
        if table in _NOT_INSTRUMENTS:
            continue
        population, whole, known = _people(pilot, table)
        present = _schools(pilot, table)
        for school in pilot.schools:
            n = 0 if whole is None else int(whole.get(school, 0))
            if n:
                found = min(int(known.get(school, 0)), n)
                lines.append((school, table, population, found, n, found / n))
            else:
                there = int(school in present)
                lines.append((school, table, "none", there, pd.NA, float(there)))
    columns = ["school_id", "table", "population", "known", "n", "share"]
    return pd.DataFrame(lines, columns=columns).astype({"n": "Int64"})


def coverage_rows(pilot) -> Iterator[dict[str, Any]]:
    """Yield "coverage", one share per school and instrument (`category`).

    Parameters
    ----------
    pilot : Pilot
    """
    for line in coverage(pilot).itertuples(index=False):
        yield result(
            "quality",
            "coverage",
            "proportion",
            line.population,
            line.share,
            n=None if pd.isna(line.n) else int(line.n),
            unit="proportion",
            school_id=line.school_id,
            category=line.table,
            flags=("counted, not estimated",),
        )


def _people(pilot, table: str) -> tuple[str, pd.Series | None, pd.Series]:
    """Return whom an instrument should know, how many by school, and how many it knows."""
    students = pilot.table("students")[["student_id", "school_id"]]
    match table:
        case "enrollments" | "assessments":
            return "students", *_known(pilot, table, students, "student_id")
        case "licenses":
            return "students", *_known(pilot, table, _given(pilot, students), "student_id")
        case "usage":
            held = license_holders(pilot).drop_duplicates("student_id")
            return "students", *_known(pilot, table, held, "student_id")
        case "observations" | "professional_development":
            return "teachers", *_known(pilot, table, team_teachers(pilot), "teacher_id")
        case "survey_responses":
            return "teachers", *_answered(pilot)
    return "none", None, pd.Series(dtype=int)


def _known(pilot, table: str, people: pd.DataFrame, person: str) -> tuple[pd.Series, pd.Series]:
    ids = pilot.table(table)[person].dropna().unique()
    found = people[people[person].isin(ids)]
    return people["school_id"].value_counts(), found["school_id"].value_counts()


def _units(assignments: pd.DataFrame) -> dict[str, set[str]]:
    """Return the ids that something was assigned to, by "student", "class" and "school"."""
    found = {unit: set(part) for unit, part in assignments.groupby("unit")["unit_id"]}
    return {unit: found.get(unit, set()) for unit in ("student", "class", "school")}


def _given(pilot, students: pd.DataFrame) -> pd.DataFrame:
    """Return the students who were given a product, by themselves or with class or school."""
    assignments, classes = pilot.table("assignments"), pilot.table("enrollments")
    units = _units(assignments[assignments["product_id"].notna()])
    in_class = classes.loc[classes["class_id"].isin(units["class"]), "student_id"]
    given = students["student_id"].isin(units["student"]) | students["student_id"].isin(in_class)
    return students[given | students["school_id"].isin(units["school"])]


def _answered(pilot) -> tuple[pd.Series, pd.Series]:
    answers = pilot.table("survey_responses")
    answers = answers[answers["respondent_role"].isin(TEACHING)]
    asked = {school: n for (school, product), n in asked_teachers(pilot).items() if not product}
    return pd.Series(asked, dtype=int), answers.groupby("school_id")["respondent_id"].nunique()


def _schools(pilot, table: str) -> set[str]:
    frame = pilot.table(table)
    if table == "calendar":
        district = pilot.table("schools").set_index("school_id")["district_id"]
        scopes = set(frame["scope_id"])
        return {school for school, own in district.items() if {school, own} & scopes}
    if table == "assignments":
        units, classes = _units(frame), pilot.table("enrollments")
        of_students = pilot.table("students").set_index("student_id")["school_id"]
        of_classes = classes.loc[classes["class_id"].isin(units["class"]), "school_id"]
        own = of_students[of_students.index.isin(units["student"])]
        return {*of_classes, *own, *units["school"]}
    known = set(frame["school_id"].dropna()) if "school_id" in frame else set()
    for person, people in (("student_id", "students"), ("teacher_id", "teachers")):
        if person in frame:
            of_people = pilot.table(people)
            found = of_people[person].isin(frame[person].unique())  # `isin` looks at each repeat
            known |= set(of_people.loc[found, "school_id"])
    return known
