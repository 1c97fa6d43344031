import csv
import json
from math import isnan
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.optimize import minimize

from pilot_analysis.errors import DataError, DesignError
from pilot_analysis.stats.nps import (
    count_nps,
    net_promoter_score,
    nps_difference,
    nps_difference_paired,
)

METHODS = ("score", "t")
MADE = Path(__file__).parents[2] / "oracles" / "made" / "nps.json"
BESIDE_THE_PROJECT = Path(__file__).parents[4]
scores = st.lists(st.tuples(st.integers(0, 10), st.integers(0, 10)), min_size=1, max_size=25)
levels = st.sampled_from([0.5, 0.8, 0.95, 0.99])


def category(answers) -> np.ndarray:
    answers = np.asarray(answers)
    return (answers >= 9).astype(int) - (answers <= 6)


def test_t_agrees_with_r():
    case = json.loads(MADE.read_text(encoding="utf-8"))["paired"]
    found = nps_difference_paired(case["first"], case["second"], method="t")
    assert found.estimate == pytest.approx(case["estimate"], rel=1e-12)
    assert found.std_error == pytest.approx(case["std_error"], rel=1e-12)
    assert found.p_value == pytest.approx(case["p"], rel=1e-10)
    np.testing.assert_allclose([found.conf_low, found.conf_high], case["conf"], rtol=1e-10)


@pytest.mark.parametrize(
    "pairs",
    [
        [(10, 9), (9, 3), (8, 8), (3, 8), (6, 2), (7, 7), (10, 5), (9, 9), (9, 7)],
        [(10, 7), (9, 8), (8, 3), (10, 9), (9, 9)],
        [(10, 0), (9, 1), (10, 8), (3, 9)],
    ],
)
def test_the_restricted_variance_is_at_the_maximum_of_the_likelihood(pairs):
    """The same test by a general optimizer over the five shares."""
    values = np.array([-2, -1, 0, 1, 2])
    difference = category([a for a, _ in pairs]) - category([b for _, b in pairs])
    counts = (difference[:, None] == values).sum(axis=0)
    fit = minimize(
        lambda p: -(counts * np.log(np.maximum(p, 1e-12))).sum(),
        np.full(5, 0.2),
        method="SLSQP",
        bounds=[(0, 1)] * 5,
        constraints=[
            {"type": "eq", "fun": lambda p: p.sum() - 1},
            {"type": "eq", "fun": lambda p: p @ values},
        ],
        options={"ftol": 1e-14, "maxiter": 1000},
    )
    assert fit.success
    z = difference.mean() * np.sqrt(len(pairs) / (fit.x @ values**2))
    found = nps_difference_paired(*zip(*pairs, strict=True))
    assert found.p_value == pytest.approx(2 * stats.norm.sf(abs(z)), abs=1e-5)


def test_tango_1998_is_the_case_of_two_extreme_answers():
    # everyone is a promoter of one and a detractor of the other, or alike about both
    first, second = [10] * 9 + [0] * 2 + [5] * 4, [0] * 9 + [10] * 2 + [5] * 4
    found, tango = nps_difference_paired(first, second), net_promoter_score((2, 4, 9))
    assert found.conf_low == pytest.approx(2 * tango.conf_low, abs=1e-6)
    assert found.conf_high == pytest.approx(2 * tango.conf_high, abs=1e-6)
    assert found.p_value == pytest.approx(tango.p_value)


@pytest.mark.parametrize("method", METHODS)
@given(pairs=scores, conf_level=levels)
@settings(max_examples=40)
def test_sides_change_the_sign_and_p_agrees_with_the_interval(method, pairs, conf_level):
    first, second = zip(*pairs, strict=True)
    one = nps_difference_paired(first, second, method=method, conf_level=conf_level)
    other = nps_difference_paired(second, first, method=method, conf_level=conf_level)
    assert one.estimate == pytest.approx(count_nps(first).score - count_nps(second).score)
    assert one.estimate == pytest.approx(-other.estimate)
    assert one.conf_low == pytest.approx(-other.conf_high, abs=1e-7, nan_ok=True)
    if one.is_defined:
        assert one.conf_low < one.conf_high
        excluded = one.conf_low > 0 or one.conf_high < 0
        assert excluded == (one.p_value < 1 - conf_level)
    if method == "score":
        assert -200 <= one.conf_low <= one.estimate + 1e-7
        assert one.estimate - 1e-7 <= one.conf_high <= 200


