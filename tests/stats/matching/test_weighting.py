import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.cluster import ols_cluster_robust
from pilot_analysis.stats.matching import balance_table, propensity_scores, weight

MADE = Path(__file__).parents[2] / "oracles" / "made"


@pytest.fixture(scope="module")
def units():
    data = pd.read_csv(MADE / "matching_units.csv").set_index("id")
    fitted = propensity_scores("treated ~ pre + hours + english_learner", data)
    return data.assign(score=fitted.scores)


def people(seed: int, n: int = 400) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    x = draw.normal(size=n)
    return pd.DataFrame({"x": x, "treated": draw.random(n) < 1 / (1 + np.exp(0.3 - 0.6 * x))})


# numbers from R ---------------------------------------------------------------------------


@pytest.mark.parametrize("estimand", ["att", "ate"])
def test_sizes_balance_and_effects_agree_with_r(units, estimand):
    made = json.loads((MADE / "matching.json").read_text(encoding="utf-8"))["cases"]
    expected = made[f"weight_{estimand}"]
    found = weight(units, treated="treated", scores=units["score"], estimand=estimand)
    for arm, size in expected["effective"].items():
        assert found.sizes.loc[arm, "effective"] == pytest.approx(size, rel=1e-9)
    for by in ("treated", "pooled"):
        table = balance_table(
            units, treated="treated", covariates=["pre"], sample=found, standardize_by=by
        )
        assert table["smd_after"][0] == pytest.approx(expected[f"smd_pre_{by}_sd"], rel=1e-7)
    used = found.analysis_frame(units).drop(columns="match_set")
    used = used.assign(one=range(len(used)))
    formulas = {"difference": "post ~ treated"}
    formulas["adjusted"] = "post ~ treated + pre + hours + english_learner"
    for name, formula in formulas.items():
        fit = ols_cluster_robust(formula, used, cluster="one", weights="match_weight")
        assert fit["treated"].estimate == pytest.approx(expected[name], rel=1e-8)


# identities ---------------------------------------------------------------------------------


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000))
def test_weights_for_the_treated_bring_the_means_together(seed):
    data = people(seed)
    scores = propensity_scores("treated ~ x", data).scores
    sample = weight(data, treated="treated", scores=scores)
    row = balance_table(data, treated="treated", covariates=["x"], sample=sample).iloc[0]
    assert abs(row["smd_after"]) < 0.12
    assert row["mean_treated_after"] == pytest.approx(row["mean_treated_before"])
    # the scores' own equation: comparison units weighted by e stand for the treated
    rest = np.where(data["treated"], 1 - scores, -scores)
    assert abs(rest @ data["x"]) < 1e-6


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), estimand=st.sampled_from(["att", "ate"]))
def test_effective_sizes_are_no_larger_than_what_is_used(seed, estimand):
    data = people(seed, 60)
    draw = np.random.default_rng(seed)
    found = weight(data, treated="treated", scores=draw.uniform(0.02, 0.98, 60), estimand=estimand)
    assert (found.sizes["effective"] <= found.sizes["used"] + 1e-9).all()
    assert (found.weights > 0).all()


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000))
def test_equal_scores_leave_everything_as_it_was(seed):
    data = people(seed, 60)
    for estimand in ("att", "ate"):
        found = weight(data, treated="treated", scores=np.full(60, 0.3), estimand=estimand)
        assert found.sizes["effective"].tolist() == pytest.approx(found.sizes["all"].tolist())


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000))
def test_swapping_the_arms_swaps_the_weights_for_everyone(seed):
    data = people(seed, 60)
    scores = np.random.default_rng(seed).uniform(0.02, 0.98, 60)
    one = weight(data, treated="treated", scores=scores, estimand="ate").weights
    swapped = data.assign(treated=~data["treated"])
    other = weight(swapped, treated="treated", scores=1 - scores, estimand="ate").weights
    np.testing.assert_allclose(other, one, rtol=1e-12)


# bad and degenerate input ---------------------------------------------------------------------


def test_units_outside_the_bounds_or_without_a_score_are_left_out_with_the_reason():
    data = pd.DataFrame({"treated": [1, 1, 0, 0, 0]}, index=list("abcde"))
    found = weight(
        data, treated="treated", scores=[0.5, 0.95, 0.5, 0.05, None], keep_between=(0.1, 0.9)
    )
    assert found.weights.tolist() == [1, 0, 1, 0, 0]
    assert found.dropped["reason"].to_dict() == {
        "b": "The propensity score lies outside 0.1 to 0.9.",
        "d": "The propensity score lies outside 0.1 to 0.9.",
        "e": "No value in: scores.",
    }
    assert found.flags == (
        "few effective treated units (1.0)",
        "few effective comparison units (1.0)",
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scores": [0.2, 1.0]}, "certain to be in one arm"),
        ({"scores": [0.0, 0.5]}, "certain to be in one arm"),
        ({"scores": [-0.3, 1.2]}, "not log odds"),
        ({"scores": [np.inf, 0.5]}, "infinite"),
        ({"scores": [None, 0.5]}, "Nobody with a usable score"),
        ({"scores": [0.95, 0.5], "keep_between": (0.1, 0.9)}, "Nobody with a usable score"),
        ({"scores": [0.5, 0.5], "keep_between": (0.9, 0.1)}, "low then high"),
        ({"scores": [0.5, 0.5], "estimand": "ato"}, "att or ate"),
        ({"scores": [0.5]}, "1 scores for 2 rows"),
    ],
)
def test_what_cannot_be_weighted_is_refused(options, message):
    data = pd.DataFrame({"treated": [1, 0]})
    with pytest.raises(DesignError, match=message):
        weight(data, treated="treated", **options)
