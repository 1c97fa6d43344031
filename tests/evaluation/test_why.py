"""The why's number then and now: the same students, classes as clusters, others beside it."""

from datetime import date

import numpy as np
import pytest

from pilot_analysis.evaluation.why import why

OUTCOMES = {
    "reading": {"label": "reading", "assessment": "map", "subject": "reading",
                "pre_window": "fall", "post_window": "spring"},
}  # fmt: skip
SCALES = {"ease": {"label": "ease"}}
ITEMS = {
    "ease_1": {"question": "Is it easy?", "scale": "ease"},
    "ease_2": {"question": "Is it hard?", "scale": "ease", "reverse": True},
}
SCORES = {  # student: (class, English learner, fall, spring)
    "a": ("C1", True, 180, 190), "b": ("C1", False, 190, 196), "c": ("C2", True, 184, 200),
    "d": ("C2", False, 200, 204), "e": ("C2", False, 195, None), "x": ("C3", True, 170, 180),
    "y": ("C3", False, 180, 186), "z": ("C4", True, 172, 174), "w": ("C4", False, 190, 200),
}  # fmt: skip


def _school(class_id):
    return "S1" if class_id in ("C1", "C2") else "S2"


def _tables(**reason):
    tests = [
        {"student_id": s, "outcome_id": "map", "window": window, "score": score,
         "met_growth": score >= 195 if window == "spring" else None, "taken_on": day}
        for s, (_, _, *scores) in SCORES.items()
        for window, day, score in zip(("fall", "spring"), ("2025-09-15", "2026-05-11"), scores,
                                      strict=True)
        if score is not None
    ]  # fmt: skip
    why_row = {"school_id": "S1", "why_id": "W1", "statement": "We want more.", **reason}
    return {
        "schools": [{"school_id": s, "name": s} for s in ("S1", "S2")],
        "students": [
            {"student_id": s, "school_id": _school(c), "english_learner": learner}
            for s, (c, learner, *_) in SCORES.items()
        ],
        "enrollments": [
            {"student_id": s, "class_id": c, "teacher_id": f"T{c}", "school_id": _school(c)}
            for s, (c, *_) in SCORES.items()
        ],
        "assessments": tests,
        "whys": [why_row],
    }  # fmt: skip


def _rows(results, name):
    return results.select(name=name).set_index("time")


@pytest.fixture
def gap(make_pilot):
    tables = _tables(kind="equity_gap", outcome_id="reading", group="english_learner",
                     stated_on="2025-09-01")  # fmt: skip
    return why(make_pilot(tables, outcomes=OUTCOMES))


def test_gap_is_reference_minus_group_over_students_with_both_scores(gap):
    found = _rows(gap, "grounded_in")
    assert found.loc["then", "estimate"] == (190 + 200) / 2 - (180 + 184) / 2
    assert found.loc["now", "estimate"] == (196 + 204) / 2 - (190 + 200) / 2
    assert (found["n"] == 2).all()  # the smaller side; student e has no later score
    assert (found["n_clusters"] == 2).all()


def test_change_is_now_minus_then_of_the_same_students(gap):
    change = gap.select(name="change").iloc[0]
    found = _rows(gap, "grounded_in")
    assert change["estimate"] == found.loc["now", "estimate"] - found.loc["then", "estimate"]
    assert change["flags"] == ("chosen because it was large",)
    assert change["relation"][0] == f"change from {found.loc['then', 'result_id']}"
    # each class's own change of the gap is -4 and -12: what the classes share cancels
    assert change["std_error"] == pytest.approx(np.std([-4, -12], ddof=1) / np.sqrt(2))


def test_others_are_all_other_schools_together(gap):
    found = _rows(gap, "grounded_in_others")
    assert found.loc["then", "estimate"] == (180 + 190) / 2 - (170 + 172) / 2
    assert (found["school_id"] == "S1").all()


def test_a_school_without_a_why_is_said_to_have_none(gap):
    assert gap.select(name="not_collected")["school_id"].tolist() == ["S2"]


