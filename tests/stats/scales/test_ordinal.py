import json
from math import isnan
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

from pilot_analysis.errors import DataError, DesignError
from pilot_analysis.stats.scales import cronbach_alpha, ordinal_alpha, polychoric_correlations

REVERSED = ["A1", "C4", "C5", "E1", "E2", "O2", "O5"]
MADE = Path(__file__).parents[2] / "oracles" / "made" / "scales.json"


def turned(items: pd.DataFrame) -> pd.DataFrame:
    return items.assign(**{c: 7 - items[c] for c in items if c in REVERSED})


def from_table(table) -> pd.DataFrame:
    table = np.asarray(table)
    rows, columns = (i.ravel() for i in np.indices(table.shape))
    return pd.DataFrame(
        {"a": np.repeat(rows, table.ravel()), "b": np.repeat(columns, table.ravel())}
    )


def cut(seed: int, rho: float, n: int = 400, cuts=(-1.0, -0.2, 0.5, 1.2)) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    normal = rng.multivariate_normal([0, 0], [[1, rho], [rho, 1]], n)
    return pd.DataFrame(np.digitize(normal, cuts), columns=["a", "b"])


def rho_of(items: pd.DataFrame, **options) -> float:
    return polychoric_correlations(items, **options).correlations.iloc[0, 1]


# numbers from R -------------------------------------------------------------------------------


def test_ordinal_alpha_agrees_with_r(oracle, oracle_data):
    expected = oracle("rel.ordinal_alpha_bfi_C")["expected"]
    items = turned(oracle_data("bfi.csv")[[f"C{i}" for i in range(1, 6)]])
    found = polychoric_correlations(items)
    np.testing.assert_allclose(found.correlations, expected["rho"], atol=1e-4)
    np.testing.assert_allclose(list(found.thresholds.values()), expected["tau"], atol=1e-10)
    alpha = ordinal_alpha(items)
    assert alpha.estimate == pytest.approx(expected["ordinal_alpha"], abs=1e-5)
    assert alpha.n == found.n == len(items.dropna())
    assert alpha.estimate > cronbach_alpha(items).estimate


@pytest.mark.parametrize("position", range(3))
def test_polychoric_correlations_agree_with_lavaan(oracle_data, position):
    case = json.loads(MADE.read_text(encoding="utf-8"))["polychoric"][position]
    items = turned(oracle_data("bfi.csv")[case["items"]])
    found = polychoric_correlations(items)
    assert found.n == case["n"]
    np.testing.assert_allclose(found.correlations, case["rho"], atol=1e-7)


@pytest.mark.parametrize("position", range(3))
def test_two_by_two_tables_with_an_empty_cell_agree_with_lavaan(position):
    case = json.loads(MADE.read_text(encoding="utf-8"))["two_by_two"][position]
    items = from_table(case["table"])
    assert rho_of(items) == pytest.approx(case["rho"], abs=1e-6)
    if 0 in np.ravel(case["table"]):
        assert isnan(rho_of(items, correct=0))


# numbers from publications --------------------------------------------------------------------


def test_olsson_1979_example():
    table = [[13, 6, 0], [69, 113, 22], [41, 132, 104]]
    found = polychoric_correlations(from_table(table), correct=0)
    assert round(found.correlations.iloc[0, 1], 2) == 0.49
    np.testing.assert_allclose(found.thresholds["a"], [-1.77, -0.14], atol=0.005)
    np.testing.assert_allclose(found.thresholds["b"], [-0.69, 0.67], atol=0.005)


@pytest.mark.parametrize(
    ("share", "both", "expected"),
    [
        (0.5, 0.333333, 0.5),
        (0.5, 0.1150267, -0.75),
        (0.5, 0.397584, 0.8),
        (0.158655254, 0.145003, 0.99),
    ],
)
def test_kirk_1973_tetrachoric_correlations(share, both, expected):
    table = 10_000 * np.array([[both, share - both], [share - both, 1 - 2 * share + both]])
    # counts of 10,000 people, so the correlation is known to three digits
    assert rho_of(from_table(table.round().astype(int))) == pytest.approx(expected, abs=1e-3)


def test_sheppard_1899_at_the_medians_the_correlation_is_a_sine():
    found = rho_of(from_table([[40, 10], [10, 40]]))
    assert found == pytest.approx(np.sin(2 * np.pi * (0.4 - 0.25)), abs=1e-10)


# identities -----------------------------------------------------------------------------------


@pytest.mark.parametrize("rho", [-0.9, -0.4, 0.0, 0.3, 0.7, 0.95])
def test_the_correlation_before_cutting_is_found(rho):
    assert rho_of(cut(3, rho, n=20_000)) == pytest.approx(rho, abs=0.02)


