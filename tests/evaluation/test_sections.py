"""Goals, support, data quality and parameters; and what must hold for all sections together."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pilot_analysis.evaluation import evaluate
from pilot_analysis.evaluation.alignment import alignment
from pilot_analysis.evaluation.parameters import parameters
from pilot_analysis.evaluation.quality import quality
from pilot_analysis.evaluation.support import support
from pilot_analysis.results import result_id


def _goal(goal, priority, outcome=None, product="p", rating=None):
    return {"school_id": "S1", "goal_id": goal, "priority": priority, "objective": f"Goal {goal}",
            "outcome_id": outcome, "product_id": product, "alignment": rating}  # fmt: skip


@pytest.mark.parametrize(
    ("goals", "level"),
    [
        ([_goal("G1", 2, "reading"), _goal("G2", 1)], "no outcome named"),
        ([_goal("G1", 1, "reading"), _goal("G2", 2)], "yes"),
        ([_goal("G1", 1, "map")], "yes"),
        ([_goal("G1", 1, "mathematics")], "no"),
        ([_goal("G1", 1, product="q"), _goal("G2", 2, "reading")], "yes"),
    ],
)
def test_first_goal_of_the_product_decides_whether_its_outcome_was_measured(
    make_pilot, goals, level
):
    pilot = make_pilot(
        {
            "schools": [{"school_id": "S1", "name": "1"}, {"school_id": "S2", "name": "2"}],
            "students": [{"student_id": "a", "school_id": "S1"}],
            "products": [{"product_id": p, "name": p} for p in "pq"],
            "goals": goals,
            "decisions": [{"school_id": "S1", "product_id": "p", "decision": "stop"}],
            "assessments": [
                {"student_id": "a", "outcome_id": "map", "window": "spring", "score": 1.0}
            ],
        },
        outcomes={"reading": {"label": "r", "assessment": "map", "post_window": "spring"}},
    )
    results = alignment(pilot)
    found = results.select(name="outcome_matches", product_id="p")
    assert found["level"].tolist() == [level]
    source = found["relation"].iloc[0][0].removeprefix("derived from ")
    assert source in set(results.frame["result_id"])
    missing = results.select(name="not_collected", school_id="S2")
    assert missing["value_text"].tolist() == ["Learning goals were not collected at this school."]


def _contact(number, teacher, opened, resolved=None, channel="email", school="S1"):
    return {"contact_id": f"H{number}", "school_id": school, "teacher_id": teacher,
            "product_id": "p", "opened_at": opened, "resolved_at": resolved, "channel": channel,
            "topic": "sound"}  # fmt: skip


@pytest.fixture
def helped(make_pilot):
    """Two teachers, two students each; T1 asks for help in the third of six weeks."""
    mondays = [day.date().isoformat() for day in pd.date_range("2025-10-06", periods=6, freq="7D")]
    minutes = {"a": (20, 20, 0, 5, 5, 99), "b": (10, 10, 0, 5, 5, 99), "c": (30,) * 6,
               "d": (10,) * 6}  # fmt: skip
    teacher = {"a": "T1", "b": "T1", "c": "T2", "d": "T2"}
    return make_pilot({
        "schools": [{"school_id": "S1", "name": "1"}, {"school_id": "S2", "name": "2"}],
        "teachers": [{"teacher_id": t, "school_id": "S1", "role": "teacher"} for t in ("T1", "T2")],
        "students": [{"student_id": s, "school_id": "S1"} for s in "abcd"],
        "enrollments": [
            {"student_id": s, "class_id": f"C{t}", "teacher_id": t, "school_id": "S1"}
            for s, t in teacher.items()
        ],
        "products": [{"product_id": "p", "name": "P"}],
        "licenses": [{"product_id": "p", "student_id": s} for s in "abcd"],
        "usage": [
            {"student_id": s, "product_id": "p", "period_start": day, "period": "week",
             "minutes": m}
            for s, row in minutes.items() for day, m in zip(mondays, row, strict=True)
        ],
        "support_log": [
            _contact(1, "T1", "2025-10-22", "2025-10-25"),
            _contact(2, "T1", "2025-10-06", None, "phone"),  # no term before it: not in the lens
        ],
        "professional_development": [
            {"session_id": "P1", "teacher_id": "T1", "school_id": None, "held_on": "2025-10-01",
             "hours": 2}
        ],
    })  # fmt: skip


def test_use_before_and_after_a_contact_leaves_out_its_own_week(helped):
    results = support(helped)
    value = results.frame[results.frame["school_id"].eq("S1")].set_index("name")["estimate"]
    assert value["use_before"] == 15
    assert value["use_after"] == 5
    assert value["use_before_without"] == value["use_after_without"] == 20
    assert results.select(name="use_after", school_id="S1")["n"].tolist() == [2]


def test_contacts_by_channel_month_and_what_stayed_open(helped):
    results = support(helped)
    own = results.frame[results.frame["school_id"].eq("S1")]
    contacts = own[own["name"] == "contacts"].set_index("category")["estimate"]
    assert contacts.to_dict() == {"": 2, "email": 1, "phone": 1}
    assert own[own["name"] == "unresolved"]["estimate"].tolist() == [1]
    assert own[own["name"] == "contacts_by_month"]["time"].tolist() == ["2025-10"]
    days = own[own["name"] == "days_to_resolve"].iloc[0]
    assert (days["estimate"], days["n"]) == (3.0, 1)
    assert "only one answer" in days["flags"][0]
    assert results.select(name="not_collected", school_id="S2", category="support_log").shape[0]


def test_hours_count_teachers_who_came_to_no_session(helped):
    hours = support(helped).select(name="pd_hours", school_id="S1").iloc[0]
    assert (hours["estimate"], hours["n"]) == (1.0, 2)


def test_demo_contacts_add_up(demo):
    results = support(demo)
    contacts = results.select(name="contacts")
    assert results.select(name="contacts", school_id="", category="")["estimate"].tolist() == [
        len(demo.table("support_log"))
    ]
    for school in ("", *demo.schools):
        own = contacts[contacts["school_id"] == school].set_index("category")["estimate"]
        assert own.drop("").sum() == own[""]
        for name in ("contacts_by_month", "topic"):
            assert results.select(name=name, school_id=school)["estimate"].sum() == own[""]


@pytest.mark.parametrize("name", ["demo", "star"])
def test_every_row_that_was_read_is_kept_or_set_aside(request, name):
    rows = quality(request.getfixturevalue(name)).select(name="rows")
    counts = rows.pivot_table(index=["category", "group"], columns="time", values="estimate")
    counts = counts.fillna(0)
    assert (counts["read"] == counts["kept"] + counts.get("set aside", 0)).all()


def test_coverage_is_a_share_of_the_schools_people(demo, star):
    covered = quality(demo).select(name="coverage")
    assert covered["estimate"].between(0, 1).all()
    assert covered.groupby("category").size().eq(len(demo.schools)).all()
    seen = covered[covered["category"] == "goals"].set_index("school_id")["estimate"]
    assert seen["S10"] == 0
    assert seen.drop("S10").eq(1).all()
    use = quality(star).select(name="coverage", category="usage")
    assert use["estimate"].eq(0).all()


def test_parameters_are_those_of_the_configuration(demo):
    rows = parameters(demo).frame.set_index("name")
    assert rows.loc["active_minutes", "estimate"] == demo.config.dose.active_minutes
    assert rows.loc["active_weeks", "value_text"] == demo.config.dose.source
    assert (rows["kind"] == "parameter").all()


def test_every_relation_points_to_a_result(evaluated_demo):
    known = set(evaluated_demo.frame["result_id"])
    for row in evaluated_demo.frame.itertuples():
        for relation in row.relation:
            kind = next(k for k in ("part of ", "derived from ", "change from ")
                        if relation.startswith(k))  # fmt: skip
            assert relation.removeprefix(kind) in known, row.result_id


def test_ids_follow_from_the_keys(evaluated_demo):
    keys = ["school_id", "product_id", "outcome", "group", "category", "time"]
    for row in evaluated_demo.frame.sample(200, random_state=1).to_dict("records"):
        made = result_id(row["section"], row["name"], **{key: row[key] for key in keys})
        assert made == row["result_id"]


def test_every_mean_and_share_of_students_has_an_interval_or_a_reason(evaluated_demo):
    frame = evaluated_demo.frame
    rows = frame[frame["population"].eq("students") & frame["kind"].isin(["mean", "proportion"])]
    for row in rows.itertuples():
        assert np.isfinite(row.conf_low) or row.flags, row.result_id


@pytest.mark.parametrize("evaluated", ["evaluated_demo", "evaluated_star"])
def test_every_difference_between_people_says_how_many_are_in_the_smaller_group(request, evaluated):
    effects = request.getfixturevalue(evaluated).select(kind="effect")
    of_nobody = effects["population"].eq("none")
    assert set(effects.loc[of_nobody, "name"]) == {"mdes"}  # what the design could have found
    assert effects.loc[~of_nobody, "smallest_n"].between(1, effects.loc[~of_nobody, "n"]).all()


def test_counts_never_exceed_the_group_they_are_counted_in(evaluated_demo):
    counts = evaluated_demo.select(kind="count")
    assert (counts["estimate"] <= counts["n"]).all()


def test_absences_are_plain_sentences(evaluated_demo):
    for text in evaluated_demo.select(kind="absence")["value_text"]:
        assert text.endswith(".")
        assert not any(c.isdigit() for c in text)


def test_the_order_of_rows_changes_nothing(three_schools):
    mixed = {
        name: table.sample(frac=1, random_state=3).reset_index(drop=True)
        for name, table in three_schools.tables.items()
    }
    again = evaluate(replace(three_schools, tables=mixed)).frame.set_index("result_id")
    first = evaluate(three_schools).frame.set_index("result_id")
    assert set(again.index) == set(first.index)
    again = again.loc[first.index]
    numbers = ["estimate", "std_error", "conf_low", "conf_high", "p_value", "n", "n_clusters"]
    for column in numbers:
        same = np.isclose(first[column], again[column], rtol=1e-6, atol=1e-8, equal_nan=True)
        assert same.all(), first.index[~same][:5].tolist()
    assert (first["level"] == again["level"]).all()
    assert (first["value_text"] == again["value_text"]).all()


@pytest.mark.parametrize(
    "missing",
    ["usage goals", "survey_responses teachers", "assessments calendar whys", "enrollments",
     "students", "products licenses observations support_log assignments decisions"],
)  # fmt: skip
def test_any_instrument_may_be_missing(three_schools, missing):
    tables = {n: t for n, t in three_schools.tables.items() if n not in missing.split()}
    results = evaluate(replace(three_schools, tables=tables))
    assert not results.select(kind="absence").empty


def test_schools_alone_are_enough(demo):
    results = evaluate(replace(demo, tables={"schools": demo.tables["schools"]}))
    verdicts = results.select(section="scorecard")
    verdicts = verdicts[verdicts["category"] != "conditions"]
    assert set(verdicts["level"]) <= {"not_collected", "cannot_tell"}
