import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.cluster import ols_cluster_robust
from pilot_analysis.stats.matching import balance_table, match_nearest, propensity_scores

MADE = Path(__file__).parents[2] / "oracles" / "made"
COVARIATES = ["age", "educ", "race", "married", "nodegree", "re74", "re75"]


@pytest.fixture(scope="module")
def lalonde(oracle_data):
    data = oracle_data("lalonde").set_index("unit")
    data = data.assign(race=pd.Categorical(data["race"], ["black", "hispan", "white"]))
    scores = propensity_scores("treat ~ " + " + ".join(COVARIATES), data).scores
    return data.assign(distance=scores)


@pytest.fixture(scope="module")
def without(lalonde):
    return match_nearest(lalonde, treated="treat", scores=lalonde["distance"])


@pytest.fixture(scope="module")
def with_replacement(lalonde):
    return match_nearest(lalonde, treated="treat", scores=lalonde["distance"], replace=True)


@pytest.fixture(scope="module")
def made():
    return json.loads((MADE / "matching.json").read_text(encoding="utf-8"))["cases"]


@pytest.fixture(scope="module")
def units():
    data = pd.read_csv(MADE / "matching_units.csv").set_index("id")
    fitted = propensity_scores("treated ~ pre + hours + english_learner", data)
    return data.assign(score=fitted.scores, log_odds=fitted.log_odds)


def people(draw_seed: int, n: int = 40) -> pd.DataFrame:
    draw = np.random.default_rng(draw_seed)
    data = pd.DataFrame({"score": draw.random(n).round(2), "x": draw.normal(size=n)})
    data = data.assign(grade=draw.integers(3, 6, n), y=draw.normal(size=n))
    return data.assign(treated=draw.random(n) < 0.35).assign(
        treated=lambda d: d["treated"].where(d.index > 1, d.index == 0)
    )


def adjusted(sample, data, formula):
    used = sample.analysis_frame(data).dropna(subset=["match_set"])
    used = used.assign(match_set=used["match_set"].astype(int))
    fit = ols_cluster_robust(
        formula, used, cluster="match_set", vcov="CR1S", weights="match_weight"
    )
    return fit["treat"]


# numbers from R ---------------------------------------------------------------------------


def test_the_pairs_are_those_of_matchit(oracle_data, without):
    expected = oracle_data("lalonde_pairs_nearest")
    assert without.pairs["treated"].tolist() == expected["t"].tolist()
    assert without.pairs["comparison"].tolist() == expected["c"].tolist()
    assert without.pairs["distance"].sum() == pytest.approx(39.6927988, abs=1e-7)


@pytest.mark.parametrize("case", ["match.lalonde_nearest", "match.lalonde_replace"])
def test_balance_and_sizes_agree_with_matchit_and_cobalt(
    oracle, lalonde, without, with_replacement, case
):
    expected = oracle(case)["expected"]
    sample = with_replacement if case.endswith("replace") else without
    assert sample.sizes["used"].tolist() == [expected["nn"]["treated"], expected["nn"]["control"]]
    table = balance_table(
        lalonde, treated="treat", covariates=["distance", *COVARIATES], sample=sample
    )
    found = {"_".join(filter(None, key)): row for key, row in _by_level(table)}
    assert found.keys() == expected["balance"].keys()
    for name, row in found.items():
        columns = {
            "un": "smd_before", "adj": "smd_after", "vr_un": "variance_ratio_before",
            "vr_adj": "variance_ratio_after", "ks_un": "ks_before", "ks_adj": "ks_after",
        }  # fmt: skip
        for key, column in columns.items():
            value = expected["balance"][name][key]
            value = np.nan if value is None else value
            assert row[column] == pytest.approx(value, abs=1e-6, nan_ok=True), (name, key)


def _by_level(table):
    return [((row["covariate"], row["level"]), row) for _, row in table.iterrows()]


