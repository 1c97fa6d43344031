"""Data that cannot answer: a sentence, a flag, or an undefined estimate; never a wrong number."""

import numpy as np
import pandas as pd
import pytest

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.cluster import ols_cluster_robust
from pilot_analysis.stats.cluster.mean import cluster_mean, cluster_mean_difference, cluster_ratio

KINDS = ("CR0", "CR1", "CR1S", "CR2", "CR3")


@pytest.fixture
def data():
    """Return 10 clusters of 4 rows with an arm of three kinds, a covariate, blocks and weights."""
    rng = np.random.default_rng(12)
    cluster = np.repeat(np.arange(10), 4)
    frame = pd.DataFrame({"cluster": cluster, "x": rng.normal(size=40), "block": cluster // 4})
    frame["arm"] = pd.Categorical(np.array(list("aaaabbbccc"))[cluster])
    frame["w"] = rng.uniform(0.5, 2, 40)
    frame["y"] = frame["x"] + rng.normal(size=10)[cluster] + rng.normal(size=40)
    return frame


def fit(data, formula="y ~ x + arm", **options):
    return ols_cluster_robust(formula, data, cluster="cluster", **options)


# refused -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("formula", "options", "change", "sentence"),
    [
        ("y ~ x", {}, {"y": np.nan}, "no row has a value in all of"),
        ("y ~ x", {}, {"cluster": None}, "no row has a value in all of"),
        ("y ~ x", {}, {"y": np.inf}, "infinite values in 40 rows"),
        ("y ~ x", {}, {"x": -np.inf}, "infinite values in 40 rows"),
        ("y ~ x + z", {}, {"z": lambda d: 2 * d["x"] - 1}, "cannot be told apart: z"),
        ("y ~ x", {}, {"x": 3.0}, "cannot be told apart: x"),
        ("y ~ x", {"absorb": "block"}, {"x": lambda d: d["block"]}, "once block is absorbed"),
        ("y ~ x", {"weights": "w"}, {"w": 0.0}, "positive and finite; 40 of 40 are not"),
        ("y ~ x", {"weights": "w"}, {"w": -1.0}, "positive and finite; 40 of 40"),
        ("y ~ x", {"weights": "w"}, {"w": np.inf}, "positive and finite; 40 of 40"),
        ("y ~ x", {"weights": "w"}, {"w": "heavy"}, "weights must be numbers, not text"),
        ("y ~ x", {"weights": "w"}, {"w": np.nan}, "no row has a value"),
        ("y ~ x", {"weights": "v"}, {}, "no column 'v'"),
    ],
)
def test_bad_columns_are_refused(data, formula, options, change, sentence):
    with pytest.raises(DesignError, match=sentence):
        fit(data.assign(**change), formula, **options)


@pytest.mark.parametrize("rows", [0, 1, 2])
def test_a_handful_of_rows_is_refused(data, rows):
    with pytest.raises(DesignError, match=r"no row has a value|cannot carry|cannot be told apart"):
        fit(data.iloc[[0, 39]].head(rows), "y ~ x")


def test_as_many_rows_as_terms_and_absorbed_groups_are_refused(data):
    few = data.iloc[[0, 1, 4, 8, 12]].assign(block=[0, 0, 1, 2, 3])
    for vcov in KINDS:
        with pytest.raises(DesignError, match="5 complete rows cannot carry 1 terms and 4 fixed"):
            fit(few, "y ~ x", absorb="block", vcov=vcov)


@pytest.mark.parametrize("formula", ["y ~ arm", "y ~ 0 + arm", "y ~ x + arm"])
def test_one_cluster_in_an_arm_is_refused_however_the_arm_is_coded(data, formula):
    single = data.assign(arm=pd.Categorical(np.array(list("aaaabbbbbc"))[data["cluster"]]))
    with pytest.raises(DesignError, match=r"arm: one side .* has a single cluster"):
        fit(single, formula)


def test_a_side_that_one_cluster_shares_with_the_other_is_flagged(data):
    # the rows of 1 are all in one cluster, which fits their mean exactly: most of the variance
    # cannot be seen, and the standard error is far below that of independent rows
    inside = data.assign(rare=np.where(data["cluster"] == 3, np.arange(40) % 2, 0))
    found = fit(inside, "y ~ rare")["rare"]
    assert found.flags == ("understated",)
    alone = fit(inside.assign(cluster=range(40)), "y ~ rare")["rare"]
    assert alone.flags == ("few clusters",)


def test_without_an_intercept_every_arm_has_its_own_mean(data):
    means = fit(data, "y ~ 0 + arm", vcov="CR0")
    assert means.names == ("arm[a]", "arm[b]", "arm[c]")
    assert means["arm[c]"].estimate == pytest.approx(data.loc[data["arm"] == "c", "y"].mean())


def test_a_block_of_one_cluster_may_be_absorbed_but_not_mistaken_for_an_arm(data):
    blocks = data.assign(arm=(data["cluster"] % 2).astype(float), place=data["cluster"] // 3)
    assert fit(blocks, "y ~ arm", absorb="place")["arm"].is_defined
    blocks["place"] = pd.Categorical(blocks["place"])
    with pytest.raises(DesignError, match="If place is a block and not an arm, absorb it"):
        fit(blocks, "y ~ arm + place")


# undefined or flagged ----------------------------------------------------------------------


@pytest.mark.parametrize("vcov", KINDS)
@pytest.mark.parametrize("options", [{}, {"weights": "w"}, {"absorb": "block"}])
@pytest.mark.parametrize(("scale", "origin"), [(1e-9, 0.0), (1.0, 1.0), (1e9, 300.0)])
def test_residuals_of_zero_leave_nothing_to_judge_by_at_any_scale(vcov, options, scale, origin):
    rng = np.random.default_rng(1)
    data = pd.DataFrame({"cluster": np.repeat(range(8), 5), "x": rng.normal(size=40)})
    data = data.assign(block=data.index % 3, w=1.0 + data.index % 4)
    data["y"] = scale * (origin + 0.1 * data["x"])
    made = fit(data, "y ~ x", vcov=vcov, **options)
    assert made["x"].estimate == pytest.approx(0.1 * scale, rel=1e-6)
    assert not made["x"].is_defined
    assert "no variation between clusters is left to judge x by" in made["x"].flags[0]
    with pytest.raises(DesignError, match="too few to test x"):
        made.wald(["x"])


def test_small_residuals_are_not_mistaken_for_none(data):
    nearly = data.assign(y=1e6 + 1e-3 * data["y"])
    first, second = fit(data), fit(nearly)
    assert second["x"].std_error == pytest.approx(1e-3 * first["x"].std_error, rel=1e-5)
    assert second["x"].df == pytest.approx(first["x"].df)


def test_an_outcome_that_is_the_same_for_everybody_is_undefined(data):
    made = fit(data.assign(y=7.0))
    assert not any(e.is_defined for e in made.estimates)
    assert made["Intercept"].estimate == pytest.approx(7.0)


def test_fixed_effects_of_the_clusters_are_flagged_as_understated(data):
    # each cluster fits its own mean exactly: only the share that x brings can be seen
    made = fit(data.assign(own=pd.Categorical(data["cluster"])), "y ~ x + own")
    assert made["own[T.4]"].flags[-1] == "understated"
    assert "understated" not in made["x"].flags


def test_terms_that_the_clusters_fit_exactly_are_undefined(data):
    made = fit(data.assign(own=pd.Categorical(data["cluster"])), "y ~ own")
    assert not any(e.is_defined for e in made.estimates)
    assert "no variation between clusters" in made["own[T.1]"].flags[0]


@pytest.mark.parametrize("vcov", ["CR2", "CR3"])
def test_a_term_that_one_cluster_alone_decides_is_understated_or_undefined(data, vcov):
    lone = data.assign(lone=np.where(data["cluster"] == 2, data["x"] ** 2, 0.0))
    made = fit(lone, "y ~ x + lone", vcov=vcov)
    assert not made["lone"].is_defined or "understated" in made["lone"].flags
    assert "understated" not in fit(lone, "y ~ x", vcov=vcov)["x"].flags


def test_two_clusters_against_eight_are_flagged(data):
    few = data.assign(arm=(data["cluster"] < 2).astype(float))
    found = fit(few, "y ~ arm")["arm"]
    assert found.df < 4
    assert found.flags == ("few clusters",)


def test_two_clusters_in_all_still_answer_a_question_within_them(data):
    two = data[data["cluster"] < 2]
    found = fit(two, "y ~ x")["x"]
    assert found.n_clusters == 2
    assert "few clusters" in found.flags


# contrasts and joint tests -----------------------------------------------------------------


def test_contrasts_are_named_as_they_are_written(data):
    made = fit(data)
    assert made.contrast({"arm[T.b]": 1, "arm[T.c]": -1}).name == "arm[T.b] - arm[T.c]"
    assert made.contrast({"arm[T.b]": -0.5, "x": 2}).name == "-0.5 arm[T.b] + 2 x"
    assert made.contrast({"x": 1}, name="slope").name == "slope"
    test = made.wald(["x", {"arm[T.b]": 1, "arm[T.c]": -1}])
    assert test.terms == ("x", "arm[T.b] - arm[T.c]")


def test_a_contrast_is_tested_against_any_value(data):
    made = fit(data)
    found = made.contrast({"x": 1}, null=1.0)
    assert found.estimate == made["x"].estimate
    assert found.statistic == pytest.approx((made["x"].estimate - 1) / made["x"].std_error)
    assert (found.conf_low, found.conf_high) == (made["x"].conf_low, made["x"].conf_high)


@pytest.mark.parametrize(
    ("weights", "sentence"),
    [
        ({}, "one or more different terms"),
        ({"age": 1}, "no term 'age' in this model; it has Intercept, x, arm"),
        ({"x": 0, "arm[T.b]": 0.0}, "finite and not all zero"),
        ({"x": np.nan}, "finite and not all zero"),
        ({"x": np.inf}, "finite and not all zero"),
    ],
)
def test_a_contrast_that_says_nothing_is_refused(data, weights, sentence):
    with pytest.raises(DesignError, match=sentence):
        fit(data).contrast(weights)


@pytest.mark.parametrize(
    ("terms", "sentence"),
    [
        ([], "list of one or more"),
        ("x", "list of one or more"),
        ({"x": 1}, "list of one or more"),
        (["x", "x"], "none of which follows from the others; got x, x"),
        (["x", {"x": 2.0}], "got x, 2 x"),
        (["x", "arm[T.b]", {"x": 1, "arm[T.b]": 1}], "none of which follows"),
        (["x", "age"], "no term 'age'"),
        (["Intercept", "x", "arm[T.b]", "arm[T.c]", {"x": 3}], "none of which follows"),
    ],
)
def test_a_joint_test_without_different_terms_is_refused(data, terms, sentence):
    with pytest.raises(DesignError, match=sentence):
        fit(data).wald(terms)


def test_a_joint_test_of_more_terms_than_clusters_can_judge_is_refused(data):
    data = data[data["cluster"].isin([0, 1, 4])].assign(z=lambda d: d["x"] ** 2)
    made = fit(data, "y ~ x + z")
    with pytest.raises(DesignError, match="3 clusters are too few to test Intercept, x, z"):
        made.wald(["Intercept", "x", "z"])


# means over clusters -------------------------------------------------------------------------


@pytest.mark.parametrize("scale", [1e-12, 1e12])
def test_a_mean_in_other_units_is_the_same_mean(scale):
    y, cluster = np.array([3.0, 4.5, 2.0, 5.0, 4.0, 6.0]), np.array(list("aabbcc"))
    first, second = cluster_mean(y, cluster), cluster_mean(scale * y, cluster)
    assert second.std_error == pytest.approx(scale * first.std_error, rel=1e-9)
    side = cluster_mean_difference(scale * y, [True, False] * 3, cluster)
    assert side.std_error == pytest.approx(
        scale * cluster_mean_difference(y, [True, False] * 3, cluster).std_error, rel=1e-9
    )


def test_infinite_values_and_arrays_that_do_not_match_are_refused():
    with pytest.raises(DesignError, match="1 of 2 values are infinite"):
        cluster_mean([1.0, np.inf], ["a", "b"])
    with pytest.raises(DesignError, match="2 values but 3 sides"):
        cluster_mean_difference([1.0, 2.0], [True, False, True], ["a", "b"])
    with pytest.raises(DesignError, match="2 totals but 3 sizes"):
        cluster_ratio([1.0, 2.0], [1, 1, 1])
    with pytest.raises(DesignError, match="sizes finite and not below zero"):
        cluster_ratio([1.0, 2.0], [1, -1])
    with pytest.raises(DesignError, match="totals must be finite"):
        cluster_ratio([1.0, np.nan], [1, 1])


def test_numbers_beyond_arithmetic_are_refused():
    rng = np.random.default_rng(4)
    frame = pd.DataFrame({"y": rng.normal(size=20), "x": rng.normal(size=20)})
    frame["g"] = np.arange(20) // 4
    for scale in (1e300, 1e-300):
        with pytest.raises(DesignError, match="too large or too small"):
            ols_cluster_robust("y ~ x", frame.assign(y=scale * frame["y"]), cluster="g")
    weights = np.where(frame["x"] > 0, 1e300, 1e-300)
    with pytest.raises(DesignError, match="10,000,000,000 times the smallest"):
        ols_cluster_robust("y ~ x", frame.assign(w=weights), cluster="g", weights="w")
    fit = ols_cluster_robust("y ~ x", frame, cluster="g")
    with pytest.raises(DesignError, match="gives each term a weight"):
        fit.contrast("x")
    with pytest.raises(DesignError, match="weights of a contrast must be numbers"):
        fit.wald([{"x": "1"}])
