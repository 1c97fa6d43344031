import json
from math import isnan
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pilot_analysis.errors import DataError, DesignError
from pilot_analysis.stats.scales import cronbach_alpha, fit_one_factor, mcdonald_omega

REVERSED = ["A1", "C4", "C5", "E1", "E2", "O2", "O5"]
MADE = Path(__file__).parents[2] / "oracles" / "made" / "scales.json"


def turned(items: pd.DataFrame) -> pd.DataFrame:
    return items.assign(**{c: 7 - items[c] for c in items if c in REVERSED})


def exactly(cov, n: int = 60) -> pd.DataFrame:
    """Answers whose sample covariances are `cov` (up to a common factor)."""
    raw = np.random.default_rng(5).normal(size=(n, len(cov)))
    raw -= raw.mean(axis=0)
    whitened = raw @ np.linalg.inv(np.linalg.cholesky(np.cov(raw, rowvar=False))).T
    names = [f"q{i}" for i in range(len(cov))]
    return pd.DataFrame(whitened @ np.linalg.cholesky(np.asarray(cov, float)).T, columns=names)


def congeneric(loadings, unique) -> np.ndarray:
    return np.outer(loadings, loadings) + np.diag(unique)


def drawn(seed: int, n: int = 150, k: int = 5) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    loadings = rng.uniform(0.4, 0.9, k)
    common, own = rng.normal(size=(n, 1)), rng.normal(size=(n, k))
    answers = common * loadings + own * np.sqrt(1 - loadings**2)
    return pd.DataFrame(answers, columns=[f"q{i}" for i in range(k)])


positive = st.lists(st.tuples(st.floats(0.3, 2), st.floats(0.2, 3)), min_size=3, max_size=6)


# numbers from R -------------------------------------------------------------------------------


@pytest.mark.parametrize("scale", ["A", "N", "C"])
def test_the_factor_and_omega_agree_with_lavaan(oracle, oracle_data, scale):
    expected = oracle("rel.cfa_omega_bfi")["expected"][scale]
    items = turned(oracle_data("bfi.csv")[[f"{scale}{i}" for i in range(1, 6)]])
    found, omega = fit_one_factor(items), mcdonald_omega(items)
    assert found.flags == ()
    assert found.n == omega.n == expected["n"]
    for item in items:
        assert found.loadings[item] == pytest.approx(expected["loadings"][item], abs=1e-5)
        assert found.uniquenesses[item] == pytest.approx(expected["residual_var"][item], abs=1e-5)
    assert omega.estimate == pytest.approx(expected["omega_model"], abs=1e-6)
    assert found.fit.omega_observed == pytest.approx(expected["omega_total_observed_var"], abs=1e-5)
    assert found.fit.chi2 == pytest.approx(expected["chisq"], rel=1e-8)
    assert found.fit.df == expected["df"]
    assert found.fit.p_value == pytest.approx(expected["p"], abs=1e-10)
    assert found.fit.log_likelihood == pytest.approx(expected["logl"], rel=1e-11)
    for measure in ("cfi", "tli", "rmsea"):
        assert getattr(found.fit, measure) == pytest.approx(expected[measure], rel=1e-8)
    assert found.fit.srmr == pytest.approx(expected["srmr"], abs=1e-7)


@pytest.mark.parametrize("position", [*range(8), "one_item_against"])
def test_other_scales_and_standard_errors_agree_with_lavaan(oracle_data, position):
    made = json.loads(MADE.read_text(encoding="utf-8"))
    case = made[position] if isinstance(position, str) else made["one_factor"][position]
    items = turned(oracle_data("bfi.csv")[case["items"]]).dropna().iloc[: case["rows"]]
    found, omega = fit_one_factor(items), mcdonald_omega(items)
    assert found.n == case["n"]
    sign = np.sign(sum(case["loadings"]))  # lavaan's depends on where it starts
    np.testing.assert_allclose(found.loadings, sign * np.array(case["loadings"]), atol=1e-5)
    np.testing.assert_allclose(found.uniquenesses, case["uniquenesses"], atol=1e-5)
    se = np.sqrt(np.diag(found.covariance))
    np.testing.assert_allclose(se, [*case["loadings_se"], *case["uniquenesses_se"]], atol=1e-6)
    assert omega.estimate == pytest.approx(case["omega"], abs=1e-6)
    assert omega.std_error == pytest.approx(case["omega_se"], abs=1e-7)
    assert found.fit.chi2 == pytest.approx(case["fit"]["chisq"], abs=1e-6)
    assert found.fit.df == case["fit"]["df"]
    against = (found.loadings < 0).any()
    assert bool(omega.flags) == against
    assert against or position != "one_item_against"


