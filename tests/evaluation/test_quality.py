"""Rows and joins balance, coverage counts whom it should, losses add up to those missing."""

from dataclasses import replace

import pandas as pd
import pytest

from pilot_analysis.evaluation import conditions
from pilot_analysis.evaluation.joins import MATCHED, joins
from pilot_analysis.evaluation.not_tested import REASONS, not_tested
from pilot_analysis.evaluation.quality import quality
from pilot_analysis.evaluation.quality_coverage import coverage

LEDGER = [
    ("survey_responses", "s.csv", "responses", "read", "", 967),
    ("survey_responses", "s.csv", "responses", "set aside", "a preview, not a response", 12),
    ("survey_responses", "s.csv", "responses", "kept", "", 955),
    ("survey_responses", "s.csv", "rows", "read", "", 1910),
    ("survey_responses", "s.csv", "rows", "set aside", "blank: no value or text", 117),
    ("survey_responses", "s.csv", "rows", "kept", "", 1793),
    ("schools", "schools.csv", "rows", "read", "", 2),
    ("schools", "schools.csv", "rows", "kept", "", 2),
]


@pytest.fixture
def surveyed(make_pilot):
    """A pilot whose ledger tells of responses that became answers."""
    pilot = make_pilot({"schools": [{"school_id": "S1", "name": "1"}]})
    ledger = pd.DataFrame(LEDGER, columns=["table", "file", "unit", "step", "reason", "rows"])
    return replace(pilot, ledger=ledger)


def test_rows_and_what_they_were_made_from_are_told_apart(surveyed):
    results = quality(surveyed)
    total = results.select(name="total").set_index("time")["estimate"]
    assert total.to_dict() == {"read": 1912, "set aside": 117, "kept": 1795}
    made = results.select(name="made_from").set_index("time")
    assert made["estimate"].to_dict() == {"read": 967, "set aside": 12, "kept": 955}
    assert set(made["outcome"]) == {"responses"}
    aside = results.select(name="set_aside").set_index("group")
    assert aside["estimate"].to_dict() == {
        "a preview, not a response": 12,
        "blank: no value or text": 117,
    }
    assert aside["n"].to_dict() == {
        "a preview, not a response": 967,
        "blank: no value or text": 1910,
    }
    assert results.select(name="tables")["estimate"].tolist() == [2]


def test_a_file_of_which_nothing_was_set_aside_says_so(surveyed):
    rows = quality(surveyed).select(name="rows", category="schools").set_index("time")["estimate"]
    assert rows.to_dict() == {"read": 2, "set aside": 0, "kept": 2}


ROSTER = {
    "schools": [{"school_id": s, "name": s} for s in ("S1", "S2")],
    "students": [
        {"student_id": s, "school_id": "S1" if s < "e" else "S2"} for s in "abcdefg"
    ],
    "enrollments": [
        {"student_id": "a", "class_id": "C1", "teacher_id": "T1", "school_id": "S1",
         "begin": "2025-09-01"},
        {"student_id": "b", "class_id": "C1", "teacher_id": "T1", "school_id": "S1",
         "begin": "2025-09-01", "end": "2026-01-10"},
        {"student_id": "c", "class_id": "C2", "teacher_id": "T2", "school_id": "S1",
         "begin": "2025-12-01"},
        {"student_id": "d", "class_id": "C2", "teacher_id": "T2", "school_id": "S1",
         "begin": "2025-09-01"},
        {"student_id": "e", "class_id": "C3", "teacher_id": "T3", "school_id": "S2"},
        {"student_id": "f", "class_id": "C4", "teacher_id": "T4", "school_id": "S2"},
    ],
    "products": [{"product_id": "p", "name": "P"}],
    "assignments": [
        {"unit": "class", "unit_id": f"C{n}", "window": "year", "arm": arm, "product_id": product}
        for n, arm, product in ((1, "with", "p"), (2, "without", None), (3, "with", "p"))
    ],
}  # fmt: skip


def _test(student, window, day, outcome="map", score=200.0):
    return {"student_id": student, "outcome_id": outcome, "window": window, "score": score,
            "taken_on": day}  # fmt: skip


TESTS = [
    *(_test(s, "fall", "2025-09-20") for s in "abd"),
    *(_test(s, "spring", "2026-05-10") for s in "ac"),
    _test("a", "winter", "2026-01-15"),
    _test("d", "fall", "2025-09-20", outcome="other"),
    _test("g", "fall", "2025-09-20"),
]
CONFIG = {
    "design": {
        "comparison": "rostered",
        "reference": "without",
        "arms": {"with": {"label": "with"}, "without": {"label": "without"}},
    },
    "outcomes": {
        "reading": {
            "label": "reading",
            "assessment": "map",
            "pre_window": "fall",
            "post_window": "spring",
        }
    },
}


