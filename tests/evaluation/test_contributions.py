"""The p% rule by hand, and the remainder of every amount that the evaluation makes."""

from math import inf

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilot_analysis.disclosure.dominance import AMOUNTS
from pilot_analysis.evaluation.contributions import largest_two, remainder_percent

minutes = st.lists(st.integers(0, 500), min_size=1, max_size=12)


def test_the_rule_by_hand():
    # total 100: whoever gave 30 takes their own away and has 70, of which 65 is the largest's
    assert remainder_percent([65, 30, 3, 2]) == pytest.approx(100 * 5 / 65)
    assert remainder_percent([20, 20, 20, 20, 20]) == 300
    assert remainder_percent([65, 30]) == 0
    assert remainder_percent([65]) == 0
    assert remainder_percent([0, 0, 0]) == inf
    assert remainder_percent([]) == inf
    assert remainder_percent([65, 30, -3]) == 0


@given(minutes, st.floats(0.1, 100))
def test_it_is_what_the_second_largest_may_err_about_the_largest(values, p):
    """The definition, as the attack that it is against: take one's own from the total."""
    first, second, *_ = [*sorted(values, reverse=True), 0, 0]
    at_most = sum(values) - second  # the largest cannot be more
    is_close = at_most - first < p / 100 * first
    assert (remainder_percent(values) < p) == is_close or np.isclose(remainder_percent(values), p)


@given(st.lists(minutes, min_size=1, max_size=5))
def test_the_two_largest_of_every_part_are_enough(parts):
    whole = pd.Series([value for part in parts for value in part])
    part = [at for at, values in enumerate(parts) for _ in values]
    two = largest_two(whole, [np.array(part)])
    assert two["largest"].tolist() == [max(values) for values in parts]
    pool = two.to_numpy().ravel()
    assert remainder_percent(pool, whole.sum()) == pytest.approx(remainder_percent(whole))


@given(minutes)
def test_who_is_taken_for_one_only_makes_the_remainder_smaller(values):
    pool = [max(values) + 7, sorted([0, *values])[-2] + 3]
    assert remainder_percent(pool, sum(values)) <= remainder_percent(values)


def test_every_amount_of_the_demo_has_its_remainder_and_nothing_else_has(evaluated_demo):
    frame = evaluated_demo.frame
    is_amount = frame["kind"].isin(["mean", "effect"]) & frame["unit"].isin(AMOUNTS)
    assert is_amount.sum() > 400
    assert frame.loc[is_amount, "remainder_percent"].notna().all()
    assert frame.loc[~is_amount, "remainder_percent"].isna().all()


def test_minutes_of_a_week_are_those_of_students_not_of_classes(demo, evaluated_demo):
    row = evaluated_demo.select(name="minutes_per_week", school_id="", product_id="readwell")
    row = row.iloc[3]
    use = demo.table("usage")
    week = use[(use["product_id"] == "readwell") & (use["period_start"] == row["time"])]
    of_each = week.groupby("student_id")["minutes"].sum()
    assert row["remainder_percent"] == pytest.approx(remainder_percent(of_each), rel=0.02)


def test_hours_of_training_by_hand(demo, evaluated_demo):
    row = evaluated_demo.select(name="pd_hours", school_id="S03").iloc[0]
    sessions = demo.table("professional_development")
    schools = demo.table("teachers").set_index("teacher_id")["school_id"]
    hours = sessions[sessions["teacher_id"].map(schools) == "S03"]
    hours = sorted(hours.groupby("teacher_id")["hours"].sum())
    assert row["remainder_percent"] == pytest.approx(100 * sum(hours[:-2]) / hours[-1])