def test_the_effect_in_matched_pairs_agrees_with_r(oracle, lalonde, without):
    expected = oracle("match.lalonde_nearest")["expected"]["effects"]
    plain = adjusted(without, lalonde, "re78 ~ treat")
    doubly = adjusted(without, lalonde, "re78 ~ treat + " + " + ".join(COVARIATES))
    assert plain.estimate == pytest.approx(expected["att"], rel=1e-6)
    assert plain.std_error == pytest.approx(expected["se_cluster_pair_HC1"], rel=1e-6)
    assert doubly.estimate == pytest.approx(expected["att_adj"], rel=1e-6)
    assert doubly.std_error == pytest.approx(expected["se_adj_cluster_pair"], rel=1e-6)


def test_the_effect_with_replacement_agrees_with_r(oracle, lalonde, with_replacement):
    expected = oracle("match.lalonde_replace")["expected"]["effects"]
    doubly = "re78 ~ treat + " + " + ".join(COVARIATES)
    found = adjusted(with_replacement, lalonde, "re78 ~ treat").estimate
    assert found == pytest.approx(expected["att"], rel=1e-6)
    found = adjusted(with_replacement, lalonde, doubly).estimate
    assert found == pytest.approx(expected["att_adj"], rel=1e-6)


def test_a_doubly_adjusted_model_takes_cr2_on_clusters(lalonde, without):
    used = without.analysis_frame(lalonde).assign(match_set=lambda d: d["match_set"].astype(int))
    fit = ols_cluster_robust(
        "re78 ~ treat + re75", used, cluster="match_set", weights="match_weight"
    )
    assert fit["treat"].method == "cr2"
    assert fit["treat"].n_clusters == 185
    assert 100 < fit["treat"].df < 185


@pytest.mark.parametrize(
    ("case", "options"),
    [
        ("score_without", {"scores": "score"}),
        ("score_with", {"scores": "score", "replace": True}),
        ("score_with_ratio_2", {"scores": "score", "replace": True, "ratio": 2}),
        ("score_without_ratio_2", {"scores": "score", "ratio": 2}),
        ("score_caliper", {"scores": "log_odds", "caliper": 0.2}),
        ("score_exact_grade", {"scores": "score", "exact": ["grade"], "replace": True}),
        ("mahalanobis_with", {"replace": True}),
        ("mahalanobis_without", {}),
        ("mahalanobis_caliper", {"scores": "log_odds", "caliper": 0.2, "replace": True}),
    ],
)
def test_weights_agree_with_r(made, units, case, options):
    if "scores" in options:
        options = options | {"scores": units[options["scores"]]}
    if case.startswith("mahalanobis"):
        options = options | {"covariates": ["pre", "hours", "english_learner"]}
    found = match_nearest(units, treated="treated", **options)
    expected = pd.Series(made[case]["weights"])
    np.testing.assert_allclose(found.weights, expected[found.weights.index], atol=1e-10)


