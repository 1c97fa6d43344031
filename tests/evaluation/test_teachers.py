import re
from math import isnan

import numpy as np
import pandas as pd
import pytest
from opinion_pilot import absences, answers, lesson, only, opinion_pilot

from pilot_analysis.evaluation.teachers import teachers

A = {"school_id": "A", "product_id": "p"}


def ratings(school, easy, slow, **more):
    return [
        *answers(school, easy, item="easy", **more),
        *answers(school, slow, item="slow", **more),
    ]


# answers ----------------------------------------------------------------------------------------


def test_a_scale_is_the_mean_of_its_items_with_the_reversed_one_turned():
    pilot = opinion_pilot(survey_responses=ratings("A", [5, 4, 3], [1, 2, 1]))
    row = only(teachers(pilot), "scale", **A, category="ease", time="1")
    assert row["estimate"] == pytest.approx(np.mean([5, 4, 4]))
    assert (row["n"], row["unit"]) == (3, "scale points (1-5)")
    assert row["conf_low"] < row["estimate"] < row["conf_high"] <= 5


def test_items_are_shown_as_they_were_worded_in_the_last_wave():
    said = [
        *ratings("A", [1, 1, 1], [5, 5, 5], wave="1", day="2026-01-01"),
        *ratings("A", [5, 4, 3], [1, 2, 1], wave="2", day="2026-05-01"),
    ]
    results = teachers(opinion_pilot(survey_responses=said))
    row = only(results, "item", **A, category="slow", time="2")
    assert row["estimate"] == pytest.approx(4 / 3)
    assert results.select(name="item", time="1").empty


def test_the_network_has_schools_as_clusters():
    said = [*ratings("A", [5, 4], [1, 2]), *ratings("B", [2, 3], [4, 4])]
    row = only(
        teachers(opinion_pilot(survey_responses=said)),
        "scale",
        product_id="p",
        category="ease",
        time="1",
    )
    assert (row["n"], row["n_clusters"]) == (4, 2)


def test_response_counts_distinct_people_against_those_asked():
    said = [*ratings("A", [5, 4, 3], [1, 2, 1]), *answers("A", [9, 9, 9])]
    results = teachers(opinion_pilot(survey_responses=said))
    row = only(results, "response", school_id="A", category="survey", time="1")
    assert (row["estimate"], row["n"], row["population"]) == (0.3, 10, "teachers")


def test_a_response_of_more_people_than_asked_is_not_a_share():
    pilot = opinion_pilot(teachers_invited=2, survey_responses=ratings("A", [5] * 4, [1] * 4))
    results = teachers(pilot)
    assert results.select(name="response", school_id="A").empty
    assert "More people answered" in absences(results)["A", "response survey 1"]


def test_alpha_needs_ten_people_and_turns_reversed_items():
    rng = np.random.default_rng(20261121)
    easy = np.clip(np.round(3 + rng.normal(size=14)), 1, 5)
    results = teachers(opinion_pilot(survey_responses=ratings("A", easy, 6 - easy)))
    row = only(results, "alpha", category="ease", time="1")
    assert (row["estimate"], row["n"]) == (pytest.approx(1), 14)
    few = teachers(opinion_pilot(survey_responses=ratings("A", easy[:9], 6 - easy[:9])))
    assert isnan(only(few, "alpha", category="ease", time="1")["estimate"])


def test_comments_count_the_people_who_wrote_one():
    said = [
        *answers("A", [None] * 3, item="comment", text="Fine."),
        *answers("A", [None] * 2, item="comment", wave="2", text="Still fine."),
        *answers("A", [None] * 2, item="comment", first=5, text="  "),
    ]
    row = only(teachers(opinion_pilot(survey_responses=said)), "comments", school_id="A")
    assert (row["estimate"], row["n"]) == (3, 5)


def test_other_roles_are_left_out():
    said = [
        *ratings("A", [5, 4], [1, 1]),
        *ratings("A", [1, 1], [5, 5], first=8, respondent_role="student"),
    ]
    row = only(
        teachers(opinion_pilot(survey_responses=said)), "scale", **A, category="ease", time="1"
    )
    assert row["n"] == 2


# observations -----------------------------------------------------------------------------------


def seen(values, **more):
    return [row for i, pair in enumerate(values) for row in lesson(i, pair, **more)]


def test_observers_are_averaged_first_and_lessons_counted():
    results = teachers(opinion_pilot(observations=seen([(1, 2), (3, 3), (4, 4), (2, 3)])))
    row = only(results, "observed", **A, category="alone")
    assert row["estimate"] == pytest.approx(np.mean([1.5, 3, 4, 2.5]))
    assert (row["n"], row["n_clusters"], row["population"]) == (4, 3, "records")


def test_observers_have_an_agreement_and_a_reliability():
    pairs = [(1, 1), (2, 2), (3, 3), (4, 4), (1, 2), (3, 4), (2, 2), (4, 4)] * 3
    results = teachers(opinion_pilot(observations=seen(pairs)))
    assert only(results, "observer_agreement", category="alone")["estimate"] == 0.75
    kappa = only(results, "observer_reliability", category="alone")
    assert 0.8 < kappa["estimate"] < 1
    assert kappa["conf_low"] < kappa["estimate"]


