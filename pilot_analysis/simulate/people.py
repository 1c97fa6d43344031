"""Schools, teachers, students, classes, arms, products, licenses and the calendar."""

import numpy as np
import pandas as pd

from pilot_analysis.simulate.frame import clean_frame
from pilot_analysis.simulate.plan import School
from pilot_analysis.simulate.terms import CALENDAR, CLOSED, DISTRICT, WINDOW
from pilot_analysis.simulate.truth import COMPARISON, PRODUCTS

__all__ = [
    "make_assignments",
    "make_calendar",
    "make_enrollments",
    "make_licenses",
    "make_products",
    "make_roster",
    "make_schools",
    "make_students",
    "make_teachers",
]

_GRADES = ("3", "4", "5")
_MOVED_SHARE = 0.02
_LEFT_EARLY = 12
_UNKNOWN_LICENSES = 14
"""licenses of students whom no roster knows"""
_FIRST_DAY = pd.Timestamp("2025-09-04")
_LAST_DAY = pd.Timestamp("2026-06-18")


def make_schools(schools: tuple[School, ...]) -> pd.DataFrame:
    """Return one row per school."""
    return clean_frame(
        "schools",
        [
            {
                "school_id": s.id,
                "name": s.name,
                "district_id": DISTRICT,
                "locale": "city",
                "teachers_invited": s.invited,
                "principal_support": s.principal_support,
                "point_person": s.point_person,
            }
            for s in schools
        ],
    )


def make_roster(schools: tuple[School, ...]) -> pd.DataFrame:
    """Return one row per class: class_id, teacher_id, school_id, arm, grade."""
    rows = []
    for school in schools:
        for number, arm in enumerate(school.class_arms, start=1):
            rows.append(
                {
                    "class_id": f"{school.id}-C{number:02d}",
                    "teacher_id": f"{school.id}-T{number:02d}",
                    "school_id": school.id,
                    "arm": arm,
                    "grade": _GRADES[number % len(_GRADES)],
                }
            )
    return pd.DataFrame(rows)