# identities ---------------------------------------------------------------------------------


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), caliper=st.sampled_from([None, 0.3, 2.0]), exact=st.booleans())
def test_without_replacement_every_comparison_unit_is_used_once(seed, caliper, exact):
    data = people(seed)
    found = match_nearest(
        data, treated="treated", scores=data["score"], caliper=caliper,
        exact=["grade"] if exact else [],
    )  # fmt: skip
    assert found.pairs["comparison"].is_unique
    assert found.pairs["treated"].is_unique
    assert (found.sizes["used"] == len(found.pairs)).all()
    assert set(found.dropped.index) == set(data.index[found.weights == 0])
    assert found.dropped["reason"].str.endswith(".").all()
    pairs = found.pairs
    if exact:
        grades = [data["grade"].loc[pairs[side]].to_numpy() for side in ("treated", "comparison")]
        assert (grades[0] == grades[1]).all()
    if caliper:
        variances = data.groupby("treated")["score"].var()
        assert pairs["distance"].max() <= caliper * np.sqrt(variances.mean()) + 1e-9


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000))
def test_with_replacement_everyone_gets_the_nearest(seed):
    data = people(seed)
    found = match_nearest(data, treated="treated", scores=data["score"], replace=True)
    others = data.loc[~data["treated"], "score"].to_numpy()
    for _, pair in found.pairs.iterrows():
        nearest = np.abs(others - data["score"].loc[pair["treated"]]).min()
        assert pair["distance"] == pytest.approx(nearest, abs=1e-12)
    assert found.weights[found.treated].eq(1).all()
    used = found.weights[~found.treated & (found.weights > 0)]
    assert used.mean() == pytest.approx(1)


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), replace=st.booleans(), ratio=st.integers(1, 3))
def test_effective_sizes_are_no_larger_than_what_is_used(seed, replace, ratio):
    data = people(seed)
    found = match_nearest(
        data, treated="treated", scores=data["score"], replace=replace, ratio=ratio
    )
    assert (found.sizes["effective"] <= found.sizes["used"] + 1e-9).all()
    assert (found.sizes["used"] <= found.sizes["all"]).all()
    assert not found.pairs[["treated", "comparison"]].duplicated().any()
    of_pairs = found.sets[found.pairs["treated"]].to_numpy()
    assert (of_pairs == found.sets[found.pairs["comparison"]].to_numpy()).all()


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), factor=st.sampled_from([0.001, 7.0]))
def test_the_units_of_covariates_do_not_matter_to_mahalanobis(seed, factor):
    data = people(seed)
    one, other = (
        match_nearest(d, treated="treated", covariates=["x", "y"], replace=True)
        for d in (data, data.assign(x=data["x"] * factor - 2, y=data["y"] + data["x"]))
    )
    assert one.pairs[["treated", "comparison"]].equals(other.pairs[["treated", "comparison"]])
    np.testing.assert_allclose(one.pairs["distance"], other.pairs["distance"], rtol=1e-7)


def test_which_level_of_a_category_comes_first_does_not_matter_to_mahalanobis(units):
    grades = units["grade"].astype(str)
    distances = [
        match_nearest(
            units.assign(grade=pd.Categorical(grades, order)), treated="treated",
            covariates=["pre", "grade"], replace=True,
        ).pairs["distance"]
        for order in (["3", "4", "5"], ["5", "3", "4"])
    ]  # fmt: skip
    np.testing.assert_allclose(*distances, rtol=1e-9, atol=1e-12)


def test_a_score_that_differs_by_rounding_counts_as_equal():
    data = pd.DataFrame({"treated": [1, 1, 0, 0, 0, 0], "score": [0.6, 0.3, 0.6, 0.6, 0.3, 0.3]})
    noisy = data["score"] + [0, 0, 1e-16, 0, 1e-16, 0]
    found = match_nearest(data, treated="treated", scores=noisy)
    assert found.pairs["comparison"].tolist() == [2, 4]


def test_reused_comparison_units_join_their_treated_units_in_one_set():
    data = pd.DataFrame({"treated": [1, 1, 1, 0, 0], "score": [0.50, 0.51, 0.90, 0.52, 0.88]})
    found = match_nearest(data, treated="treated", scores=data["score"], replace=True)
    assert found.sets.tolist() == [0, 0, 1, 0, 1]
    assert found.weights.tolist() == [1, 1, 1, pytest.approx(4 / 3), pytest.approx(2 / 3)]
    assert found.sizes.loc["comparison", "effective"] == pytest.approx(4 / (20 / 9))


# why units are left out -----------------------------------------------------------------------


def test_every_unit_that_is_left_out_has_its_reason():
    data = pd.DataFrame(
        {
            "treated": [1, 1, 1, 1, 0, 0, 0, 1, 0],
            "score": [0.9, 0.5, 0.51, np.nan, 0.5, 0.45, 0.5, 0.2, np.nan],
            "grade": [4, 4, 5, 4, 4, 4, 6, 4, 4],
        },
        index=list("abcdefghi"),
    )
    found = match_nearest(
        data, treated="treated", scores=data["score"], exact=["grade"], caliper=0.8
    )
    assert found.pairs[["treated", "comparison"]].to_numpy().tolist() == [["b", "e"]]
    assert found.dropped["reason"].to_dict() == {
        "a": "No comparison unit with the same grade lies within the caliper.",
        "c": "There is no comparison unit with the same grade.",
        "d": "No value in: scores.",
        "f": "No treated unit took it.",
        "g": "There is no treated unit with the same grade.",
        "h": "No comparison unit with the same grade lies within the caliper.",
        "i": "No value in: scores.",
    }
    assert found.dropped["arm"].tolist() == ["treated"] * 3 + ["comparison"] * 2 + [
        "treated",
        "comparison",
    ]
    assert "few effective treated units (1.0)" in found.flags


