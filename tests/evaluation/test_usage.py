"""The funnel must balance, targets are the student's own, and months are never made into weeks."""

import pandas as pd
import pytest

from pilot_analysis.evaluation.usage import FUNNEL, usage
from pilot_analysis.evaluation.weeks import term_weeks

MONDAYS = ["2025-10-06", "2025-10-13", "2025-10-20", "2025-10-27"]


def _tables(minutes: dict[str, list[float]], period="week") -> dict[str, list[dict]]:
    """Six students: `a` to `d` in two classes, `e` in no class, `f` at another school."""
    rosters = {"a": "C1", "b": "C1", "c": "C2", "d": "C2", "f": "C3"}
    school = {"f": "S2"}
    return {
        "schools": [
            {"school_id": s, "name": s, "district_id": "D"} for s in ("S1", "S2")
        ],
        "students": [
            {"student_id": s, "school_id": school.get(s, "S1"), "english_learner": s in "ac"}
            for s in "abcdef"
        ],
        "enrollments": [
            {"student_id": s, "class_id": c, "teacher_id": f"T{c}",
             "school_id": school.get(s, "S1")}
            for s, c in rosters.items()
        ],
        "products": [
            {"product_id": "p", "name": "P", "recommended_minutes_per_week": 30,
             "subject": "reading"}
        ],
        "licenses": [
            {"product_id": "p", "student_id": s,
             "target_minutes_per_week": 10 if s == "a" else None}
            for s in "abcdef"
        ],
        "calendar": [
            {"scope_id": "D", "begin": "2025-10-06", "end": "2025-10-31", "kind": "term"},
        ],
        "usage": [
            {"student_id": s, "product_id": "p", "period_start": day, "period": period,
             "minutes": m}
            for s, row in minutes.items()
            for day, m in zip(MONDAYS, row, strict=False)
        ],
    }  # fmt: skip


MINUTES = {
    "a": [12, 12, 0, 0],  # meets the own target of 10 in half of the weeks
    "b": [12, 12, 12, 12],  # active, but below the product's 30
    "c": [40, 40, 40, 0],  # meets 30 in three of four weeks
    "d": [0, 0, 0, 0],  # never logged in
    "e": [60, 60, 60, 60],  # on no class list
    "f": [5, 5, 5, 5],  # another school: logged in, never active
}
DOSE = {"active_minutes": 10, "active_weeks": 2, "share_of_weeks": 0.5}


@pytest.fixture
def small(make_pilot):
    groups = {"english_learner": {"label": "learners", "reference_label": "others"}}
    return make_pilot(_tables(MINUTES), dose=DOSE, groups=groups)


def _funnel(results, school):
    rows = results.select(name="funnel", school_id=school)
    return dict(zip(rows["category"], rows["estimate"], strict=True))


def test_each_rung_is_part_of_the_one_before(small):
    found = _funnel(usage(small), "S1")
    assert found == {
        "licensed": 5, "rostered": 4, "ever_logged_in": 3, "active_weeks": 3, "met_target": 2,
    }  # fmt: skip
    assert list(found) == list(FUNNEL)


def test_network_adds_up_the_schools(small):
    results = usage(small)
    schools = [_funnel(results, school) for school in ("S1", "S2")]
    network = _funnel(results, "")
    assert network == {rung: sum(s[rung] for s in schools) for rung in FUNNEL}


def test_every_loss_has_a_reason_and_every_rung_its_whole(small):
    rows = usage(small).select(name="funnel", school_id="S1")
    assert [flags[0] for flags in rows["flags"][:-1]] == list(FUNNEL.values())[:-1]
    assert (rows["n"] == 5).all()
    whole = rows["result_id"].iloc[0]
    assert all(relation == (f"part of {whole}",) for relation in rows["relation"][1:])


def test_own_target_counts_before_the_products(small):
    met = usage(small).select(name="met_dose", school_id="S1", group="").iloc[0]
    assert met["estimate"] == pytest.approx(3 / 5)  # a, c and e; b would have met 10
    groups = usage(small).select(name="met_dose", school_id="S1", group="english_learner")
    assert dict(zip(groups["category"], groups["estimate"], strict=True)) == {
        "group": 1.0, "reference": pytest.approx(1 / 3),
    }  # fmt: skip


def test_weeks_without_use_count_as_zero(small):
    weeks = usage(small).select(name="minutes_per_week", school_id="S1")
    assert list(weeks["time"]) == MONDAYS
    assert list(weeks["estimate"]) == pytest.approx([124 / 5, 124 / 5, 112 / 5, 72 / 5])
    assert (weeks["n"] == 5).all()


def test_means_of_weeks(small):
    rows = usage(small).select(school_id="S1").set_index("name")["estimate"]
    assert rows["minutes_enrolled_week"] == pytest.approx((24 + 48 + 120 + 240) / 4 / 5)
    assert rows["minutes_active_week"] == pytest.approx((24 + 48 + 120 + 240) / (2 + 4 + 3 + 4))
    assert rows["active_weeks_mean"] == pytest.approx(13 / 5)
    assert rows["term_weeks"] == 4


def test_holiday_weeks_are_no_weeks_of_term_but_single_days_off_are(make_pilot):
    tables = _tables(MINUTES)
    tables["calendar"] += [
        {"scope_id": "D", "begin": "2025-10-13", "end": "2025-10-17", "kind": "holiday"},
        {"scope_id": "S1", "begin": "2025-10-20", "end": "2025-10-21", "kind": "holiday"},
        {"scope_id": "S2", "begin": "2025-10-27", "end": "2025-10-29", "kind": "holiday"},
    ]
    weeks = (
        term_weeks(make_pilot(tables))
        .groupby("school_id")["week"]
        .apply(lambda days: days.dt.strftime("%m-%d").tolist())
    )
    assert weeks["S1"] == ["10-06", "10-20", "10-27"]
    assert weeks["S2"] == ["10-06", "10-20"]


