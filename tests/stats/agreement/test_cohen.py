import json
from math import isnan
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.agreement import cohen_kappa
from pilot_analysis.stats.agreement.chance import by_rater, weighted_coefficient
from pilot_analysis.stats.agreement.intervals import linearized_error
from pilot_analysis.stats.agreement.ratings import Patterns

MADE_IN = Path(__file__).parents[2] / "oracles" / "made"
WEIGHTS = (None, "linear", "quadratic")
pairs = st.lists(st.tuples(st.integers(1, 4), st.integers(1, 4)), min_size=1, max_size=25)


@pytest.fixture(scope="module")
def made():
    return json.loads((MADE_IN / "agreement.json").read_text(encoding="utf-8"))


def raters_of(counts):
    """Return two raters whose table this is."""
    counts = np.asarray(counts)
    rows, columns = np.indices(counts.shape).reshape(2, -1)
    return np.repeat(rows, counts.ravel()), np.repeat(columns, counts.ravel())


# reference numbers ----------------------------------------------------------------------------


def test_kappa_agrees_with_irr(oracle, oracle_data):
    expected, ratings = oracle("rel.kappa2_anxiety")["expected"], oracle_data("irr_anxiety.csv")
    for weights in WEIGHTS:
        found = cohen_kappa(ratings["rater1"], ratings["rater2"], weights=weights)
        case = expected[weights or "unweighted"]
        assert found.estimate == pytest.approx(case["kappa"], abs=1e-8)
        assert (found.n, found.unit) == (case["n"], "coefficient")
        assert found.method == f"cohen_kappa_{weights or 'unweighted'}"
        assert found.conf_low < found.estimate < found.conf_high


def test_the_linearized_error_agrees_with_psych_without_weights(oracle, oracle_data):
    """psych divides by n where Gwet's variance divides by n - 1, and takes z for t."""
    expected = oracle("rel.kappa2_anxiety")["expected"]["psych"]
    ratings = oracle_data("irr_anxiety.csv")
    found = cohen_kappa(ratings["rater1"], ratings["rater2"], interval="linearized")
    of_psych = found.std_error * np.sqrt(19 / 20)
    assert of_psych**2 == pytest.approx(expected["var_kappa"], abs=1e-8)
    low, high = found.estimate - 1.959963985 * of_psych, found.estimate + 1.959963985 * of_psych
    assert [low, high] == pytest.approx(expected["unweighted_ci"], abs=1e-8)
    assert (found.df, found.method) == (19, "cohen_kappa_unweighted_linearized")


def test_fleiss_cohen_everitt_1969_the_variance_of_weighted_kappa(oracle, oracle_data, made):
    ratings = oracle_data("irr_anxiety.csv")
    for weights in WEIGHTS:
        expected = made["anxiety"][weights or "unweighted"]
        found = cohen_kappa(
            ratings["rater1"], ratings["rater2"], weights=weights, interval="linearized"
        )
        assert found.estimate == pytest.approx(expected["kappa"], abs=1e-12)
        assert found.std_error**2 * 19 / 20 == pytest.approx(expected["variance"], rel=1e-10)
    # psych 2.2.9 prints another variance for the quadratic weights, and -1 to 1 as the interval
    of_psych = oracle("rel.kappa2_anxiety")["expected"]["psych"]["var_weighted"]
    assert of_psych > 15 * made["anxiety"]["quadratic"]["variance"]


def test_cohen_1960_two_clinicians(made):
    first, second = raters_of(made["cohen"]["counts"])
    found = cohen_kappa(first, second, interval="linearized")
    assert round(found.estimate, 3) == 0.492
    assert found.estimate == pytest.approx(made["cohen"]["kappa"], abs=1e-12)
    assert found.std_error**2 * 199 / 200 == pytest.approx(made["cohen"]["variance"], rel=1e-10)