def test_too_few_comparison_units_leave_treated_units_over():
    data = pd.DataFrame({"treated": [1, 1, 1, 0], "score": [0.5, 0.6, 0.7, 0.5]})
    found = match_nearest(data, treated="treated", scores=data["score"])
    assert found.pairs["treated"].tolist() == [2]  # the largest score chooses first
    assert (
        found.dropped["reason"] == "Every comparison unit within reach was taken by others."
    ).all()
    first = match_nearest(data, treated="treated", scores=data["score"], order="data")
    assert first.pairs["treated"].tolist() == [0]


# bad and degenerate input ---------------------------------------------------------------------


def test_a_caliper_that_matches_nobody_is_refused_with_the_reason():
    data = pd.DataFrame({"treated": [1, 1, 0, 0], "score": [0.8, 0.9, 0.1, 0.2]})
    message = r"within the caliper. \(2 units\) Widen the caliper"
    with pytest.raises(DesignError, match=message):
        match_nearest(data, treated="treated", scores=data["score"], caliper=0.1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "Give scores, or covariates"),
        ({"covariates": ["x"], "caliper": 0.2}, "give scores as well"),
        ({"scores": "score", "caliper": 0}, "positive number of SD"),
        ({"scores": "score", "caliper": np.nan}, "positive number of SD"),
        ({"scores": "score", "ratio": 0}, "whole number from 1"),
        ({"scores": "score", "ratio": 1.5}, "whole number from 1"),
        ({"covariates": ["x"], "order": "largest"}, "order must be"),
        ({"covariates": ["x", "x"]}, "twice"),
        ({"covariates": "x"}, r"write \['x'\]"),
        ({"covariates": ["height"]}, "no column 'height'"),
        ({"covariates": ["x", "double"]}, "follow from one another"),
        ({"covariates": ["constant"]}, "vary within the arms"),
        ({"covariates": ["one_level"]}, "vary within the arms"),
        ({"covariates": ["infinite"]}, "infinite values in 1 rows"),
        ({"scores": "score", "exact": ["never"]}, "No treated unit has a value"),
        ({"scores": "infinite"}, "scores are infinite"),
    ],
)
def test_options_that_make_no_sense_are_refused(options, message):
    data = people(3).assign(
        double=lambda d: 2 * d["x"], constant=1.0, one_level="a", never=np.nan,
        infinite=lambda d: d["x"].where(d.index > 0, np.inf),
    )  # fmt: skip
    if "scores" in options:
        options = options | {"scores": data[options["scores"]]}
    with pytest.raises(DesignError, match=message):
        match_nearest(data, treated="treated", **options)


def test_scores_of_other_rows_are_refused():
    data = people(3)
    with pytest.raises(DesignError, match="another index"):
        match_nearest(data, treated="treated", scores=data["score"].iloc[::-1])
    with pytest.raises(DesignError, match="3 scores for 40 rows"):
        match_nearest(data, treated="treated", scores=[0.1, 0.2, 0.3])


def test_one_unit_in_each_arm_is_a_pair():
    data = pd.DataFrame({"treated": [True, False], "score": [0.5, 0.4]})
    found = match_nearest(data, treated="treated", scores=data["score"])
    assert found.pairs["distance"].tolist() == [pytest.approx(0.1)]


def test_the_rows_used_carry_weight_and_set_and_must_be_the_same_rows():
    data = people(3)
    found = match_nearest(data, treated="treated", scores=data["score"])
    used = found.analysis_frame(data)
    assert (used["match_weight"] > 0).all()
    assert used.groupby("match_set").size().eq(2).all()
    with pytest.raises(DesignError, match="not the rows that were matched"):
        found.analysis_frame(data.iloc[1:])
    with pytest.raises(DesignError, match="already have a column 'match_set'"):
        found.analysis_frame(data.assign(match_set=1))
