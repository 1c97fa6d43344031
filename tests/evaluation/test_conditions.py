"""Who took part: counts that add up, the team that had the product, the flow of students."""

from dataclasses import replace

import pytest

from pilot_analysis.evaluation.conditions import conditions
from pilot_analysis.results import CONSENT, ONE_PERSON

OUTCOMES = {
    "reading": {"label": "reading", "assessment": "map", "pre_window": "fall",
                "post_window": "spring", "assignment_window": "1"},
}  # fmt: skip
DESIGN = {
    "comparison": "rostered", "reference": "no", "arms": {"no": {"label": "n"}, "p": {"label": "p"}}
}  # fmt: skip


@pytest.fixture
def small(make_pilot):
    classes = {"C1": ("S1", "p"), "C2": ("S1", "no"), "C3": ("S2", "p"), "C4": ("S3", "no")}
    students = {f"{c}-{i}": (c, school) for c, (school, _) in classes.items() for i in range(3)}
    tables = {
        "schools": [
            {"school_id": "S1", "name": "1", "teachers_invited": 4, "point_person": True,
             "principal_support": 3.5},
            {"school_id": "S2", "name": "2", "teachers_invited": 3, "point_person": False,
             "principal_support": 2},
            {"school_id": "S3", "name": "3"},
        ],
        "teachers": [
            {"teacher_id": f"T{c}", "school_id": school, "role": "teacher",
             "volunteered": arm == "p", "motivation": 4 if c == "C1" else 3}
            for c, (school, arm) in classes.items()
        ] + [{"teacher_id": "X", "school_id": "S1", "role": "coach", "volunteered": True}],
        "students": [{"student_id": s, "school_id": school} for s, (_, school) in students.items()],
        "enrollments": [
            {"student_id": s, "class_id": c, "teacher_id": f"T{c}", "school_id": school}
            for s, (c, school) in students.items()
        ],
        "assignments": [
            {"unit": "class", "unit_id": c, "window": "1", "arm": arm}
            for c, (_, arm) in classes.items()
        ],
        "assessments": [
            {"student_id": s, "outcome_id": "map", "window": w,
             "score": 1.0 if s != "C1-2" else None}
            for s, (c, _) in students.items()
            for w in (("fall", "spring") if s[-1] != "0" else ("fall",))
        ],
    }  # fmt: skip
    return make_pilot(tables, outcomes=OUTCOMES, design=DESIGN)


def _value(results, name, **keys):
    rows = results.select(name=name, **keys)
    assert len(rows) == 1
    return rows.iloc[0]["estimate"]


def test_counts_of_schools_add_up_to_the_network(small):
    results = conditions(small)
    for name in ("teachers_invited", "teachers_took_part", "students_rostered", "classes"):
        rows = results.select(name=name)
        schools = rows[rows["school_id"] != ""]["estimate"].sum()
        assert _value(results, name, school_id="") == schools
    # neither a coach nor a teacher whose class is compared with takes part
    assert _value(results, "teachers_took_part", school_id="S1") == 1
    assert _value(results, "students_rostered", school_id="S1") == 6


def test_what_a_school_did_not_record_is_absent_and_not_zero(small):
    results = conditions(small)
    assert results.select(name="teachers_invited", school_id="S3").empty
    absent = results.select(name="not_collected", school_id="S3")
    assert {"teachers_invited", "point_person", "principal_support"} <= set(absent["category"])


def test_the_team_is_who_was_given_the_product(small):
    results = conditions(small)
    assert _value(results, "volunteered", school_id="S1") == 1.0
    assert _value(results, "motivation", school_id="") == pytest.approx(3.5)
    assert results.select(name="volunteered", school_id="").iloc[0]["n_clusters"] == 2


def test_roles_of_one_person_are_flagged(small):
    rows = conditions(small).select(name="principal_support")
    of_schools = rows[rows["school_id"] != ""]
    assert of_schools["level"].tolist() == ["3.5", "2"]
    assert all("single person role" in flags for flags in of_schools["flags"])
    assert _value(conditions(small), "principal_support", school_id="") == 0.5


def test_the_consent_of_a_school_is_on_what_its_roles_said(small):
    agreed = small.config.disclosure.model_copy(update={"role_consent": ("S2",)})
    config = small.config.model_copy(update={"disclosure": agreed})
    rows = conditions(replace(small, config=config)).frame
    of_roles = rows[rows["flags"].map(lambda flags: ONE_PERSON in flags)]
    with_consent = of_roles["flags"].map(lambda flags: CONSENT in flags)
    assert set(of_roles.loc[with_consent, "school_id"]) == {"S2"}
    assert set(of_roles.loc[~with_consent, "school_id"]) == {"S1"}


def test_flow_counts_each_test_and_leaves_out_schools_without_the_product(small):
    results = conditions(small)
    flow = results.select(name="flow", school_id="S1", group="p").set_index("category")["estimate"]
    assert flow.to_dict() == {"rostered": 3, "pre": 2, "post": 1, "both": 1}
    assert results.select(name="flow", school_id="S3").empty
    network = results.select(name="flow", school_id="", group="p", category="rostered")
    assert network["estimate"].tolist() == [6]
    parts = results.select(name="flow", category="both")["relation"]
    assert all(relation[0].startswith("part of conditions.flow[") for relation in parts)


def test_star_has_students_and_classes_but_no_team(star):
    results = conditions(star)
    assert _value(results, "students_rostered", school_id="") == len(star.table("students"))
    assert results.select(name="volunteered").empty
    flow = results.select(name="flow", school_id="", outcome="math_k", category="post")
    assert flow["estimate"].sum() == 5871  # children with a kindergarten score in mathematics


def test_demo_moves_are_counted_once(demo):
    flow = conditions(demo).select(name="flow", school_id="", category="rostered")
    assert (flow.groupby("outcome")["estimate"].sum() <= len(demo.table("students"))).all()


def test_the_list_of_a_school_holds_everyone_in_its_classes(star):
    frame = conditions(star).frame
    rostered = frame[frame["name"].eq("students_rostered")].set_index("school_id")["estimate"]
    classes = star.table("enrollments")
    # this school opened in grade 1: 118 children were in its classes, 77 of them from elsewhere
    assert rostered["77"] == classes.loc[classes["school_id"].eq("77"), "student_id"].nunique()
    assert rostered["77"] == 118
    # whoever moved is on two lists and counted once in all schools together
    assert rostered[""] == classes["student_id"].nunique() < rostered.drop("").sum()


def test_in_the_demo_the_roles_of_some_schools_are_shown_to_their_teams(demo, evaluated_demo):
    frame = evaluated_demo.frame
    flags = frame["flags"]
    agreed = frame.loc[flags.map(lambda own: CONSENT in own), "school_id"]
    silent = frame.loc[flags.map(lambda own: own[:1] == (ONE_PERSON,) and CONSENT not in own)]
    assert set(agreed) == set(demo.config.disclosure.role_consent)
    assert set(silent["school_id"]) == set(demo.schools) - set(agreed)
    assert 0 < agreed.nunique() < len(demo.schools)