def test_one_observer_gives_ratings_but_no_agreement():
    results = teachers(opinion_pilot(observations=seen([(1,), (3,), (4,)])))
    assert only(results, "observed", **A, category="alone")["n"] == 3
    assert results.select(name="observer_agreement").empty


def test_a_band_is_an_interval_and_not_its_middle():
    bands = [(25, 49), (50, 74), (50, 74)]
    rows = [
        row | {"value_low": low, "value_high": high}
        for i, (low, high) in enumerate(bands)
        for row in lesson(i, (None, None), item="band")
    ]
    results = teachers(opinion_pilot(observations=rows))
    low = only(results, "observed_low", **A, category="band")["estimate"]
    high = only(results, "observed_high", **A, category="band")["estimate"]
    assert low == pytest.approx(np.mean([25, 50, 50]))
    assert high == pytest.approx(np.mean([49, 74, 74]))
    assert results.select(name="observed", category="band").empty
    assert only(results, "observer_agreement", category="band")["estimate"] == 1


# triangulation ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("easy", "slow", "alone", "level"),
    [
        ([5, 5, 5], [1, 1, 2], (1, 2), "survey higher"),
        ([1, 2, 1], [5, 5, 5], (4, 4), "observers higher"),
        ([3, 3, 4], [3, 3, 3], (2, 3), "agree"),
    ],
)
def test_survey_and_observation_of_the_same_thing_are_compared(easy, slow, alone, level):
    pilot = opinion_pilot(survey_responses=ratings("A", easy, slow), observations=seen([alone] * 3))
    row = only(teachers(pilot), "triangulation", **A, category="ease")
    assert (row["level"], row["n"]) == (level, 3)
    assert "ease of use" in row["value_text"]


def used(share: float) -> dict:
    """Return tables of ten students with a license, of whom `share` used it for ten weeks."""
    weeks = pd.date_range("2026-01-05", periods=10, freq="7D")
    students = [f"s{i}" for i in range(10)]
    return {
        "students": [{"student_id": s, "school_id": "A"} for s in students],
        "licenses": [
            {"product_id": "p", "student_id": s, "target_minutes_per_week": 30} for s in students
        ],
        "usage": [
            {
                "student_id": s,
                "product_id": "p",
                "period_start": week,
                "period": "week",
                "minutes": 40,
            }
            for s in students[: round(10 * share)]
            for week in weeks
        ],
    }


@pytest.mark.parametrize(
    ("easy", "slow", "share", "level"),
    [
        ([5, 5, 4], [1, 2, 1], 0.2, "loved, unused"),
        ([1, 2, 1], [5, 4, 5], 0.9, "used, unloved"),
        ([5, 5, 4], [1, 2, 1], 0.9, "agree"),
        ([1, 2, 1], [5, 4, 5], 0.2, "agree"),
    ],
)
def test_what_teachers_say_is_compared_with_use(easy, slow, share, level):
    pilot = opinion_pilot(survey_responses=ratings("A", easy, slow), **used(share))
    assert only(teachers(pilot), "triangulation", **A, category="use")["level"] == level


def test_answers_that_lean_to_neither_side_cannot_disagree_with_use():
    pilot = opinion_pilot(survey_responses=ratings("A", [3, 3], [3, 3]), **used(0.1))
    assert teachers(pilot).select(name="triangulation").empty


# what is missing --------------------------------------------------------------------------------


def test_missing_instruments_are_said_once():
    assert set(absences(teachers(opinion_pilot()))) == {
        ("", "survey_responses"),
        ("", "observations"),
    }


def test_a_school_without_an_instrument_is_said_by_school():
    pilot = opinion_pilot(
        survey_responses=ratings("A", [5, 4], [1, 1]), observations=seen([(1, 2)], school="B")
    )
    assert {("B", "survey_responses"), ("A", "observations")} <= set(absences(teachers(pilot)))


def test_unknown_numbers_of_teachers_give_no_response_rate():
    pilot = opinion_pilot(teachers_invited=None, survey_responses=ratings("A", [5, 4], [1, 1]))
    assert "was not recorded" in absences(teachers(pilot))["A", "response"]


def test_sentences_hold_no_digits_and_own_relations_name_results():
    pilot = opinion_pilot(
        survey_responses=ratings("A", [5, 4, 3], [1, 2, 1]),
        observations=seen([(1, 1)] * 3),
        **used(0.1),
    )
    frame = teachers(pilot).frame
    assert not frame["value_text"].str.contains(r"\d", regex=True).any()
    ids = set(frame["result_id"])
    for relation in frame["relation"]:
        for text in relation:
            source = re.fullmatch(r"derived from (.+)", text)[1]
            assert source in ids or source.startswith("usage.funnel[school=A,product=p,")


def test_the_order_of_rows_does_not_matter():
    pilot = opinion_pilot(
        survey_responses=[*ratings("A", [5, 4, 3], [1, 2, 1]), *ratings("B", [2, 3], [4, 4])],
        observations=seen([(1, 2), (3, 3), (4, 4), (2, 3)]),
    )
    shuffled = {
        name: table.sample(frac=1, random_state=1).reset_index(drop=True)
        for name, table in pilot.tables.items()
    }
    mixed = type(pilot)(pilot.config, shuffled, pilot.ledger, pilot.files)
    pd.testing.assert_frame_equal(teachers(mixed).frame, teachers(pilot).frame)