@pytest.mark.parametrize(
    ("learners", "here", "elsewhere"),
    [("axz", 1, 2), ("abcx", 2, 1), ("bcdxyz", 2, 1)],  # at S1 five have both scores, at S2 four
)
def test_gap_tells_the_gate_how_many_are_on_its_smaller_side(make_pilot, learners, here, elsewhere):
    tables = _tables(kind="equity_gap", outcome_id="reading", group="english_learner")
    tables["assessments"].append({
        "student_id": "e", "outcome_id": "map", "window": "spring", "score": 199,
        "taken_on": "2026-05-11",
    })  # fmt: skip
    for row in tables["students"]:
        row["english_learner"] = row["student_id"] in learners
    results = why(make_pilot(tables, outcomes=OUTCOMES))
    for name, times, smaller in (
        ("grounded_in", ["then", "now"], here), ("change", [""], here),
        ("grounded_in_others", ["then", "now"], elsewhere),
    ):  # fmt: skip
        found = results.select(name=name)
        assert found["time"].tolist() == times
        assert (found["kind"] == "effect").all()
        assert (found["smallest_n"] == smaller).all()


def test_gap_between_two_named_groups_leaves_everyone_else_out(make_pilot):
    tables = _tables(kind="achievement_gap", outcome_id="map", group="english_learner",
                     reference_group="disability")  # fmt: skip
    for row in tables["students"]:
        row["disability"] = row["student_id"] in "dw"
    results = why(make_pilot(tables, outcomes=OUTCOMES))
    now = _rows(results, "grounded_in").loc["now"]
    assert now["estimate"] == 204 - (190 + 200) / 2
    assert "one and the same group" in now["flags"][0]


def test_growth_during_the_pilot_is_no_then(make_pilot):
    tables = _tables(kind="growth", outcome_id="reading")
    tables["assessments"] += [
        {"student_id": s, "outcome_id": "map", "window": window, "score": 190, "met_growth": met,
         "taken_on": day}
        for s in "abcd"
        for window, day, met in (("winter", "2026-01-12", True), ("before", "2025-05-12", s == "a"))
    ]  # fmt: skip
    started = {"id": "small", "title": "Small", "begin": date(2025, 10, 6)}
    results = why(make_pilot(tables, outcomes=OUTCOMES, pilot=started))
    found = _rows(results, "grounded_in")
    assert found.loc["then", "estimate"] == 0.25
    assert found.loc["now", "estimate"] == 0.75
    assert found["smallest_n"].isna().all()  # a share compares no groups
    assert results.select(name="change")["smallest_n"].tolist() == [4]  # a to d answered twice
    del tables["assessments"][-1], tables["assessments"][-2], tables["assessments"][-3]
    results = why(make_pilot(tables, outcomes=OUTCOMES, pilot=started))
    assert list(_rows(results, "grounded_in").index) == ["now"]  # one of four has both
    assert "no number from before" in results.select(name="not_measured")["value_text"].iloc[0]


def _answers(person, wave, day, easy, hard, role="teacher"):
    return [
        {"response_id": f"{person}{wave}", "item_id": item, "survey_id": "s", "wave": wave,
         "respondent_id": person, "respondent_role": role, "school_id": "S1", "answered_on": day,
         "value": value}
        for item, value in (("ease_1", easy), ("ease_2", hard))
    ]  # fmt: skip


def test_scale_is_scored_by_person_and_the_change_is_paired(make_pilot):
    tables = _tables(kind="readiness", outcome_id="ease")
    tables["survey_responses"] = [
        row
        for person, then, now in (("P", 2, 3), ("Q", 3, 4), ("R", 4, 4))
        for row in (
            *_answers(person, "late", "2026-05-01", now, 6 - now),
            *_answers(person, "early", "2025-10-01", then, 6 - then),
        )
    ]
    results = why(make_pilot(tables, scales=SCALES, items=ITEMS))
    found = _rows(results, "grounded_in")
    assert found.loc["then", "estimate"] == 3.0  # waves are ordered by day, not by name
    assert found.loc["now", "estimate"] == pytest.approx(11 / 3)
    assert found["unit"].unique().tolist() == ["scale points (1-5)"]
    change = results.select(name="change").iloc[0]
    assert change["estimate"] == pytest.approx(2 / 3)
    assert change["std_error"] == pytest.approx(np.std([1, 1, 0], ddof=1) / np.sqrt(3))
    assert (change["population"], change["n"]) == ("respondents", 3)
    assert found["smallest_n"].isna().all()