def test_cohen_1968_disagreements_weighted_by_judgement(made):
    first, second = raters_of(made["cohen"]["counts"])
    codes, times = np.unique(np.stack([first, second], axis=1), axis=0, return_counts=True)
    sample = Patterns(codes, times.astype(float))
    distance = np.array(made["cohen"]["disagreement"]) / 6
    kappa = weighted_coefficient(sample, distance, by_rater)
    found = float(kappa(sample.times[None])[0])
    assert round(found, 3) == 0.348
    expected = made["cohen"]["fleiss_cohen_everitt"]
    assert found == pytest.approx(expected["kappa"], abs=1e-12)
    error = linearized_error(kappa, sample)
    assert error**2 * 199 / 200 == pytest.approx(expected["variance"], rel=1e-10)


@pytest.mark.parametrize(
    ("weights", "kappa", "low", "high"),
    [
        (None, 0.796, 0.680, 0.913),
        ("linear", 0.843, 0.748, 0.938),
        ("quadratic", 0.892, 0.822, 0.962),
    ],
)
def test_gwet_2014_pregnancies_by_two_abstractors(weights, kappa, low, high):
    first, second = raters_of([[13, 0, 0], [0, 20, 7], [0, 4, 56]])
    found = cohen_kappa(first, second, weights=weights, interval="linearized")
    assert round(found.estimate, 3) == kappa
    assert [found.conf_low, found.conf_high] == pytest.approx([low, high], abs=1.1e-3)
    if weights is None:  # Gwet's tables divide by n
        assert found.std_error * np.sqrt(99 / 100) == pytest.approx(0.05891072, abs=1e-8)


# identities -----------------------------------------------------------------------------------


@pytest.mark.parametrize("weights", WEIGHTS)
@given(ratings=pairs, order=st.randoms())
@settings(max_examples=25)
def test_kappa_does_not_depend_on_the_order_of_raters_or_subjects(weights, ratings, order):
    shuffled = list(ratings)
    order.shuffle(shuffled)
    one = cohen_kappa(*zip(*ratings, strict=True), weights=weights, draws=50)
    other = cohen_kappa(*reversed(list(zip(*shuffled, strict=True))), weights=weights, draws=50)
    assert one.estimate == pytest.approx(other.estimate, nan_ok=True)
    assert isnan(one.estimate) == (len({x for pair in ratings for x in pair}) == 1)


@given(
    ratings=st.lists(st.tuples(st.integers(1, 4), st.integers(1, 4)), min_size=20, max_size=30),
    order=st.randoms(),
)
@settings(max_examples=25)
def test_the_interval_does_not_depend_on_the_order_of_subjects(ratings, order):
    shuffled = list(ratings)
    order.shuffle(shuffled)
    one, other = (cohen_kappa(*zip(*r, strict=True), draws=100) for r in (ratings, shuffled))
    assert (one.conf_low, one.conf_high) == pytest.approx(
        (other.conf_low, other.conf_high), nan_ok=True
    )


@given(ratings=pairs)
@settings(max_examples=25)
def test_with_two_categories_the_weights_do_not_matter(ratings):
    two = [(int(a > 2), int(b > 2)) for a, b in ratings]
    found = [cohen_kappa(*zip(*two, strict=True), weights=w, draws=50).estimate for w in WEIGHTS]
    assert found == pytest.approx([found[0]] * 3, nan_ok=True)


@given(ratings=pairs)
@settings(max_examples=25)
def test_quadratic_kappa_is_lins_concordance(ratings):
    a, b = (np.array(rater, dtype=float) for rater in zip(*ratings, strict=True))
    apart = a.var() + b.var() + (a.mean() - b.mean()) ** 2
    if apart > 0:
        covariance = ((a - a.mean()) * (b - b.mean())).mean()
        found = cohen_kappa(a, b, weights="quadratic", draws=50).estimate
        assert found == pytest.approx(2 * covariance / apart, abs=1e-12)


@pytest.mark.parametrize("weights", ["linear", "quadratic"])
@given(ratings=pairs, shift=st.integers(-9, 9), scale=st.sampled_from([-2, 0.5, 100]))
@settings(max_examples=25)
def test_weighted_kappa_knows_no_unit(weights, ratings, shift, scale):
    a, b = (np.array(rater) for rater in zip(*ratings, strict=True))
    one = cohen_kappa(a, b, weights=weights, draws=50).estimate
    other = cohen_kappa(a * scale + shift, b * scale + shift, weights=weights, draws=50).estimate
    assert one == pytest.approx(other, abs=1e-12, nan_ok=True)


