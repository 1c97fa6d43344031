from math import log

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.association import firth_logit
from pilot_analysis.stats.association.penalized import PenalizedLogit


def rows(fit, attribute):
    return [getattr(e, attribute) for e in fit.estimates]


# numbers from R -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["endometrial", "separated", "lalonde"])
def test_estimates_agree_with_brglm2_and_profiles_with_the_written_out_likelihood(made, name):
    case = made["firth"][name]
    fit = firth_logit(case["y"], pd.DataFrame(case["columns"]))
    assert fit.converged
    np.testing.assert_allclose(rows(fit, "estimate"), case["estimate"], rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(rows(fit, "std_error"), case["std_error"], rtol=1e-6)
    # optim and uniroot reach about six digits
    np.testing.assert_allclose(rows(fit, "conf_low"), case["low"], rtol=2e-5)
    np.testing.assert_allclose(rows(fit, "conf_high"), case["high"], rtol=2e-5)
    np.testing.assert_allclose(rows(fit, "p_value"), case["p"], rtol=2e-5)


def test_heinze_and_schemper_2002_endometrial_cancer(made):
    # the published fit: NV 2.93 (0.61, 7.85), PI -0.03 (-0.12, 0.04), EH -2.60 (-4.37, -1.23)
    case = made["firth"]["endometrial"]
    fit = firth_logit(case["y"], pd.DataFrame(case["columns"]))
    for name, numbers in {
        "NV": (2.93, 0.61, 7.85),
        "PI": (-0.03, -0.12, 0.04),
        "EH": (-2.60, -4.37, -1.23),
    }.items():
        found = fit[name]
        ours = [found.estimate, found.conf_low, found.conf_high]
        np.testing.assert_allclose(ours, numbers, atol=5.1e-3)


# what must be true ----------------------------------------------------------------------------


@settings(max_examples=15)
@given(counts=st.tuples(*[st.integers(0, 9)] * 4))
def test_a_two_by_two_table_gives_the_odds_ratio_with_a_half_in_each_cell(counts):
    # Firth (1993), sec. 3: for a saturated model half an observation more in every cell
    a, b, c, d = counts
    assume(a + b and c + d and a + c and b + d and sum(counts) > 2)
    y = np.repeat([1, 0, 1, 0], counts)
    fit = firth_logit(y, np.repeat([1, 1, 0, 0], counts))
    expected = log((a + 0.5) * (d + 0.5) / ((b + 0.5) * (c + 0.5)))
    assert fit["x1"].estimate == pytest.approx(expected, abs=1e-9)
    assert fit["Intercept"].estimate == pytest.approx(log((c + 0.5) / (d + 0.5)), abs=1e-9)


small = st.lists(
    st.tuples(st.integers(-3, 3), st.integers(-3, 3), st.booleans()), min_size=6, max_size=20
)


def small_data(data):
    one, other, y = (np.array(column) for column in zip(*data, strict=True))
    assume(y.any() and not y.all())
    X = np.stack([one, other], axis=1)
    assume(np.linalg.matrix_rank(np.column_stack([np.ones(len(y)), X])) == 3)
    return y, X


@settings(max_examples=6)
@given(data=small, level=st.sampled_from([0.8, 0.95]))
def test_p_goes_with_the_profile_interval(data, level):
    for found in firth_logit(*small_data(data), conf_level=level).estimates:
        assert found.is_defined
        assert found.conf_low < found.estimate < found.conf_high
        excluded = found.conf_low > 0 or found.conf_high < 0
        assert excluded == (found.p_value < 1 - level)
        assert found.p_value == pytest.approx(2 * stats.norm.sf(abs(found.statistic)))


@settings(max_examples=3)
@given(data=small, order=st.randoms())
def test_order_unit_and_coding_do_not_matter(data, order):
    y, X = small_data(data)
    fit = firth_logit(y, X)
    shuffled = order.sample(range(len(y)), len(y))
    same = firth_logit(y[shuffled], X[shuffled] * [1e6, 1])
    turned = firth_logit(~y, X)
    for name, scale in (("x1", 1e6), ("x2", 1)):
        assert same[name].conf_low * scale == pytest.approx(fit[name].conf_low, rel=1e-6, abs=1e-8)
        assert turned[name].estimate == pytest.approx(-fit[name].estimate, abs=1e-8)
        assert turned[name].conf_low == pytest.approx(-fit[name].conf_high, rel=1e-6, abs=1e-8)


@pytest.mark.parametrize(
    ("y", "x"),
    [
        ([0, 0, 0, 0, 1, 1, 1], [1, 2, 2, 3, 5, 6, 8]),
        ([0, 0, 1, 0, 1, 1, 1, 0], [-3, 0, 2, -3, 1, 1, 1, 0]),
        ([1, 0, 1, 0, 0, 0, 1, 1, 1, 0], [3, -3, 2, -3, -1, -1, 3, 1, 3, -1]),
    ],
)
def test_with_several_peaks_the_highest_counts(y, x):
    # separated outcomes: the penalized likelihood has a peak for each gap that could divide them
    fit, X = firth_logit(y, x), np.column_stack([np.ones(len(y)), x])
    y = np.array(y, dtype=float)

    def highest(slope):
        eta = np.linspace(-45, 45, 6001)[:, None] + slope * X[:, 1]
        weight = 1 / (2 + 2 * np.cosh(eta))
        apart = np.subtract.outer(X[:, 1], X[:, 1]) ** 2
        determinant = np.einsum("gi,gj,ij->g", weight, weight, apart) / 2
        return (eta @ y - np.logaddexp(0, eta).sum(axis=1) + np.log(determinant) / 2).max()

    found = fit["x1"]
    top = max(highest(slope) for slope in np.linspace(0, 6, 121))
    assert highest(found.estimate) >= top - 1e-6
    for limit in (found.conf_low, found.conf_high):
        fall = highest(found.estimate) - highest(limit)
        assert fall == pytest.approx(stats.chi2.ppf(0.95, 1) / 2, abs=2e-4)


@settings(max_examples=25)
@given(beta=st.tuples(*[st.floats(-2, 2)] * 3), seed=st.integers(0, 99))
def test_the_score_is_the_slope_of_the_penalized_likelihood(beta, seed):
    rng = np.random.default_rng(seed)
    X = np.column_stack([np.ones(12), rng.normal(size=(12, 2))])
    model = PenalizedLogit((rng.random(12) < 0.5).astype(float), X)
    beta, step = np.array(beta), 1e-5
    slopes = [
        (model._at(beta + step * e).value - model._at(beta - step * e).value) / (2 * step)
        for e in np.eye(3)
    ]
    np.testing.assert_allclose(model._at(beta).score, slopes, atol=1e-6)


def test_the_maximum_has_no_slope_and_is_higher_than_its_neighbours(made):
    case = made["firth"]["lalonde"]
    fit = firth_logit(case["y"], pd.DataFrame(case["columns"]))
    X = np.column_stack([np.ones(len(case["y"])), *case["columns"].values()])
    model = PenalizedLogit(np.array(case["y"], dtype=float), X)
    top = np.array(rows(fit, "estimate"))
    here = model._at(top)
    assert here.value == pytest.approx(
        fit.log_likelihood + np.log(np.sqrt((X**2).sum(axis=0))).sum()
    )
    assert np.abs(here.score @ fit.vcov @ here.score) < 1e-16
    for j, se in enumerate(rows(fit, "std_error")):
        for side in (-0.1, 0.1):
            assert model._at(top + side * se * np.eye(len(top))[j]).value < here.value


def test_perfect_separation_gives_a_finite_answer():
    fit = firth_logit([0, 0, 0, 0, 1, 1, 1, 1], [1, 2, 3, 4, 15, 16, 17, 18])
    found = fit["x1"]
    assert fit.converged
    assert 0 < found.conf_low < found.estimate < found.conf_high < np.inf


def test_large_samples_come_to_maximum_likelihood():
    rng = np.random.default_rng(7)
    x = rng.normal(size=4000)
    y = rng.random(4000) < 1 / (1 + np.exp(0.5 - x))
    found = firth_logit(y, x)["x1"]
    assert found.conf_low < 1 < found.conf_high
    wald = found.estimate + np.array([-1, 1]) * stats.norm.isf(0.025) * found.std_error
    np.testing.assert_allclose([found.conf_low, found.conf_high], wald, atol=2e-3)


def test_an_intercept_is_added_unless_there_is_one():
    y, x = [0, 1, 0, 1, 1, 0], [1, 2, 3, 4, 5, 3]
    frame = pd.DataFrame({"one": 1.0, "x": x})
    added, given_ = firth_logit(y, x), firth_logit(y, frame)
    assert [e.name for e in added.estimates] == ["Intercept", "x1"]
    assert [e.name for e in given_.estimates] == ["one", "x"]
    assert rows(given_, "conf_low") == pytest.approx(rows(added, "conf_low"))
    without = firth_logit(y, x, intercept=False, names=["x"])
    assert [e.name for e in without.estimates] == ["x"]
    assert without["x"].unit == "log odds"


@pytest.mark.parametrize(
    ("y", "X", "more", "text"),
    [
        ([1, 1, 1], [1, 2, 3], {}, "The outcome does not vary"),
        ([0, 0, 0], [1, 2, 3], {}, "The outcome does not vary"),
        ([0, 1, 2], [1, 2, 3], {}, "True or False"),
        ([0, 1, None], [1, 2, 3], {}, "True or False"),
        ([0, 1], [1, 2, 3], {}, "True or False"),
        ([0, 1, 1], [1, np.nan, 3], {}, "Column x1: 1 of 3 values are missing"),
        ([0, 1, 1], [1, np.inf, 3], {}, "Column x1: 1 of 3"),
        ([0, 1, 1, 0], [[1, 2], [2, 4], [3, 6], [5, 10]], {}, "Column x2 follows from"),
        ([0, 1, 1, 0], [3, 3, 3, 3], {"intercept": True}, "Column x1 follows from"),
        ([0, 1, 1, 0], [0, 0, 0, 0], {}, "Column x1 follows from"),
        ([0, 1], [1, 2], {}, "2 rows are too few for 2 columns"),
        ([], [], {}, "no rows"),
        (["0", "1", "1"], [1, 2, 3], {}, "True or False"),
        ([0, 1, 1], ["a", "b", "c"], {}, "Column x1 must be numbers"),
        ([0, 1, 1], [[[1]], [[2]], [[3]]], {}, "X must be a table"),
        ([0, 1, 1], [1, 2, 3], {"intercept": "no"}, "intercept must be"),
        ([0, 1, 1], [1, 2, 3], {"names": ["a", "b"]}, "as many different names"),
        ([0, 1, 1], [1, 2, 3], {"conf_level": 1}, "conf_level"),
    ],
)
def test_what_cannot_be_fitted_is_refused_in_words(y, X, more, text):
    with pytest.raises(DesignError, match=text):
        firth_logit(y, X, **more)


def test_an_unknown_column_is_refused():
    with pytest.raises(DesignError, match="x9"):
        firth_logit([0, 1, 0, 1], [1, 2, 3, 3])["x9"]