def test_without_a_calendar_the_exports_weeks_are_the_term(make_pilot):
    tables = _tables(MINUTES)
    del tables["calendar"]
    assert len(term_weeks(make_pilot(tables))) == 2 * 4


def test_without_any_target_the_dose_is_said_to_be_unknown(make_pilot):
    tables = _tables(MINUTES)
    tables["licenses"] = [row | {"target_minutes_per_week": None} for row in tables["licenses"]]
    tables["products"][0]["recommended_minutes_per_week"] = None
    results = usage(make_pilot(tables, dose=DOSE))
    absent = results.select(name="not_collected", category="dose", school_id="S1").iloc[0]
    assert "target" in absent["value_text"]
    assert results.select(name="met_dose").empty
    assert list(_funnel(results, "S1")) == list(FUNNEL)[:-1]
    assert results.select(name="funnel", category="active_weeks")["flags"].map(len).eq(0).all()


def test_months_count_with_their_weeks_and_are_not_spread_over_weeks(make_pilot):
    tables = _tables({})
    tables["calendar"][0]["end"] = "2025-11-28"
    tables["usage"] = [
        {"student_id": s, "product_id": "p", "period_start": day, "period": "month", "minutes": m}
        for s, day, m in (
            ("a", "2025-10-01", 60), ("b", "2025-10-01", 60), ("c", "2025-11-01", 90),
            ("c", "2025-10-01", 150),
        )
    ]  # fmt: skip
    results = usage(make_pilot(tables, dose=DOSE | {"share_of_weeks": 0.5}))
    months = results.select(name="minutes_per_week", school_id="S1")
    assert list(months["time"]) == ["2025-10-01", "2025-11-01"]
    # four weeks of October (by their Thursdays) and four of November
    assert months["estimate"].iloc[0] == pytest.approx(270 / 4 / 5)
    assert months["flags"].iloc[0][0] == "average week of a month"
    funnel = _funnel(results, "S1")
    assert funnel["met_target"] == 2  # a: 15 a week against 10 in half of the weeks; c: 37.5
    flags = results.select(name="met_dose", school_id="S1", group="").iloc[0]["flags"]
    assert "counted from totals of months" in flags


def test_a_school_without_an_export_is_not_collected_and_not_zero(make_pilot):
    results = usage(make_pilot(_tables({s: m for s, m in MINUTES.items() if s != "f"}), dose=DOSE))
    assert results.select(name="not_collected", school_id="S2")["value_text"].tolist() == [
        "Use was not collected at this school."
    ]
    assert results.select(name="funnel", school_id="S2").empty
    assert _funnel(results, "")["licensed"] == 5


def test_no_use_at_all_is_one_sentence(make_pilot):
    tables = _tables({})
    rows = usage(make_pilot(tables)).frame
    assert rows["value_text"].tolist() == ["Use was not collected."]


def test_without_licenses_the_classes_that_got_the_product_count(make_pilot):
    tables = _tables(MINUTES)
    del tables["licenses"]
    tables["assignments"] = [
        {"unit": "class", "unit_id": c, "window": "1", "arm": "p", "product_id": "p"}
        for c in ("C1", "C3")
    ]
    results = usage(make_pilot(tables, dose=DOSE))
    assert _funnel(results, "")["licensed"] == 3
    assert results.select(name="not_collected", category="licenses").shape[0] == 1


def test_who_moves_is_counted_where_the_license_was_given(make_pilot):
    tables = _tables(MINUTES)
    tables["licenses"] = [row | {"begin": "2025-10-06"} for row in tables["licenses"]]
    first = {"student_id": "a", "class_id": "C1", "teacher_id": "TC1", "school_id": "S1"}
    tables["enrollments"][0] = first | {"begin": "2025-09-01", "end": "2025-09-30"}
    tables["enrollments"].append(
        first | {"class_id": "C3", "teacher_id": "TC3", "school_id": "S2", "begin": "2025-10-01"}
    )
    results = usage(make_pilot(tables, dose=DOSE))
    assert _funnel(results, "S2")["licensed"] == 2
    assert _funnel(results, "S1")["licensed"] == 4


def test_tested_counts_both_tests_of_the_products_subject(make_pilot):
    tables = _tables(MINUTES)
    tables["assessments"] = [
        {"student_id": s, "outcome_id": "map", "window": w, "score": 200}
        for s, w in (("a", "fall"), ("a", "spring"), ("b", "fall"))
    ]
    outcome = {"label": "reading", "assessment": "map", "subject": "Reading",
               "pre_window": "fall", "post_window": "spring"}  # fmt: skip
    tested = usage(make_pilot(tables, dose=DOSE, outcomes={"reading": outcome}))
    row = tested.select(name="tested", school_id="S1").iloc[0]
    assert (row["estimate"], row["n"]) == (1, 5)


def test_demo_funnels_are_nested_and_add_up(demo):
    rows = usage(demo).select(name="funnel")
    wide = rows.pivot_table(
        index=["school_id", "product_id"], columns="category", values="estimate"
    )
    wide = wide[list(FUNNEL)]
    assert (wide.diff(axis=1).iloc[:, 1:] <= 0).all().all()
    schools = wide.drop(index="", level="school_id").groupby("product_id").sum()
    pd.testing.assert_frame_equal(schools, wide.loc[""], check_names=False)


def test_star_has_no_use(star):
    assert usage(star).frame["kind"].tolist() == ["absence"]
