"""Who belongs where: one class per student, the sides of a group, the products of a school."""

import pandas as pd

__all__ = [
    "arm_members",
    "group_side",
    "license_holders",
    "participating_teachers",
    "school_products",
    "student_classes",
    "team_teachers",
]


def student_classes(pilot, subject: str = "") -> pd.DataFrame:
    """Return one row per student with the school and the class that stands for chance.

    Parameters
    ----------
    pilot : Pilot
    subject : str
        Subject whose class is wanted; a student without one is taken with any class.

    Returns
    -------
    pandas.DataFrame
        Columns student_id (unique), school_id (of the roster), class_id, teacher_id, rostered
        (whether there is a class at all), cluster (the class; students of a school who are in no
        class are one cluster). Of several classes the one of that subject counts, then the one
        with most of the student's time, then the earliest.
    """
    students = pilot.table("students")[["student_id", "school_id"]]
    classes = pilot.table("enrollments")
    order = pd.DataFrame(
        {
            "student_id": classes["student_id"],
            "class_id": classes["class_id"],
            "teacher_id": classes["teacher_id"],
            "begin": classes["begin"],
            "other": _words(classes["subject"]).ne(subject.strip().casefold()),
            "weight": -classes["weight"].fillna(1.0),
        }
    )
    order = order.sort_values(["student_id", "other", "weight", "begin", "class_id"])
    first = order.drop_duplicates("student_id")[["student_id", "class_id", "teacher_id"]]
    people = students.merge(first, on="student_id", how="left")
    people["rostered"] = people["class_id"].notna()
    people["cluster"] = people["class_id"].fillna("no class at " + people["school_id"])
    return people


def license_holders(pilot) -> pd.DataFrame:
    """Return one row per license, with the class in which it was held.

    Parameters
    ----------
    pilot : Pilot

    Returns
    -------
    pandas.DataFrame
        Columns product_id, student_id, target_minutes_per_week, school_id, class_id, teacher_id,
        rostered (the student was in a class while the license ran), cluster. A student who moved
        has several classes; the one on the license's first day counts, so that use belongs to the
        school where the license was given. Where licenses were not collected, everyone in a class
        that was given the product counts as a holder, else everyone with use of it.
    """
    licenses = pilot.table("licenses") if pilot.has("licenses") else _given(pilot)
    licenses = licenses.rename(columns={"begin": "first", "end": "last"})
    classes = pilot.table("enrollments")
    subjects = pilot.table("products").set_index("product_id")["subject"]
    held = licenses.merge(classes.drop(columns="weight"), on="student_id", how="left")
    held["rostered"] = held["class_id"].notna() & ~(
        (held["end"] < held["first"]) | (held["begin"] > held["last"])
    )
    held["elsewhere"] = ~(held["rostered"] & ~(held["begin"] > held["first"]))
    held["other"] = _words(held["subject"]).ne(_words(held["product_id"].map(subjects)))
    order = ["product_id", "student_id", "elsewhere", "other", "begin", "class_id"]
    held = held.sort_values(order).drop_duplicates(["product_id", "student_id"])
    at_start = pilot.table("students").set_index("student_id")["school_id"]
    held["school_id"] = held["school_id"].fillna(held["student_id"].map(at_start))
    held["cluster"] = held["class_id"].fillna("no class at " + held["school_id"])
    if classes.empty:
        held["rostered"] = True
    columns = ["product_id", "student_id", "target_minutes_per_week", "school_id", "class_id"]
    return held[[*columns, "teacher_id", "rostered", "cluster"]].reset_index(drop=True)


def _given(pilot) -> pd.DataFrame:
    given = pilot.table("assignments")
    given = given[given["unit"].eq("class") & given["product_id"].notna()]
    if len(given):
        found = pilot.table("enrollments")[["student_id", "class_id"]].merge(
            given[["unit_id", "product_id"]], left_on="class_id", right_on="unit_id"
        )
    else:
        found = pilot.table("usage")
    pairs = found[["product_id", "student_id"]].drop_duplicates()
    return pairs.reindex(columns=pilot.table("licenses").columns).astype(
        pilot.table("licenses").dtypes.to_dict()
    )