def test_where_lavaan_gives_a_negative_variance_omega_is_not_given(oracle_data):
    case = json.loads(MADE.read_text(encoding="utf-8"))["heywood"]
    assert min(case["uniquenesses"]) < 0
    worst = case["items"][int(np.argmin(case["uniquenesses"]))]
    items = turned(oracle_data("bfi.csv")[case["items"]]).dropna().iloc[: case["rows"]]
    omega, factor = mcdonald_omega(items), fit_one_factor(items)
    assert isnan(omega.estimate)
    assert f"item '{worst}'" in omega.flags[0]
    assert "Heywood" in omega.flags[0]
    assert factor.uniquenesses[worst] < 1e-4
    assert np.isnan(factor.covariance).all()


# numbers from publications --------------------------------------------------------------------


def test_spearman_1904_three_items_are_solved_by_their_products():
    cov = np.array([[2.0, 0.8, 0.5], [0.8, 1.5, 0.6], [0.5, 0.6, 1.2]])
    found = fit_one_factor(exactly(cov))
    scale = np.sqrt(59 / 60)  # the likelihood divides by n
    expected = scale * np.sqrt([0.8 * 0.5 / 0.6, 0.8 * 0.6 / 0.5, 0.5 * 0.6 / 0.8])
    np.testing.assert_allclose(found.loadings, expected, rtol=1e-8)
    assert (found.fit.df, found.fit.chi2) == (0, pytest.approx(0, abs=1e-8))
    assert isnan(found.fit.p_value)


@pytest.mark.parametrize(("k", "loading", "unique"), [(3, 0.7, 0.51), (6, 1.1, 0.9)])
def test_mcdonald_1999_parallel_items_have_omega_equal_to_alpha(k, loading, unique):
    items = exactly(congeneric(np.full(k, loading), np.full(k, unique)))
    expected = k * loading**2 / (k * loading**2 + unique)
    assert mcdonald_omega(items).estimate == pytest.approx(expected, abs=1e-9)
    assert cronbach_alpha(items).estimate == pytest.approx(expected, abs=1e-9)


def test_tau_equivalent_items_have_omega_equal_to_alpha():
    items = exactly(congeneric(np.full(4, 0.8), [0.3, 0.6, 0.9, 1.5]))
    omega, alpha = mcdonald_omega(items), cronbach_alpha(items)
    assert omega.estimate == pytest.approx(alpha.estimate, abs=1e-9)


# identities -----------------------------------------------------------------------------------


@given(model=positive)
@settings(max_examples=12)
def test_a_congeneric_model_is_found_exactly_and_alpha_is_no_larger_than_omega(model):
    loadings, unique = np.array(model).T
    items = exactly(congeneric(loadings, unique))
    found = fit_one_factor(items)
    assert found.flags == ()
    scale = 59 / 60
    np.testing.assert_allclose(found.loadings, loadings * np.sqrt(scale), rtol=1e-6)
    np.testing.assert_allclose(found.uniquenesses, unique * scale, rtol=1e-5)
    assert found.fit.chi2 == pytest.approx(0, abs=1e-6)
    omega = mcdonald_omega(items).estimate
    expected = loadings.sum() ** 2 / (loadings.sum() ** 2 + unique.sum())
    assert omega == pytest.approx(expected, rel=1e-7)
    assert cronbach_alpha(items).estimate <= omega + 1e-9


@given(seed=st.integers(0, 10_000), shift=st.floats(-50, 50), scale=st.floats(0.1, 20))
@settings(max_examples=12)
def test_shifts_units_and_order_do_not_matter(seed, shift, scale):
    items = drawn(seed)
    one, other = mcdonald_omega(items), mcdonald_omega(items.iloc[::-1, ::-1] * scale + shift)
    for field in ("estimate", "std_error", "conf_low", "conf_high"):
        assert getattr(other, field) == pytest.approx(getattr(one, field), abs=1e-7)