@pytest.fixture
def tested(make_pilot):
    return make_pilot({**ROSTER, "assessments": TESTS}, **CONFIG)


def test_each_student_without_a_test_has_one_reason(tested):
    found = not_tested(tested, "reading").set_index("student_id")["reason"]
    assert found.to_dict() == {
        "b": "left before the last tests",
        "c": "joined after the first tests",
        "d": "no test after",
        "e": "no test at all",
    }


@pytest.mark.parametrize("name", ["demo", "star"])
def test_those_with_every_test_and_those_without_one_are_everyone(request, name):
    pilot = request.getfixturevalue(name)
    for outcome in pilot.config.outcomes:
        people = conditions.tested_students(pilot, outcome)
        last = "both" if "both" in people else "post"
        lost = not_tested(pilot, outcome)
        assert len(lost) + people[last].sum() == len(people)
        assert set(lost["reason"]) <= set(REASONS)
        assert set(lost["student_id"]).isdisjoint(people.loc[people[last] == 1, "student_id"])


def test_losses_by_reason_add_up_to_those_missing(evaluated_demo):
    flow = evaluated_demo.select(section="conditions", name="flow", school_id="")
    flow = flow.pivot_table(index=["outcome", "group"], columns="category", values="estimate")
    lost = evaluated_demo.select(section="quality", name="not_tested")
    lost = lost.groupby(["outcome", "group"])["estimate"].sum()
    assert (flow["rostered"] - flow["both"] == lost.reindex(flow.index)).all()


def test_every_row_of_a_join_has_one_fate(tested):
    found = joins(tested)
    fates = {
        table: dict(zip(part["fate"], part["rows"], strict=True))
        for table, part in found[found["people"].notna()].groupby("table")
    }
    assert fates["assessments"] == {
        MATCHED: 5,
        "a test or window that no outcome uses": 2,
        "student of no group that is compared": 1,
    }
    assert fates["enrollments"] == {MATCHED: 5, "in a class to which nothing was assigned": 1}


@pytest.mark.parametrize("name", ["demo", "star"])
def test_joins_balance(request, name):
    pilot = request.getfixturevalue(name)
    found = joins(pilot)
    assert len(found)
    for (table, _), part in found.groupby(["table", "to"]):
        assert part["fate"].iloc[0] == MATCHED
        assert part["fate"].is_unique
        assert (part["people"] <= part["everyone"]).all()
        if part["people"].notna().all() and table != "survey_responses":
            assert part["rows"].sum() == len(pilot.table(table))


def test_looking_up_students_and_teachers_is_a_join_too(make_pilot):
    tables = ROSTER | {
        "teachers": [{"teacher_id": f"T{n}", "school_id": "S1"} for n in range(1, 5)],
        "observations": [
            {"observation_id": o, "item_id": "i", "observer_id": "O", "teacher_id": t,
             "school_id": "S1", "value": 1.0, "observed_on": "2025-10-06"}
            for o, t in (("1", "T1"), ("2", "T2"), ("3", None))
        ],
    }  # fmt: skip
    pilot = make_pilot(tables)
    ledger = [
        ("enrollments", "e.csv", "rows", "read", "", 11),
        ("enrollments", "e.csv", "rows", "set aside", "student not on the roster", 3),
        ("enrollments", "e.csv", "rows", "set aside", "teacher not on the list", 1),
        ("enrollments", "e.csv", "rows", "set aside", "the same as an earlier row", 1),
        ("enrollments", "e.csv", "rows", "kept", "", 6),
        ("observations", "o.csv", "rows", "kept", "", 3),
        ("students", "s.csv", "rows", "kept", "", 7),
    ]
    ledger = pd.DataFrame(ledger, columns=["table", "file", "unit", "step", "reason", "rows"])
    found = joins(replace(pilot, ledger=ledger))
    found = found[found["people"].isna()].groupby(["table", "to"])
    assert {place: dict(zip(p["fate"], p["rows"], strict=True)) for place, p in found} == {
        ("enrollments", "students"): {MATCHED: 7, "student not on the roster": 3},
        ("enrollments", "teachers"): {MATCHED: 6, "teacher not on the list": 1},
        ("observations", "teachers"): {MATCHED: 2, "nobody named": 1},
    }


def _use(student, day, product="p", period="week", minutes=30.0, **more):
    return {"student_id": student, "product_id": product, "period_start": day, "period": period,
            "minutes": minutes, **more}  # fmt: skip