def group_side(pilot, column: str) -> pd.Series | None:
    """Return, per student, whether the student belongs to a group.

    Parameters
    ----------
    pilot : Pilot
    column : str
        Group column of `students`.

    Returns
    -------
    pandas.Series of boolean, index student_id, or None
        NA where it was not recorded; None where there is no such column or nothing in it.
    """
    students = pilot.table("students")
    if column not in students.columns or students[column].isna().all():
        return None
    group = pilot.config.groups.get(column)
    wanted = (group.value if group else "true").strip().casefold()
    values = students[column].astype("str").str.strip().str.casefold()
    side = values.eq(wanted).astype("boolean").mask(students[column].isna())
    return pd.Series(side.to_numpy(), index=students["student_id"].to_numpy(), dtype="boolean")


def participating_teachers(pilot) -> pd.DataFrame:
    """Return the rows of `teachers` who taught in the pilot (coaches did not)."""
    teachers = pilot.table("teachers")
    return teachers[~teachers["role"].eq("coach").fillna(False).astype(bool)]


def team_teachers(pilot) -> pd.DataFrame:
    """Return the rows of `teachers` whose classes were given the product.

    Those with a class outside the reference arm; without assignments of classes, those who teach
    a student with a license; without licenses, everyone who took part.
    """
    teachers = participating_teachers(pilot)
    classes = pilot.table("enrollments")[["student_id", "class_id", "teacher_id"]]
    assigned = pilot.table("assignments")
    treated = assigned["unit"].eq("class") & assigned["arm"].ne(pilot.config.design.reference)
    if treated.any():
        members = classes["class_id"].isin(assigned.loc[treated, "unit_id"])
    elif pilot.has("licenses"):
        members = classes["student_id"].isin(pilot.table("licenses")["student_id"])
    else:
        return teachers
    return teachers[teachers["teacher_id"].isin(classes.loc[members, "teacher_id"].unique())]


def arm_members(pilot, outcome: str) -> pd.DataFrame:
    """Return the students who count for an outcome, with the arm they count in.

    Parameters
    ----------
    pilot : Pilot
    outcome : str
        A key of the config's `outcomes`.

    Returns
    -------
    pandas.DataFrame
        Columns student_id (unique), school_id, class_id, arm. Of several classes the first counts
        (`membership_at` "start") or the last ("outcome"). Schools where only the reference arm
        is present are left out, unless whole schools were assigned.
    """
    design, chosen = pilot.config.design, pilot.config.outcomes[outcome]
    arms = {design.reference, *(chosen.arms or design.arms)}
    units = pilot.table("assignments")
    units = units[units["unit"].eq(design.assigned_unit) & units["arm"].isin(arms)]
    if chosen.assignment_window:
        units = units[units["window"].eq(chosen.assignment_window)]
    unit = {"student": "student_id", "class": "class_id", "school": "school_id"}
    unit_id = unit[design.assigned_unit]
    members = pilot.table("enrollments")[["student_id", "class_id", "school_id", "begin"]].merge(
        units[["unit_id", "arm"]].drop_duplicates("unit_id"), left_on=unit_id, right_on="unit_id"
    )
    members = members.sort_values(["student_id", "begin", "class_id"])
    keep = "first" if chosen.membership_at == "start" else "last"
    members = members.drop_duplicates("student_id", keep=keep)
    if design.assigned_unit != "school":  # whole schools are each other's comparison
        treated = members.loc[members["arm"].ne(design.reference), "school_id"].unique()
        members = members[members["school_id"].isin(treated)]
    return members[["student_id", "school_id", "class_id", "arm"]]


def school_products(pilot) -> pd.DataFrame:
    """Return the pairs of school and product that any table speaks of.

    Returns
    -------
    pandas.DataFrame
        Columns school_id, product_id, sorted and without repetition.
    """
    pairs = [
        pilot.table(name)[["school_id", "product_id"]]
        for name in ("goals", "decisions", "survey_responses", "observations", "support_log")
    ]
    pairs.append(license_holders(pilot)[["school_id", "product_id"]].drop_duplicates())
    both = pd.concat([pair.astype("str") for pair in pairs])
    both = both.dropna()
    both = both[both["product_id"].isin(pilot.products)]
    return both.drop_duplicates().sort_values(["school_id", "product_id"], ignore_index=True)


def _words(values: pd.Series) -> pd.Series:
    return values.astype("str").fillna("").str.strip().str.casefold()