def make_teachers(
    schools: tuple[School, ...],
    roster: pd.DataFrame,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Return one row per teacher; the first of a team is the point person, where there is one."""
    with_point_person = {s.id for s in schools if s.point_person}
    first = ~roster["school_id"].duplicated() & roster["school_id"].isin(with_point_person)
    volunteered = roster["arm"] != COMPARISON
    motivation = np.clip(np.rint(rng.normal(4.1, 0.7, len(roster))), 1, 5)
    return clean_frame(
        "teachers",
        {
            "teacher_id": roster["teacher_id"],
            "school_id": roster["school_id"],
            "role": np.where(first, "point_person", "teacher"),
            "volunteered": volunteered,
            "motivation": np.where(volunteered, motivation, np.nan),
            "years_experience": np.rint(np.clip(rng.gamma(2.0, 5.0, len(roster)), 0, 38)),
        },
    )


def make_students(
    schools: tuple[School, ...],
    roster: pd.DataFrame,
    per_class: int,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Return one row per student, with the class of the first day in a column `class_id`."""
    first_class = roster.loc[roster.index.repeat(per_class)].reset_index(drop=True)
    n = len(first_class)
    learners = first_class["school_id"].map({s.id: s.english_learners for s in schools})
    width = max(5, len(str(10 * n)))
    ids = rng.choice(np.arange(10 ** (width - 1)), n, replace=False)
    students = pd.DataFrame(
        {
            "student_id": [f"P{i:0{width}d}" for i in ids],
            "school_id": first_class["school_id"],
            "grade": first_class["grade"],
            "sex": rng.choice(["female", "male"], n),
            "race_ethnicity": rng.choice(
                ["Asian", "Black", "Hispanic or Latino", "White", "Two or more"],
                n,
                p=[0.10, 0.32, 0.36, 0.17, 0.05],
            ),
            "english_learner": rng.random(n) < learners,
            "disability": rng.random(n) < 0.18,
            "economically_disadvantaged": rng.random(n) < 0.55,
            "class_id": first_class["class_id"],
        }
    )
    # Sex is not recorded for everyone in real rosters.
    students["sex"] = students["sex"].mask(rng.random(n) < 0.01)
    return students


def make_enrollments(
    students: pd.DataFrame,
    roster: pd.DataFrame,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Return who was in which class; some move later, some leave before the pilot begins."""
    where = roster.set_index("class_id")
    rows = pd.DataFrame(
        {
            "student_id": students["student_id"],
            "class_id": students["class_id"],
            "begin": _FIRST_DAY,
            "end": _LAST_DAY,
        }
    )
    order = rng.permutation(len(rows))
    n_moved = round(_MOVED_SHARE * len(rows))
    moved, left = order[:n_moved], order[n_moved : n_moved + min(_LEFT_EARLY, len(rows) // 100)]
    on = pd.Timestamp("2025-11-03") + pd.to_timedelta(rng.integers(0, 150, n_moved), unit="D")
    arrivals = rows.loc[moved].assign(
        begin=on, class_id=_new_classes(rows.loc[moved, "class_id"], roster, rng)
    )
    rows.loc[moved, "end"] = on - pd.Timedelta(days=1)
    rows.loc[left, "end"] = pd.Timestamp("2025-09-26")
    rows = pd.concat([rows, arrivals], ignore_index=True)
    rows = rows.assign(
        teacher_id=rows["class_id"].map(where["teacher_id"]),
        school_id=rows["class_id"].map(where["school_id"]),
        weight=1.0,
    )
    return clean_frame("enrollments", rows)


def _new_classes(old: pd.Series, roster: pd.DataFrame, rng) -> list[str]:
    """Return another class of the same grade for each class in `old`, in any school."""
    grade = roster.set_index("class_id")["grade"]
    by_grade = {g: names.tolist() for g, names in roster.groupby("grade")["class_id"]}
    chosen = []
    for name in old:
        others = by_grade[grade[name]]
        step = int(rng.integers(1, max(len(others), 2)))
        chosen.append(others[(others.index(name) + step) % len(others)])
    return chosen


def make_assignments(roster: pd.DataFrame) -> pd.DataFrame:
    """Return what each class was assigned to: by its teacher's choice, not by chance."""
    return clean_frame(
        "assignments",
        {
            "unit": "class",
            "unit_id": roster["class_id"],
            "window": WINDOW,
            "arm": roster["arm"],
            "product_id": roster["arm"].mask(roster["arm"] == COMPARISON),
            "randomized": False,
            "block": roster["school_id"],
        },
    )


def make_products() -> pd.DataFrame:
    """Return the two invented products."""
    return clean_frame(
        "products",
        [
            {
                "product_id": p.id,
                "name": p.name,
                "subject": p.outcome,
                "objective": p.objective,
                "recommended_minutes_per_week": p.minutes,
                "cost_per_license": p.cost,
            }
            for p in PRODUCTS.values()
        ],
    )


def make_calendar(schools: tuple[School, ...]) -> pd.DataFrame:
    """Return the district's calendar, and one school's week without heating."""
    rows = [
        {"scope_id": DISTRICT, "begin": pd.Timestamp(begin), "end": pd.Timestamp(end), "kind": kind}
        for kind, begin, end in CALENDAR
    ]
    begin, end = map(pd.Timestamp, CLOSED)
    rows += [
        {"scope_id": s.id, "begin": begin, "end": end, "kind": "holiday"}
        for s in schools
        if s.closed_once
    ]
    return clean_frame("calendar", rows)


def make_licenses(
    enrollments: pd.DataFrame,
    roster: pd.DataFrame,
    start: pd.DataFrame,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Return who held a license, with the student's own target.

    Parameters
    ----------
    start : pandas.DataFrame
        Index student_id, a column per subject: the true starting score (points); the weaker the
        start, the longer the target.
    """
    arm = enrollments["class_id"].map(roster.set_index("class_id")["arm"])
    held = enrollments.assign(product_id=arm)[arm != COMPARISON]
    held = held.sort_values("begin", kind="stable").drop_duplicates(["product_id", "student_id"])
    parts = []
    for product in PRODUCTS.values():
        part = held[held["product_id"] == product.id]
        if part.empty:
            continue
        rank = start.loc[part["student_id"], product.outcome].rank(pct=True, ascending=False)
        level = np.ceil(rank.to_numpy() * len(product.targets)).astype(int) - 1
        parts.append(part.assign(target_minutes_per_week=np.take(product.targets, level)))
    licenses = pd.concat(parts)
    licenses["begin"] = licenses["begin"].clip(lower=pd.Timestamp("2025-10-06"))
    licenses["end"] = _LAST_DAY
    strangers = licenses.sample(min(_UNKNOWN_LICENSES, len(licenses)), random_state=rng)
    strangers = strangers.assign(student_id=[f"X{i:04d}" for i in range(1, len(strangers) + 1)])
    return clean_frame("licenses", pd.concat([licenses, strangers], ignore_index=True))
