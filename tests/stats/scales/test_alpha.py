import json
from math import isnan
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pilot_analysis.errors import DataError, DesignError
from pilot_analysis.stats.scales import cronbach_alpha

ITEMS = ["A1", "A2", "A3", "A4", "A5"]
REVERSED = ["A1", "C4", "C5", "E1", "E2", "O2", "O5"]
MADE = Path(__file__).parents[2] / "oracles" / "made" / "scales.json"


def turned(items: pd.DataFrame) -> pd.DataFrame:
    return items.assign(**{c: 7 - items[c] for c in items if c in REVERSED})


def made_up(seed: int, n: int = 30, k: int = 4) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    answers = np.clip(np.round(3 + rng.normal(size=(n, 1)) + rng.normal(size=(n, k))), 1, 5)
    return pd.DataFrame(answers, columns=[f"q{i}" for i in range(k)])


def exactly(cov, n: int = 40) -> pd.DataFrame:
    """Answers whose sample covariances (n - 1) are `cov`."""
    raw = np.random.default_rng(5).normal(size=(n, len(cov)))
    raw -= raw.mean(axis=0)
    whitened = raw @ np.linalg.inv(np.linalg.cholesky(np.cov(raw, rowvar=False))).T
    return pd.DataFrame(whitened @ np.linalg.cholesky(np.asarray(cov, dtype=float)).T)


# numbers from R -------------------------------------------------------------------------------


@pytest.mark.parametrize(("use", "key"), [("complete", "complete_cases"), ("pairwise", "pairwise")])
def test_alpha_agrees_with_r(oracle, oracle_data, use, key):
    expected = oracle("rel.alpha_bfi_A")["expected"][key]
    items = turned(oracle_data("bfi.csv")[ITEMS])
    found = cronbach_alpha(items, use=use)
    assert found.estimate == pytest.approx(expected["raw_alpha"], rel=1e-8)
    assert found.std_error == pytest.approx(expected["ase"], rel=1e-6)
    assert found.conf_low == pytest.approx(expected["feldt"]["lower.ci.raw_alpha"], rel=1e-8)
    assert found.conf_high == pytest.approx(expected["feldt"]["upper.ci.raw_alpha"], rel=1e-8)
    assert isnan(found.p_value)
    wide = cronbach_alpha(items, use=use, interval="duhachek")
    # psych takes 1.96 for the normal quantile
    np.testing.assert_allclose(
        [wide.conf_low, wide.conf_high], expected["duhachek_ci"], atol=1e-6, rtol=0
    )
    assert wide.method == "cronbach_alpha_duhachek"


def test_the_interval_agrees_with_rs_own_function(oracle, oracle_data):
    expected = oracle("rel.alpha_bfi_A")["expected"]
    found = cronbach_alpha(turned(oracle_data("bfi.csv")[ITEMS]))
    assert found.n == expected["complete_cases"]["n"]
    assert found.conf_low == pytest.approx(expected["feldt_ci_complete"]["lower.ci"], rel=1e-8)
    assert found.conf_high == pytest.approx(expected["feldt_ci_complete"]["upper.ci"], rel=1e-8)


def test_alpha_of_standardized_items_is_rs_standardized_alpha(oracle, oracle_data):
    expected = oracle("rel.alpha_bfi_A")["expected"]["complete_cases"]
    items = turned(oracle_data("bfi.csv")[ITEMS]).dropna()
    found = cronbach_alpha((items - items.mean()) / items.std())
    assert found.estimate == pytest.approx(expected["std_alpha"], rel=1e-8)
    # Spearman and Brown, from the mean correlation
    r = expected["average_r"]
    assert found.estimate == pytest.approx(5 * r / (1 + 4 * r), rel=1e-8)


@pytest.mark.parametrize("position", range(5))
def test_small_samples_agree_with_r(oracle_data, position):
    case = json.loads(MADE.read_text(encoding="utf-8"))["alpha"][position]
    items = turned(oracle_data("bfi.csv")[case["items"]]).dropna().iloc[: case["rows"]]
    found = cronbach_alpha(items, conf_level=case["conf_level"])
    assert found.estimate == pytest.approx(case["alpha"], rel=1e-10)
    assert found.std_error == pytest.approx(case["ase"], rel=1e-10)
    np.testing.assert_allclose([found.conf_low, found.conf_high], case["feldt"], rtol=1e-10)


# numbers from publications --------------------------------------------------------------------


@pytest.mark.parametrize(("k", "r"), [(2, 0.5), (5, 0.3), (10, 0.2)])
def test_brown_1910_and_spearman_1910_parallel_items(k, r):
    items = exactly(np.full((k, k), r) + (1 - r) * np.eye(k))
    assert cronbach_alpha(items).estimate == pytest.approx(k * r / (1 + (k - 1) * r))


@pytest.mark.parametrize(("k", "r", "n"), [(3, 0.4, 60), (8, 0.25, 100)])
def test_van_zyl_neudecker_and_nel_2000_standard_error_of_parallel_items(k, r, n):
    # for compound symmetry the variance is 2 k (1 - alpha)^2 / ((k - 1) n)
    items = exactly(np.full((k, k), r) + (1 - r) * np.eye(k), n)
    found = cronbach_alpha(items)
    expected = np.sqrt(2 * k * (1 - found.estimate) ** 2 / ((k - 1) * n))
    assert found.std_error == pytest.approx(expected)