@pytest.mark.parametrize(("early", "late"), [("PQRU", "PQ"), ("PQ", "QRU"), ("PQ", "RU")])
def test_change_of_a_scale_is_bounded_by_the_smaller_of_the_two_samples(make_pilot, early, late):
    tables = _tables(kind="readiness", outcome_id="ease")
    tables["survey_responses"] = [
        row
        for wave, day, people in (("1", "2025-10-01", early), ("2", "2026-05-01", late))
        for place, person in enumerate(people, start=2)
        for row in _answers(person, wave, day, place, 6 - place)
    ]
    change = why(make_pilot(tables, scales=SCALES, items=ITEMS)).select(name="change").iloc[0]
    assert (change["n"], change["smallest_n"]) == (2, 2)


def test_answers_of_students_have_classes_as_clusters(make_pilot):
    tables = _tables(kind="engagement", outcome_id="ease")
    tables["survey_responses"] = [
        row for s, v in zip("abcd", (2, 3, 4, 5), strict=True)
        for row in _answers(s, "1", "2026-05-01", v, 6 - v, "student")
    ]  # fmt: skip
    now = _rows(why(make_pilot(tables, scales=SCALES, items=ITEMS)), "grounded_in").loc["now"]
    assert (now["n"], now["n_clusters"]) == (4, 2)


def test_shadowed_days_before_and_during_the_pilot(make_pilot):
    tables = _tables(kind="shadow")
    tables["shadow_days"] = [
        {"shadow_id": day, "school_id": "S1", "begin": f"{on} {hour}:00", "minutes": minutes,
         "activity": "reading", "engaged": engaged}
        for day, on, spans in (
            ("D1", "2025-09-02", ((30, True), (30, False))), ("D2", "2025-09-03", ((60, False),)),
            ("D3", "2026-03-03", ((40, True), (20, False))),
        )
        for hour, (minutes, engaged) in enumerate(spans, start=8)
    ]  # fmt: skip
    started = {"id": "small", "title": "Small", "begin": date(2025, 10, 6)}
    results = why(make_pilot(tables, pilot=started))
    found = _rows(results, "grounded_in")
    assert found.loc["then", "estimate"] == 0.25
    assert found.loc["then", "n"] == 2
    assert found.loc["now", "estimate"] == pytest.approx(40 / 60)
    assert results.select(name="change")["smallest_n"].tolist() == [1]  # one day is later


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ({"kind": "pain_point"}, "names no outcome or survey scale"),
        ({"kind": "equity_gap", "outcome_id": "confidence", "group": "english_learner"},
         "was not measured"),
        ({"kind": "equity_gap", "outcome_id": "reading"}, "names no group"),
        ({"kind": "equity_gap", "outcome_id": "reading", "group": "disability"},
         "was not recorded"),
        ({"kind": "readiness", "outcome_id": "ease"}, "Nobody at the school answered"),
        ({"kind": "shadow"}, "No student was shadowed"),
    ],
)  # fmt: skip
def test_a_why_that_was_not_measured_is_said_to_be_so(make_pilot, reason, words):
    results = why(make_pilot(_tables(**reason), outcomes=OUTCOMES, scales=SCALES, items=ITEMS))
    text = results.select(name="not_measured")["value_text"].iloc[0]
    assert words in text
    assert not any(c.isdigit() for c in text)
    assert results.select(name="statement")["value_text"].tolist() == ["We want more."]
    assert results.select(name="grounded_in").empty


def test_demo_every_school_has_its_why_and_a_number_or_a_reason(demo):
    results = why(demo)
    stated = set(results.select(name="statement")["school_id"])
    told = set(results.select(name="grounded_in")["school_id"])
    told |= set(results.select(name="not_measured")["school_id"])
    assert stated == told == set(demo.schools)


def test_star_has_no_why(star):
    assert why(star).frame["value_text"].tolist() == [
        "The school's reason for taking part was not recorded."
    ]
