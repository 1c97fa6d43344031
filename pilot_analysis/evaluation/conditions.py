"""Who took part, and whether the conditions of the first principle were there."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from pilot_analysis.evaluation.absence import absent_for_schools, not_collected
from pilot_analysis.evaluation.rosters import arm_members, team_teachers
from pilot_analysis.evaluation.thresholds import SUPPORTIVE_PRINCIPAL
from pilot_analysis.results import CONSENT, ONE_PERSON, Results, result, result_id
from pilot_analysis.stats.association import cluster_proportion, proportion
from pilot_analysis.stats.cluster.mean import cluster_mean

__all__ = ["conditions", "flags_of_role", "tested_students"]


def conditions(pilot) -> Results:
    """Return who took part, and what is known of the team, the point person and the principal.

    Parameters
    ----------
    pilot : Pilot

    Returns
    -------
    Results
        Section "conditions", per school and for the network; the flow of students per outcome and
        arm. The network's shares and means of teachers have schools as clusters.
    """
    rows = [*_people(pilot), *_team(pilot), *_leadership(pilot), *_flow(pilot)]
    return Results.from_rows(rows)


def _people(pilot) -> Iterator[dict[str, Any]]:
    invited = pilot.table("schools").set_index("school_id")["teachers_invited"].dropna()
    yield from absent_for_schools("conditions", "teachers_invited", pilot.schools, invited.index)
    yield from _counts("teachers_invited", "teachers", invited.astype(int))
    classes = pilot.table("enrollments")
    teachers = team_teachers(pilot)  # not those whose classes are compared with
    if teachers.empty:
        teachers = classes[["teacher_id", "school_id"]].drop_duplicates()
    yield from _counts("teachers_took_part", "teachers", _distinct(teachers, "teacher_id"))
    students = pilot.table("students")
    yield from absent_for_schools(
        "conditions", "students", pilot.schools, students["school_id"].unique()
    )
    # who was in a class there at any time: a student who moved is on the lists of two schools
    rostered = classes if len(classes) else students
    yield from _counts(
        "students_rostered",
        "students",
        _distinct(rostered, "student_id"),
        total=rostered["student_id"].nunique(),
    )
    yield from absent_for_schools(
        "conditions", "enrollments", pilot.schools, classes["school_id"].unique()
    )
    yield from _counts("classes", "classes", _distinct(classes, "class_id"))


def _distinct(frame: pd.DataFrame, column: str) -> pd.Series:
    return frame.groupby("school_id")[column].nunique()


def _counts(
    name: str, population: str, counts: pd.Series, total: int | None = None
) -> Iterator[dict[str, Any]]:
    """Yield each school's count and the network's: the sum, unless `total` is given."""
    for school, count in counts.sort_index().items():
        yield result("conditions", name, "count", population, count, n=count, school_id=school)
    if len(counts):
        total = counts.sum() if total is None else total
        yield result("conditions", name, "count", population, total, n=total)


def _team(pilot) -> Iterator[dict[str, Any]]:
    level = pilot.config.inference.conf_level
    team = team_teachers(pilot)
    for column, name in (("volunteered", "volunteered"), ("motivation", "motivation")):
        known = team[team[column].notna()]
        yield from absent_for_schools("conditions", name, pilot.schools, known["school_id"])
        for school, part in known.groupby("school_id"):
            value = (
                proportion(int(part[column].sum()), len(part), conf_level=level)
                if column == "volunteered"
                else _motivation(part, None, level)
            )
            yield _of_team(name, value, school)
        if len(known):
            value = (
                cluster_proportion(
                    known[column].astype(float), known["school_id"], conf_level=level
                )
                if column == "volunteered"
                else _motivation(known, known["school_id"], level)
            )
            yield _of_team(name, value, "")


def _motivation(part: pd.DataFrame, cluster, conf_level: float):
    return cluster_mean(
        part["motivation"],
        cluster,
        name="motivation",
        unit="scale points (1-5)",
        conf_level=conf_level,
    )


def _of_team(name: str, value, school: str) -> dict[str, Any]:
    kind = "proportion" if name == "volunteered" else "mean"
    return result("conditions", name, kind, "teachers", value, school_id=school)


def _leadership(pilot) -> Iterator[dict[str, Any]]:
    schools = pilot.table("schools").set_index("school_id")
    named = schools["point_person"].dropna().astype(bool)
    rating = schools["principal_support"].dropna()
    for name, known, reached in (
        ("point_person", named, named),
        ("principal_support", rating, rating >= SUPPORTIVE_PRINCIPAL),
    ):
        yield from absent_for_schools("conditions", name, pilot.schools, known.index)
        for school, value in known.sort_index().items():
            words = ("yes" if value else "no") if name == "point_person" else f"{value:g}"
            yield result(
                "conditions",
                name,
                "level",
                "schools",
                n=1,
                school_id=school,
                level=words,
                flags=flags_of_role(pilot, school),
            )
        if len(known):
            share = proportion(
                int(reached.sum()), len(known), conf_level=pilot.config.inference.conf_level
            )
            # one person stands behind each school's answer
            yield result("conditions", name, "proportion", "respondents", share)


def flags_of_role(pilot, school: str) -> tuple[str, ...]:
    """Return the flags of what the principal or point person of a school said."""
    agreed = school in pilot.config.disclosure.role_consent
    return (ONE_PERSON, CONSENT) if agreed else (ONE_PERSON,)


def _flow(pilot) -> Iterator[dict[str, Any]]:
    for name in pilot.config.outcomes:
        people = tested_students(pilot, name)
        if people.empty:
            yield not_collected("conditions", "assignments", outcome=name)
            continue
        stages = [stage for stage in ("rostered", "pre", "post", "both") if stage in people]
        both = pd.concat([people, people.assign(school_id="")])
        counts = both.groupby(["school_id", "arm"])[stages].sum()
        for (school, arm), row in counts.iterrows():
            keys = {"school_id": school, "outcome": name, "group": arm}
            whole = f"part of {result_id('conditions', 'flow', category='rostered', **keys)}"
            for stage in stages:
                yield result(
                    "conditions",
                    "flow",
                    "count",
                    "students",
                    row[stage],
                    n=row["rostered"],
                    category=stage,
                    relation=() if stage == "rostered" else (whole,),
                    **keys,
                )


def tested_students(pilot, name: str) -> pd.DataFrame:
    """Return the students of a comparison, and which of its tests they took.

    Parameters
    ----------
    pilot : Pilot
    name : str
        A key of the config's `outcomes`.

    Returns
    -------
    pandas.DataFrame
        One row per student: student_id, school_id, arm (blank without a comparison), and 1 or 0
        for rostered, post and, where there is a test before, pre and both.
    """
    outcome = pilot.config.outcomes[name]
    if pilot.config.design.comparison == "none":
        people = pilot.table("students")[["student_id", "school_id"]].assign(arm="")
    else:
        people = arm_members(pilot, name)[["student_id", "school_id", "arm"]]
    tests = pilot.table("assessments")
    tests = tests[tests["outcome_id"].eq(outcome.assessment) & tests["score"].notna()]
    taken = {window: set(part) for window, part in tests.groupby("window")["student_id"]}
    people = people.assign(rostered=1)
    post = people["student_id"].isin(taken.get(outcome.post_window, set()))
    if outcome.pre_window:
        pre = people["student_id"].isin(taken.get(outcome.pre_window, set()))
        people = people.assign(pre=pre.astype(int), both=(pre & post).astype(int))
    return people.assign(post=post.astype(int))