@pytest.mark.parametrize("rho", [-0.97, -0.3, 0.5, 0.9, 0.99])
def test_expected_counts_give_back_their_correlation(rho):
    """Cell probabilities of scipy's bivariate normal, as counts of very many people."""
    edges = np.array([-9, -1.0, 0.3, 1.1, 9])
    normal = stats.multivariate_normal(cov=[[1, rho], [rho, 1]], allow_singular=False)
    below = np.array([[normal.cdf([h, k]) for k in edges] for h in edges])
    cells = np.diff(np.diff(below, axis=0), axis=1)
    table = (np.maximum(cells, 0) * 40_000).round().astype(int)
    assert rho_of(from_table(table), correct=0) == pytest.approx(rho, abs=2e-4)


@given(seed=st.integers(0, 10_000), rho=st.floats(-0.9, 0.9), order=st.randoms())
@settings(max_examples=15)
def test_only_the_order_of_answers_counts_and_turning_one_item_turns_the_sign(seed, rho, order):
    items = cut(seed, rho, n=120)
    rows = list(range(len(items)))
    order.shuffle(rows)
    one = rho_of(items)
    assert rho_of(np.exp(items.iloc[rows, ::-1])) == pytest.approx(one, abs=1e-9)
    assert rho_of(items.assign(a=9 - items["a"])) == pytest.approx(-one, abs=1e-9)


@given(seed=st.integers(0, 10_000), rho=st.floats(-0.9, 0.9))
@settings(max_examples=10)
def test_the_likelihood_is_no_larger_beside_the_estimate(seed, rho):
    items = cut(seed, rho, n=150, cuts=(-0.5, 0.6))
    found = polychoric_correlations(items, correct=0)
    edges = [np.r_[-9, found.thresholds[name], 9] for name in "ab"]
    table = pd.crosstab(items["a"], items["b"]).to_numpy()

    def log_likelihood(r):
        normal = stats.multivariate_normal(cov=[[1, r], [r, 1]])
        below = np.array([[normal.cdf([h, k]) for k in edges[1]] for h in edges[0]])
        cells = np.diff(np.diff(below, axis=0), axis=1)
        return special.xlogy(table, np.maximum(cells, 1e-15)).sum()

    best = found.correlations.iloc[0, 1]
    for step in (-0.02, 0.02):
        assert log_likelihood(best) > log_likelihood(np.clip(best + step, -0.998, 0.998))


# degenerate input -----------------------------------------------------------------------------


def test_ordinal_alpha_has_no_interval_and_says_so():
    found = ordinal_alpha(cut(1, 0.6))
    assert not found.is_defined
    assert 0.7 < found.estimate < 0.8
    assert "no interval" in found.flags[0]


@pytest.mark.parametrize("n", [0, 1, 2, 9])
def test_ordinal_alpha_of_fewer_than_ten_is_not_given(n):
    found = ordinal_alpha(cut(1, 0.6).iloc[:n])
    assert isnan(found.estimate)
    assert found.n == n
    assert "10 or more" in found.flags[0]


def test_a_constant_item_has_no_correlation():
    items = cut(1, 0.6).assign(c=3)
    found = ordinal_alpha(items)
    assert isnan(found.estimate)
    assert "Items 'a' and 'c' have no polychoric correlation" in found.flags[0]
    matrix = polychoric_correlations(items).correlations
    assert matrix.loc["a"].isna().tolist() == [False, False, True]


def test_items_that_order_people_alike_have_no_correlation():
    items = cut(1, 0.6)
    copies = pd.DataFrame({"a": items["a"], "b": 2 * items["a"]})
    assert isnan(rho_of(copies))
    found = ordinal_alpha(copies)
    assert isnan(found.estimate)
    assert "in one and the same way" in found.flags[0]
    assert isnan(rho_of(from_table([[20, 0], [0, 15]]), correct=0))


def test_empty_cells_of_a_small_sample_do_not_draw_the_correlation_to_0():
    rng = np.random.default_rng(20261121)
    found = []
    for _ in range(60):
        normal = rng.multivariate_normal([0, 0], [[1, 0.85], [0.85, 1]], 40)
        items = pd.DataFrame(np.digitize(normal, [-1.5, -0.7, 0.2, 1.0]), columns=["a", "b"])
        found.append(rho_of(items))
    assert np.mean(found) == pytest.approx(0.85, abs=0.03)


def test_refusals():
    items = cut(1, 0.6)
    with pytest.raises(DesignError, match="2 or more items"):
        ordinal_alpha(items[["a"]])
    with pytest.raises(DesignError, match="item 'a' has 400 different answers"):
        ordinal_alpha(items.assign(a=range(400)))
    for bad in (-1, 1):
        with pytest.raises(DesignError, match="correct must be less than one person"):
            ordinal_alpha(items, correct=bad)
    with pytest.raises(DataError, match="not all numbers"):
        ordinal_alpha(items.assign(a="often"))