@given(ratings=pairs, gaps=st.lists(st.tuples(st.none(), st.integers(1, 4)), max_size=5))
@settings(max_examples=25)
def test_incomplete_subjects_change_nothing(ratings, gaps):
    one = cohen_kappa(*zip(*ratings, strict=True), draws=50)
    other = cohen_kappa(*zip(*ratings, *gaps, strict=True), draws=50)
    assert one.estimate == pytest.approx(other.estimate, nan_ok=True)
    assert one.n == other.n


def test_relabeling_does_not_change_kappa():
    a, b = [1, 2, 3, 1, 2], [1, 3, 3, 2, 2]
    named = [[{1: "low", 2: "mid", 3: "high"}[x] for x in rater] for rater in (a, b)]
    assert cohen_kappa(*named).estimate == pytest.approx(cohen_kappa(a, b).estimate)


def test_ordered_categories_are_weighted_by_rank():
    levels = pd.CategoricalDtype(["low", "mid", "high"], ordered=True)
    a, b = [1, 2, 3, 1, 2], [1, 3, 3, 2, 2]
    named = [
        pd.Series([{1: "low", 2: "mid", 3: "high"}[x] for x in rater], dtype=levels)
        for rater in (a, b)
    ]
    assert cohen_kappa(*named, weights="linear").estimate == pytest.approx(
        cohen_kappa(a, b, weights="linear").estimate
    )


# degenerate input -----------------------------------------------------------------------------


def test_kappa_is_nan_only_where_chance_agreement_is_certain():
    same = cohen_kappa([3] * 25, [3] * 25)
    assert isnan(same.estimate)
    assert "certain" in same.flags[0]
    assert cohen_kappa([3] * 4, [1, 2, 3, 3]).estimate == 0
    assert cohen_kappa([1] * 4, [2] * 4).estimate == 0
    assert cohen_kappa([1], [2]).estimate == 0
    assert isnan(cohen_kappa([1], [1]).estimate)


@pytest.mark.parametrize("interval", ["bootstrap", "linearized"])
def test_perfect_agreement_is_one_without_an_interval_of_no_width(interval):
    found = cohen_kappa([1, 2] * 15, [1, 2] * 15, interval=interval)
    assert found.estimate == 1
    assert not found.is_defined
    assert "never disagreed" in found.flags[0]


@pytest.mark.parametrize("interval", ["bootstrap", "linearized"])
def test_below_twenty_there_is_no_interval(interval):
    found = cohen_kappa([1, 2] * 9, [2, 2] * 9, interval=interval)
    assert not found.is_defined
    assert "20 or more" in found.flags[0]
    assert cohen_kappa([1, 2, 2] * 7, [2, 2, 1] * 7, interval=interval).is_defined


def test_a_subject_that_one_rater_missed_is_left_out():
    found = cohen_kappa([1, 2, np.nan, 1], [1, 2, 2, None])
    assert (found.n, found.estimate) == (2, 1)


def test_nobody_rated_by_both_is_said():
    for nobody in (([], []), ([1.0, np.nan], [np.nan, 2.0]), (["a", None], [None, "b"])):
        found = cohen_kappa(*nobody)
        assert isnan(found.estimate)
        assert found.flags == ("No subject was rated by two people.",)
    assert isnan(cohen_kappa([], [], weights="quadratic").estimate)


def test_refusals():
    with pytest.raises(DesignError, match="same subjects"):
        cohen_kappa([1, 2], [1])
    with pytest.raises(DesignError, match="weights must be"):
        cohen_kappa([1, 2], [1, 2], weights="cubic")
    with pytest.raises(DesignError, match="these are labels"):
        cohen_kappa(["a", "b"], ["a", "b"], weights="linear")
    with pytest.raises(DesignError, match="interval must be"):
        cohen_kappa([1, 2], [1, 2], interval="wald")
    with pytest.raises(DesignError, match="20 draws or more"):
        cohen_kappa([1, 2], [1, 2], draws=1)
    with pytest.raises(DesignError, match="conf_level"):
        cohen_kappa([1, 2], [1, 2], conf_level=95)
    with pytest.raises(DesignError, match="infinite"):
        cohen_kappa([1, np.inf], [1, 2], weights="linear")
