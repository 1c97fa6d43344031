import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pilot_analysis.errors import DataError, DesignError
from pilot_analysis.stats.scales import cronbach_alpha, item_statistics

ITEMS = ["A1", "A2", "A3", "A4", "A5"]
REVERSED = ["A1", "C4", "C5", "E1", "E2", "O2", "O5"]
MADE = Path(__file__).parents[2] / "oracles" / "made" / "scales.json"


def turned(items: pd.DataFrame) -> pd.DataFrame:
    return items.assign(**{c: 7 - items[c] for c in items if c in REVERSED})


def made_up(seed: int, n: int = 30, k: int = 4) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    answers = np.clip(np.round(3 + rng.normal(size=(n, 1)) + rng.normal(size=(n, k))), 1, 5)
    return pd.DataFrame(answers, columns=[f"q{i}" for i in range(k)])


@pytest.mark.parametrize(("use", "key"), [("complete", "complete_cases"), ("pairwise", "pairwise")])
def test_item_statistics_agree_with_r(oracle, oracle_data, use, key):
    expected = oracle("rel.alpha_bfi_A")["expected"][key]
    items = turned(oracle_data("bfi.csv")[ITEMS])
    found = item_statistics(items, low=1, high=6, use=use)
    for item in ITEMS:
        assert found.loc[item, "item_rest"] == pytest.approx(
            expected["r_item_rest"][item], rel=1e-8
        )
        assert found.loc[item, "alpha_if_dropped"] == pytest.approx(
            expected["alpha_if_dropped"][item], rel=1e-8
        )
    assert found["n"].tolist() == items.notna().sum().tolist()


@pytest.mark.parametrize("position", [0, 1, 2, 4])
def test_small_samples_agree_with_r(oracle_data, position):
    case = json.loads(MADE.read_text(encoding="utf-8"))["alpha"][position]
    items = turned(oracle_data("bfi.csv")[case["items"]]).dropna().iloc[: case["rows"]]
    found = item_statistics(items)
    np.testing.assert_allclose(found["item_rest"], case["item_rest"], rtol=1e-10)
    np.testing.assert_allclose(found["alpha_if_dropped"], case["dropped"], rtol=1e-10)


def test_shares_are_counted_among_the_answers():
    items = pd.DataFrame({"a": [1, 5, 5, np.nan], "b": [1, 2, 3, 4]})
    found = item_statistics(items, low=1, high={"a": 5, "b": 4})
    assert found.loc["a"].tolist()[:6] == pytest.approx(
        [3, 11 / 3, np.std([1, 5, 5], ddof=1), 0.25, 1 / 3, 2 / 3]
    )
    assert found.loc["b", ["missing", "floor", "ceiling"]].tolist() == [0, 0.25, 0.25]
    assert item_statistics(items)["floor"].isna().all()


@given(seed=st.integers(0, 10_000))
@settings(max_examples=25)
def test_item_rest_and_alpha_if_dropped_are_what_they_say(seed):
    items = made_up(seed)
    found = item_statistics(items)
    for item in items:
        rest = items.drop(columns=item)
        correlation = np.corrcoef(items[item], rest.sum(axis=1))[0, 1]
        assert found.loc[item, "item_rest"] == pytest.approx(correlation)
        dropped = cronbach_alpha(rest).estimate
        assert found.loc[item, "alpha_if_dropped"] == pytest.approx(dropped)


@given(seed=st.integers(0, 10_000), shift=st.floats(-20, 20), order=st.permutations(range(4)))
@settings(max_examples=25)
def test_shifts_and_order_do_not_matter(seed, shift, order):
    items = made_up(seed)
    one, other = item_statistics(items), item_statistics(items.iloc[:, order] + shift)
    for column in ("sd", "item_rest", "alpha_if_dropped"):
        np.testing.assert_allclose(one[column], other.loc[items.columns, column], atol=1e-9)


def test_two_items_have_one_correlation_and_no_alpha_without_one():
    items = made_up(4, k=2)
    found = item_statistics(items)
    assert found["item_rest"].tolist() == pytest.approx([items.corr().iloc[0, 1]] * 2)
    assert found["alpha_if_dropped"].isna().all()


def test_a_constant_item_has_no_correlation():
    items = made_up(4).assign(q1=3.0)
    found = item_statistics(items, low=1, high=5)
    assert np.isnan(found.loc["q1", "item_rest"])
    assert found.loc["q1", "sd"] == 0
    assert found["item_rest"].drop("q1").notna().all()


def test_items_that_hardly_anyone_answered_together_have_no_correlation():
    items = made_up(4)
    items.loc[:20, "q0"] = np.nan
    items.loc[21:, "q1"] = np.nan
    for use in ("complete", "pairwise"):
        found = item_statistics(items, use=use)
        assert found.loc[["q0", "q1"], "item_rest"].isna().all()
        assert found["alpha_if_dropped"].isna().all()
        assert found.loc["q0", "missing"] == pytest.approx(0.7)


def test_below_ten_people_there_is_no_alpha_without_an_item():
    found = item_statistics(made_up(4, n=9))
    assert found["alpha_if_dropped"].isna().all()
    assert found["item_rest"].notna().all()


@pytest.mark.parametrize("use", ["complete", "pairwise"])
@pytest.mark.parametrize("n", [0, 1])
def test_statistics_of_nobody_or_one_are_missing_not_wrong(n, use):
    found = item_statistics(made_up(1, n=n), low=1, high=5, use=use)
    assert found[["sd", "item_rest", "alpha_if_dropped"]].isna().to_numpy().all()
    assert found["n"].eq(n).all()
    assert found[["mean", "floor", "ceiling"]].isna().to_numpy().all() == (n == 0)


def test_refusals():
    items = made_up(1)
    with pytest.raises(DesignError, match="2 or more items"):
        item_statistics(items[["q0"]])
    with pytest.raises(DataError, match="is outside 1-2"):
        item_statistics(items, low=1, high=2)
    with pytest.raises(DesignError, match="both ends of the answer scale"):
        item_statistics(items, low=1)
    with pytest.raises(DesignError, match="complete or pairwise"):
        item_statistics(items, use="some")