@given(seed=st.integers(0, 10_000), unit=st.floats(0.1, 10))
@settings(max_examples=12)
def test_an_items_own_unit_changes_its_loading_alone(seed, unit):
    items = drawn(seed)
    one = fit_one_factor(items)
    other = fit_one_factor(items.assign(q2=items["q2"] * unit))
    factor = np.array([1, 1, unit, 1, 1])
    np.testing.assert_allclose(other.loadings, one.loadings * factor, rtol=1e-5)
    np.testing.assert_allclose(other.uniquenesses, one.uniquenesses * factor**2, rtol=1e-5)
    assert other.fit.chi2 == pytest.approx(one.fit.chi2, abs=1e-6)


@given(seed=st.integers(0, 10_000))
@settings(max_examples=12)
def test_at_the_optimum_the_model_has_the_observed_variances_and_no_neighbour_fits_better(seed):
    items = drawn(seed)
    found = fit_one_factor(items)
    cov = np.cov(items.to_numpy(), rowvar=False, bias=True)
    implied = congeneric(found.loadings, found.uniquenesses)
    np.testing.assert_allclose(np.diag(implied), np.diag(cov), rtol=1e-8)

    def misfit(model):
        return np.linalg.slogdet(model)[1] + np.trace(np.linalg.solve(model, cov))

    rng = np.random.default_rng(seed)
    for _ in range(10):
        loadings = found.loadings + 0.01 * rng.normal(size=5)
        unique = found.uniquenesses * np.exp(0.01 * rng.normal(size=5))
        assert misfit(congeneric(loadings, unique)) > misfit(implied)


@given(seed=st.integers(0, 10_000))
@settings(max_examples=15)
def test_omega_lies_within_its_interval_between_0_and_1(seed):
    found = mcdonald_omega(drawn(seed, n=25, k=4))
    if found.is_defined:
        assert 0 < found.conf_low < found.estimate < found.conf_high < 1
        assert isnan(found.p_value)
    else:
        assert "Heywood" in found.flags[0]


# degenerate input -----------------------------------------------------------------------------


@pytest.mark.parametrize("n", [0, 1, 2, 9])
def test_omega_of_fewer_than_ten_is_not_given(n):
    found = mcdonald_omega(drawn(1, n=n))
    assert isnan(found.estimate)
    assert found.n == n
    assert "10 or more people" in found.flags[0]


def test_many_items_need_more_people_than_items():
    found = mcdonald_omega(drawn(1, n=15, k=20))
    assert "One factor of 20 items needs 21 or more people" in found.flags[0]


def test_people_with_a_missing_answer_are_left_out():
    items = drawn(1)
    holed = items.copy()
    holed.iloc[:30, 2] = np.nan
    assert mcdonald_omega(holed) == mcdonald_omega(items.iloc[30:])


def test_a_constant_item_and_a_copy_are_named():
    items = drawn(1)
    assert "Item 'q3' was answered alike" in mcdonald_omega(items.assign(q3=2.0)).flags[0]
    copy = mcdonald_omega(items.assign(q3=items["q1"]))
    assert "copy of others" in copy.flags[0]
    total = mcdonald_omega(items.assign(sum=items.sum(axis=1)))
    assert "or their sum" in total.flags[0]
    assert isnan(total.estimate)


def test_items_without_anything_in_common_are_not_identified():
    found = mcdonald_omega(exactly(np.diag([1.0, 2.0, 3.0, 1.0])))
    assert isnan(found.estimate)
    assert found.flags


def test_an_item_that_points_the_other_way_is_flagged():
    items = drawn(7).assign(q4=lambda x: -x["q4"])
    found = mcdonald_omega(items)
    assert "Item 'q4' has a negative loading" in found.flags[0]
    assert found.estimate < mcdonald_omega(drawn(7)).estimate


def test_loadings_that_cancel_out_give_no_interval():
    loadings = np.array([0.7, 0.6, -0.7, -0.6])
    found = mcdonald_omega(exactly(congeneric(loadings, [0.5, 0.6, 0.5, 0.6])))
    assert not found.is_defined
    assert "cancel out" in found.flags[0]


def test_refusals():
    with pytest.raises(DesignError, match="3 or more items to be identified, got 2"):
        mcdonald_omega(drawn(1, k=2))
    with pytest.raises(DesignError, match="conf_level"):
        mcdonald_omega(drawn(1), conf_level=0)
    with pytest.raises(DataError, match="not all numbers"):
        mcdonald_omega(drawn(1).assign(q0="often"))