def test_feldt_1965_interval_holds_alpha_as_often_as_it_says():
    rng = np.random.default_rng(20261121)
    truth, held = 4 * 0.4 / (1 + 3 * 0.4), []
    for _ in range(600):
        common, own = rng.normal(size=(15, 1)), rng.normal(size=(15, 4))
        items = pd.DataFrame(np.sqrt(0.4) * common + np.sqrt(0.6) * own)
        found = cronbach_alpha(items, conf_level=0.9)
        held.append(found.conf_low <= truth <= found.conf_high)
    assert 0.87 < np.mean(held) < 0.93


# identities -----------------------------------------------------------------------------------


@given(
    seed=st.integers(0, 10_000),
    shift=st.floats(-50, 50),
    scale=st.floats(0.1, 20),
    rows=st.permutations(range(30)),
    columns=st.permutations(range(4)),
)
@settings(max_examples=40)
def test_shifts_units_and_order_do_not_matter(seed, shift, scale, rows, columns):
    items = made_up(seed)
    moved = (items.assign(q1=items["q1"] + shift) * scale).iloc[rows, columns]
    one, other = cronbach_alpha(items), cronbach_alpha(moved)
    for field in ("estimate", "std_error", "conf_low", "conf_high"):
        assert getattr(other, field) == pytest.approx(getattr(one, field), abs=1e-9)


@given(seed=st.integers(0, 10_000))
@settings(max_examples=25)
def test_turning_every_item_keeps_alpha(seed):
    items = made_up(seed)
    assert cronbach_alpha(6 - items).estimate == pytest.approx(cronbach_alpha(items).estimate)


@given(seed=st.integers(0, 10_000), holes=st.sets(st.integers(0, 29), min_size=1, max_size=15))
@settings(max_examples=25)
def test_people_with_a_missing_answer_are_left_out(seed, holes):
    items = made_up(seed)
    holed = items.copy()
    holed.iloc[list(holes), 2] = np.nan
    assert cronbach_alpha(holed) == cronbach_alpha(items.drop(index=list(holes)))


@given(seed=st.integers(0, 10_000))
@settings(max_examples=25)
def test_without_missing_answers_both_uses_agree(seed):
    items = made_up(seed)
    one, other = cronbach_alpha(items), cronbach_alpha(items, use="pairwise")
    assert one.estimate == pytest.approx(other.estimate)
    assert one.conf_low == pytest.approx(other.conf_low)
    assert one.n == other.n


@given(seed=st.integers(0, 10_000))
@settings(max_examples=25)
def test_alpha_lies_within_its_interval_and_more_confidence_is_wider(seed):
    items = made_up(seed)
    narrow, wide = (cronbach_alpha(items, conf_level=level) for level in (0.5, 0.95))
    assert wide.conf_low < narrow.conf_low < wide.estimate < narrow.conf_high < wide.conf_high < 1


# degenerate input -----------------------------------------------------------------------------


@pytest.mark.parametrize("use", ["complete", "pairwise"])
@pytest.mark.parametrize("n", [0, 1, 2, 9])
def test_alpha_of_fewer_than_ten_is_not_given(n, use):
    found = cronbach_alpha(made_up(3, n=n), use=use)
    assert isnan(found.estimate)
    assert found.n == n
    assert "10 or more" in found.flags[0]


def test_pairwise_alpha_needs_ten_people_for_every_pair():
    items = made_up(3)
    items.loc[:9, "q0"] = np.nan
    items.loc[18:, "q1"] = np.nan
    found = cronbach_alpha(items, use="pairwise")
    assert not found.is_defined
    assert "every pair of items" in found.flags[0]


def test_alpha_without_variation_is_not_given():
    found = cronbach_alpha(pd.DataFrame({"a": [3.0] * 12, "b": [4.0] * 12}))
    assert isnan(found.estimate)
    assert "do not differ" in found.flags[0]


def test_items_that_cancel_out_are_not_given_a_number():
    column = pd.Series([1.0, 5.0] * 6)
    assert isnan(cronbach_alpha(pd.DataFrame({"a": column, "b": 6 - column})).estimate)


def test_identical_items_have_an_alpha_of_1_and_no_interval():
    column = made_up(1)["q0"]
    found = cronbach_alpha(pd.DataFrame({"a": column, "b": column, "c": column + 2}))
    assert found.estimate == 1
    assert not found.is_defined
    assert "answered all items alike" in found.flags[0]


def test_a_constant_item_and_a_negative_alpha_are_flagged():
    column = made_up(5)["q0"]
    constant = cronbach_alpha(pd.DataFrame({"a": column, "b": column, "c": 3.0}))
    assert "answered alike by all" in constant.flags[0]
    against = cronbach_alpha(pd.DataFrame({"a": column, "b": 6 - column + made_up(6)["q0"] / 3}))
    assert against.estimate < 0
    assert against.conf_low < against.estimate < against.conf_high
    assert "negative" in against.flags[-1]


def test_the_normal_interval_is_cut_at_1():
    column = made_up(1, n=12)["q0"]
    items = pd.DataFrame({"a": column, "b": column, "c": made_up(2, n=12)["q1"]})
    assert cronbach_alpha(items, interval="duhachek", conf_level=0.9999).conf_high == 1


def test_refusals():
    items = made_up(1)
    with pytest.raises(DesignError, match="2 or more items"):
        cronbach_alpha(items[["q0"]])
    with pytest.raises(DesignError, match="complete or pairwise; got 'all'"):
        cronbach_alpha(items, use="all")
    with pytest.raises(DesignError, match="feldt or duhachek; got 'z'"):
        cronbach_alpha(items, interval="z")
    with pytest.raises(DesignError, match="conf_level"):
        cronbach_alpha(items, conf_level=95)
    with pytest.raises(DataError, match="item 'q1': an answer is infinite"):
        cronbach_alpha(items.assign(q1=np.inf))
