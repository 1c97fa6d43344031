import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.cluster import ols_cluster_robust
from pilot_analysis.stats.matching import balance_table, match_exact

MADE = Path(__file__).parents[2] / "oracles" / "made"


def students(seed: int, n: int = 60) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "treated": np.r_[True, False, draw.random(n - 2) < 0.4],
            "grade": np.r_[4, 4, draw.integers(3, 8, n - 2)],
            "learner": np.r_[0, 0, draw.integers(0, 2, n - 2)],
        }
    )


# numbers from R ---------------------------------------------------------------------------


def test_the_effect_in_exact_strata_agrees_with_matchit(oracle, oracle_data):
    expected = oracle("match.lalonde_exact")["expected"]
    data = oracle_data("lalonde").set_index("unit")
    found = match_exact(data, treated="treat", exact=["race", "married", "nodegree"])
    assert found.sizes["used"].tolist() == [expected["nn"]["treated"], expected["nn"]["control"]]
    assert found.sets.nunique() == expected["n_subclasses"]
    used = found.analysis_frame(data).assign(match_set=lambda d: d["match_set"].astype(int))
    fit = ols_cluster_robust("re78 ~ treat", used, cluster="match_set", weights="match_weight")
    assert fit["treat"].estimate == pytest.approx(expected["effects"]["att"], rel=1e-8)


@pytest.mark.parametrize("estimand", ["att", "ate"])
def test_weights_agree_with_matchit(estimand):
    made = json.loads((MADE / "matching.json").read_text(encoding="utf-8"))["cases"]
    data = pd.read_csv(MADE / "matching_units.csv").set_index("id")
    found = match_exact(
        data, treated="treated", exact=["grade", "english_learner"], estimand=estimand
    )
    expected = pd.Series(made[f"exact_{estimand}"]["weights"])
    np.testing.assert_allclose(found.weights, expected[data.index], atol=1e-10)


# identities ---------------------------------------------------------------------------------


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), estimand=st.sampled_from(["att", "ate"]))
def test_exact_columns_are_balanced_exactly(seed, estimand):
    data = students(seed)
    sample = match_exact(data, treated="treated", exact=["grade", "learner"], estimand=estimand)
    table = balance_table(
        data.assign(grade=data["grade"].astype(str)), treated="treated",
        covariates=["grade", "learner"], sample=sample,
    )  # fmt: skip
    means = table["mean_treated_after"] - table["mean_comparison_after"]
    assert means.abs().max() < 1e-12
    assert table["ks_after"].max() < 1e-12
    assert (sample.sizes["effective"] <= sample.sizes["used"] + 1e-9).all()


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000))
def test_weights_of_all_units_give_the_shares_of_all_units_kept(seed):
    data = students(seed)
    sample = match_exact(data, treated="treated", exact=["grade"], estimand="ate")
    kept = sample.weights > 0
    share = data["grade"][kept].value_counts(normalize=True)
    for side in (data["treated"], ~data["treated"]):
        w = sample.weights[kept & side]
        weighted = w.groupby(data["grade"][kept & side]).sum() / w.sum()
        np.testing.assert_allclose(weighted.sort_index(), share.sort_index(), rtol=1e-10)


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000))
def test_the_order_of_rows_does_not_matter(seed):
    data = students(seed)
    one = match_exact(data, treated="treated", exact=["grade"])
    other = match_exact(data.sample(frac=1, random_state=seed), treated="treated", exact=["grade"])
    np.testing.assert_allclose(other.weights.loc[data.index], one.weights, rtol=1e-12)
    assert other.sets.loc[data.index].equals(one.sets)


# bad and degenerate input ---------------------------------------------------------------------


def test_strata_with_one_arm_are_left_out_with_the_reason():
    data = pd.DataFrame(
        {"treated": [1, 0, 1, 0, 1, 0], "grade": [4, 4, 5, 6, None, None]}, index=list("abcdef")
    )
    found = match_exact(data, treated="treated", exact=["grade"])
    assert found.weights.tolist() == [1, 1, 0, 0, 0, 0]
    assert found.dropped["reason"].to_dict() == {
        "c": "There is no comparison unit with the same grade.",
        "d": "There is no treated unit with the same grade.",
        "e": "No value in: grade.",
        "f": "No value in: grade.",
    }
    assert found.sets.isna().tolist() == [False, False, True, True, True, True]


@pytest.mark.parametrize(
    ("data", "options", "message"),
    [
        ({"grade": [3, 4]}, {"exact": ["grade"]}, "No combination of grade occurs in both arms"),
        ({"grade": [None, None]}, {"exact": ["grade"]}, "No combination of grade"),
        ({"grade": [3, 3]}, {"exact": []}, "at least one column"),
        ({"grade": [3, 3]}, {"exact": "grade"}, r"write \['grade'\]"),
        ({"grade": [3, 3]}, {"exact": ["grade"], "estimand": "atc"}, "att or ate"),
        ({"treated": [1, 1]}, {"exact": ["treated"]}, "no comparison unit"),
    ],
)
def test_what_cannot_be_matched_is_refused(data, options, message):
    with pytest.raises(DesignError, match=message):
        match_exact(pd.DataFrame({"treated": [1, 0], **data}), treated="treated", **options)