@given(answers=st.lists(st.integers(0, 10), min_size=1, max_size=30))
@settings(max_examples=40)
def test_a_product_does_not_differ_from_itself(answers):
    found = nps_difference_paired(answers, answers)
    assert found.estimate == 0
    assert found.p_value == 1
    assert found.conf_low == pytest.approx(-found.conf_high, abs=1e-7)
    alone = nps_difference_paired(answers, answers, method="t")
    assert (alone.estimate, alone.is_defined) == (0, False)


def test_answers_that_go_together_make_the_paired_difference_surer():
    first = [10, 9, 9, 8, 7, 7, 6, 3, 2, 10, 9, 8]
    second = [9, 9, 8, 7, 7, 6, 5, 2, 1, 9, 9, 7]
    paired = nps_difference_paired(first, second, method="t")
    independent = nps_difference(count_nps(first), count_nps(second), method="wald")
    assert paired.estimate == pytest.approx(independent.estimate)
    assert paired.std_error < 0.5 * independent.std_error


def test_people_who_left_one_out_are_left_out_in_pairs():
    first, second = [10, None, 8, 3, np.nan, 9], [9, 9, None, 8, 2, 7]
    found = nps_difference_paired(first, second, method="t")
    complete = nps_difference_paired([10, 3, 9], [9, 8, 7], method="t")
    assert found == complete
    assert found.n == 3


def test_the_score_interval_keeps_its_level_at_eight_respondents():
    rng = np.random.default_rng(20261121)
    shares = np.array([0.01, 0.02, 0.17, 0.2, 0.6])
    truth = 100 * shares @ [-2, -1, 0, 1, 2]
    pairs = {2: (10, 0), 1: (10, 8), 0: (8, 8), -1: (8, 10), -2: (0, 10)}
    covered = {method: [] for method in METHODS}
    for draw in rng.choice([-2, -1, 0, 1, 2], size=(300, 8), p=shares):
        sides = list(zip(*(pairs[d] for d in draw), strict=True))
        for method in METHODS:
            found = nps_difference_paired(*sides, method=method)
            covered[method].append(found.conf_low <= truth <= found.conf_high)
    assert np.mean(covered["score"]) > 0.93
    assert np.mean(covered["t"]) < np.mean(covered["score"])


def test_real_people_rate_two_languages():
    """The learning R survey of 2019 (rstudio/learning-r-survey): R and Python, from 1 to 10."""
    found = BESIDE_THE_PROJECT.glob("*/data/google_forms/learning_r_survey_2019.tsv")
    path = next(found, None)
    if path is None:
        pytest.skip("the learning R survey is not in a folder beside the project")
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    answers = [[row["Qrecommend"], row["Qpython_recommend"]] for row in rows]
    both = np.array(
        [[float(v) for v in pair] for pair in answers if all(v.isdigit() for v in pair)]
    )
    difference = category(both[:, 0]) - category(both[:, 1])
    assert len(both) > 500
    found = {m: nps_difference_paired(both[:, 0], both[:, 1], method=m) for m in METHODS}
    expected = stats.ttest_1samp(100 * difference, 0)
    assert found["t"].estimate == pytest.approx(100 * difference.mean())
    assert found["t"].statistic == pytest.approx(expected.statistic)
    for side in ("conf_low", "conf_high"):
        assert getattr(found["score"], side) == pytest.approx(getattr(found["t"], side), abs=0.5)


@pytest.mark.parametrize("method", METHODS)
def test_nobody_with_both_answers_is_no_difference(method):
    found = nps_difference_paired([9, None], [None, 3], method=method)
    assert isnan(found.estimate)
    assert found.n == 0
    assert "Nobody answered about both" in found.flags[0]


def test_one_respondent_and_equal_differences_have_a_wide_score_interval_and_no_t():
    for first, second in (([10], [7]), ([10, 9, 9], [3, 2, 0])):
        assert nps_difference_paired(first, second).is_defined
        without = nps_difference_paired(first, second, method="t")
        assert "All differences are equal" in without.flags[0]
    assert nps_difference_paired([10] * 8, [0] * 8).conf_high == 200


def test_refusals():
    with pytest.raises(DesignError, match="same people in the same order; got 2 and 3"):
        nps_difference_paired([9, 8], [7, 6, 5])
    with pytest.raises(DesignError, match="score or t; got 'wald'"):
        nps_difference_paired([9], [8], method="wald")
    with pytest.raises(DataError, match="11 is not an answer"):
        nps_difference_paired([9, 11], [8, 8])
    with pytest.raises(DesignError, match="conf_level"):
        nps_difference_paired([9], [8], conf_level=0)