def test_use_is_matched_with_licenses_and_weeks_of_term(make_pilot):
    tables = ROSTER | {
        "licenses": [{"product_id": "p", "student_id": s} for s in "ab"],
        "calendar": [
            {"scope_id": s, "begin": "2025-10-06", "end": "2025-10-31", "kind": "term"}
            for s in ("S1", "S2")
        ],
        "usage": [
            _use("a", "2025-10-06"),
            _use("a", "2025-12-22"),
            _use("b", "2025-10-13"),
            _use("b", "2025-10-01", period="month"),
            _use("d", "2025-10-06"),
        ],
    }
    fates = joins(make_pilot(tables)).set_index(["table", "fate"])["rows"]["usage"]
    assert fates.to_dict() == {
        MATCHED: 2,
        "a month, where the weeks are known": 1,
        "outside the weeks of term": 1,
        "student without a license for the product": 1,
    }


def test_teachers_answers_are_matched_where_respondents_are_no_pseudonyms(make_pilot):
    def answers(*people):
        return [
            {"response_id": p, "item_id": "easy", "survey_id": "s", "wave": "1",
             "respondent_id": p, "respondent_role": "teacher", "school_id": "S1", "value": 3}
            for p in people
        ]  # fmt: skip

    teachers = [{"teacher_id": "T1", "school_id": "S1"}]
    known = make_pilot(
        ROSTER | {"teachers": teachers, "survey_responses": answers("T1", "T9")},
        items={"easy": {"question": "?"}},
    )
    found = joins(known).set_index(["table", "fate"])["rows"]["survey_responses"]
    assert found.to_dict() == {MATCHED: 1, "not on the list of teachers": 1}
    hidden = make_pilot(
        ROSTER | {"teachers": teachers, "survey_responses": answers("R1", "R2")},
        items={"easy": {"question": "?"}},
    )
    assert "survey_responses" not in set(joins(hidden)["table"])


def test_coverage_counts_those_whom_an_instrument_should_know(make_pilot):
    tables = ROSTER | {
        "assessments": TESTS,
        "licenses": [{"product_id": "p", "student_id": s} for s in "ac"],
        "usage": [_use("a", "2025-10-06")],
        "teachers": [{"teacher_id": f"T{n}", "school_id": "S1" if n < 3 else "S2"}
                     for n in (1, 2, 3, 4)],
        "professional_development": [
            {"session_id": "P", "teacher_id": "T1", "held_on": "2025-10-01", "hours": 1}
        ],
        "whys": [{"school_id": "S2", "why_id": "W", "kind": "growth", "statement": "."}],
    }  # fmt: skip
    found = coverage(make_pilot(tables, **CONFIG)).set_index(["table", "school_id"])
    known = list(zip(found["known"], found["n"].astype(object), strict=True))
    known = dict(zip(found.index, known, strict=True))
    assert known["assessments", "S1"] == (4, 4)
    assert known["assessments", "S2"] == (1, 3)
    assert known["enrollments", "S2"] == (2, 3)
    assert known["licenses", "S1"] == (1, 2)  # a and b are in a class with the product
    assert known["licenses", "S2"] == (0, 1)
    assert known["usage", "S1"] == (1, 2)  # of a and c, who have a license
    assert known["professional_development", "S1"] == (1, 1)  # T2 teaches without the product
    assert known["professional_development", "S2"] == (0, 1)
    assert found.loc[("whys", "S2"), "share"] == 1
    assert found.loc[("whys", "S1"), "share"] == 0
    assert found.loc[("whys", "S1"), "population"] == "none"


def test_an_id_that_a_class_and_a_school_share_is_not_mixed_up(make_pilot):
    tables = {
        "schools": [{"school_id": s, "name": s} for s in ("1", "2")],
        "students": [{"student_id": "a", "school_id": "1"}, {"student_id": "b", "school_id": "2"}],
        "enrollments": [
            {"student_id": s, "class_id": c, "teacher_id": "T", "school_id": school}
            for s, c, school in (("a", "2", "1"), ("b", "3", "2"))
        ],
        "assignments": [{"unit": "class", "unit_id": "2", "window": "year", "arm": "with"}],
    }
    found = coverage(make_pilot(tables)).set_index(["table", "school_id"])["share"]
    assert found["assignments", "1"] == 1
    assert found["assignments", "2"] == 0


def test_where_nobody_knows_how_many_were_asked_a_survey_is_there_or_not(make_pilot):
    answers = [
        {"response_id": "r", "item_id": "q", "survey_id": "s", "wave": "1", "value": 4.0,
         "respondent_id": "x", "respondent_role": "teacher", "school_id": "S1"}
    ]  # fmt: skip
    tables = {
        "schools": [{"school_id": s, "name": s} for s in ("S1", "S2")],
        "survey_responses": answers,
    }
    found = coverage(make_pilot(tables)).set_index(["table", "school_id"])
    assert found.loc["survey_responses", "share"].to_dict() == {"S1": 1.0, "S2": 0.0}
    assert found.loc["survey_responses", "n"].isna().all()
